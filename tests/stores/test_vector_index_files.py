from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from vector_samples import FEW, IDS, MANY, Floats, clustered, compare, recall_at_10

from longdoc.errors import StoreDamagedError, StoreError, StoreVersionError
from longdoc_stores.durable import write_sealed
from longdoc_stores.vector_index import VectorIndex


def test_an_index_comes_back_from_its_file(index: VectorIndex, held: dict[int, Floats], tmp_path: Path) -> None:
    index.remove(np.array([1 << 40]))
    del held[1 << 40]
    index.save(tmp_path / "index")
    loaded = VectorIndex.load(tmp_path / "index")
    assert loaded.ids().tolist() == sorted(held)
    compare(loaded, held, 10)
    loaded.remove(np.array(list(held)[:1]))
    assert len(loaded) == len(held) - 1


def test_an_approximate_index_comes_back_from_its_file_and_grows(large: VectorIndex, tmp_path: Path) -> None:
    large.save(tmp_path / "index")
    loaded = VectorIndex.load(tmp_path / "index")
    assert (loaded.kind, loaded.codes, loaded.probes, loaded.exact_up_to) == (large.kind, large.codes, large.probes, FEW)
    queries = clustered(20, seed=7)
    for one, other in zip(large.search(queries, 10), loaded.search(queries, 10), strict=True):
        np.testing.assert_array_equal(one, other)
    loaded.add(np.arange(20), queries)
    assert loaded.search(queries, 1)[1].ravel().tolist() == list(range(20))
    assert loaded.remove(np.arange(20)) == 20
    more = clustered(MANY, seed=4)
    loaded.add(np.arange(MANY), more)
    assert recall_at_10(loaded, np.concatenate([IDS, np.arange(MANY)]), np.concatenate([clustered(MANY), more])) >= 0.98


def test_a_damaged_file_is_said_to_be_damaged(index: VectorIndex, tmp_path: Path) -> None:
    path = tmp_path / "index"
    index.save(path)
    data = path.read_bytes()
    for damaged in (data[:-5] + bytes([data[-5] ^ 1]) + data[-4:], data[:-1], data[:20], b"", b"something else"):
        path.write_bytes(damaged)
        with pytest.raises(StoreDamagedError, match="index"):
            VectorIndex.load(path)
    with pytest.raises(KeyError):
        VectorIndex.load(tmp_path / "none")


@pytest.mark.parametrize("content", [b"IxM2 of an older longdoc", b'{"version": 1}\n', b"[]\n", b'{"version": 1, "slots": 0}\nfaiss', b""])
def test_a_whole_file_that_is_no_index_is_said_to_be_damaged(content: bytes, tmp_path: Path) -> None:
    write_sealed(tmp_path / "index", "vector-index", content)
    with pytest.raises(StoreDamagedError, match="built again"):
        VectorIndex.load(tmp_path / "index")


def test_parts_that_do_not_fit_together_are_said_to_be_damaged(index: VectorIndex, tmp_path: Path) -> None:
    from longdoc_stores.durable import read_sealed

    index.save(tmp_path / "index")
    head, rest = read_sealed(tmp_path / "index", "vector-index").split(b"\n", 1)
    for change in ({"dimension": 9}, {"slots": 100}, {"codes": "pq"}):
        write_sealed(tmp_path / "index", "vector-index", json.dumps(json.loads(head) | change).encode() + b"\n" + rest)
        with pytest.raises(StoreDamagedError, match="built again"):
            VectorIndex.load(tmp_path / "index")


def test_a_file_of_another_kind_is_said_to_be_damaged(tmp_path: Path) -> None:
    write_sealed(tmp_path / "index", "something", b"")
    with pytest.raises(StoreDamagedError, match="something"):
        VectorIndex.load(tmp_path / "index")


def test_a_file_of_a_newer_longdoc_is_not_said_to_be_damaged(tmp_path: Path) -> None:
    write_sealed(tmp_path / "index", "vector-index", b'{"version": 2}\n')
    with pytest.raises(StoreVersionError, match="version 2, this longdoc reads 1"):
        VectorIndex.load(tmp_path / "index")


def test_a_folder_that_is_gone_is_a_store_error(index: VectorIndex, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot write"):
        index.save(tmp_path / "gone" / "index")


# Refused.
