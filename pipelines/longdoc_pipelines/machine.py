"""What a measurement ran on."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from longdoc import __version__


@dataclass(frozen=True, slots=True)
class Machine:
    """`cores` that this process may use, `threads` that torch takes, memory in GiB."""

    processor: str
    cores: int
    threads: int
    memory_gib: int
    python: str
    torch: str
    longdoc: str

    def __str__(self) -> str:
        return (
            f"{self.processor}, {self.cores} cores, threads {self.threads}, {self.memory_gib} GiB; Python {self.python}, "
            f"torch {self.torch}, longdoc {self.longdoc}"
        )


def this_machine() -> Machine:
    """The one that this process runs on."""
    import torch

    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        python=platform.python_version(),
        torch=torch.__version__,
        longdoc=__version__,
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
