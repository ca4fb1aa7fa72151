"""What every benchmark shares: the hardware line, the table, and the one JSON line at the end."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from longdoc import __version__

SHARED = Path(__file__).resolve().parents[2] / "shared"


def hardware() -> dict[str, Any]:
    """Processor, usable cores, GiB of memory, Python, longdoc's version and commit."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory),
        "python": platform.python_version(),
        "longdoc": __version__,
        "commit": _commit(),
    }


def report(benchmark: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], **figures: Any) -> None:
    """Print the table, the hardware, and one JSON line with `figures`."""
    cells = [[str(cell) for cell in row] for row in [columns, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(columns))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    machine = hardware()
    print("on " + ", ".join(f"{key} {value}" for key, value in machine.items()))
    print(json.dumps({"benchmark": benchmark, **figures, "hardware": machine}))
    sys.stdout.flush()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    here = Path(__file__).parent
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=here, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
