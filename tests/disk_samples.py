"""Helpers of the tests of DiskTier."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from longdoc.protocols import Packed
from longdoc_stores.disk_tier import DiskTier
from longdoc_stores.packing import pack


@contextmanager
def opened(folder: Path, **named: Any) -> Iterator[DiskTier]:
    """A DiskTier that is closed at the end."""
    tier = DiskTier(folder, **named)
    try:
        yield tier
    finally:
        tier.close()


def on_disk(folder: Path) -> int:
    """Bytes of all files in the folder, as the file system says."""
    return sum(path.stat().st_size for path in folder.iterdir())


def segment_files(tier: DiskTier) -> list[Path]:
    """The segments, oldest first."""
    return sorted(tier.folder.glob("*.segment"))


def anywhere(folder: Path, what: bytes) -> list[str]:
    """The files in which these bytes are."""
    return [path.name for path in sorted(folder.iterdir()) if what in path.read_bytes()]


def secret(number: int) -> tuple[bytes, Packed]:
    """A value, and bytes of it that are found nowhere else."""
    text = f"the secret of document {number} ".encode()
    return text, pack({"text": torch.frombuffer(bytearray(text * 40), dtype=torch.uint8)})
