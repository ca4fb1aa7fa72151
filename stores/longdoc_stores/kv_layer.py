"""One attention layer of a decoder's cache in tiers: hot tokens exact on the device, all older ones encoded in RAM or on disk, found by
an index.

The first tokens (`sinks`) and the latest (`recent`) are hot. What is older moves into OldTokens in whole pages. A step of few queries
reads the hot tokens and the `top_k` old ones of each key head that the index finds; the rest of the mass is estimated. Nothing is
dropped: a prefill reads old tokens whole, one key head at a time.

    out = merge(hot, read, rest),   rest: lse = log sum exp(estimates), value = mean value of the token's page

Axis legend: B batch, H query heads, G key heads (H = G * group), T queries, S tokens, D channels of a key, E channels of a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import CacheLayerMixin

from longdoc.attention.dense import attend_all, attend_masked
from longdoc.attention.dual_chunk import DualChunk, Views
from longdoc.attention.function import HANDLE
from longdoc.attention.guard import Guard
from longdoc.attention.merge import Attended, merge
from longdoc.attention.pattern import Pattern, ReadsBefore
from longdoc.errors import UnsupportedError
from longdoc_stores.codecs import Pieces
from longdoc_stores.kv_settings import LayerSettings, Telemetry
from longdoc_stores.kv_shelf import Shelf
from longdoc_stores.old_tokens import OldTokens, Read, tokens

_AHEAD = 1024
"""Tokens that there is room for beyond the recent ones, so that what stays is moved once in a while only."""


class TieredLayer(CacheLayerMixin):  # type: ignore[misc]
    """See the module. `direct`: whether attention comes back to the layer (attn_implementation "longdoc"); without it every update
    returns all keys and values, decoded. With dual chunk attention (`dual`) a prefill reads its own chunk by `pattern`, and the
    chunks before too if the pattern can. `number` is
    the layer's; `shelf` gives memory for old tokens; `turn` is called before the old ones are read whole."""

    is_sliding = False

    def __init__(
        self,
        settings: LayerSettings,
        pattern: Pattern,
        guard: Guard | None,
        direct: bool,
        dual: DualChunk | None = None,
        *,
        number: int = 0,
        shelf: Shelf | None = None,
        turn: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__()
        self.settings, self._pattern, self._guard, self._direct, self._dual = settings, pattern, guard, direct, dual
        self._number, self._shelf, self._turn = number, shelf or Shelf(), turn
        self.telemetry = Telemetry()
        self.trace: Tensor | None = None
        self.tracing = False
        self.traced_by: Callable[[], None] | None = None
        self._clear()

    def _clear(self) -> None:
        self.old: OldTokens | None = None
        self.hot: tuple[Tensor, Tensor] | None = None
        self.count = 0  # hot tokens
        self._mark: int | None = None
        self._unread = False
        self.is_initialized = False

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """See CacheLayerMixin."""
        self.dtype, self.device = key_states.dtype, key_states.device
        self.hot = (
            key_states.new_empty(*key_states.shape[:2], 0, key_states.shape[3]),
            value_states.new_empty(*value_states.shape[:2], 0, value_states.shape[3]),
        )
        self.old = OldTokens(self.settings, self.telemetry, self._shelf, key_states, value_states)
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Take the keys and values [B, G, T, D] of new tokens.

        Raises: UnsupportedError if the model's attention has not come back for what it gave before; StoreFullError if there is no room
        for old tokens.
        """
        if self._unread:
            raise UnsupportedError(
                "this model's attention changes keys after it has stored them, so that attn_implementation='longdoc' would read the new "
                "ones alone; load the model with attn_implementation='sdpa' and the cache is read in full"
            )
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self._make_room(key_states.shape[2])
        assert self.hot is not None
        for side, new in zip(self.hot, (key_states, value_states), strict=True):
            side[:, :, self.count : self.count + new.shape[2]] = new.detach()
        self.count += key_states.shape[2]
        if not self._direct:
            return self.whole()
        setattr(key_states, HANDLE, self)
        self._unread = True
        return key_states, value_states

    def read_by_caller(self) -> None:
        """Say that whoever gave the last tokens reads them without `attend`."""
        self._unread = False

    def leaving(self, new: int) -> int:
        """How many tokens are no longer hot once `new` more have come: whole pages; none after a mark, so that what was asked does not
        change what the next question finds."""
        settings = self.settings
        if self._mark is not None or self._fits(new):
            return 0
        free = self.count - settings.sinks - settings.recent
        return max(0, free) // settings.page * settings.page

    def _fits(self, new: int) -> bool:
        """Whether there is room for `new` tokens more, and not many more are hot than are recent, as after a prefill."""
        assert self.hot is not None
        surplus = self.count - self.settings.sinks - self.settings.recent
        return self.count + new <= self.hot[0].shape[2] and (surplus <= _AHEAD or self._mark is not None)

    def _make_room(self, new: int) -> None:
        """Move what is no longer recent to the old tokens, and see that the hot tensors take `new` tokens more."""
        settings = self.settings
        assert self.hot is not None
        assert self.old is not None
        if self._fits(new):
            return
        leaving = self.leaving(new)
        if leaving:
            moved = slice(settings.sinks, settings.sinks + leaving)
            self.old.remember(self.hot[0][:, :, moved], self.hot[1][:, :, moved])
        self.count -= leaving
        kept, needed = self.count, self.count + new
        room = needed + min(_AHEAD, needed)
        self.hot = tuple(_moved(side, settings.sinks, leaving, kept, room) for side in self.hot)

    @property
    def _length_of_old(self) -> int:
        return self.old.length if self.old is not None else 0

    def whole(self, heads: slice = slice(None), fetched: list[list[Pieces]] | None = None) -> tuple[Tensor, Tensor]:
        """Keys and values [B, G, S, D] of all tokens, in their order, of the key heads `heads`."""
        self._unread = False
        assert self.hot is not None
        assert self.old is not None
        hot = [side[:, heads, : self.count] for side in self.hot]
        if not self.old.length:
            return hot[0], hot[1]
        sinks = self.settings.sinks
        parts = zip(hot, self.old.history.whole(self.device, self.dtype, fetched, heads), strict=True)
        self.telemetry.decoded += self.old.length * parts_of(heads, self.hot[0].shape[1]) // self.hot[0].shape[1]
        keys, values = (torch.cat([side[:, :, :sinks], old, side[:, :, sinks:]], dim=2) for side, old in parts)
        return keys, values

    def attend(self, q: Tensor, scale: float, starts: Tensor | None) -> Tensor:
        """out [B, H, T, E] for queries [B, H, T, D], the latest tokens; tokens before `starts` [B], if given, are padding."""
        self._unread = False
        length = self.get_seq_length()
        dual = self._dual if self._dual and length > self._dual.chunk else None
        views: Views | None = [(0, q)]
        if dual:
            views = dual.views(q, length - q.shape[2]) if starts is None else None
        if views is None or q.shape[2] > self.settings.few or not (self._length_of_old or self.tracing):
            # In one chunk alone nothing is out of reach; dual chunk attention sees to the growth of scores itself.
            return self._prefill(q, scale if dual else self._grown(scale, length), starts, dual)
        return self._step(views, self._grown(scale, length), starts)

    def _grown(self, scale: float, length: int) -> float:
        return scale * self._dual.growth(length) if self._dual else scale

    def _step(self, views: Views, scale: float, starts: Tensor | None) -> Tensor:
        assert self.old is not None
        telemetry, audit = self.telemetry, self.settings.audit
        found = self._hot_part(views, scale, starts)
        read = self.old.read(views, scale, starts, self.tracing) if self.old.length else None
        for part in read.parts if read else ():
            found = merge(found, part)
        # Layers take turns, so that no step is slow for all of them.
        if audit and starts is None and read and not read.whole and (telemetry.steps + self._number) % audit == 0:
            recall, share = self.old.audit(views, scale, read)
            telemetry.recall.append(recall)
            telemetry.share.append(share)
        telemetry.steps += 1
        if self.tracing:
            self.trace = self._traced(views, scale, read, found.lse)
            if self.traced_by is not None:
                self.traced_by()
        return found.out

    def _prefill(self, q: Tensor, scale: float, starts: Tensor | None, dual: DualChunk | None) -> Tensor:
        """By key head, so that no more than one head's old tokens are decoded at a time."""
        assert self.hot is not None
        assert self.old is not None
        heads, length = self.hot[0].shape[1], self.get_seq_length()
        group = q.shape[1] // heads
        fetched = None
        if self.old.length:
            if self._turn is not None:
                self._turn(self._number)
            fetched = self.fetched()
        outs = []
        for head in [slice(None)] if not self.old.length else [slice(one, one + 1) for one in range(heads)]:
            keys, values = self.whole(head, fetched)
            queries = q if head == slice(None) else q[:, head.start * group : head.stop * group]
            if starts is None:
                outs.append(self._checked(queries, keys, values, scale, dual))
                continue
            rows = []
            for number, start in enumerate(starts.tolist()):
                own, many = slice(number, number + 1), min(q.shape[2], length - start)
                out = q.new_zeros(1, queries.shape[1], q.shape[2], values.shape[3])
                if many > 0:
                    latest = queries[own, :, q.shape[2] - many :]
                    out[:, :, q.shape[2] - many :] = self._checked(latest, keys[own, :, start:], values[own, :, start:], scale, dual)
                rows.append(out)
            outs.append(torch.cat(rows))
        return torch.cat(outs, dim=1)

    def fetched(self) -> list[list[Pieces]]:
        """The pieces of old tokens on the device: those that were fetched ahead, or now."""
        assert self.old is not None
        return self.old.fetched()

    def _checked(self, q: Tensor, k: Tensor, v: Tensor, scale: float, dual: DualChunk | None) -> Tensor:
        return (dual.attend(q, k, v, scale, self._within, self._before) if dual else self._within(q, k, v, scale)).out

    def _within(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
        return self._guarded(q, k, v, scale, self._pattern.attend(q, k, v, scale), causal=True)

    def _before(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
        if not isinstance(self._pattern, ReadsBefore):
            return attend_all(q, k, v, scale)
        return self._guarded(q, k, v, scale, self._pattern.attend_before(q, k, v, scale), causal=False)

    def _guarded(self, q: Tensor, k: Tensor, v: Tensor, scale: float, found: Attended, causal: bool) -> Attended:
        if self._guard is None:
            return found
        found, mass = self._guard.check(q, k, v, scale, found, causal)
        self.telemetry.mass.append(mass.detach().cpu())
        return found

    def _hot_part(self, views: Views, scale: float, starts: Tensor | None) -> Attended:
        """Over sinks and recent tokens, the queries' own among them."""
        assert self.hot is not None
        keys, values = (side[:, :, : self.count] for side in self.hot)
        queries = views[-1][1].shape[2]
        if queries == 1 and starts is None:
            return reduce(merge, (attend_all(q, keys[:, :, part], values[:, :, part], scale) for q, part in self._regions(views)))
        place = self.places()
        mask = place <= place[-queries:, None]
        if starts is not None:
            mask = mask & (place >= starts[:, None, None, None].to(place.device))
        parts = [attend_masked(q, keys[:, :, part], values[:, :, part], scale, mask[..., part]) for q, part in self._regions(views)]
        return reduce(merge, parts)

    def _regions(self, views: Views) -> Iterator[tuple[Tensor, slice]]:
        """The queries, and the hot tokens to which they stand so."""
        if len(views) == 1:
            yield views[0][1], slice(0, self.count)
            return
        firsts = torch.searchsorted(self.places(), torch.tensor([first for first, _ in views], device=self.device)).tolist()
        for (_, q), start, end in zip(views, firsts, [*firsts[1:], self.count], strict=True):
            if start < end:
                yield q, slice(start, end)

    def places(self) -> Tensor:
        """Positions [S] of the hot tokens."""
        place = torch.arange(self.count, device=self.device)
        return torch.where(place < self.settings.sinks, place, place + self._length_of_old)

    def _traced(self, views: Views, scale: float, read: Read | None, lse: Tensor) -> Tensor:
        """[S]: the share of the latest query's attention that each token has, on average over heads, of the first row of the batch."""
        assert self.hot is not None
        assert self.old is not None
        shares, q = torch.zeros(self.get_seq_length(), device=self.device), views[-1][1]
        keys = self.hot[0][:1, :, : self.count].repeat_interleave(q.shape[1] // self.hot[0].shape[1], dim=1)
        parts = [one[:1, :, -1:] @ keys[:, :, part].transpose(-1, -2) for one, part in self._regions(views)]
        scores = torch.cat(parts, dim=3).float() * scale
        shares[self.places()] = torch.exp(scores[0, :, 0] - lse[0, :, -1:]).mean(dim=0)
        if read is None:
            return shares
        exact = read.scores if read.scores is not None else self.old.scores(views, scale)
        where = tokens(read.blocks, self.settings.block)[0].repeat_interleave(q.shape[1] // read.blocks.shape[1], dim=0)
        own = torch.exp(exact[0, :, -1] - lse[0, :, -1:]) / q.shape[1]
        shares.index_add_(0, (where + self.settings.sinks).flatten(), own.flatten())
        return shares

    def reserve(self, new: int) -> None:
        """Set memory aside for what will have left the hot tier when `new` more tokens have come.

        Raises: StoreFullError if there is no room.
        """
        if self.old is not None:
            self.old.history.reserve(self.get_seq_length() + new - self.settings.sinks - self.settings.recent)

    def mark(self) -> None:
        """Let `rewind` come back to here: from now on all stays hot that is. What a prefill left over leaves first."""
        if self.is_initialized:
            self._make_room(1)
        self._mark = self.get_seq_length()

    def rewind(self) -> None:
        """Forget the tokens that have come since `mark`."""
        assert self._mark is not None
        self.count -= self.get_seq_length() - self._mark

    def get_seq_length(self) -> int:
        """Tokens that have come."""
        return self._length_of_old + self.count

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """(keys that a mask is about, position of the first)."""
        return self.get_seq_length() + query_length, 0

    def get_max_length(self) -> int:
        """No limit."""
        return -1

    def reset(self) -> None:
        """Forget all tokens."""
        if self.old is not None:
            self.old.history.release()
        self._clear()

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Make the batch that of the given rows of it."""
        if not self.is_initialized:
            return
        assert self.hot is not None
        assert self.old is not None
        self.hot = tuple(side[beam_idx.to(side.device)] for side in self.hot)
        self.old.reorder(beam_idx)

    @property
    def nbytes(self) -> dict[str, int]:
        """Bytes by tier: "device" (hot tokens, index, means of pages, hot blocks), "ram" and "disk" (history)."""
        hot = sum(side.nbytes for side in self.hot) if self.hot else 0
        old = self.old.nbytes if self.old is not None else {"device": 0, "ram": 0, "disk": 0}
        return old | {"device": old["device"] + hot}


def parts_of(heads: slice, total: int) -> int:
    """How many of `total` heads a slice names."""
    return len(range(total)[heads])


def _moved(side: Tensor, sinks: int, left: int, kept: int, room: int) -> Tensor:
    """A tensor for `room` tokens that starts with `kept` ones of `side` [B, G, S, D]: all but `left` after the sinks."""
    fresh = side.new_empty(*side.shape[:2], room, side.shape[3])
    first = min(sinks, kept)
    fresh[:, :, :first] = side[:, :, :first]
    fresh[:, :, first:kept] = side[:, :, first + left : left + kept]
    return fresh
