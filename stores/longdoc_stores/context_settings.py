"""How a context is kept: block size, precision, budgets; and the tiers that follow from that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from longdoc.errors import UsageError
from longdoc.protocols import Part
from longdoc_stores.disk_tier import DiskTier
from longdoc_stores.memory_tier import MemoryTier
from longdoc_stores.tiered import Level, TieredStore

DTYPES = ("float32", "float16", "bfloat16")
_LEAST_BLOCKS = 2
"""How many blocks a tier must hold: one that comes while another leaves."""
_ENTRY = 8192
"""What a tier takes of a block beside its buffer, at most, in bytes."""
_DISK_BESIDE = 1 << 20
"""What the disk takes for its index before the first block, at most."""


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """How a context is kept. Budgets are bytes; None: for the device what the first and recent tokens need, else no limit.

    The `first_tokens` and `recent_tokens` are kept as `dtype` on `device`, in blocks of `block_size` tokens; older states are
    encoded with `codec` ("exact", "int8", "int4") into RAM and from there to disk, or to `location`, an fsspec address of this
    context alone, where the disk's budget ends. The RAM budget includes the vector index and the list of blocks. `pinned` keeps
    RAM where a GPU reads it directly. With no first and recent tokens, and no GPU, RAM is the hottest tier.
    """

    block_size: int = 256
    dtype: str = "float32"
    codec: str = "int8"
    first_tokens: int = 128
    recent_tokens: int = 10_000
    device: str = "cpu"
    device_budget: int | None = None
    ram_budget: int = 256 << 20
    disk_budget: int | None = None
    location: str | None = None
    pinned: bool = False

    def __post_init__(self) -> None:
        for name, least in (("block_size", 1), ("first_tokens", 0), ("recent_tokens", 0)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be at least {least}")
        if self.dtype not in DTYPES:
            raise UsageError(f"no dtype {self.dtype!r} for states; known: {', '.join(DTYPES)}")


@dataclass(frozen=True, slots=True)
class Tiers:
    """The tiers of a context: all as one store, and the one near the model, if there is one, and the one in RAM by themselves."""

    store: TieredStore
    near: MemoryTier | None
    ram: MemoryTier


def check_budgets(settings: ContextSettings, width: int, folder: Path | None) -> None:
    """Raises: UsageError if a budget is too small for the blocks that it must hold, naming both numbers; UnknownNameError."""
    if width < 1:
        raise UsageError(f"the width of states is {width}; it must be at least 1")
    if settings.location is not None and folder is None:
        raise UsageError(f"blocks at {settings.location} need a folder, too: what lies where is kept there")
    coded = block_bytes(settings, width, settings.codec)
    two = f"{_LEAST_BLOCKS} blocks of {settings.block_size} tokens"
    if settings.device_budget is not None and _has_near(settings):
        what = f"{settings.recent_tokens} recent and {settings.first_tokens} first tokens"
        _check_budget("device_budget", settings.device_budget, _near_bytes(settings, width), what)
    _check_budget("ram_budget", settings.ram_budget, _LEAST_BLOCKS * coded, two)
    if settings.disk_budget is not None and folder is not None:
        _check_budget("disk_budget", settings.disk_budget, _LEAST_BLOCKS * coded + _DISK_BESIDE, two)


def open_tiers(settings: ContextSettings, width: int, disk: DiskTier | None) -> Tiers:
    """The tiers of a context whose states are `width` wide; what is on disk is opened already.

    Raises: StoreError; UsageError for a device or location that is not there.
    """
    levels, near = [], None
    if _has_near(settings):
        budget = _near_bytes(settings, width) if settings.device_budget is None else settings.device_budget
        near = MemoryTier(budget, name="recent" if settings.device == "cpu" else "device", device=settings.device)
        levels.append(Level(near, caches=settings.device != "cpu"))
    codecs = {"states": settings.codec}
    ram = MemoryTier(settings.ram_budget, name="ram", pinned=settings.pinned)
    levels.append(Level(ram, codecs))
    if disk is not None:
        levels.append(Level(disk, codecs))
    if settings.location is not None:
        from longdoc_stores.object_tier import ObjectTier

        levels.append(Level(ObjectTier(settings.location), codecs))
    return Tiers(TieredStore(levels), near, ram)


def memory_of(size: int, key: str, parts: int) -> int:
    """Bytes that a tier of memory takes, at most, for a value of `size` bytes and so many parts."""
    return size + _ENTRY + 512 * parts + 4 * len(key)


def block_bytes(settings: ContextSettings, width: int, codec: str) -> int:
    """Bytes that a full block takes in a tier of memory, at most, if its document's name is of usual length."""
    from longdoc_stores.packing import layout_size

    tokens = settings.block_size
    layout = (
        Part("spans", "exact", "int32", (tokens, 2)),
        Part("states", codec, settings.dtype, (tokens, width)),
        Part("vector", "exact", "float16", (width,)),
    )
    return layout_size(layout) + _ENTRY


def _has_near(settings: ContextSettings) -> bool:
    return bool(settings.first_tokens or settings.recent_tokens or settings.device != "cpu")


def _near_bytes(settings: ContextSettings, width: int) -> int:
    blocks = sum(-(-tokens // settings.block_size) for tokens in (settings.first_tokens, settings.recent_tokens)) + _LEAST_BLOCKS
    return blocks * block_bytes(settings, width, "exact")


def _check_budget(name: str, budget: int, needed: int, what: str) -> None:
    if budget < needed:
        raise UsageError(f"{name} is {budget:,} bytes, but {what} take {needed:,}; raise it, or choose smaller blocks or fewer tokens")
