"""A disk tier and vector indexes, for the tests that share them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from disk_samples import opened
from vector_samples import FEW, IDS, MANY, WIDE, D, Floats, clustered, vectors

from longdoc_stores.disk_tier import DiskTier
from longdoc_stores.vector_index import VectorIndex


@pytest.fixture
def tier(tmp_path: Path) -> Iterator[DiskTier]:
    with opened(tmp_path / "store", segment_size=100_000) as tier:
        yield tier


@pytest.fixture
def reopen(tier: DiskTier) -> Iterator[Callable[[], DiskTier]]:
    """Another object on the same folder."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(opened(tier.folder, segment_size=100_000))


@pytest.fixture
def held() -> dict[int, Floats]:
    return {number * 1000 + (1 << 40): vector for number, vector in enumerate(vectors(200))}


@pytest.fixture
def index(held: dict[int, Floats]) -> VectorIndex:
    made = VectorIndex(D)
    made.add(np.array(list(held)), np.array(list(held.values())))
    return made


@pytest.fixture
def large() -> VectorIndex:
    made = VectorIndex(WIDE, exact_up_to=FEW)
    made.add(IDS, clustered(MANY))
    assert made.kind == "ivf"
    return made
