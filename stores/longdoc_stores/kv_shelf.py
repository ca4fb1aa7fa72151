"""Memory for the keys and values of a history: RAM up to a budget, then files of a folder, mapped into memory.

A file has no name once it is mapped: it is gone with the process, however that ends. Its bytes are set aside when it is made, so that
a full disk is an error then, and not a crash when a page is written.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from longdoc.errors import StoreFullError
from longdoc_stores.durable import TEMPORARY, make_private_folder, store_errors


@dataclass(frozen=True, eq=False)
class Slab:
    """`data` [bytes] uint8; `on_disk`: whether it is a mapped file."""

    data: Tensor
    on_disk: bool


class Shelf:
    """Slabs of memory, at most `ram` bytes of them in RAM (None: as many as there are), the others in `folder` (None: none).

    `pinned`: RAM that a GPU reads while it computes.
    """

    def __init__(self, ram: int | None = None, folder: Path | None = None, *, pinned: bool = False) -> None:
        self.ram, self.folder, self._pinned = ram, folder, pinned
        self.used = {"ram": 0, "disk": 0}

    def make(self, size: int) -> Slab:
        """A slab of `size` bytes.

        Raises: StoreFullError if neither RAM nor disk holds it; StoreError if the folder cannot be written.
        """
        if self.ram is None or self.used["ram"] + size <= self.ram:
            slab = Slab(self._in_ram(size), False)
        elif self.folder is None:
            raise StoreFullError(
                f"keys and values need {size:,} bytes more than the {self.used['ram']:,} that they take; ram_budget is {self.ram:,} bytes: "
                "raise it, or name a folder for what does not fit"
            )
        else:
            slab = Slab(self._on_disk(self.folder, size), True)
        return self.take(slab)

    def take(self, slab: Slab) -> Slab:
        """Count `slab` as used."""
        self.used["disk" if slab.on_disk else "ram"] += slab.data.nbytes
        return slab

    def give_back(self, slab: Slab) -> None:
        """Count `slab` as free; its memory goes with the last tensor that shares it."""
        self.used["disk" if slab.on_disk else "ram"] -= slab.data.nbytes

    def _in_ram(self, size: int) -> Tensor:
        try:
            return torch.empty(size, dtype=torch.uint8, pin_memory=self._pinned)
        except RuntimeError as error:
            raise StoreFullError(
                f"no memory for {size:,} bytes of keys and values beside the {self.used['ram']:,} that there are; give a smaller "
                "ram_budget and a folder for what does not fit"
            ) from error

    def _on_disk(self, folder: Path, size: int) -> Tensor:
        make_private_folder(folder)
        path = folder / f"{TEMPORARY}kv-{os.getpid()}-{secrets.token_hex(8)}"
        try:
            with store_errors(path, f"set {size:,} bytes aside for keys and values"):
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                try:
                    os.posix_fallocate(descriptor, 0, size)
                finally:
                    os.close(descriptor)
            return mapped(path, size, shared=True)
        finally:
            path.unlink(missing_ok=True)


def mapped(path: Path, size: int, *, shared: bool) -> Tensor:
    """The first `size` bytes of a file as a tensor; what is written to it reaches the file if it is `shared`."""
    with store_errors(path, "map the file"):
        return torch.from_file(str(path), shared=shared, size=size, dtype=torch.uint8)
