"""Where longdoc keeps what it has read: the corpus folder (corpus.py), stores of bytes, the vector index."""
