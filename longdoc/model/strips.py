"""What the encoder is trained on: strips of neighbouring blocks of labelled documents, as tensors.

Axis legend: B blocks, T tokens of a block, N tokens of text, S sentences, R spans, L labels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longdoc.model.blocks import Blocks, Landmarks, Tokens, pack, token_ranges, tokenise
from longdoc.model.encoder import NOTHING, EncoderConfig, Layout
from longdoc.model.targets import YES, Marked, Targets
from longdoc.types import Document

Integers = np.ndarray[Any, np.dtype[np.int64]]
Halves = np.ndarray[Any, np.dtype[np.float16]]


@dataclass(frozen=True)
class Lesson:
    """One labelled document as blocks; `targets` [S, L] of its sentences, `span_targets` [R, L'] of `ranges` [R, 2] of its tokens.

    `wanted` [S, D] are the vectors that its sentences should keep, float16; empty where that is of no account."""

    tokens: Tokens
    blocks: Blocks
    targets: Targets
    ranges: Integers
    span_targets: Targets
    wanted: Halves

    @property
    def count(self) -> int:
        """Blocks."""
        return len(self.blocks.ids)


@dataclass(frozen=True)
class Strip:
    """Some neighbouring blocks of a lesson: [first, last)."""

    lesson: Lesson
    first: int
    last: int


@dataclass(frozen=True)
class Batch:
    """Strips side by side. `place` [N] are the tokens in B * T, in order; `sentence` [N] numbers the sentences of the batch, `ranges`
    [R, 2] are of its tokens; `wanted` [S, D] or, where vectors need not be kept, [0, D]."""

    layout: Layout
    place: Tensor
    sentence: Tensor
    targets: Tensor
    ranges: Tensor
    span_targets: Tensor
    wanted: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on `device`."""
        rest = (self.place, self.sentence, self.targets, self.ranges, self.span_targets, self.wanted)
        return Batch(self.layout.to(device), *(tensor.to(device) for tensor in rest))


def lesson(
    tokenizer: Any,
    config: EncoderConfig,
    marks: tuple[int, int],
    document: Document,
    chunks: Integers,
    marked: Marked,
    short: Sequence[int],
    teacher: Callable[[Tokens, Blocks, int], Halves] | None = None,
) -> Lesson:
    """A document as the encoder reads it, with what people have marked in it; `short` are the labels that spans answer, `teacher`
    gives the vectors that sentences should keep."""
    tokens = tokenise(tokenizer, document.text, chunks, marked.sentences)
    blocks = pack(tokens, config, marks, Landmarks(tokenizer, document))
    ranges = token_ranges(tokens.spans, marked.spans)
    wanted = teacher(tokens, blocks, len(marked.sentences)) if teacher else np.zeros((0, config.width), dtype=np.float16)
    return Lesson(tokens, blocks, marked.by_sentence, ranges, marked.by_span[:, list(short)], wanted)


def strips(lessons: Sequence[Lesson], length: int, negatives: float, draw: np.random.Generator) -> list[Strip]:
    """An epoch: all strips of `length` blocks with a labelled sentence, a share `negatives` of the others, shuffled.

    Where a document is cut into strips changes from epoch to epoch.
    """
    chosen = []
    for one in lessons:
        labelled = np.flatnonzero((one.targets == YES).any(axis=1))
        block = one.blocks.place // one.blocks.ids.shape[1]
        wanted = np.zeros(one.count, dtype=np.bool_)
        wanted[block[np.isin(one.tokens.sentence, labelled)]] = True
        wanted[: 2 if len(one.ranges) else 0] = True  # the opening, where titles and parties stand
        for first in range(-int(draw.integers(0, length)), one.count, length):
            start, end = max(first, 0), min(first + length, one.count)
            if wanted[start:end].any() or draw.random() < negatives:
                chosen.append(Strip(one, start, end))
    order = draw.permutation(len(chosen))
    return [chosen[number] for number in order.tolist()]


def collate(chosen: Sequence[Strip]) -> Batch:
    """The tensors of some strips."""
    width = max(strip.lesson.blocks.ids.shape[1] for strip in chosen)
    ids, lengths, place, sentence, targets, ranges, span_targets, wanted = [], [], [], [], [], [], [], []
    before, after = [], []
    rows = numbers = taken = 0
    for strip in chosen:
        one, first, last = strip.lesson, strip.first, strip.last
        own = one.blocks.ids.shape[1]
        count = last - first
        ids.append(np.pad(one.blocks.ids[first:last], ((0, 0), (0, width - own))))
        lengths.append(one.blocks.lengths[first:last])
        before += [NOTHING, *range(rows, rows + count - 1)]
        after += [*range(rows + 1, rows + count), NOTHING]
        start, end = np.searchsorted(one.blocks.place, [first * own, last * own]).tolist()
        spots = one.blocks.place[start:end]
        place.append((spots // own - first + rows) * width + spots % own)
        held = one.tokens.sentence[start:end]
        inside = np.unique(held[held >= 0])
        sentence.append(np.where(held >= 0, np.searchsorted(inside, held) + numbers, NOTHING))
        targets.append(one.targets[inside])
        wanted.append(one.wanted[inside] if len(one.wanted) else one.wanted)
        whole = np.flatnonzero((one.ranges[:, 0] >= start) & (one.ranges[:, 1] <= end))
        ranges.append(one.ranges[whole] - start + taken)
        span_targets.append(one.span_targets[whole])
        rows, numbers, taken = rows + count, numbers + len(inside), taken + end - start
    all_lengths = np.concatenate(lengths)
    longest = int(all_lengths.max())
    spots = np.concatenate(place)
    layout = Layout(
        torch.from_numpy(np.concatenate(ids)[:, :longest].copy()),
        torch.from_numpy(np.arange(longest) < all_lengths[:, None]),
        torch.tensor(before),
        torch.tensor(after),
    )
    rest = (spots // width * longest + spots % width, *map(np.concatenate, (sentence, targets, ranges, span_targets, wanted)))
    return Batch(layout, *(torch.from_numpy(np.ascontiguousarray(array)) for array in rest))
