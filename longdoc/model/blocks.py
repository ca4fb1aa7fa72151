"""From text to the encoder's blocks: tokens, packed sentence by sentence, each block behind its landmarks.

Axis legend: N tokens of a document, B blocks, T tokens of a block, S sentences, C chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from longdoc.types import Document

if TYPE_CHECKING:
    from longdoc.model.encoder import EncoderConfig, Layout

NONE = -1
"""Instead of a sentence's or chunk's number: the token is in none."""
_INNERMOST, _OUTER = 14, 8
"""Landmark tokens that a heading gets, and each above it."""

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tokens:
    """ids [N], spans [N, 2] in the text, and the sentence and chunk [N] that hold the middle of each."""

    ids: Integers
    spans: Integers
    sentence: Integers
    chunk: Integers


@dataclass(frozen=True)
class Blocks:
    """Rows of `ids` [B, T] with marks and landmarks, their `lengths` [B], and where each token of the text stands [N] in B * T.

    `follows` [B]: whether the block goes on with the text of the one before it.
    """

    ids: Integers
    lengths: Integers
    place: Integers
    follows: npt.NDArray[np.bool_]

    def layout(self) -> Layout:
        """As the encoder takes them."""
        import torch

        from longdoc.model.encoder import NOTHING, Layout

        blocks, length = self.ids.shape
        own = np.arange(blocks)
        before = np.where(self.follows, own - 1, NOTHING)
        after = np.where(np.append(self.follows[1:], False), own + 1, NOTHING)[:blocks]
        mask = np.arange(length) < self.lengths[:, None]
        return Layout(*(torch.from_numpy(array) for array in (self.ids, mask, before, after)))


def tokenise(tokenizer: Any, text: str, chunks: Integers, sentences: Integers) -> Tokens:
    """The tokens of all `chunks` [C, 2]; `sentences` [S, 2] are in order and may cross chunks."""
    encodings = tokenizer.encode_batch([text[start:end] for start, end in chunks.tolist()], add_special_tokens=False)
    counts = np.array([len(encoding.ids) for encoding in encodings], dtype=np.int64)
    chunk = np.repeat(np.arange(len(chunks)), counts)
    ids = np.array([number for encoding in encodings for number in encoding.ids], dtype=np.int64)
    spans = np.array([span for encoding in encodings for span in encoding.offsets], dtype=np.int64).reshape(-1, 2)
    if len(chunk):
        spans = spans + chunks[chunk, :1]
    return Tokens(ids, spans, holder(spans.sum(axis=1) / 2, sentences), chunk)


def token_ranges(tokens: Integers, spans: Integers) -> Integers:
    """The half-open range of tokens, given by their spans [N, 2] in order, that each of `spans` [R, 2] touches; at least one token."""
    first = np.searchsorted(tokens[:, 1], spans[:, 0], side="right")
    last = np.searchsorted(tokens[:, 0], spans[:, 1], side="left")
    first = np.minimum(first, max(0, len(tokens) - 1))
    return np.stack([first, np.clip(last, first + 1, max(1, len(tokens)))], axis=1)


def batches(lengths: Sequence[int], most: int) -> Iterator[slice]:
    """Runs of rows with ascending `lengths` that, padded to their longest, have at most `most` tokens; at least one row each."""
    first = 0
    for number, length in enumerate(lengths):
        if number > first and (number + 1 - first) * length > most:
            yield slice(first, number)
            first = number
    if first < len(lengths):
        yield slice(first, len(lengths))


def make_tokenizer(vocabulary: Sequence[str]) -> Any:
    """WordPiece over lower-cased words, as BERT's (https://arxiv.org/abs/1810.04805)."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    words = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(words, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    return tokenizer


def holder(positions: npt.NDArray[np.float64], spans: Integers) -> Integers:
    """The span that holds each position, NONE where none does."""
    if not len(spans):
        return np.full(len(positions), NONE, dtype=np.int64)
    index = np.searchsorted(spans[:, 0], positions, side="right") - 1
    inside = (index >= 0) & (positions < spans[np.maximum(index, 0), 1])
    return np.where(inside, index, NONE)


def pack(tokens: Tokens, config: EncoderConfig, marks: tuple[int, int], landmarks: Callable[[int], Sequence[int]]) -> Blocks:
    """Blocks of whole sentences; one that is longer than a block is cut.

    `marks` are the ids that open a block and end its parts; `landmarks` gives those of a block by the character that it starts at.
    """
    edges = np.flatnonzero(np.diff(tokens.sentence)) + 1
    units = [0, *edges.tolist(), len(tokens.ids)] if len(tokens.ids) else [0]
    pieces: list[tuple[Sequence[int], Integers]] = []
    ahead: Sequence[int] = ()
    first = room = 0

    def open_block(start: int) -> None:
        nonlocal ahead, first, room
        first = start
        ahead = landmarks(int(tokens.spans[start, 0]))[: config.landmarks] if config.landmarks and start < len(tokens.ids) else ()
        room = config.block - 2 - len(ahead) - bool(ahead)

    def close_block(end: int) -> None:
        pieces.append((ahead, tokens.ids[first:end]))
        open_block(end)

    open_block(0)
    for start, end in pairwise(units):
        if end - first > room and start > first:
            close_block(start)
        while end - first > room:
            close_block(first + room)
    if len(tokens.ids) > first:
        close_block(len(tokens.ids))
    return _filled(pieces, marks, [number > 0 for number in range(len(pieces))])


def separate(texts: Sequence[Sequence[int]], config: EncoderConfig, marks: tuple[int, int]) -> tuple[Blocks, Integers]:
    """Blocks of texts that do not see one another, and the text of every token [N], the marks counted as tokens of theirs."""
    room = config.block - 2
    cut = [(number, ids[start : start + room]) for number, ids in enumerate(texts) for start in range(0, len(ids), room)]
    follows = [number > 0 and cut[number - 1][0] == text for number, (text, _) in enumerate(cut)]
    blocks = _filled([((), np.array(ids, dtype=np.int64)) for _, ids in cut], marks, follows)
    place = [number * blocks.ids.shape[1] + np.arange(length) for number, length in enumerate(blocks.lengths.tolist())]
    owner = np.repeat(np.array([text for text, _ in cut], dtype=np.int64), blocks.lengths)
    return replace(blocks, place=np.concatenate(place) if place else blocks.place), owner


def _filled(pieces: Sequence[tuple[Sequence[int], Integers]], marks: tuple[int, int], follows: Sequence[bool]) -> Blocks:
    """Blocks of (landmarks, text): [opening mark, landmarks, mark, text, mark], the first mark between left out with no landmarks."""
    opens, ends = marks
    starts = [1 + len(ahead) + bool(ahead) for ahead, _ in pieces]
    lengths = np.array([start + len(text) + 1 for start, (_, text) in zip(starts, pieces, strict=True)], dtype=np.int64)
    longest = int(lengths.max(initial=0))
    ids = np.zeros((len(pieces), longest), dtype=np.int64)
    place = [np.zeros(0, dtype=np.int64)]
    for number, (start, (ahead, text)) in enumerate(zip(starts, pieces, strict=True)):
        ids[number, :start] = [opens, *ahead, ends][:start]
        ids[number, start : start + len(text)] = text
        ids[number, start + len(text)] = ends
        place.append(number * longest + start + np.arange(len(text)))
    return Blocks(ids, lengths, np.concatenate(place), np.array(follows, dtype=np.bool_))


class Landmarks:
    """What a block stands under, as tokens: the document's title and the headings above, the innermost with the most room."""

    def __init__(self, tokenizer: Any, document: Document) -> None:
        self._tokenizer, self._document = tokenizer, document
        self._known: dict[tuple[str, ...], list[int]] = {}

    def __call__(self, position: int) -> list[int]:
        """The landmarks of a block that starts at this character."""
        path = self._document.heading_path(position)
        if path and self._document.text[position : position + 2 * len(path[-1]) + 10].casefold().find(path[-1].casefold()) >= 0:
            path = path[:-1]  # the block starts with that heading
        full = (self._document.title or "", *path)
        if full not in self._known:
            parts = [part[:200] for part in dict.fromkeys(full) if part]
            encodings = self._tokenizer.encode_batch(parts, add_special_tokens=False)
            rooms = [_OUTER] * (len(parts) - 1) + [_INNERMOST if path else _OUTER]
            self._known[full] = [number for encoding, room in zip(encodings, rooms, strict=False) for number in encoding.ids[:room]]
        return self._known[full]
