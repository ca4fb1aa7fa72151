"""A disk that fills up, and two writers at once, with real processes and a real file system."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parent.parent / "benchmarks" / "disturbed.py"
pytestmark = pytest.mark.system


def disturbed(*arguments: str) -> dict[str, object]:
    command = [sys.executable, str(BENCHMARK), "--documents", "10", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("mount"), reason="mounts a small file system")
def test_on_a_full_disk_a_run_ends_with_a_sentence_and_nothing_is_lost() -> None:
    found = disturbed("--disks", "3", "--pairs", "0", "--seed", "1")
    assert found["full"] != 0
    assert found["problems"] == 0


def test_of_two_writers_none_loses_anything() -> None:
    assert disturbed("--disks", "0", "--pairs", "2")["problems"] == 0
