"""The vectors that training holds an encoder's to: those of the model that it starts from, taken once before the first step.

Axis legend: S sentences, D vector size.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from longdoc.model.blocks import Blocks, Tokens
from longdoc.model.encode import GROUP, flat_places, text_vectors
from longdoc.model.encoder import Encoder, stream
from longdoc.model.encoder_file import Model
from longdoc.model.execution import PRECISIONS, choose
from longdoc.model.heads import Means
from longdoc.model.strips import Halves


class Teacher:
    """`model` as it is now; it may be trained afterwards."""

    def __init__(self, model: Model, precision: str = "auto", device: str | None = None) -> None:
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        copied = _only_vectors(model)
        self._encoder = copied.encoder.to(self._device, PRECISIONS[choose(precision, self._device)])
        self._vectors = copied.vectors.to(self._device)
        self._marks = model.vocabulary.index("[CLS]"), model.vocabulary.index("[SEP]")

    def sentences(self, tokens: Tokens, blocks: Blocks, count: int) -> Halves:
        """Vectors [S, D] of a document's `count` sentences."""
        means = Means(count, self._encoder.config.width, self._device)
        done = 0
        with torch.inference_mode():
            for first, states, _ in stream(self._encoder, blocks.layout().to(self._device), GROUP) if len(blocks.place) else ():
                rows = flat_places(blocks, done, first, states)
                held = torch.from_numpy(tokens.sentence[done : done + len(rows)]).to(self._device)
                inside = held >= 0
                means.add(states.float().flatten(0, 1)[rows][inside], held[inside])
                done += len(rows)
            return np.asarray(self._vectors(means.result()).half().cpu().numpy())

    def texts(self, texts: Sequence[Sequence[int]]) -> Halves:
        """Vectors [len(texts), D] of texts by themselves, given as token ids."""
        return text_vectors(self._encoder, self._vectors, texts, self._marks, self._device).astype(np.float16)


def _only_vectors(model: Model) -> Model:
    """A copy of `model` without what only clauses need. MiniLM's own layers see one block only."""
    config = model.encoder.config
    near = config.near if model.clauses else ()
    last = config.layers - 1
    if config.forked:
        near = tuple(number for number in near if number != last)
    encoder = Encoder(replace(config, near=near, forked=False))
    own = model.encoder.state_dict()
    if config.forked:
        own |= {f"layers.{last}.{key.removeprefix('aside.')}": value for key, value in own.items() if key.startswith("aside.")}
    encoder.load_state_dict({key: own[key] for key in encoder.state_dict()})
    return Model(encoder, copy.deepcopy(model.vectors), {}, model.vocabulary).eval()
