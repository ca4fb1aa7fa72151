from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from longdoc.errors import StoreVersionError, UnreadableError, UsageError
from longdoc.model import clauses as clauses_module
from longdoc.model.clauses import load_clauses
from longdoc.model.fitting import Recipe
from longdoc.model.reader import EmbeddedReader
from longdoc.model.report import Report
from longdoc.model.sentences import split
from longdoc.model.targets import Gold
from longdoc.model.train import Labelled, train_clauses
from longdoc.protocols import Progress, Reading, Source
from longdoc.types import Document

from .contracts import FILLER, LABELS, STATES

RECIPE = Recipe(embedding=8, hidden=16, epochs=8, batch=64, rate=3e-2, negatives=1.0, fewest_rows=2, fewest_documents=2)


def labelled(make_document, number: int) -> Labelled:
    """A contract whose law and date stand at a place of their own, with vectors that say nothing."""
    law = f"This contract is governed by the laws of {STATES[number % 6]}."
    made = f"March {number + 1}, 20{number + 10}"
    parts = [f"This contract is made on {made} by and between the parties named here.", *FILLER]
    parts.insert(1 + number % 4, law)
    text = "\n\n".join(parts)
    document: Document = make_document(text)
    sentences = split(document)
    rows = len(sentences)
    reading = Reading(
        sentences=sentences,
        chunk_of_sentence=np.zeros(rows, np.int32),
        chunk_vectors=np.zeros((1, 384), np.float16),
        sentence_vectors=np.zeros((rows, 384), np.float16),
        salience=np.zeros(rows, np.float32),
        tokens=100,
    )
    gold = tuple(Gold(label, text.index(quote), text.index(quote) + len(quote)) for label, quote in (("Law", law), ("made on", made)))
    return Labelled(document, reading, gold)


@pytest.fixture(scope="module")
def trained(make_document, tmp_path_factory: pytest.TempPathFactory) -> Report:
    documents = [labelled(make_document, number) for number in range(20)]
    return train_clauses(documents, tmp_path_factory.mktemp("model"), labels=LABELS, recipe=RECIPE, notes={"command": "test"})


def test_labels_with_short_answers_are_sought_among_spans(trained: Report) -> None:
    assert trained.span_labels == ("Made On",)
    assert trained.held_out.area > 0.9, str(trained)


def test_a_reader_finds_what_its_model_folder_was_trained_on(trained: Report, make_document) -> None:
    unseen = labelled(make_document, 25)
    reader = EmbeddedReader(model=trained.path.parent)
    clauses = reader.extract(Source(unseen.document, unseen.reading, ()), LABELS)
    best = {clause.label: clause for clause in reversed(clauses)}
    assert best["Law"].text == "This contract is governed by the laws of Texas."
    assert best["Law"].value is not None
    assert best["Law"].value.normalised == "Texas"
    assert best["Made On"].text == "March 26, 2035"
    assert best["Made On"].method == "trained"
    assert best["Made On"].score >= reader.default_score(LABELS, "made on")
    by_label = [[clause.score for clause in clauses if clause.label == name] for name in ("Law", "Made On")]
    assert all(scores == sorted(scores, reverse=True) and len(scores) <= 50 for scores in by_label)


def test_another_model_gives_another_fingerprint(trained: Report) -> None:
    theirs, ours = EmbeddedReader(model=trained.path.parent), EmbeddedReader()
    assert theirs.fingerprint != ours.fingerprint == EmbeddedReader().fingerprint
    assert theirs.reading_fingerprint == ours.reading_fingerprint  # other weights for clauses read nothing again


def test_the_same_seed_gives_the_same_weights(trained: Report, make_document, tmp_path: Path) -> None:
    documents = [labelled(make_document, number) for number in range(20)]
    again = train_clauses(documents, tmp_path, labels=LABELS, recipe=RECIPE, notes={"command": "test"})
    assert again.path.read_bytes() == trained.path.read_bytes()


def test_training_tells_how_far_it_is(make_document, tmp_path: Path) -> None:
    told: list[Progress] = []
    train_clauses([labelled(make_document, n) for n in range(10)], tmp_path, labels=LABELS, recipe=RECIPE, progress=told.append)
    assert {one.stage for one in told} == {"read", "train sentences", "train spans", "train rescorers"}
    steps = [one for one in told if one.stage == "train sentences"]
    assert steps[-1].done == steps[-1].total


def test_too_few_documents_are_refused(make_document, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="3 labelled documents are too few"):
        train_clauses([labelled(make_document, n) for n in range(3)], tmp_path, labels=LABELS)


def test_labels_that_no_passage_carries_are_refused(make_document, tmp_path: Path) -> None:
    other = LABELS.model_copy(update={"labels": (LABELS.labels[0].model_copy(update={"name": "Else"}),)})
    with pytest.raises(UsageError, match="no passage carries a label of the set 'tiny'"):
        train_clauses([labelled(make_document, n) for n in range(10)], tmp_path, labels=other)


def test_a_file_that_holds_no_weights_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"nonsense")
    with pytest.raises(UnreadableError, match=r"x\.safetensors: no clause weights"):
        EmbeddedReader(model=tmp_path)


def test_weights_for_other_features_are_refused(trained: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clauses_module, "FEATURES_VERSION", 999)
    with pytest.raises(StoreVersionError, match="this longdoc has 999"):
        load_clauses(trained.path)
