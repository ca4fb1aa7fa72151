"""Named tensors in one flat buffer, so that moving a block between tiers is moving one buffer.

A part's pieces (codecs.py) lie one after the other, each at a multiple of 16 bytes.

Axis legend: B values.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

import torch

from longdoc.errors import StoreDamagedError, StoreError, StoreVersionError, UnknownNameError
from longdoc.protocols import Packed, Part
from longdoc_stores.codecs import codec, dtype_named

ALIGNMENT = 16
_TOGETHER = 4
"""How many values are decoded at a time: enough to cost few calls, few enough to stay in a core's cache."""
_Place = tuple[str, int, int, torch.dtype, tuple[int, ...]]


def pack(tensors: Mapping[str, torch.Tensor], codecs: Mapping[str, str] | None = None) -> Packed:
    """`tensors`, all on one device, each encoded with the codec named for it, exactly where none is.

    Raises: StoreError if a codec does not take its tensor; UnknownNameError.
    """
    wanted = codecs or {}
    layout = tuple(
        Part(name, wanted.get(name, "exact"), str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape))
        for name, tensor in tensors.items()
    )
    places, size = _places(layout)
    device = next((tensor.device for tensor in tensors.values()), torch.device("cpu"))
    data = torch.empty(size, dtype=torch.uint8, device=device)
    at = 0
    for part, part_places in zip(layout, places, strict=True):
        pieces = codec(part.codec).encode(tensors[part.name])
        for name, start, end, dtype, shape in part_places:
            data[at:start].zero_()  # the same tensors make the same bytes
            data[start:end].view(dtype).view(shape).copy_(pieces[name])
            at = end
    data[at:].zero_()
    return Packed(layout, data)


def unpack(packed: Packed) -> dict[str, torch.Tensor]:
    """The tensors, decoded; exact ones may share memory with the buffer."""
    return {each.name: _decoded(each, places, packed.data) for each, places in zip(packed.layout, _places(packed.layout)[0], strict=True)}


def unpack_into(values: Sequence[Packed], outs: Mapping[str, torch.Tensor]) -> None:
    """Decode the parts named in `outs` of values that have one layout and device into these tensors [B, ...].

    Raises: KeyError for a part that is not there.
    """
    layout = values[0].layout
    places = dict(zip((each.name for each in layout), zip(layout, _places(layout)[0], strict=True), strict=True))
    # One small buffer for all: fresh memory for each is what the slowest one gather in a hundred waited for.
    together = torch.empty(min(_TOGETHER, len(values)), values[0].nbytes, dtype=torch.uint8, device=values[0].data.device)
    for start in range(0, len(values), _TOGETHER):
        some = [value.data for value in values[start : start + _TOGETHER]]
        data = torch.stack(some, out=together[: len(some)])
        for name, out in outs.items():
            each, where = places[name]
            pieces = {
                piece: data[:, first:end].view(dtype).unflatten(1, shape) if shape else data[:, first:end].view(dtype)[:, 0]
                for piece, first, end, dtype, shape in where
            }
            codec(each.codec).decode_into(pieces, out[start : start + len(data)])


def part(packed: Packed, name: str) -> torch.Tensor:
    """One tensor alone, decoded. Raises: KeyError if there is none of that name."""
    for each, places in zip(packed.layout, _places(packed.layout)[0], strict=True):
        if each.name == name:
            return _decoded(each, places, packed.data)
    raise KeyError(name)


def recode(packed: Packed, codecs: Mapping[str, str]) -> Packed:
    """The same tensors, those that are still exact encoded as `codecs` says; what is encoded stays as it is.

    A value never goes through two lossy codecs, so its error is that of one.
    """
    if not any(each.codec == "exact" and codecs.get(each.name, "exact") != "exact" for each in packed.layout):
        return packed
    places, _ = _places(packed.layout)
    fresh = {
        each.name: pack({each.name: _decoded(each, where, packed.data)}, codecs)
        for each, where in zip(packed.layout, places, strict=True)
        if each.codec == "exact"
    }
    layout = tuple(fresh[each.name].layout[0] if each.name in fresh else each for each in packed.layout)
    new_places, size = _places(layout)
    data = torch.zeros(size, dtype=torch.uint8, device=packed.data.device)
    for each, old, new in zip(packed.layout, places, new_places, strict=True):
        start, end = new[0][1], new[-1][2]
        data[start:end] = fresh[each.name].data[: end - start] if each.name in fresh else packed.data[old[0][1] : old[-1][2]]
    return Packed(layout, data)


def error_bounds(packed: Packed) -> dict[str, torch.Tensor]:
    """How far each decoded float32 value may be from what was packed: tensors that broadcast to the parts' shapes."""
    return {
        each.name: codec(each.codec).error_bound(_pieces(places, packed.data), each.shape)
        for each, places in zip(packed.layout, _places(packed.layout)[0], strict=True)
    }


@lru_cache(maxsize=1024)
def dump_layout(layout: tuple[Part, ...]) -> bytes:
    """The layout as JSON."""
    return json.dumps([[each.name, each.codec, each.dtype, each.shape] for each in layout], separators=(",", ":")).encode()


@lru_cache(maxsize=1024)
def load_layout(data: bytes) -> tuple[Part, ...]:
    """The layout that `dump_layout` wrote.

    Raises: StoreDamagedError if it is none; StoreVersionError for a codec or dtype that is not known here.
    """
    try:
        layout = tuple(Part(str(name), str(kind), str(dtype), tuple(map(int, shape))) for name, kind, dtype, shape in json.loads(data))
        if any(size < 0 for each in layout for size in each.shape):
            raise ValueError("a size is negative")
    except (ValueError, TypeError) as error:
        raise StoreDamagedError(f"the layout of a stored value cannot be read ({error}); run `longdoc doctor --repair`") from error
    try:
        for each in layout:
            codec(each.codec), dtype_named(each.dtype)
    except (UnknownNameError, StoreError) as error:
        raise StoreVersionError(f"a value was stored by a newer longdoc or torch ({error}); upgrade them") from error
    try:
        _places(layout)
    except StoreError as error:
        raise StoreDamagedError(f"the layout of a stored value cannot be read ({error}); run `longdoc doctor --repair`") from error
    return layout


def layout_size(layout: tuple[Part, ...]) -> int:
    """Bytes of the buffer of a value with this layout."""
    return _places(layout)[1]


@lru_cache(maxsize=1024)
def _places(layout: tuple[Part, ...]) -> tuple[tuple[tuple[_Place, ...], ...], int]:
    """(name, start, end, dtype, shape) of each piece of each part, and the bytes of all."""
    places, at = [], 0
    for each in layout:
        mine = []
        for name, (dtype, shape) in codec(each.codec).pieces(each.shape, dtype_named(each.dtype)).items():
            at = -(-at // ALIGNMENT) * ALIGNMENT
            end = at + math.prod(shape) * dtype.itemsize
            mine.append((name, at, end, dtype, shape))
            at = end
        places.append(tuple(mine))
    return tuple(places), -(-at // ALIGNMENT) * ALIGNMENT


def _decoded(each: Part, places: Sequence[_Place], data: torch.Tensor) -> torch.Tensor:
    return codec(each.codec).decode(_pieces(places, data), each.shape, dtype_named(each.dtype))


def _pieces(places: Sequence[_Place], data: torch.Tensor) -> dict[str, torch.Tensor]:
    return {name: data[start:end].view(dtype).view(shape) for name, start, end, dtype, shape in places}
