"""Questions that ask for something definite, answered without a language model: figures and ratios from statements, what a contract says."""
