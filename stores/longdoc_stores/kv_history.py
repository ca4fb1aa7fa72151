"""The tokens of one attention layer that are no longer hot: keys and values encoded in RAM, read back whole or token by token.

Tokens come in pages, over which int8 keys have one scale a channel. Pages lie in segments of fixed size, so that growing copies nothing.

Axis legend: B batch, G key heads, P pages, N tokens that are asked for, D channels of a key, E channels of a value.
"""

from __future__ import annotations

import torch
from torch import Tensor

from longdoc_stores.codecs import Pieces, codec

SEGMENT = 65_536
"""Tokens of a segment."""


class History:
    """Keys and values of tokens numbered from 0; `page` tokens are encoded together."""

    def __init__(self, keys: str = "int8", values: str = "int4", page: int = 128, segment: int = SEGMENT) -> None:
        self.page = page
        self._pages = max(1, segment // page)
        self._sides = (_Side(keys, self._pages), _Side(values, self._pages))
        self.length = 0

    @property
    def nbytes(self) -> int:
        """Bytes that encoded tokens take, the unused rest of the last segment left out."""
        return sum(side.nbytes(self.length // self.page) for side in self._sides)

    def append(self, keys: Tensor, values: Tensor) -> None:
        """Take tokens [B, G, n, D] and [B, G, n, E]; n is a multiple of a page.

        Raises: StoreError for a value that its codec does not take.
        """
        for side, tensor in zip(self._sides, (keys, values), strict=True):
            side.append(tensor.detach().unflatten(2, (-1, self.page)), self.length // self.page)
        self.length += keys.shape[2]

    def whole(self, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """All keys [B, G, length, D] and values [B, G, length, E]."""
        keys, values = (side.whole(self.length // self.page, device, dtype) for side in self._sides)
        return keys, values

    def keys(self, index: Tensor, device: torch.device, dtype: torch.dtype) -> Tensor:
        """Keys [B, G, N, D] of the tokens `index` [B, G, N]."""
        return self._sides[0].gather(index, self.page, device, dtype)

    def values(self, index: Tensor, device: torch.device, dtype: torch.dtype) -> Tensor:
        """Values [B, G, N, E] of the tokens `index` [B, G, N]."""
        return self._sides[1].gather(index, self.page, device, dtype)

    def reorder(self, rows: Tensor) -> None:
        """Make the batch that of the given rows of it."""
        for side in self._sides:
            side.reorder(rows.cpu())


class _Side:
    """Keys, or values. A segment's pieces are [B, G, P, ...], their fourth axis the page's tokens, or one where they share."""

    def __init__(self, name: str, pages: int) -> None:
        self._codec, self._pages = codec(name), pages
        self._segments: list[Pieces] = []
        self._width, self._dtype = 0, torch.float32

    def nbytes(self, pages: int) -> int:
        total, full = 0, self._pages
        for number, segment in enumerate(self._segments):
            share = min(full, pages - number * full) / full
            total += round(share * sum(piece.nbytes for piece in segment.values()))
        return total

    def append(self, paged: Tensor, done: int) -> None:
        """Take pages [B, G, P, page, width] after the `done` that there are."""
        self._width, self._dtype = paged.shape[-1], paged.dtype
        first = 0
        while first < paged.shape[2]:
            number, place = divmod(done + first, self._pages)
            count = min(self._pages - place, paged.shape[2] - first)
            encoded = self._codec.encode(paged[:, :, first : first + count].contiguous())
            if number == len(self._segments):
                shapes = {name: (*piece.shape[:2], self._pages, *piece.shape[3:]) for name, piece in encoded.items()}
                self._segments.append({name: torch.empty(shapes[name], dtype=piece.dtype) for name, piece in encoded.items()})
            for name, piece in encoded.items():
                self._segments[number][name][:, :, place : place + count] = piece.cpu()
            first += count

    def whole(self, pages: int, device: torch.device, dtype: torch.dtype) -> Tensor:
        parts = []
        for number, segment in enumerate(self._segments):
            count = min(self._pages, pages - number * self._pages)
            pieces = {name: piece[:, :, :count].to(device, non_blocking=True) for name, piece in segment.items()}
            one = next(iter(pieces.values()))
            page = max(piece.shape[3] for piece in pieces.values())
            shape = (*one.shape[:3], page, self._width)
            parts.append(self._codec.decode(pieces, shape, self._dtype).reshape(shape).to(dtype).flatten(2, 3))
        return torch.cat(parts, dim=2)

    def gather(self, index: Tensor, page: int, device: torch.device, dtype: torch.dtype) -> Tensor:
        batch, heads, count = index.shape
        flat = index.cpu().flatten()
        owner = torch.arange(batch * heads).repeat_interleave(count)
        out = torch.empty(len(flat), self._width, dtype=dtype, device=device)
        size = self._pages * page
        segments = flat // size
        for number in segments.unique().tolist():
            rows = torch.nonzero(segments == number).flatten()
            place = flat[rows] - number * size
            one, head = owner[rows] // heads, owner[rows] % heads
            pieces = {}
            for name, piece in self._segments[number].items():
                within = place % page if piece.shape[3] > 1 else torch.zeros_like(place)
                pieces[name] = piece[one, head, place // page, within].unsqueeze(1).to(device, non_blocking=True)
            found = self._codec.decode(pieces, (len(rows), 1, self._width), self._dtype)
            out[rows.to(device)] = found.reshape(len(rows), self._width).to(dtype)
        return out.view(batch, heads, count, self._width)

    def reorder(self, rows: Tensor) -> None:
        self._segments = [{name: piece[rows] for name, piece in segment.items()} for segment in self._segments]
