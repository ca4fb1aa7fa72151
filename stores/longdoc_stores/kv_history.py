"""The tokens of one attention layer that are no longer hot: keys and values encoded in RAM or on disk, read back whole or in blocks.

Tokens come in pages, over which int8 keys have one scale a channel. Pages lie in segments, each one slab of memory for keys and one for
values, which grow with the history, so that growing copies nothing and there are few of them.

Axis legend: B batch, G key heads, P pages, N blocks that are asked for, n tokens of a block, D channels of a key, E channels of a value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from longdoc.errors import StoreFullError
from longdoc_stores.codecs import Pieces, codec
from longdoc_stores.kv_shelf import Shelf, Slab

SEGMENT = 16_384
"""Tokens of the first segment."""
_GROWTH = 2
"""A new segment holds one part in so many of what there is, or more."""


@dataclass(frozen=True, eq=False)
class Segment:
    """`pages` pages from page `first` on: pieces [B, G, P, ...] by name, which share the slab's memory."""

    first: int
    pages: int
    slab: Slab
    pieces: Pieces


class History:
    """Keys and values of tokens numbered from 0; `page` tokens are encoded together; `shelf` gives the memory."""

    def __init__(
        self, keys: str = "int8", values: str = "int4", page: int = 128, segment: int = SEGMENT, shelf: Shelf | None = None
    ) -> None:
        self.page = page
        shelf = shelf or Shelf()
        self.sides = (Side(keys, page, segment, shelf), Side(values, page, segment, shelf))
        self.length = 0

    @property
    def nbytes(self) -> dict[str, int]:
        """Bytes of the encoded tokens, the unused rest of the last segment left out: "ram", "disk"."""
        pages = self.length // self.page
        return {tier: sum(side.nbytes(pages, tier == "disk") for side in self.sides) for tier in ("ram", "disk")}

    @property
    def on_disk(self) -> bool:
        """Whether any of it is."""
        return any(segment.slab.on_disk for side in self.sides for segment in side.segments)

    def expect(self, keys: Tensor, values: Tensor) -> None:
        """Tokens will be like these [B, G, T, D] and [B, G, T, E]."""
        for side, tensor in zip(self.sides, (keys, values), strict=True):
            side.shape, side.dtype = (*tensor.shape[:2], tensor.shape[3]), tensor.dtype

    def append(self, keys: Tensor, values: Tensor) -> None:
        """Take tokens [B, G, T, D] and [B, G, T, E]; T is a multiple of a page.

        Raises: StoreError for a value that its codec does not take; StoreFullError if there is no room. Nothing is taken then.
        """
        pages = self.length // self.page
        for side, tensor in zip(self.sides, (keys, values), strict=True):
            side.append(tensor.detach().unflatten(2, (-1, self.page)), pages)
        self.length += keys.shape[2]

    def reserve(self, tokens: int) -> None:
        """Set memory aside now for `tokens` in all. Raises: StoreFullError if there is no room."""
        for side in self.sides:
            side.reserve(math.ceil(tokens / self.page))

    def fetch(self, device: torch.device, start: int, end: int) -> list[list[Pieces]]:
        """The pieces of keys and of values of tokens [start, end), by segment, on `device`; those on disk are read."""
        return [side.fetch(start // self.page, end // self.page, device) for side in self.sides]

    def whole(
        self, device: torch.device, dtype: torch.dtype, fetched: list[list[Pieces]] | None = None, heads: slice = slice(None)
    ) -> tuple[Tensor, Tensor]:
        """All keys [B, G, length, D] and values [B, G, length, E], of the key heads `heads`; of what `fetch` gave, if that is given."""
        found = fetched or self.fetch(device, 0, self.length)
        keys, values = (
            side.decoded([{name: piece[:, heads] for name, piece in part.items()} for part in parts], dtype)
            for side, parts in zip(self.sides, found, strict=True)
        )
        return keys, values

    def keys(self, rows: Tensor, blocks: Tensor, size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
        """Keys [N, n, D] of the blocks [N] of `size` tokens of the heads `rows` [N], batch and head counted as one."""
        return self.sides[0].gather(rows, blocks, size, device, dtype)

    def values(self, rows: Tensor, blocks: Tensor, size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
        """Values [N, n, E] of blocks; see keys."""
        return self.sides[1].gather(rows, blocks, size, device, dtype)

    def reorder(self, rows: Tensor) -> None:
        """Make the batch that of the given rows of it."""
        for side in self.sides:
            side.reorder(rows.cpu())

    def release(self) -> None:
        """Give all memory back."""
        for side in self.sides:
            side.release()
        self.length = 0


class Side:
    """Keys, or values."""

    def __init__(self, name: str, page: int, segment: int, shelf: Shelf) -> None:
        self._codec, self._page, self._least = codec(name), page, max(1, segment // page)
        self.shelf = shelf
        self.segments: list[Segment] = []
        self.shape, self.dtype = (0, 0, 0), torch.float32  # B, G, width

    @property
    def capacity(self) -> int:
        """Pages that there is memory for."""
        return self.segments[-1].first + self.segments[-1].pages if self.segments else 0

    def nbytes(self, pages: int, on_disk: bool) -> int:
        """Bytes that so many pages take, of those on disk or of those that are not."""
        sizes = [
            min(segment.pages, max(0, pages - segment.first)) / segment.pages * int(segment.slab.data.nbytes)
            for segment in self.segments
            if segment.slab.on_disk == on_disk
        ]
        return round(sum(sizes))

    def append(self, paged: Tensor, done: int) -> None:
        """Take pages [B, G, P, page, width] after the `done` that there are."""
        encoded = self._codec.encode(paged.contiguous())
        self._grow(done + paged.shape[2])
        for segment, start, end in self._across(done, done + paged.shape[2]):
            for name, piece in encoded.items():
                segment.pieces[name][:, :, start - segment.first : end - segment.first] = piece[:, :, start - done : end - done].cpu()

    def reserve(self, pages: int) -> None:
        """See History.reserve."""
        missing = pages - self.capacity
        if missing > 0:
            self.segments.append(self.segment(self.capacity, missing))

    def _grow(self, pages: int) -> None:
        """Make room for so many pages, and for as many more that segments stay few, where there is room for those."""
        if pages <= self.capacity:
            return
        try:
            self.reserve(max(pages, self.capacity + max(self._least, self.capacity // _GROWTH)))
        except StoreFullError:
            self.reserve(pages)

    def segment(self, first: int, pages: int, slab: Slab | None = None) -> Segment:
        """A segment of so many pages, in `slab` or a new one."""
        layout, size = self._layout(pages)
        slab = slab or self.shelf.make(size)
        pieces = {name: slab.data[start:end].view(dtype).view(shape) for name, start, end, dtype, shape in layout}
        return Segment(first, pages, slab, pieces)

    def block_bytes(self, size: int) -> int:
        """Encoded bytes of a block of so many tokens."""
        return self.slab_size(1) * size // (self._page * self.shape[0] * self.shape[1])

    def slab_size(self, pages: int) -> int:
        """Bytes of a segment of so many pages."""
        return self._layout(pages)[1]

    def _layout(self, pages: int) -> tuple[list[tuple[str, int, int, torch.dtype, tuple[int, ...]]], int]:
        batch, heads, width = self.shape
        found, at = [], 0
        for name, (dtype, shape) in self._codec.pieces((batch, heads, pages, self._page, width), self.dtype).items():
            end = at + math.prod(shape) * dtype.itemsize
            found.append((name, at, end, dtype, shape))
            at = -(-end // 16) * 16
        return found, at

    def fetch(self, first: int, last: int, device: torch.device) -> list[Pieces]:
        """See History.fetch; pages [first, last)."""
        parts = []
        for segment, start, end in self._across(first, last):
            part = {name: piece[:, :, start - segment.first : end - segment.first] for name, piece in segment.pieces.items()}
            if device.type != "cpu":
                part = {name: piece.to(device, non_blocking=True) for name, piece in part.items()}
            elif segment.slab.on_disk:
                part = {name: piece.clone() for name, piece in part.items()}
            parts.append(part)
        return parts

    def decoded(self, parts: list[Pieces], dtype: torch.dtype) -> Tensor:
        """The tokens [B, G, S, width] of pieces by segment."""
        one = next(iter(parts[0].values()))
        counts = [next(iter(part.values())).shape[2] for part in parts]
        out = torch.empty(*one.shape[:2], sum(counts), self._page, self.shape[2], dtype=dtype, device=one.device)
        first = 0
        for part, count in zip(parts, counts, strict=True):
            self._codec.decode_into(part, out[:, :, first : first + count])
            first += count
        return out.flatten(2, 3)

    def gather(self, rows: Tensor, blocks: Tensor, size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
        """See History.keys."""
        rows, blocks = rows.cpu(), blocks.cpu()
        per = self._page // size
        if len(self.segments) == 1:
            return self._gathered(self.segments[0], rows, blocks, size, device, dtype)
        out = torch.empty(len(rows), size, self.shape[2], dtype=dtype, device=device)
        firsts = torch.tensor([segment.first for segment in self.segments])
        owner = torch.bucketize(blocks // per, firsts, right=True) - 1
        for number in owner.unique().tolist():
            segment = self.segments[number]
            here = torch.nonzero(owner == number).flatten()
            found = self._gathered(segment, rows[here], blocks[here] - segment.first * per, size, device, dtype)
            out[here.to(device)] = found
        return out

    def _gathered(self, segment: Segment, rows: Tensor, blocks: Tensor, size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
        """Blocks [N] of one segment, counted from its beginning."""
        per, pieces = self._page // size, {}
        for name, piece in segment.pieces.items():
            if piece.shape[3] == 1:  # the tokens of a page share it
                flat = piece.flatten(0, 2)
                index = rows * segment.pages + blocks // per
            else:
                flat = piece.flatten(0, 2).unflatten(1, (per, size)).flatten(0, 1)
                index = rows * segment.pages * per + blocks
            pieces[name] = flat.index_select(0, index).to(device, non_blocking=True)
        shape = (len(rows), size, self.shape[2])
        return self._codec.decode(pieces, shape, self.dtype).reshape(shape).to(dtype)

    def reorder(self, rows: Tensor) -> None:
        """See History.reorder."""
        old, self.segments = self.segments, []
        self.shape = (len(rows), *self.shape[1:])
        for segment in old:
            fresh = self.segment(segment.first, segment.pages)
            for name, piece in segment.pieces.items():
                fresh.pieces[name].copy_(piece[rows])
            self.shelf.give_back(segment.slab)
            self.segments.append(fresh)

    def release(self) -> None:
        """See History.release."""
        for segment in self.segments:
            self.shelf.give_back(segment.slab)
        self.segments = []

    def _across(self, start: int, end: int) -> Iterator[tuple[Segment, int, int]]:
        """(segment, first page, last page) of what lies in each segment of pages [start, end)."""
        for segment in self.segments:
            first, last = max(start, segment.first), min(end, segment.first + segment.pages)
            if first < last:
                yield segment, first, last
