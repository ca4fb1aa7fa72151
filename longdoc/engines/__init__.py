"""Language models: what writes, where the encoder only finds."""
