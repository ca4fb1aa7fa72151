from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from longdoc.errors import NotFoundError
from longdoc.labels import load_labels, parse_labels
from longdoc.model.reader import EmbeddedReader
from longdoc.protocols import Reader, Reading, Source
from longdoc.types import Chunk, Document

TEXT = """SUPPLY AGREEMENT

This Supply Agreement is made as of May 8, 2014 by and between Northwind Tools, Inc. ("Supplier") and Contoso Ltd. ("Buyer").

SERVICE LEVELS

If the portal is available for less than 99.5 % of a month, the Customer receives a credit of five percent (5%) of the monthly fee.

GOVERNING LAW

This Agreement shall be governed by and construed in accordance with the laws of the State of Ohio.

NOTICES

All notices shall be in writing and sent to the address of the other party by registered mail."""

VENDOR = parse_labels(
    """
name: vendor
domain: legal
labels:
  - name: Service Credits
    description: Money or credit given back when a service level is missed.
    examples: ["If availability falls below 99 %, Customer is credited 10 % of the fee."]
    usually_in: [Service Levels]
    answer: percentage
  - name: Escrow
    description: Source code is deposited with a third party.
""",
    "test",
)


@pytest.fixture(scope="module")
def document(make_document) -> Document:
    return make_document(TEXT)


@pytest.fixture(scope="module")
def chunks(document: Document, chunks_of) -> tuple[Chunk, ...]:
    return chunks_of(document)


@pytest.fixture(scope="module")
def reading(reader: EmbeddedReader, document: Document, chunks: tuple[Chunk, ...]) -> Reading:
    return reader.read(document, chunks)


def test_it_is_a_reader(reader: EmbeddedReader) -> None:
    assert isinstance(reader, Reader)


def test_a_reading_has_a_row_for_every_sentence_and_chunk(reading: Reading, chunks: tuple[Chunk, ...]) -> None:
    rows = len(reading.sentences)
    assert rows == 8
    assert reading.sentence_vectors.shape == (rows, 384)
    assert reading.chunk_vectors.shape == (len(chunks), 384)
    assert reading.chunk_of_sentence.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert np.linalg.norm(reading.sentence_vectors.astype(np.float32), axis=1) == pytest.approx(1, abs=1e-2)
    assert (reading.salience >= 0).all()
    assert (reading.salience <= 1).all()


def test_reading_twice_gives_the_same(reader: EmbeddedReader, document: Document, chunks: tuple[Chunk, ...], reading: Reading) -> None:
    again = reader.read(document, chunks)
    assert all(np.array_equal(getattr(again, name), getattr(reading, name)) for name in ("sentence_vectors", "chunk_vectors", "salience"))


def test_a_question_is_near_the_passage_that_answers_it(reader: EmbeddedReader, reading: Reading) -> None:
    near = reading.chunk_vectors.astype(np.float32) @ reader.embed(["Which state's law applies?"])[0]
    assert near.argmax() in (4, 5)


def test_a_label_without_training_is_matched_by_its_description(reader: EmbeddedReader, document: Document, reading: Reading) -> None:
    clauses = reader.extract(Source(document, reading, ()), VENDOR)
    credits = [clause for clause in clauses if clause.label == "Service Credits"]
    assert credits[0].text.startswith("If the portal is available")
    assert credits[0].method == "matched"
    assert credits[0].value is not None
    assert credits[0].value.normalised == "99.5%"
    assert credits[0].score >= reader.default_score(VENDOR, "Service Credits")
    escrow = [clause for clause in clauses if clause.label == "Escrow"]
    assert escrow[0].score < reader.default_score(VENDOR, "Escrow")


def test_the_shipped_weights_find_what_every_contract_has(reader: EmbeddedReader, document: Document, reading: Reading) -> None:
    labels = load_labels("cuad")
    best = {clause.label: clause for clause in reversed(reader.extract(Source(document, reading, ()), labels))}
    assert {clause.method for clause in best.values()} == {"trained"}
    assert best["Governing Law"].text.startswith("This Agreement shall be governed")
    assert best["Governing Law"].value is not None
    assert best["Governing Law"].value.normalised == "Ohio"
    assert best["Agreement Date"].text == "May 8, 2014"
    assert best["Document Name"].text == "SUPPLY AGREEMENT"
    names = {
        clause.text for clause in reader.extract(Source(document, reading, ()), labels) if clause.label == "Parties" and clause.score > 0.5
    }
    assert {"Northwind Tools, Inc.", "Supplier", "Contoso Ltd.", "Buyer"} <= names
    for label in ("Governing Law", "Agreement Date", "Document Name"):
        assert best[label].score >= reader.default_score(labels, label)
    assert best["Source Code Escrow"].score < reader.default_score(labels, "Source Code Escrow") if "Source Code Escrow" in best else True


def test_labels_that_a_trained_set_gains_are_matched(reader: EmbeddedReader, document: Document, reading: Reading) -> None:
    shipped = load_labels("cuad")
    more = shipped.model_copy(update={"labels": (*shipped.labels, VENDOR.labels[0])})
    methods = {clause.label: clause.method for clause in reader.extract(Source(document, reading, ()), more)}
    assert methods["Governing Law"] == "trained"
    assert methods["Service Credits"] == "matched"


def test_an_empty_document_has_no_clauses(reader: EmbeddedReader, make_document) -> None:
    empty = make_document("")
    reading = reader.read(empty, ())
    assert reading.tokens == 0
    assert reader.extract(Source(empty, reading, ()), load_labels("cuad")) == []
    assert reader.extract(Source(empty, reading, ()), VENDOR) == []


def test_a_model_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no folder with weights"):
        EmbeddedReader(model=tmp_path / "nothing")
