from __future__ import annotations

from pathlib import Path

import numpy as np

from longdoc.model.clauses import load_clauses
from longdoc.model.features import ONE, PREVIOUS, Sparse
from longdoc.model.fitting import Example
from longdoc.model.linear import HALF, MIDDLE, RIDGE, STEEPNESS, Linear, fit_linear
from longdoc.model.train import train_clauses

from .contracts import LABELS
from .test_train import labelled

WEIGHT = {ONE: 0.7, PREVIOUS: 0.3}
ROW = [key for group in (ONE, PREVIOUS) for key in range(group << 24, (group << 24) + 12)]


def sparse(draw: np.random.Generator, rows: int) -> Sparse:
    drawn = [sorted(draw.choice(ROW, draw.integers(0, 9), replace=False).tolist()) for _ in range(rows)]
    return Sparse(np.array([key for row in drawn for key in row], dtype=np.uint32), np.cumsum([0] + [len(row) for row in drawn]))


def inputs(model: Linear, rows: Sparse, dense: np.ndarray) -> np.ndarray:
    """Words and vectors [R, F + D] as the docstring has them, row by row."""
    keys = model.keys.tolist()
    result = np.zeros((rows.rows, len(keys) + dense.shape[1]))
    for row in range(rows.rows):
        own = rows.keys[rows.starts[row] : rows.starts[row + 1]].tolist()
        rarity = {key: float(model.rarity[keys.index(key)]) if key in keys else float(model.unknown[0]) for key in own}
        for key in set(own) & set(keys):
            length = sum(rarity[other] ** 2 for other in own if other >> 24 == key >> 24) ** 0.5
            result[row, keys.index(key)] = WEIGHT[key >> 24] * rarity[key] / length
        result[row, len(keys) :] = dense[row]
    return result


def examples(draw: np.random.Generator) -> list[Example]:
    return [
        Example(sparse(draw, 9), draw.normal(size=(9, 6)).astype(np.float16), draw.integers(-1, 2, (9, 2)).astype(np.int8))
        for _ in range(4)
    ]


def test_it_is_the_ridge_regression_of_its_docstring() -> None:
    draw = np.random.default_rng(0)
    learnt = examples(draw)
    fitted = fit_linear(learnt, np.array(ROW[::2], dtype=np.uint32))
    seen = np.concatenate([inputs(fitted, one.sparse, one.dense.astype(float)) for one in learnt])
    wanted = np.concatenate([np.where(one.targets == -1, HALF, one.targets) for one in learnt])
    wide = np.concatenate([seen, np.ones((len(seen), 1))], axis=1)
    weights = np.linalg.solve(wide.T @ wide + RIDGE * np.eye(wide.shape[1]), wide.T @ wanted)
    unseen, dense = sparse(draw, 600), draw.normal(size=(600, 6)).astype(np.float16)
    expected = STEEPNESS * (inputs(fitted, unseen, dense.astype(float)) @ weights[:-1] + weights[-1] - MIDDLE)
    np.testing.assert_allclose(fitted.logits(unseen, dense), expected, atol=0.05)


def test_documents_without_a_known_word_or_vector_have_the_score_of_nothing() -> None:
    fitted = fit_linear(examples(np.random.default_rng(0)), np.array(ROW[::2], dtype=np.uint32))
    nothing = Sparse(np.zeros(0, dtype=np.uint32), np.zeros(3, dtype=np.int64))
    np.testing.assert_allclose(
        fitted.logits(nothing, np.zeros((2, 6), np.float16)), np.tile(STEEPNESS * (fitted.bias - MIDDLE), (2, 1)), atol=1e-5
    )


def test_few_documents_give_a_linear_scorer_that_is_read_again_and_finds_what_was_taught(make_document, tmp_path: Path) -> None:
    report = train_clauses([labelled(make_document, number) for number in range(20)], tmp_path, labels=LABELS, seed=1)
    assert report.held_out.area > 0.9, str(report)
    model = load_clauses(report.path)
    assert isinstance(model.sentences.networks[0], Linear)
    unseen = labelled(make_document, 25)
    best = {one.label: one for one in reversed(model.find(unseen.document, unseen.reading))}
    assert unseen.document.text[best["Law"].start : best["Law"].end] == "This contract is governed by the laws of Texas."
    assert unseen.document.text[best["Made On"].start : best["Made On"].end] == "March 26, 2035"
    again = train_clauses([labelled(make_document, number) for number in range(20)], tmp_path / "again", labels=LABELS, seed=1)
    assert again.path.read_bytes() == report.path.read_bytes()


def test_training_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    fit_linear(examples(np.random.default_rng(0)), np.array(ROW, dtype=np.uint32), progress=lambda *step: told.append(step))
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told[:3]] == [1, 2, 3]
