"""Codecs: a tensor to fewer bytes and back, each with a bound on its error, on CPU and GPU alike.

    exact  the bytes as they are
    int8   8 bits a value, scale and zero per channel: code = round((x - zero) / scale), x' = zero + scale code
    int4   4 bits a value, scale and zero per group of 64 channels of a token; int4/128: of 128

Per channel for keys and states, whose channels differ in size, per token for values: KIVI (https://arxiv.org/abs/2402.02750).
Scale and zero are float16, zero rounded down and scale up so that the codes always reach both ends; |x - x'| is then at most half
a scale, and the rounding of the sum (`error_bound`). Values are encoded as float32, whatever their dtype.

Axis legend: ... any leading axes, T tokens, D channels, G groups of channels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, reduce
from typing import Protocol

import torch

from longdoc.errors import StoreError, UnknownNameError

GROUP = 64
_LARGEST = 65504.0
_ONE_CORE = 32_768
"""Values up to which torch does not share an operation out among cores."""
_NEAR = 1 << 18
"""Values that are decoded at a time, so that what lies between code and value stays in a core's cache."""
_FLOAT32_STEP = 2.0**-24
_FLOAT32_LEAST = 2.0**-126  # what is nearer to 0 may be taken for 0

Pieces = dict[str, torch.Tensor]


class Codec(Protocol):
    """What a codec must do. `shape` and `dtype` are those of the tensor before it was encoded."""

    name: str

    def pieces(self, shape: tuple[int, ...], dtype: torch.dtype) -> dict[str, tuple[torch.dtype, tuple[int, ...]]]:
        """Name -> (dtype, shape) of what `encode` makes of such a tensor, the widest dtype first.

        Raises: StoreError if the codec does not take such a tensor.
        """
        ...

    def encode(self, tensor: torch.Tensor) -> Pieces:
        """The pieces. Raises: StoreError for a value that is not a number or too large."""
        ...

    def decode(self, pieces: Mapping[str, torch.Tensor], shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """A tensor of `shape` and `dtype`; it may share memory with the pieces."""
        ...

    def decode_into(self, pieces: Mapping[str, torch.Tensor], out: torch.Tensor) -> None:
        """Decode into `out`, of any dtype; the pieces may have a leading axis that `out` has too."""
        ...

    def error_bound(self, pieces: Mapping[str, torch.Tensor], shape: tuple[int, ...]) -> torch.Tensor:
        """How far a decoded float32 value may be from the encoded one; a tensor that broadcasts to `shape`."""
        ...


class Exact:
    """Any tensor, bit for bit."""

    name = "exact"

    def pieces(self, shape: tuple[int, ...], dtype: torch.dtype) -> dict[str, tuple[torch.dtype, tuple[int, ...]]]:
        """See Codec."""
        return {"values": (dtype, shape)}

    def encode(self, tensor: torch.Tensor) -> Pieces:
        """See Codec."""
        return {"values": tensor}

    def decode(self, pieces: Mapping[str, torch.Tensor], shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """See Codec."""
        return pieces["values"]

    def decode_into(self, pieces: Mapping[str, torch.Tensor], out: torch.Tensor) -> None:
        """See Codec."""
        out.copy_(pieces["values"], non_blocking=True)

    def error_bound(self, pieces: Mapping[str, torch.Tensor], shape: tuple[int, ...]) -> torch.Tensor:
        """Zero."""
        return torch.zeros(1, device=pieces["values"].device)


class Int8PerChannel:
    """Floating point [..., T, D] in 8 bits a value; 2 * 2 bytes more per channel."""

    name = "int8"

    def pieces(self, shape: tuple[int, ...], dtype: torch.dtype) -> dict[str, tuple[torch.dtype, tuple[int, ...]]]:
        """See Codec."""
        _check(self.name, shape, dtype)
        per_channel = (*shape[:-2], 1, shape[-1])
        return {"scale": (torch.float16, per_channel), "zero": (torch.float16, per_channel), "codes": (torch.uint8, shape)}

    def encode(self, tensor: torch.Tensor) -> Pieces:
        """See Codec."""
        _check(self.name, tuple(tensor.shape), tensor.dtype)
        rows = _in_pieces(tensor.float(), dim=-2)
        ends = [row.aminmax(dim=-2, keepdim=True) if row.numel() else (row.sum(-2, keepdim=True),) * 2 for row in rows]
        least, most = reduce(torch.minimum, [end[0] for end in ends]), reduce(torch.maximum, [end[1] for end in ends])
        scale, zero = _scale(least, most, levels=255)
        return {"scale": scale, "zero": zero, "codes": torch.cat([_codes(row, scale, zero, levels=255) for row in rows], dim=-2)}

    def decode(self, pieces: Mapping[str, torch.Tensor], shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """See Codec."""
        zero, codes, scale = pieces["zero"].float(), pieces["codes"], pieces["scale"].float()
        if codes.device.type != "cpu" or codes.numel() <= _NEAR or codes.ndim < 3:
            return torch.addcmul(zero, codes.float(), scale).to(dtype)
        found = torch.empty(codes.shape, dtype=dtype)
        rows = [each.flatten(0, -3) for each in (found, zero, codes, scale)]
        step = max(1, _NEAR // rows[0][0].numel())
        for out, *part in zip(*(each.split(step) for each in rows), strict=True):
            out.copy_(torch.addcmul(part[0], part[1].float(), part[2]))
        return found

    def decode_into(self, pieces: Mapping[str, torch.Tensor], out: torch.Tensor) -> None:
        """See Codec."""
        if out.dtype == torch.float32:
            out.copy_(pieces["codes"]).mul_(pieces["scale"].float()).add_(pieces["zero"].float())
        else:
            out.copy_(self.decode(pieces, tuple(out.shape), out.dtype))

    def error_bound(self, pieces: Mapping[str, torch.Tensor], shape: tuple[int, ...]) -> torch.Tensor:
        """Half a step of the channel [..., 1, D]."""
        return _bound(pieces, levels=255)


class Int4PerGroup:
    """Floating point [..., T, D] in 4 bits a value; 2 * 2 bytes more per token and group of `group` channels.

    D that is no multiple of a group takes as much as the next one.
    """

    def __init__(self, name: str = "int4", group: int = GROUP) -> None:
        self.name, self.group = name, group

    def pieces(self, shape: tuple[int, ...], dtype: torch.dtype) -> dict[str, tuple[torch.dtype, tuple[int, ...]]]:
        """See Codec."""
        _check(self.name, shape, dtype)
        groups = (*shape[:-1], math.ceil(shape[-1] / self.group))
        return {
            "scale": (torch.float16, (*groups, 1)),
            "zero": (torch.float16, (*groups, 1)),
            "codes": (torch.uint8, (*groups, self.group // 2)),
        }

    def encode(self, tensor: torch.Tensor) -> Pieces:
        """See Codec."""
        _check(self.name, tuple(tensor.shape), tensor.dtype)
        short = -tensor.shape[-1] % self.group
        values = tensor.float()
        if short:
            values = torch.cat([values, values[..., -1:].expand(*values.shape[:-1], short)], dim=-1)
        encoded = [self._encoded(row) for row in _in_pieces(values.unflatten(-1, (-1, self.group)), dim=-3)]
        return {name: torch.cat([pieces[name] for pieces in encoded], dim=-3) for name in encoded[0]}

    def _encoded(self, groups: torch.Tensor) -> Pieces:
        least, most = groups.aminmax(dim=-1, keepdim=True)
        scale, zero = _scale(least, most, levels=15)
        codes = _codes(groups, scale, zero, levels=15)
        return {"scale": scale, "zero": zero, "codes": codes[..., : self.group // 2] | codes[..., self.group // 2 :] << 4}

    def decode(self, pieces: Mapping[str, torch.Tensor], shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """See Codec."""
        codes = torch.cat([pieces["codes"] & 15, pieces["codes"] >> 4], dim=-1)
        values = codes.float().mul_(pieces["scale"].float()).add_(pieces["zero"].float()).flatten(-2)
        return values[..., : shape[-1]].to(dtype)

    def decode_into(self, pieces: Mapping[str, torch.Tensor], out: torch.Tensor) -> None:
        """See Codec."""
        out.copy_(self.decode(pieces, tuple(out.shape), out.dtype))

    def error_bound(self, pieces: Mapping[str, torch.Tensor], shape: tuple[int, ...]) -> torch.Tensor:
        """Half a step of the group, for each value [..., T, D]."""
        bound = _bound(pieces, levels=15)
        return bound.expand(*bound.shape[:-1], self.group).flatten(-2)[..., : shape[-1]]


_CODECS: dict[str, Codec] = {codec.name: codec for codec in (Exact(), Int8PerChannel(), Int4PerGroup(), Int4PerGroup("int4/128", 128))}


def codec(name: str) -> Codec:
    """The codec of that name.

    Raises: UnknownNameError that lists those there are.
    """
    try:
        return _CODECS[name]
    except KeyError as error:
        raise UnknownNameError(f"no codec {name!r}; known: {', '.join(_CODECS)}") from error


@cache
def dtype_named(name: str) -> torch.dtype:
    """The torch dtype of a name such as "float32".

    Raises: StoreError if there is none.
    """
    found = getattr(torch, name, None)
    if not isinstance(found, torch.dtype):
        raise StoreError(f"no tensor dtype {name!r} in torch {torch.__version__}")
    return found


def _check(name: str, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    if len(shape) < 2 or not dtype.is_floating_point:
        raise StoreError(f"codec {name!r} takes floating point tensors [..., tokens, channels], not {dtype} {list(shape)}")


def _in_pieces(values: torch.Tensor, dim: int) -> tuple[torch.Tensor, ...]:
    """`values` cut along `dim` so small that torch keeps each operation on one core.

    A block is just past the size where it would share the work out, which gains nothing and, where another process has the other
    core, waits for it: measured 77 ms instead of 0.5 for one block in a hundred.
    """
    if values.device.type != "cpu" or values.numel() <= _ONE_CORE:
        return (values,)
    return tuple(torch.split(values, max(1, _ONE_CORE * values.shape[dim] // values.numel()), dim=dim))


def _scale(least: torch.Tensor, most: torch.Tensor, levels: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale and zero, float16, so that `levels` steps reach from `least` to `most`.

    Raises: StoreError if one of them is not a number or too large.
    """
    if not bool(((least >= -_LARGEST) & (most <= _LARGEST)).all()):  # a NaN compares false
        raise StoreError(f"a value is not a number or beyond +-{_LARGEST:g}; keep such tensors with codec 'exact'")
    zero = _rounded(least, up=False)
    return _rounded((most - zero.float()) / levels, up=True), zero


def _codes(values: torch.Tensor, scale: torch.Tensor, zero: torch.Tensor, levels: int) -> torch.Tensor:
    step = scale.float()
    steps = (values - zero.float()).div_(torch.where(step > 0, step, 1.0))
    return steps.round_().clamp_(0, levels).to(torch.uint8)


def _rounded(values: torch.Tensor, up: bool) -> torch.Tensor:
    """The nearest float16 that is not below (`up`) or not above `values`."""
    half = values.half()
    towards = torch.full_like(half, _LARGEST if up else -_LARGEST)
    off = half.float() < values if up else half.float() > values
    return torch.where(off, torch.nextafter(half, towards), half)


def _bound(pieces: Mapping[str, torch.Tensor], levels: int) -> torch.Tensor:
    scale, zero = pieces["scale"].float(), pieces["zero"].float()
    return scale / 2 + 4 * _FLOAT32_STEP * (zero.abs() + levels * scale) + _FLOAT32_LEAST
