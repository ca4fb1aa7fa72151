"""benchmarks/store.py on a setting so small that only its sense can be tested, not a speed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARK = Path(__file__).resolve().parent.parent / "benchmarks" / "store.py"
TOKENS, WIDTH = 12_000, 256


def write_states(cache: Path) -> None:
    """A cache of states that needs no model: ten documents, each state near the one of its topic."""
    dice = np.random.default_rng(0)
    topics = dice.standard_normal((40, WIDTH), dtype=np.float32)
    states = np.repeat(topics, TOKENS // 40, axis=0) + dice.standard_normal((TOKENS, WIDTH), dtype=np.float32)
    starts = np.arange(TOKENS, dtype=np.int32) * 5
    cache.mkdir()
    np.save(cache / "states.npy", states.astype(np.float16))
    np.save(cache / "spans.npy", np.stack([starts, starts + 4], axis=1))
    np.save(cache / "doc.npy", np.repeat(np.arange(10, dtype=np.int32), TOKENS // 10))
    np.save(cache / "queries.npy", topics[:20] / np.linalg.norm(topics[:20], axis=1, keepdims=True))


def run(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    cache = folder / "cache"
    write_states(cache)
    small = ["--tokens", str(TOKENS), "--queries", "20", "--copies", "2", "--runs", "1", "--threads", "1"]
    command = [sys.executable, str(BENCHMARK), "--cache", str(cache), "--home", str(folder), *small, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return done.returncode, found


@pytest.mark.slow
def test_a_small_context_is_searched_gathered_and_restored_as_it_should(tmp_path: Path) -> None:
    parts = "append,search,gather,iterate,compression,snapshot,recall,large"
    status, found = run(tmp_path, "--parts", parts)
    assert status == 0
    assert set(parts.split(",")) <= set(found)
    assert found["search"]["recall"] == 1
    assert found["large"]["tokens"] == 2 * TOKENS
    assert found["large"]["recall"] == 1
    assert found["snapshot"]["equal"] is True
    assert found["gather"]["ram"]["answered_by"]["disk"] == 0
    assert all(each["largest_error_in_bounds"] <= 1 for each in found["compression"].values())


@pytest.mark.slow
def test_budgets_hold_and_a_killed_process_loses_nothing_that_it_had_acknowledged(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    status, found = run(tmp_path, "--parts", "budgets,kills", "--kills", "6", "--seed", "1")
    assert found["kills"]["problems"] == []
    assert found["kills"]["kills"] == 6
    assert found["budgets"]["sound"] is True
    assert status == 0
