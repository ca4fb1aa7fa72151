"""A small encoder with random weights, and blocks for it."""

from __future__ import annotations

import numpy as np
import torch

from longdoc.model.blocks import Blocks, Tokens, pack
from longdoc.model.encoder import Encoder, EncoderConfig

MARKS = (2, 3)
VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"w{number}" for number in range(60)))


def config(near: tuple[int, ...] = (1, 2), landmarks: int = 4) -> EncoderConfig:
    return EncoderConfig(
        vocabulary=len(VOCABULARY), width=32, layers=3, heads=4, hidden=64, block=16, positions=16, near=near, landmarks=landmarks
    )


def encoder(near: tuple[int, ...] = (1, 2), seed: int = 0) -> Encoder:
    torch.manual_seed(seed)
    made = Encoder(config(near))
    for layer in made.layers:
        if layer.far is not None:
            torch.nn.init.normal_(layer.far)
    return made.eval().requires_grad_(False)


def tokens(count: int, sentence: int = 5, seed: int = 0) -> Tokens:
    """So many tokens of one character and a space each, in sentences of `sentence` tokens, all in one chunk."""
    draw = np.random.default_rng(seed)
    start = 2 * np.arange(count)
    ids = draw.integers(4, len(VOCABULARY), count)
    return Tokens(ids, np.stack([start, start + 1], axis=1), np.arange(count) // sentence, np.zeros(count, dtype=np.int64))


def blocks(count: int, near: tuple[int, ...] = (1, 2)) -> Blocks:
    return pack(tokens(count), config(near), MARKS, lambda position: [4 + position % 7] * 3)
