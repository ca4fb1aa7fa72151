"""Whether a document carries a label at all, from the scores of its candidates."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from longdoc.errors import UnreadableError, UsageError
from longdoc.model.presence import MATCHED, fit_presence, load_presence, numbers

LABELS = ("Common", "Rare")


def sample(count: int, seed: int = 0) -> tuple[list[dict[str, list[float]]], list[frozenset[str]]]:
    """Documents whose best score is high where they carry the label, mostly."""
    random = np.random.default_rng(seed)
    documents, carried = [], []
    for _ in range(count):
        has = {"Common": bool(random.random() < 0.7), "Rare": bool(random.random() < 0.1)}
        documents.append({label: [float(random.beta(6, 2) if there else random.beta(1, 8))] for label, there in has.items()})
        carried.append(frozenset(label for label, there in has.items() if there))
    return documents, carried


def test_probabilities_come_true_on_documents_that_were_not_seen() -> None:
    presence = fit_presence(*sample(400), LABELS)
    documents, carried = sample(4000, seed=1)
    for label in LABELS:
        chances = np.array([presence.chance(label, scores[label]).probability for scores in documents])
        there = np.array([label in own for own in carried])
        for low, high in ((0.0, 0.2), (0.2, 0.8), (0.8, 1.0)):
            inside = (chances >= low) & (chances <= high)
            assert abs(chances[inside].mean() - there[inside].mean()) < 0.08, (label, low)


def test_a_rare_label_is_present_where_the_document_speaks_for_it_even_if_unsure() -> None:
    presence = fit_presence(*sample(400), LABELS)
    assert presence.usual["Rare"] < 0.2 < 0.6 < presence.usual["Common"]
    unsure = next(chance for score in np.linspace(0.01, 0.99, 99) if (chance := presence.chance("Rare", [float(score)])).present)
    assert unsure.probability > presence.usual["Rare"]
    assert unsure.probability < 0.5
    assert not presence.chance("Rare", []).present


def test_more_candidates_that_nearly_are_make_a_label_likelier() -> None:
    documents, carried = sample(400)
    for scores, own in zip(documents, carried, strict=True):
        for label in LABELS:
            scores[label] += [scores[label][0] * 0.9] * (3 if label in own else 0)
    presence = fit_presence(documents, carried, LABELS)
    assert presence.chance("Common", [0.4, 0.36, 0.36]).probability > presence.chance("Common", [0.4]).probability


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    presence = fit_presence(*sample(40), LABELS, clauses="abc")
    presence.save(tmp_path / "own.presence.json")
    again = load_presence(tmp_path / "own.presence.json")
    assert again.fingerprint == presence.fingerprint
    assert again.chance("rare", [0.5]) == load_presence(tmp_path / "own.presence.json").chance("Rare", [0.5])
    assert again.chance("Rare", [0.5]).probability == pytest.approx(presence.chance("Rare", [0.5]).probability, abs=1e-4)


def test_an_unknown_label_is_not_fitted_and_as_usual_as_not() -> None:
    chance = fit_presence(*sample(40), LABELS).chance("Other", [0.9])
    assert (chance.usual, chance.fitted) == (0.5, False)
    assert MATCHED.chance("Other", [0.9]).present
    assert not MATCHED.chance("Other", [0.02]).present


def test_too_few_documents_are_refused() -> None:
    with pytest.raises(UsageError, match="3 documents are too few"):
        fit_presence(*sample(3), LABELS)


@pytest.mark.parametrize("content", ["", "{}", json.dumps({"format": 99}), "[1]"])
def test_a_file_that_is_none_is_refused_with_what_to_do(tmp_path: Path, content: str) -> None:
    file = tmp_path / "x.presence.json"
    file.write_text(content)
    with pytest.raises(UnreadableError, match="longdoc train presence"):
        load_presence(file)


def test_no_candidates_give_the_lowest_numbers() -> None:
    assert (numbers([]) <= numbers([0.001])).all()
