"""One attention layer of a decoder: its first and latest tokens at full precision on the device, all others in a `History`.

A decoding step reads the hot tokens exactly, and of the history the blocks with the most mass for the query: a `SignIndex` estimates
every score, the best blocks are scored exactly and the best of these read. What the rest holds is not left out: its estimated scores
weigh the mean values of its pages.

    out = merge(hot, blocks read, rest),   rest: lse = log sum exp(estimates), value = mean value of the token's page

Axis legend: B batch, H query heads, G key heads (H = G * group), T queries, S tokens, K blocks, N tokens read, P pages, D channels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import CacheLayerMixin

from longdoc.attention.dense import attend_all, attend_masked
from longdoc.attention.dual_chunk import DualChunk
from longdoc.attention.function import HANDLE
from longdoc.attention.guard import Guard
from longdoc.attention.merge import Attended, merge
from longdoc.attention.pattern import Pattern
from longdoc.errors import UnsupportedError
from longdoc_stores.kv_history import History
from longdoc_stores.sign_index import SignIndex


@dataclass(frozen=True)
class LayerSettings:
    """What a layer keeps where. `recent` latest and `sinks` first tokens stay hot; a step reads `top_k` tokens a key head in blocks of
    `block`, chosen exactly among `candidates` times as many; `keys`, `values` are codecs; `few` queries or fewer are a decoding step."""

    recent: int = 10_000
    sinks: int = 128
    top_k: int = 2_048
    block: int = 16
    candidates: int = 2
    keys: str = "int8"
    values: str = "int4"
    page: int = 128
    segment: int = 65_536
    few: int = 16
    tail: bool = True


@dataclass
class Telemetry:
    """What a layer has done: decoding steps, tokens of the history read one by one, and whole; mass kept by head, of prefills whose
    pattern is checked (a sum and how many)."""

    steps: int = 0
    gathered: int = 0
    decoded: int = 0
    mass: list[Tensor] = field(default_factory=list)


class TieredLayer(CacheLayerMixin):  # type: ignore[misc]
    """See the module. `direct`: whether attention comes back to the layer (attn_implementation "longdoc"); without it every update
    returns all keys and values, decoded. With dual chunk attention (`dual`) every query reads everything."""

    is_sliding = False

    def __init__(self, settings: LayerSettings, pattern: Pattern, guard: Guard | None, direct: bool, dual: DualChunk | None = None) -> None:
        super().__init__()
        self._settings, self._pattern, self._guard, self._direct, self._dual = settings, pattern, guard, direct, dual
        self.telemetry = Telemetry()
        self._clear()

    def _clear(self) -> None:
        settings = self._settings
        self._history = History(settings.keys, settings.values, settings.page, settings.segment)
        self._index = SignIndex()
        self._means: Tensor | None = None
        self._hot: tuple[Tensor, Tensor] | None = None
        self._count = 0  # hot tokens
        self._unread = False
        self.is_initialized = False

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """See CacheLayerMixin."""
        self.dtype, self.device = key_states.dtype, key_states.device
        self._hot = (
            key_states.new_empty(*key_states.shape[:2], 0, key_states.shape[3]),
            value_states.new_empty(*value_states.shape[:2], 0, value_states.shape[3]),
        )
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Take the keys and values [B, G, T, D] of new tokens.

        Raises: UnsupportedError if the model's attention has not come back for what it gave before.
        """
        if self._unread:
            raise UnsupportedError(
                "this model's attention changes keys after it has stored them, so that attn_implementation='longdoc' would read the new "
                "ones alone; load the model with attn_implementation='sdpa' and the cache is read in full"
            )
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self._make_room(key_states.shape[2])
        assert self._hot is not None
        for side, new in zip(self._hot, (key_states, value_states), strict=True):
            side[:, :, self._count : self._count + new.shape[2]] = new.detach()
        self._count += key_states.shape[2]
        if not self._direct:
            return self.whole()
        setattr(key_states, HANDLE, self)
        self._unread = True
        return key_states, value_states

    def _make_room(self, new: int) -> None:
        """Move what is no longer recent into the history, in whole pages, and see that the hot tensors take `new` tokens more."""
        settings = self._settings
        assert self._hot is not None
        capacity = self._hot[0].shape[2]
        if self._count + new <= capacity:
            return
        old = max(0, self._count - settings.sinks - settings.recent) // settings.page * settings.page
        keys, values = (side[:, :, : self._count] for side in self._hot)
        if old:
            moved = slice(settings.sinks, settings.sinks + old)
            self._remember(keys[:, :, moved], values[:, :, moved])
        self._count -= old
        # Room for as many again, so that what stays is moved once in a while only.
        room = max(self._count + new, min(settings.sinks + settings.recent + 1024, 2 * (self._count + new)))
        self._hot = tuple(_moved(side, settings.sinks, old, room) for side in (keys, values))

    def _remember(self, keys: Tensor, values: Tensor) -> None:
        self._history.append(keys, values)
        self._index.append(keys)
        means = values.float().unflatten(2, (-1, self._settings.page)).mean(dim=3).to(values.dtype)
        self._means = means if self._means is None else torch.cat([self._means, means], dim=2)

    def whole(self) -> tuple[Tensor, Tensor]:
        """Keys and values [B, G, S, D] of all tokens, in their order."""
        self._unread = False
        assert self._hot is not None
        hot = [side[:, :, : self._count] for side in self._hot]
        if not self._history.length:
            return hot[0], hot[1]
        self.telemetry.decoded += self._history.length
        sinks = self._settings.sinks
        parts = zip(hot, self._history.whole(self.device, self.dtype), strict=True)
        keys, values = (torch.cat([side[:, :, :sinks], old, side[:, :, sinks:]], dim=2) for side, old in parts)
        return keys, values

    def attend(self, q: Tensor, scale: float, starts: Tensor | None) -> Tensor:
        """out [B, H, T, E] for queries [B, H, T, D], the latest tokens; tokens before `starts` [B], if given, are padding."""
        settings = self._settings
        self._unread = False
        if self._dual or q.shape[2] > settings.few or not self._history.length:
            return self._prefill(q, scale, starts)
        self.telemetry.steps += 1
        found = self._hot_part(q, scale, starts)
        for part in self._history_parts(q, scale, starts):
            found = merge(found, part)
        return found.out

    def _prefill(self, q: Tensor, scale: float, starts: Tensor | None) -> Tensor:
        keys, values = self.whole()
        if starts is None:
            return self._checked(q, keys, values, scale)
        length, rows = keys.shape[2], []
        for number, start in enumerate(starts.tolist()):
            own = slice(number, number + 1)
            queries = min(q.shape[2], length - start)
            out = q.new_zeros(1, q.shape[1], q.shape[2], values.shape[3])
            if queries > 0:
                out[:, :, q.shape[2] - queries :] = self._checked(
                    q[own, :, q.shape[2] - queries :], keys[own, :, start:], values[own, :, start:], scale
                )
            rows.append(out)
        return torch.cat(rows)

    def _checked(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        if self._dual:
            return self._dual.attend(q, k, v, scale).out
        found = self._pattern.attend(q, k, v, scale)
        if self._guard is None:
            return found.out
        found, mass = self._guard.check(q, k, v, scale, found)
        self.telemetry.mass.append(mass.detach().cpu())
        return found.out

    def _hot_part(self, q: Tensor, scale: float, starts: Tensor | None) -> Attended:
        """Over sinks and recent tokens, the queries' own among them."""
        assert self._hot is not None
        keys, values = (side[:, :, : self._count] for side in self._hot)
        if q.shape[2] == 1 and starts is None:
            return attend_all(q, keys, values, scale)
        place = self._places()
        mask = place <= place[-q.shape[2] :, None]
        if starts is not None:
            mask = mask & (place >= starts[:, None, None, None].to(place.device))
        return attend_masked(q, keys, values, scale, mask)

    def _places(self) -> Tensor:
        """Positions [S] of the hot tokens."""
        place = torch.arange(self._count, device=self.device)
        return torch.where(place < self._settings.sinks, place, place + self._history.length)

    def _history_parts(self, q: Tensor, scale: float, starts: Tensor | None) -> list[Attended]:
        """Over the tokens of the history that are read, and over the rest."""
        settings, length = self._settings, self._history.length
        hidden = None
        if starts is not None:  # padding may reach into the history
            hidden = torch.arange(length, device=q.device) + settings.sinks < starts[:, None].to(q.device)
        if settings.top_k >= length:
            keys, values = self._history.whole(self.device, self.dtype)
            self.telemetry.decoded += length
            if hidden is None:
                return [attend_all(q, keys, values, scale)]
            return [attend_masked(q, keys, values, scale, ~hidden[:, None, None])]
        estimates = self._index.scores(q) * scale
        if hidden is not None:
            estimates = estimates.masked_fill(hidden[:, None, None], -torch.inf)
        group = q.shape[1] // self._means.shape[1] if self._means is not None else 1
        blocks = _block_mass(estimates, group, settings.block)
        wanted = min(blocks.shape[2], max(1, settings.top_k // settings.block))
        chosen = blocks.topk(min(blocks.shape[2], settings.candidates * wanted), dim=-1).indices
        keys = self._history.keys(_tokens(chosen, settings.block), self.device, self.dtype)
        if chosen.shape[2] > wanted:
            exact = _folded_scores(q, keys) * scale
            best = _block_mass(exact, group, settings.block).topk(wanted, dim=-1).indices
            chosen = chosen.gather(2, best)
            keys = keys.unflatten(2, (-1, settings.block)).take_along_dim(best[..., None, None], dim=2).flatten(2, 3)
        index = _tokens(chosen, settings.block)
        values = self._history.values(index, self.device, self.dtype)
        self.telemetry.gathered += index.shape[2]
        read = attend_all(q, keys, values, scale) if hidden is None else self._read_masked(q, keys, values, scale, index, hidden)
        return [read, self._rest(estimates, index, group)] if settings.tail else [read]

    def _read_masked(self, q: Tensor, k: Tensor, v: Tensor, scale: float, index: Tensor, hidden: Tensor) -> Attended:
        group = q.shape[1] // k.shape[1]
        mask = ~hidden[:, None].expand(-1, index.shape[1], -1).gather(2, index)
        return attend_masked(q, k, v, scale, mask.repeat_interleave(group, dim=1)[:, :, None])

    def _rest(self, estimates: Tensor, index: Tensor, group: int) -> Attended:
        """Over the tokens that were not read, by their estimated scores [B, H, T, S] and the mean values of their pages."""
        assert self._means is not None
        queries = estimates.shape[2]
        read = index.repeat_interleave(group, dim=1)[:, :, None].expand(-1, -1, queries, -1)
        left = estimates.scatter(3, read, -torch.inf)
        by_page = torch.logsumexp(left.unflatten(3, (-1, self._settings.page)), dim=4)
        lse = torch.logsumexp(by_page, dim=3)
        shares = torch.exp(by_page - torch.where(lse == -torch.inf, 0.0, lse)[..., None])
        means = self._means.float().repeat_interleave(group, dim=1)
        return Attended((shares @ means).to(self.dtype), lse)

    def get_seq_length(self) -> int:
        """Tokens that have come."""
        return self._history.length + self._count

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """(keys that a mask is about, position of the first)."""
        return self.get_seq_length() + query_length, 0

    def get_max_length(self) -> int:
        """No limit."""
        return -1

    def reset(self) -> None:
        """Forget all tokens."""
        self._clear()

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Make the batch that of the given rows of it."""
        if not self.is_initialized:
            return
        assert self._hot is not None
        self._hot = tuple(side[beam_idx.to(side.device)] for side in self._hot)
        if self._history.length:
            self._history.reorder(beam_idx)
            self._index.reorder(beam_idx.to(self.device))
            assert self._means is not None
            self._means = self._means[beam_idx.to(self.device)]

    @property
    def nbytes(self) -> dict[str, int]:
        """Bytes by tier: "device" (hot tokens, index, page means), "ram" (history)."""
        hot = sum(side.nbytes for side in self._hot) if self._hot else 0
        means = self._means.nbytes if self._means is not None else 0
        return {"device": hot + means + self._index.nbytes, "ram": self._history.nbytes}


def _moved(side: Tensor, sinks: int, old: int, room: int) -> Tensor:
    """A tensor for `room` tokens that starts with those of `side` [B, G, S, D] but `old` ones after the sinks."""
    fresh = side.new_empty(*side.shape[:2], room, side.shape[3])
    kept = side.shape[2] - old
    first = min(sinks, kept)
    fresh[:, :, :first] = side[:, :, :first]
    fresh[:, :, first:kept] = side[:, :, first + old :]
    return fresh


def _folded_scores(q: Tensor, k: Tensor) -> Tensor:
    """Products [B, H, T, N] of queries [B, H, T, D] and the keys [B, G, N, D] of their groups."""
    group = q.shape[1] // k.shape[1]
    folded = q.unflatten(1, (-1, group)).flatten(2, 3)
    return (folded @ k.transpose(-1, -2)).float().unflatten(2, (group, -1)).flatten(1, 2)


def _block_mass(scores: Tensor, group: int, block: int) -> Tensor:
    """[B, G, K]: the share of blocks of `block` tokens in the mass of scores [B, H, T, N], summed over the queries of a key head."""
    shares = torch.softmax(scores, dim=-1).nan_to_num()
    return shares.unflatten(1, (-1, group)).sum(dim=(2, 3)).unflatten(2, (-1, block)).sum(dim=3)


def _tokens(blocks: Tensor, block: int) -> Tensor:
    """The tokens [B, G, K * block] of blocks [B, G, K]."""
    return (blocks[..., None] * block + torch.arange(block, device=blocks.device)).flatten(2)
