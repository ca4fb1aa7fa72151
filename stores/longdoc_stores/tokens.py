"""Tokens on their way into a context: checked, and collected until they fill a block.

Axis legend: T tokens, D width.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from longdoc.errors import StoreError

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[Any] | torch.Tensor


_WHOLE = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Tail:
    """Tokens of one document and section that fill no block yet: states [T, D] and spans [T, 2]."""

    document: str
    section: tuple[str, ...]
    states: torch.Tensor
    spans: torch.Tensor

    def continues(self, later: Tail) -> bool:
        """Whether `later` belongs into the same block."""
        return (self.document, self.section) == (later.document, later.section)

    def joined(self, later: Tail) -> Tail:
        """Both, one after the other."""
        return Tail(self.document, self.section, torch.cat([self.states, later.states]), torch.cat([self.spans, later.spans]))

    def part(self, start: int, end: int) -> Tail:
        """The tokens from `start` to before `end`."""
        return Tail(self.document, self.section, self.states[start:end], self.spans[start:end])

    def copied(self) -> Tail:
        """The same tokens in memory of their own."""
        return Tail(self.document, self.section, self.states.clone(), self.spans.clone())


def tensor_of(array: Array) -> torch.Tensor:
    """A tensor of a tensor or numpy array; memory is shared where the array may be written to.

    Raises: StoreError for an array of what is no number.
    """
    import numpy as np

    try:
        if isinstance(array, np.ndarray) and (not array.flags.writeable or any(step < 0 for step in array.strides)):
            return torch.from_numpy(array.copy())
        return torch.as_tensor(array).detach()
    except (TypeError, ValueError, RuntimeError) as error:
        raise StoreError(f"expected an array of numbers, got {getattr(array, 'dtype', type(array).__name__)}: {error}") from error


def check_states(
    states: Array, spans: Array, width: int, dtype: torch.dtype, device: str, largest: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """States [T, D] as `dtype` and spans [T, 2] as int32, both on `device`.

    Raises: StoreError for another width, spans that do not fit, a value that is not a number or, as `dtype`, beyond `largest`.
    """
    checked = check_vectors(states, width, dtype, largest).to(device=device)
    places = tensor_of(spans)
    if tuple(places.shape) != (len(checked), 2) or places.dtype not in _WHOLE:
        raise StoreError(f"expected spans of shape {(len(checked), 2)} and whole numbers, got {places.dtype} {tuple(places.shape)}")
    wrong = (places[:, 0] < 0) | (places[:, 1] < places[:, 0]) | (places[:, 1] > _MOST)
    if bool(wrong.any()):
        row = int(wrong.nonzero()[0])
        raise StoreError(
            f"span {places[row].tolist()} in row {row} of {len(places)} ends before it starts, or is not within 0 to {_MOST:,}; "
            "spans are half-open ranges of the document's text"
        )
    return checked, places.to(device=device, dtype=torch.int32)


def check_vectors(vectors: Array, width: int, dtype: torch.dtype, largest: float) -> torch.Tensor:
    """Vectors [T, D] as `dtype`.

    Raises: StoreError for another width, or a value that is not a number or, as `dtype`, beyond `largest`: the row is named.
    """
    found = tensor_of(vectors)
    if found.ndim != 2 or found.shape[1] != width or not found.is_floating_point():
        raise StoreError(f"expected floating point vectors of shape (any, {width}), got {found.dtype} {tuple(found.shape)}")
    found = found.to(dtype)
    least, most = found.aminmax() if found.numel() else (0.0, 0.0)
    if not (least >= -largest and most <= largest):  # a NaN is both, and compares false
        row = int((~(found.abs() <= largest)).any(dim=1).nonzero()[0])
        beyond = f"is not a number or beyond +-{largest:,.6g}"
        raise StoreError(f"row {row} of {len(found)} holds a value that {beyond}; nothing was stored")
    return found


def check_extra(extra: Mapping[str, Array], taken: Collection[str], device: str) -> dict[str, torch.Tensor]:
    """More tensors of a block, of any shape, on `device`.

    Raises: StoreError for a name that is `taken`.
    """
    found = {name: tensor_of(array).to(device) for name, array in extra.items()}
    for name in found:
        if name in taken:
            raise StoreError(f"a block has {name!r} of its own; give the tensor another name")
    return found


def mean_vector(states: torch.Tensor) -> torch.Tensor:
    """The mean of states [T, D] at unit length [D] float32, zero of none; summed in float64, where it does not overflow."""
    return torch.nn.functional.normalize(states.sum(dim=0, dtype=torch.float64), dim=0).float()
