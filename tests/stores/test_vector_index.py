from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from longdoc.errors import StoreDamagedError
from longdoc_stores.vector_index import VectorIndex

D = 8


def vectors(count: int, seed: int = 0) -> npt.NDArray[np.float32]:
    drawn = np.random.default_rng(seed).standard_normal((count, D)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def slow_search(
    held: dict[int, npt.NDArray[np.float32]], query: npt.NDArray[np.float32], k: int, ids: set[int] | None = None
) -> list[tuple[int, float]]:
    """The obvious twin of VectorIndex.search."""
    scored = [(number, float(vector @ query)) for number, vector in held.items() if ids is None or number in ids]
    return sorted(scored, key=lambda pair: -pair[1])[:k]


@pytest.fixture
def held() -> dict[int, npt.NDArray[np.float32]]:
    return {number * 1000 + (1 << 40): vector for number, vector in enumerate(vectors(200))}


@pytest.fixture
def index(held: dict[int, npt.NDArray[np.float32]]) -> VectorIndex:
    made = VectorIndex(D)
    made.add(np.array(list(held)), np.array(list(held.values())))
    return made


def compare(index: VectorIndex, held: dict[int, npt.NDArray[np.float32]], k: int, ids: set[int] | None = None) -> None:
    queries = vectors(5, seed=1)
    scores, found = index.search(queries, k, None if ids is None else np.array(sorted(ids), dtype=np.int64))
    for row, query in enumerate(queries):
        expected = slow_search(held, query, k, ids)
        assert found[row].tolist() == [number for number, _ in expected]
        np.testing.assert_allclose(scores[row], [score for _, score in expected], atol=1e-6)


def test_search_gives_what_comparing_with_every_vector_gives(index: VectorIndex, held: dict[int, npt.NDArray[np.float32]]) -> None:
    compare(index, held, 10)


def test_a_search_among_some_ids_finds_the_best_of_those(index: VectorIndex, held: dict[int, npt.NDArray[np.float32]]) -> None:
    compare(index, held, 10, set(list(held)[::7]))


def test_asking_for_more_than_there_is_gives_what_there_is(index: VectorIndex, held: dict[int, npt.NDArray[np.float32]]) -> None:
    compare(index, held, 1000)
    compare(index, held, 50, set(list(held)[:3]))


def test_removed_vectors_are_not_found(index: VectorIndex, held: dict[int, npt.NDArray[np.float32]]) -> None:
    gone = list(held)[:150]
    assert index.remove(np.array([*gone, 5])) == 150
    compare(index, {number: vector for number, vector in held.items() if number not in gone}, 10)


def test_an_id_added_again_has_the_new_vector(index: VectorIndex, held: dict[int, npt.NDArray[np.float32]]) -> None:
    first = next(iter(held))
    new = vectors(1, seed=2)
    index.add(np.array([first]), new)
    assert len(index) == len(held)
    np.testing.assert_array_equal(index.vectors([first]), new)
    compare(index, held | {first: new[0]}, 10)


def test_an_index_comes_back_from_its_file(index: VectorIndex, held: dict[int, npt.NDArray[np.float32]], tmp_path: Path) -> None:
    index.save(tmp_path / "index")
    loaded = VectorIndex.load(tmp_path / "index")
    assert sorted(loaded.ids().tolist()) == sorted(held)
    compare(loaded, held, 10)
    loaded.remove(np.array(list(held)[:1]))
    assert len(loaded) == len(held) - 1


def test_an_empty_index_finds_nothing_and_can_be_saved(tmp_path: Path) -> None:
    index = VectorIndex(D)
    index.save(tmp_path / "index")
    scores, found = VectorIndex.load(tmp_path / "index").search(vectors(2), 3)
    assert scores.shape == found.shape == (2, 0)
    assert index.remove(np.array([1])) == 0


def test_a_damaged_file_is_said_to_be_damaged(index: VectorIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "index")
    data = bytearray((tmp_path / "index").read_bytes())
    data[-5] ^= 1
    (tmp_path / "index").write_bytes(data)
    with pytest.raises(StoreDamagedError):
        VectorIndex.load(tmp_path / "index")
    with pytest.raises(KeyError):
        VectorIndex.load(tmp_path / "none")


def test_vectors_of_another_size_are_refused(index: VectorIndex) -> None:
    with pytest.raises(ValueError, match=r"\(1, 8\)"):
        index.add(np.array([1]), np.zeros((1, 9), dtype=np.float32))
    with pytest.raises(ValueError, match=r"\(any, 8\)"):
        index.search(np.zeros((1, 9), dtype=np.float32), 1)
    with pytest.raises(ValueError, match="twice"):
        index.add(np.array([1, 1]), vectors(2))
