"""Questions that ask for something definite, answered without a language model: figures of statements, points of a contract."""
