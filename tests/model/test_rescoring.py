from __future__ import annotations

import numpy as np
import pytest

from longdoc.model.rescoring import MOST, NUMBERS, Candidates, Rescorer, Scored, fit, gather


def scored(spans: list[tuple[int, int]], columns: list[int], scores: np.ndarray) -> Scored:
    values = scores.astype(np.float32)
    return Scored(np.array(spans, dtype=np.int64).reshape(-1, 2), np.array(columns), values - 1, values + 1, values)


def test_candidates_are_the_best_rows_of_every_label_and_kind_by_falling_score() -> None:
    sentences = scored([(0, 10), (10, 30), (30, 60)], [0, 1], np.array([[1, 5], [3, -2], [2, 0]]))
    spans = scored([(12, 15), (40, 44)], [1], np.array([[4], [6]]))
    found = gather([sentences, spans], 100)
    assert found.label.tolist() == [0, 0, 0, 1, 1, 1, 1, 1]
    assert found.kind.tolist() == [0, 0, 0, 1, 0, 1, 0, 0]
    assert found.row.tolist() == [1, 2, 0, 1, 0, 0, 2, 1]
    assert found.spans[3].tolist() == [40, 44]
    assert found.numbers.shape == (8, NUMBERS)
    np.testing.assert_allclose(found.numbers[:3, 1], [3, 2, 1])
    np.testing.assert_allclose(found.numbers[:3, 4], [0, -1, -2])  # to the document's best
    np.testing.assert_allclose(found.numbers[3:, 11], np.log1p([0, 0, 0, 1, 1]))  # the last two sentences hold better spans


def test_no_more_than_so_many_candidates_a_label_and_kind() -> None:
    many = scored([(number, number + 1) for number in range(80)], [0], np.arange(80.0)[:, None])
    assert len(gather([many], 100).label) == MOST


def test_a_document_without_rows_has_no_candidates() -> None:
    found = gather([scored([], [0, 1], np.zeros((0, 2)))], 0)
    assert (len(found.label), found.numbers.shape) == (0, (0, NUMBERS))


def documents(seed: int, one_answer: bool) -> tuple[list[Candidates], list[np.ndarray]]:
    """Right rows score two more than others on average; with one answer a document only its best row can be right."""
    draw = np.random.default_rng(seed)
    found, truths = [], []
    for _ in range(60):
        right = draw.random(40) < 0.2
        scores = draw.normal(size=40) + 2 * right
        if one_answer:
            right = (scores == scores.max()) & (draw.random() < 0.8)
        one = gather([scored([(10 * row, 10 * row + 9) for row in range(40)], [0], scores[:, None])], 400)
        found.append(one)
        truths.append(right[one.row])
    return found, truths


@pytest.mark.parametrize("one_answer", [False, True])
def test_probabilities_come_true_on_documents_not_seen(one_answer: bool) -> None:
    rescorer = fit(*documents(0, one_answer), 1, seed=0)
    found, truths = documents(1, one_answer)
    said = np.concatenate([rescorer.probabilities(one) for one in found])
    true = np.concatenate(truths)
    assert ((said >= 0) & (said <= 1)).all()
    for low, high in ((0.0, 0.1), (0.1, 0.4), (0.4, 1.0)):
        inside = (said >= low) & (said < high)
        if inside.sum() >= 50:
            assert abs(said[inside].mean() - true[inside].mean()) < 0.12


def test_a_label_with_one_answer_a_document_prefers_the_best() -> None:
    rescorer = fit(*documents(0, True), 1, seed=0)
    found = documents(2, True)[0][0]
    said = rescorer.probabilities(found)
    assert said[0] > 0.5 > 5 * said[1:].max()


def test_the_same_seed_gives_the_same_rescorer() -> None:
    one, other = (fit(*documents(0, False), 1, seed=3) for _ in range(2))
    for part in ("label", "first", "second", "output"):
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
    assert isinstance(one, Rescorer)
