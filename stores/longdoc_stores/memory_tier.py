"""A tier in memory: RAM, pinned RAM, or the memory of a GPU."""

from __future__ import annotations

import mmap
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longdoc.errors import StoreFullError, UsageError
from longdoc.protocols import Packed, Part

if TYPE_CHECKING:
    import torch

# What Python, torch and malloc take for an entry and for a part of its layout, beside the key and the buffer: measured on RSS.
ENTRY_BYTES = 1152
PART_BYTES = 272
# From here on a value in RAM gets pages of its own, and a tensor only while it is used: in malloc's heap, between the temporary
# tensors of whoever makes the values, they took 1.5 to 2 times their size of the process.
OWN_PAGES = 16 << 10
_CUDA_STEP = 512  # the least that torch's CUDA allocator gives out


@dataclass(frozen=True, slots=True)
class _Entry:
    layout: tuple[Part, ...]
    held: torch.Tensor | mmap.mmap
    copied: torch.cuda.Event | None
    cost: int


class MemoryTier:
    """A Store in the memory of `device`; `pinned` RAM is what a GPU copies from without waiting.

    The budget counts what the process takes: buffers as the allocator rounds them, keys, layouts and Python's own objects.
    """

    durable = False

    def __init__(self, budget: int, *, name: str = "ram", device: str = "cpu", pinned: bool = False) -> None:
        """`budget` in bytes. Raises: UsageError for a device that is not there, or one that cannot be pinned."""
        import torch

        self.name = name
        self.budget: int | None = budget
        self.device = torch.device(device)
        self._pinned = pinned
        self._entries: dict[str, _Entry] = {}
        self._size = 0
        self._lock = threading.RLock()
        self._streams: dict[torch.device, torch.cuda.Stream] = {}
        if pinned and self.device.type != "cpu":
            raise UsageError(f"tier {name!r}: only RAM can be pinned, not {device}; leave out either")
        if (pinned or self.device.type == "cuda") and not torch.cuda.is_available():
            raise UsageError(f"tier {name!r}: {'pinned memory' if pinned else device} needs a CUDA GPU, and there is none; use plain RAM")

    def get(self, key: str) -> Packed:
        """The value, on the tier's device, ready for the current stream.

        Raises: KeyError.
        """
        import torch

        with self._lock:
            entry = self._entries[key]
        if isinstance(entry.held, mmap.mmap):
            return Packed(entry.layout, torch.frombuffer(entry.held, dtype=torch.uint8))
        if entry.copied is not None:
            _wait_for(entry.copied, entry.held)
        return Packed(entry.layout, entry.held)

    def put(self, key: str, value: Packed) -> None:
        """Set the value of `key`; it is copied unless it is a small whole buffer on the device already.

        Raises: StoreFullError that names both numbers; nothing has changed then.
        """
        if not key:
            raise ValueError("a key must not be empty")
        with self._lock:
            old = self._entries.get(key)
            cost = self._cost(key, value)
            taken = self._size - (old.cost if old else 0)
            if self.budget is not None and taken + cost > self.budget:
                raise StoreFullError(
                    f"tier {self.name!r}: a value of {cost:,} bytes does not fit, {taken:,} of {self.budget:,} bytes are taken; "
                    "delete some or give the tier more"
                )
            self._entries[key] = _Entry(value.layout, *self._copy(value.data), cost=cost)
            self._size = taken + cost

    def delete(self, key: str) -> None:
        """Remove `key`; nothing happens if it is not there."""
        with self._lock:
            entry = self._entries.pop(key, None)
            self._size -= entry.cost if entry else 0

    def keys(self) -> Iterator[str]:
        """All keys, in the order in which they came."""
        with self._lock:
            return iter(list(self._entries))

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def size(self) -> int:
        """Bytes that the entries take of the process."""
        return self._size

    def flush(self) -> None:
        """Nothing: memory is not durable."""

    def close(self) -> None:
        """Let go of all values."""
        with self._lock:
            self._entries.clear()
            self._size = 0

    def _cost(self, key: str, value: Packed) -> int:
        payload = value.nbytes
        if self._pinned:
            payload = 1 << max(payload - 1, 0).bit_length()  # torch's pinned allocator gives out powers of two
        elif self.device.type == "cuda":
            payload = -(-payload // _CUDA_STEP) * _CUDA_STEP
        elif payload >= OWN_PAGES:
            payload = -(-payload // mmap.PAGESIZE) * mmap.PAGESIZE
        return payload + ENTRY_BYTES + PART_BYTES * len(value.layout) + sys.getsizeof(key)

    def _copy(self, data: torch.Tensor) -> tuple[torch.Tensor | mmap.mmap, torch.cuda.Event | None]:
        """The buffer to keep, and the event after which a copy that runs on the side is there."""
        import torch

        try:
            if not self._pinned and self.device.type == "cpu":
                return _in_ram(data), None
            held = torch.empty(data.shape, dtype=data.dtype, device=self.device, pin_memory=self._pinned)
        except (torch.OutOfMemoryError, OSError) as error:
            raise StoreFullError(f"tier {self.name!r}: no {data.nbytes:,} bytes left on {self.device}; give the tier less") from error
        gpu = held.device if held.is_cuda else data.device
        if gpu.type != "cuda":
            return held.copy_(data), None
        side = self._streams.setdefault(gpu, torch.cuda.Stream(gpu))
        side.wait_stream(torch.cuda.current_stream(gpu))
        with torch.cuda.stream(side):
            held.copy_(data, non_blocking=True)
            copied = side.record_event()
        for tensor in (held, data):
            if tensor.is_cuda:
                tensor.record_stream(side)  # its memory goes to no other tensor before it is copied
        return held, copied


def _in_ram(data: torch.Tensor) -> torch.Tensor | mmap.mmap:
    """`data` or a copy of it. NumPy copies: torch would wake all its threads for it, milliseconds where the cores are busy."""
    import torch

    data = data.cpu()
    if data.nbytes >= OWN_PAGES:
        pages = mmap.mmap(-1, data.nbytes, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        pages.write(data.contiguous().numpy())
        return pages
    return torch.from_numpy(data.numpy().copy()) if data.untyped_storage().nbytes() > data.nbytes else data


def _wait_for(copied: torch.cuda.Event, data: torch.Tensor) -> None:
    """Nothing reads `data` before it is copied: the current stream waits, or this thread for what is in RAM."""
    import torch

    if data.is_cuda:
        stream = torch.cuda.current_stream(data.device)
        stream.wait_event(copied)
        data.record_stream(stream)
    else:
        copied.synchronize()
