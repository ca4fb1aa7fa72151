"""An index of keys by the signs of their turned channels: 1 bit a channel and a factor a key estimate its product with any query.

A key less the centre of its head is turned by random signs and a Hadamard matrix R, which spreads it evenly over the channels; of the
result only the signs s are kept. With the factor f = |k - c|^2 / (R (k - c) . s), the estimate is, as RaBitQ's
(https://arxiv.org/abs/2405.12497), exact for a query along the key and unbiased over turns:

    q . k  is about  q . c + f (R q . s)

The query stays as it is.

Axis legend: B batch, G key heads, H query heads (H = G * group), S keys, T queries, D channels, W channels padded to a power of two.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from longdoc.attention.kernels import usable

_STEP = 1 << 16
"""Keys that are scored together."""


class SignIndex:
    """Keys numbered from 0, on the device of those that come first; `block` of them are estimated together."""

    candidates = 4
    """How many times as many blocks as are wanted it must name to find most of the best."""
    biased = True
    """Sums of exp(estimate) are too large, by as much for one block as for another."""

    def __init__(self, block: int = 16, seed: int = 0) -> None:
        self._block, self._seed = block, seed
        self.length = 0
        self._parts: list[tuple[Tensor, Tensor]] = []
        self._centre = self._flips = torch.zeros(0)
        self._width = 0

    @property
    def nbytes(self) -> int:
        """Bytes of codes and factors."""
        return sum(tensor.nbytes for part in self._parts for tensor in part)

    def append(self, keys: Tensor) -> None:
        """Take keys [B, G, n, D]; the centre of each head is that of the first that come."""
        if not self.length:
            self._width = 1 << max(3, math.ceil(math.log2(keys.shape[3])))
            self._centre = keys.float().mean(dim=2, keepdim=True)
            draw = torch.Generator().manual_seed(self._seed)
            self._flips = (torch.randint(0, 2, (self._width,), generator=draw) * 2 - 1).float().to(keys.device)
        turned = self._turned(keys.float() - self._centre)
        positive = turned >= 0
        along = turned.abs().sum(dim=-1)
        factor = turned.square().sum(dim=-1) / along.clamp(min=1e-20)
        places = 2 ** torch.arange(8, dtype=torch.uint8, device=keys.device)
        codes = (positive.unflatten(-1, (-1, 8)) * places).sum(dim=-1, dtype=torch.uint8)
        self._put(codes, factor.half())
        self.length += keys.shape[2]

    def _put(self, codes: Tensor, factor: Tensor) -> None:
        """Parts grow to _STEP keys, so that there are few of them."""
        if self._parts and self._parts[-1][1].shape[2] + factor.shape[2] <= _STEP:
            last = self._parts.pop()
            codes, factor = torch.cat([last[0], codes], dim=2), torch.cat([last[1], factor], dim=2)
        self._parts.append((codes, factor))

    def scores(self, q: Tensor) -> Tensor:
        """Estimates [B, H, T, S] float32 of the products of queries [B, H, T, D] with all keys."""
        group = q.shape[1] // self._centre.shape[1]
        folded = q.float().unflatten(1, (-1, group)).flatten(2, 3)  # [B, G, group * T, D]
        turned = self._turned(folded)
        base = folded @ self._centre.transpose(-1, -2)
        return self._estimated(turned, base).unflatten(2, (group, -1)).flatten(1, 2)

    def _estimated(self, turned: Tensor, base: Tensor) -> Tensor:
        """[B, G, R, S] for turned queries [B, G, R, W] and their products with the centres [B, G, R, 1]."""
        if usable(turned):
            from longdoc.attention.kernels import sign_scores

            return sign_scores.scores(turned, base, self._parts)
        found = [
            base + (turned @ _signs(codes, turned.dtype).transpose(-1, -2)) * factor.float()[:, :, None] for codes, factor in self._parts
        ]
        return torch.cat(found, dim=-1)

    def estimate(self, q: Tensor, scale: float) -> tuple[Tensor, Tensor]:
        """For queries [B, H, T, D], [B, H, T, K] float32: by what blocks are ranked, and the log of their sums of exp(score);
        both are the caller's to write over."""
        mass = torch.logsumexp((self.scores(q) * scale).unflatten(3, (-1, self._block)), dim=4)
        return mass.clone(), mass

    def state(self) -> dict[str, Tensor]:
        """All that it knows, for `restore`."""
        codes, factors = (torch.cat([part[side] for part in self._parts], dim=2) for side in (0, 1))
        return {"codes": codes, "factors": factors, "centre": self._centre, "flips": self._flips}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Know what the index knew that gave `state`."""
        self._centre, self._flips = state["centre"], state["flips"]
        self._width, self.length = len(self._flips), state["factors"].shape[2]
        self._parts = list(zip(state["codes"].split(_STEP, dim=2), state["factors"].split(_STEP, dim=2), strict=True))

    def reorder(self, rows: Tensor) -> None:
        """Make the batch that of the given rows of it."""
        self._parts = [(codes[rows], factor[rows]) for codes, factor in self._parts]
        self._centre = self._centre[rows]

    def _turned(self, rows: Tensor) -> Tensor:
        """[..., D] to [..., W]: with random signs, through the Hadamard matrix, lengths kept."""
        padded = torch.nn.functional.pad(rows, (0, self._width - rows.shape[-1])) * self._flips
        return hadamard(padded) / self._width**0.5


def hadamard(rows: Tensor) -> Tensor:
    """The Walsh-Hadamard transform of [..., W], W a power of two, by sums and differences; W times its own inverse."""
    width, step = rows.shape[-1], 1
    while step < width:
        pairs = rows.unflatten(-1, (width // (2 * step), 2, step))
        left, right = pairs[..., 0, :], pairs[..., 1, :]
        rows = torch.stack([left + right, left - right], dim=-2).flatten(-3)
        step *= 2
    return rows


def _signs(codes: Tensor, dtype: torch.dtype) -> Tensor:
    """Bits [..., W / 8] to +1 and -1 [..., W]."""
    bits = (codes[..., None] >> torch.arange(8, dtype=torch.uint8, device=codes.device)) & 1
    return bits.flatten(-2).to(dtype) * 2 - 1
