"""The tokens of a layer that are no longer hot, and how a decoding step reads few of them: found by an index, scored exactly, the rest
estimated.

A step names by the index `candidates` times as many blocks as it may read, scores their keys exactly, and reads the best. What it does
not read counts all the same: candidates with their exact scores, all others with the index's estimate, both with the mean value of
their page. Where that estimate is biased, it is moved by what it is off for the candidates that were not read.

Axis legend: B batch, H query heads, G key heads (H = G * group), T queries, S old tokens, K blocks, N blocks named, P pages, D channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from longdoc.attention.dense import attend_all, attend_masked
from longdoc.attention.dual_chunk import Views
from longdoc.attention.merge import Attended
from longdoc_stores.bounds_index import BoundsIndex
from longdoc_stores.codecs import Pieces
from longdoc_stores.hot_blocks import NONE, HotBlocks
from longdoc_stores.kv_history import History
from longdoc_stores.kv_settings import LayerSettings, Telemetry, value_codec
from longdoc_stores.kv_shelf import Shelf
from longdoc_stores.products import products
from longdoc_stores.sign_index import SignIndex

_TINY = 1e-30
INDEXES: dict[str, Any] = {"bounds": BoundsIndex, "signs": SignIndex}


@dataclass(frozen=True)
class Read:
    """What a step read: its blocks [B, G, N], if asked for the scores [B, H, T, N * block] of their tokens, and attention over them and
    over the rest, if that is estimated; `whole`: it read everything."""

    blocks: Tensor
    scores: Tensor | None
    parts: list[Attended]
    whole: bool = False


class OldTokens:
    """Tokens that come with `remember`; `telemetry` counts what is read."""

    def __init__(self, settings: LayerSettings, telemetry: Telemetry, shelf: Shelf, keys: Tensor, values: Tensor) -> None:
        """For tokens like `keys` [B, G, S, D] and `values` [B, G, S, E]."""
        self.settings, self.telemetry, self._device, self._dtype = settings, telemetry, keys.device, keys.dtype
        device, coded = keys.device, value_codec(settings.values, values.shape[3])
        self.history = History(settings.keys, coded, settings.page, settings.segment, shelf)
        self.history.expect(keys, values)
        kind = settings.index if settings.index != "auto" else "signs" if device.type == "cuda" else "bounds"
        self.index: Any = INDEXES[kind](settings.block)
        self.means: Tensor | None = None
        self._hot: HotBlocks | None = None
        self._coming: tuple[int, Future[list[list[Pieces]]]] | None = None
        slots = settings.hot_blocks
        self._slots = (4 * settings.top_k // settings.block if device.type == "cuda" else 0) if slots is None else slots

    @property
    def length(self) -> int:
        """Tokens."""
        return self.history.length

    @property
    def nbytes(self) -> dict[str, int]:
        """Bytes by tier: "device" (index, means of pages, hot blocks), "ram", "disk"."""
        on_device = sum(part.nbytes for part in (self.means, self._hot) if part is not None)
        return {"device": on_device + self.index.nbytes, **self.history.nbytes}

    def remember(self, keys: Tensor, values: Tensor) -> None:
        """Take tokens [B, G, S, D] and [B, G, S, E], whole pages."""
        self.history.append(keys, values)
        self.index.append(keys)
        means = values.float().unflatten(2, (-1, self.settings.page)).mean(dim=3).to(values.dtype)
        self.means = means if self.means is None else torch.cat([self.means, means], dim=2)

    def reorder(self, rows: Tensor) -> None:
        """Make the batch that of the given rows of it."""
        self.history.reorder(rows)
        if not self.length:
            return
        self.index.reorder(rows.to(self._device))
        assert self.means is not None
        self.means = self.means[rows.to(self._device)]
        self._hot = None

    def prefetch(self, pool: Executor) -> None:
        """Begin to bring all of it onto the device, where it is not there already."""
        if self.length and (self._device.type != "cpu" or self.history.on_disk):
            self._coming = (self.length, pool.submit(self._fetch, self.length))

    def fetched(self) -> list[list[Pieces]]:
        """The pieces of all of it on the device: those that were on their way, or now."""
        coming, self._coming = self._coming, None
        if coming is None:
            found = self.history.fetch(self._device, 0, self.length)
        else:  # more tokens may have come since
            rest = self.history.fetch(self._device, coming[0], self.length)
            found = [early + late for early, late in zip(coming[1].result(), rest, strict=True)]
            self.telemetry.ahead += coming[0]
        if self._device.type == "cuda":  # they may come from another stream
            for piece in (piece for side in found for part in side for piece in part.values()):
                piece.record_stream(torch.cuda.current_stream(self._device))
        return found

    def _fetch(self, end: int) -> list[list[Pieces]]:
        """The first `end` tokens; more may come while another thread is at it."""
        if self._device.type != "cuda":
            return self.history.fetch(self._device, 0, end)
        side = torch.cuda.Stream(self._device)
        with torch.cuda.stream(side):
            found = self.history.fetch(self._device, 0, end)
        side.synchronize()
        return found

    def read(self, views: Views, scale: float, starts: Tensor | None, traced: bool = False) -> Read:
        """What queries [B, H, T, D], all after these tokens and as they stand to each position, read; tokens before `starts` [B], if
        given, are padding. With `traced` the scores of what was read are given too."""
        settings, length, q = self.settings, self.length, views[-1][1]
        hidden = None
        if starts is not None:  # padding may reach in here
            hidden = torch.arange(length, device=q.device) + settings.sinks < starts[:, None].to(q.device)
        if settings.top_k >= length:
            return self._read_all(views, scale, hidden)
        rank, mass = self._estimated(views, scale)
        if hidden is not None:
            gone = hidden.unflatten(1, (-1, settings.block)).all(dim=2)[:, None, None]
            rank, mass = rank.masked_fill(gone, -torch.inf), mass.masked_fill(gone, -torch.inf)
        group = q.shape[1] // self._heads
        wanted = min(rank.shape[3], max(1, settings.top_k // settings.block))
        many = min(rank.shape[3], wanted * (settings.candidates or self.index.candidates))
        named = _shares(rank, group).topk(many, dim=-1, sorted=False).indices
        slots = None if self._hot_blocks is None else self._hot_blocks.find(named.flatten(0, 1)).view_as(named)
        keys = self._keys(named, slots)
        scores = self._scored(views, keys.flatten(2, 3), tokens(named, settings.block)) * scale
        if hidden is not None:
            padding = hidden[:, None].expand(-1, named.shape[1], -1).gather(2, tokens(named, settings.block))
            scores = scores.masked_fill(padding.repeat_interleave(group, dim=1)[:, :, None], -torch.inf)
        # From here on sums of exp(score - top): one exponential for all that follows.
        top = _finite(torch.maximum(scores.amax(dim=3, keepdim=True), mass.amax(dim=3, keepdim=True)))
        weights = (scores - top).exp_().unflatten(3, (-1, settings.block))
        by_block = weights.sum(dim=4)
        exact = by_block / by_block.sum(dim=3, keepdim=True).clamp(min=_TINY)
        best = exact.unflatten(1, (-1, group)).sum(dim=(2, 3)).topk(wanted, dim=-1, sorted=False).indices
        chosen = named.gather(2, best)
        values = self._values(chosen, keys, slots, best)
        mine = _spread(best, group, q.shape[2])[..., None].expand(-1, -1, -1, -1, settings.block)
        kept = weights.gather(3, mine).flatten(3)
        self.telemetry.gathered += chosen.shape[2] * settings.block
        parts = [_attended(kept, values.flatten(2, 3), top[..., 0], self._dtype)]
        if settings.tail:
            parts.append(self._rest(mass.sub_(top).exp_(), by_block, named, best, group, top[..., 0]))
        return Read(chosen, scores.unflatten(3, (-1, settings.block)).gather(3, mine).flatten(3) if traced else None, parts)

    @property
    def _heads(self) -> int:
        assert self.means is not None
        return int(self.means.shape[1])

    @property
    def _hot_blocks(self) -> HotBlocks | None:
        wanted = self.settings.top_k // self.settings.block
        if self._hot is None and self._slots >= max(1, wanted):
            batch, heads, width = self.history.sides[0].shape
            widths = (width, self.history.sides[1].shape[2])
            self._hot = HotBlocks(batch * heads, self._slots, self.settings.block, widths, self._device, self._dtype)
        return self._hot

    def _keys(self, blocks: Tensor, slots: Tensor | None) -> Tensor:
        """Keys [B, G, N, block, D] of blocks [B, G, N]."""
        return self._gathered(blocks, slots, 0)

    def _values(self, blocks: Tensor, keys: Tensor, slots: Tensor | None, best: Tensor) -> Tensor:
        """Values [B, G, N, block, E] of blocks [B, G, N], which are those at `best` of the blocks that `keys` and `slots` are of."""
        if slots is None:
            return self._gathered(blocks, None, 1)
        own = slots.gather(2, best)
        values = self._gathered(blocks, own, 1)
        assert self._hot is not None
        found = keys.take_along_dim(best[..., None, None], dim=2)
        self._hot.use(blocks.flatten(0, 1), own.flatten(0, 1), found.flatten(0, 1), values.flatten(0, 1))
        self.telemetry.hits += int((own != NONE).sum())
        self.telemetry.misses += int((own == NONE).sum())
        return values

    def _gathered(self, blocks: Tensor, slots: Tensor | None, side: int) -> Tensor:
        size, history = self.settings.block, self.history
        read = (history.keys, history.values)[side]
        width = history.sides[side].shape[2]
        rows = torch.arange(blocks.shape[0] * blocks.shape[1], device=blocks.device)[:, None].expand(-1, blocks.shape[2]).flatten()
        flat = blocks.flatten()
        if slots is None:
            found = read(rows, flat, size, self._device, self._dtype)
            self.telemetry.moved += found.shape[0] * history.sides[side].block_bytes(size)
            return found.view(*blocks.shape, size, width)
        assert self._hot is not None
        there = slots.flatten() != NONE
        found = torch.empty(len(flat), size, width, device=self._device, dtype=self._dtype)
        found[there] = (self._hot.keys, self._hot.values)[side](rows[there], slots.flatten()[there])
        found[~there] = read(rows[~there], flat[~there], size, self._device, self._dtype)
        self.telemetry.moved += int((~there).sum()) * history.sides[side].block_bytes(size)
        return found.view(*blocks.shape, size, width)

    def _estimated(self, views: Views, scale: float) -> tuple[Tensor, Tensor]:
        """What the index says of each block, of the queries as they stand to its first token."""
        rank, mass = self.index.estimate(views[0][1], scale)
        for first, q in views[1:]:
            block = max(0, first - self.settings.sinks) // self.settings.block
            for side, other in zip((rank, mass), self.index.estimate(q, scale), strict=True):
                side[..., block:] = other[..., block:]
        return rank, mass

    def _scored(self, views: Views, keys: Tensor, places: Tensor) -> Tensor:
        """Products [B, H, T, N] with keys [B, G, N, D] of the old tokens `places` [B, G, N]."""
        scores = _products(views[0][1], keys)
        for first, q in views[1:]:
            later = _spread(places >= first - self.settings.sinks, q.shape[1] // keys.shape[1], q.shape[2])
            scores = torch.where(later, _products(q, keys), scores)
        return scores

    def _read_all(self, views: Views, scale: float, hidden: Tensor | None) -> Read:
        keys, values = self.history.whole(self._device, self._dtype)
        self.telemetry.decoded += self.length
        blocks = torch.arange(self.length // self.settings.block, device=keys.device).expand(*keys.shape[:2], -1)
        parts = []
        for q, part in self._regions(views):
            own = keys[:, :, part], values[:, :, part]
            seen = None if hidden is None else ~hidden[:, None, None, part]
            parts.append(attend_all(q, *own, scale) if seen is None else attend_masked(q, *own, scale, seen))
        return Read(blocks, None, parts, whole=True)

    def _regions(self, views: Views) -> Iterator[tuple[Tensor, slice]]:
        """The queries, and the old tokens to which they stand so."""
        firsts = [min(self.length, max(0, first - self.settings.sinks)) for first, _ in views]
        for (_, q), start, end in zip(views, firsts, [*firsts[1:], self.length], strict=True):
            if start < end:
                yield q, slice(start, end)

    def _rest(self, mass: Tensor, exact: Tensor, named: Tensor, best: Tensor, group: int, top: Tensor) -> Attended:
        """Over the blocks that were not read, by their sums of exp(score - top): `mass` [B, H, T, K], `exact` [B, H, T, N] for those
        named."""
        assert self.means is not None
        left = exact.scatter(3, _spread(best, group, mass.shape[2]), 0.0)
        where = _spread(named, group, mass.shape[2])
        if self.index.biased:
            said = mass.gather(3, where).masked_fill(left == 0.0, 0.0).sum(dim=3, keepdim=True)
            off = left.sum(dim=3, keepdim=True) / said.clamp(min=_TINY)
            mass = mass * torch.where(off > 0.0, off, 1.0)
        by_page = mass.scatter_(3, where, left).unflatten(3, (-1, self.settings.page // self.settings.block)).sum(dim=4)
        return _attended(by_page, self.means, top, self._dtype)

    def scores(self, views: Views, scale: float) -> Tensor:
        """Exact scores [B, H, T, S] of all of them."""
        keys, _ = self.history.whole(self._device, self._dtype)
        return torch.cat([_products(q, keys[:, :, part]) for q, part in self._regions(views)], dim=3) * scale

    def audit(self, views: Views, scale: float, read: Read) -> tuple[float, float]:
        """(share of the best blocks of as many that were read, share of the mass of the best ones that was read), by all keys."""
        scores = self.scores(views, scale)
        group = scores.shape[1] // self._heads
        shares = _shares(torch.logsumexp(scores.unflatten(3, (-1, self.settings.block)), dim=4), group)
        ideal = shares.topk(read.blocks.shape[2], dim=-1)
        mine = torch.zeros_like(shares, dtype=torch.bool).scatter(2, read.blocks, True)
        kept = shares.gather(2, read.blocks).sum() / ideal.values.sum().clamp(min=1e-30)
        return float(mine.gather(2, ideal.indices).float().mean()), min(float(kept), 1.0)  # the two sums round differently


def tokens(blocks: Tensor, size: int) -> Tensor:
    """The tokens [B, G, K * size] of blocks [B, G, K]."""
    return (blocks[..., None] * size + torch.arange(size, device=blocks.device)).flatten(2)


def _spread(index: Tensor, group: int, queries: int) -> Tensor:
    """[B, G, N] to [B, H, T, N]."""
    return index.repeat_interleave(group, dim=1)[:, :, None].expand(-1, -1, queries, -1)


def _finite(top: Tensor) -> Tensor:
    """Where nothing is seen there is nothing to subtract."""
    return torch.where(top == -torch.inf, 0.0, top)


def _attended(weights: Tensor, values: Tensor, top: Tensor, dtype: torch.dtype) -> Attended:
    """Attention with weights exp(score - top) [B, H, T, N] over values [B, G, N, E]."""
    total = weights.sum(dim=3)
    out = _mixed(weights / total.clamp(min=_TINY)[..., None], values)
    return Attended(out.to(dtype), top + torch.log(total))


def _shares(scores: Tensor, group: int) -> Tensor:
    """[B, G, K]: the share of blocks in the mass of scores [B, H, T, K], which are written over, summed over the queries of a key head."""
    top = _finite(scores.amax(dim=-1, keepdim=True))
    weights = scores.sub_(top).exp_().unflatten(1, (-1, group)).flatten(2, 3)  # [B, G, group * T, K]
    total = weights.sum(dim=-1).clamp(min=_TINY)
    return ((1.0 / total)[:, :, None] @ weights)[:, :, 0]


def _products(q: Tensor, k: Tensor) -> Tensor:
    """Products [B, H, T, N] float32 of queries [B, H, T, D] and the keys [B, G, N, D] of their groups."""
    group = q.shape[1] // k.shape[1]
    folded = q.unflatten(1, (-1, group)).flatten(2, 3)
    return products(folded, k).unflatten(2, (group, -1)).flatten(1, 2)


def _mixed(weights: Tensor, values: Tensor) -> Tensor:
    """Sums [B, H, T, E] of values [B, G, N, E] of the groups with weights [B, H, T, N] float32."""
    group = weights.shape[1] // values.shape[1]
    folded = weights.unflatten(1, (-1, group)).flatten(2, 3)
    return (folded.to(values.dtype) @ values).unflatten(2, (group, -1)).flatten(1, 2)
