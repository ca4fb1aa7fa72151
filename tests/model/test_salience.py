from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from longdoc import Pipeline
from longdoc.cli.commands import app
from longdoc.errors import DamagedError, NotFoundError, StoreVersionError, UnreadableError, UsageError
from longdoc.model import salience_head
from longdoc.model.encoder import Encoder, EncoderConfig
from longdoc.model.encoder_file import FILE as ENCODER
from longdoc.model.encoder_file import Model, save
from longdoc.model.heads import VectorHead
from longdoc.model.overlap import Overlap
from longdoc.model.reader import EmbeddedReader
from longdoc.model.salience import salience
from longdoc.model.salience_head import FILE, SalienceHead, load_salience
from longdoc.model.salience_inputs import inputs, running
from longdoc.model.sentences import split
from longdoc.model.train_salience import SalienceReport
from longdoc.types import Document

FILLER = [
    "The corpus holds many old letters.",
    "Each letter was typed by two students.",
    "Tools for typing were bought at a shop.",
    "A second shop sold paper to the students.",
    "The room was cold in that winter.",
    "Many students went home at night.",
]


def paper(number: int, shift: int = 0) -> dict[str, object]:
    """The sentence that the summary is made of starts with "We propose" and stands anywhere."""
    told = f"We propose a model that reads letter number {number} and dates it."
    sentences = [FILLER[(number + index) % 6] for index in range(5)]
    sentences.insert((number * 7 + shift) % 6, told)
    text = "\n\n".join(["# Introduction", " ".join(sentences[:3]), "# Data", " ".join(sentences[3:])])
    return {"id": f"p{number}", "text": text, "summary": f"A model reads letter number {number} and dates it."}


def write(path: Path, *rows: object) -> Path:
    text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small encoder that knows the words of the papers."""
    texts = " ".join(str(paper(number)["text"]).lower() for number in range(24))
    words = sorted({word.strip(".#") for word in texts.split()} | {".", "#"})
    vocabulary = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *(word for word in words if word))
    config = EncoderConfig(
        vocabulary=len(vocabulary), width=32, layers=2, heads=4, hidden=64, block=24, positions=24, near=(1,), landmarks=4
    )
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("base")
    save(folder / ENCODER, Model(Encoder(config), VectorHead(32), {}, vocabulary))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("data") / "train.jsonl.gz", *(paper(number) for number in range(20)))


@pytest.fixture(scope="module")
def report(data: Path, base: Path) -> SalienceReport:
    """Trained into the folder of the small encoder, which then reads with the head."""
    judge = write(data.parent / "judge.jsonl", *(paper(number, shift=3) for number in range(20, 24)))
    with Pipeline(model=base) as pipeline:
        return pipeline.train_salience(data, base, judges=[judge])


def random_head(width: int, encoder: str = "an encoder") -> SalienceHead:
    draw = np.random.default_rng(0)
    shapes = [(width,), (width,), (4, width), (4,), (4,), (1,)]
    return SalienceHead(*(draw.random(shape, dtype=np.float32) + np.float32(0.1) for shape in shapes), encoder=encoder)


def seen(document: Document, width: int = 8) -> np.ndarray:
    sentences = split(document)
    vectors = np.random.default_rng(0).normal(size=(len(sentences), width)).astype(np.float16)
    return inputs(document, sentences, np.zeros(len(sentences), np.int32), vectors, vectors[:1])


def test_a_head_comes_back_from_its_file(tmp_path: Path) -> None:
    head = random_head(12)
    head.save(tmp_path / FILE, {"seed": "0"})
    again = load_salience(tmp_path / FILE)
    given = np.random.default_rng(1).normal(size=(5, 12)).astype(np.float32)
    np.testing.assert_array_equal(again.scores(given), head.scores(given))
    assert (again.encoder, len(again.fingerprint)) == ("an encoder", 16)


def test_a_file_that_is_no_head_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / FILE
    random_head(12).save(path, {})
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UnreadableError, match=r"salience\.safetensors: no salience weights .*longdoc train salience"):
        load_salience(path)


def test_a_head_of_another_version_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salience_head, "FORMAT", 99)
    random_head(12).save(tmp_path / FILE, {})
    monkeypatch.undo()
    with pytest.raises(StoreVersionError, match="has format 99, this longdoc reads 2; train the weights again"):
        load_salience(tmp_path / FILE)


@pytest.mark.parametrize("text", ["One sentence alone.", "INTRODUCTION\n\nWe show this (Lee, 2001).\n\nDATA\n\nIt has 3 parts. It is old."])
def test_the_head_sees_finite_numbers_of_every_sentence(make_document, text: str) -> None:
    document = make_document(text)
    found = seen(document)
    assert found.shape[0] == len(split(document))
    assert np.isfinite(found).all()
    assert found.shape[1] == seen(make_document("Other words. And more.")).shape[1]


def test_headings_are_no_running_text(make_document) -> None:
    document = make_document("INTRODUCTION\n\nWe show this. It is new.")
    assert running(document, split(document)).tolist() == [False, True, True]


def test_rouge_counts_shared_words_and_pairs_of_words() -> None:
    overlap = Overlap(["the cat sat", "a dog", "on the mat"], ["The cat sat on the mat."])
    one, two = overlap.rouge([0])
    assert one == pytest.approx(2 * 3 / (3 + 6))
    assert two == pytest.approx(2 * 2 / (2 + 5))
    assert overlap.rouge([0, 2]) == pytest.approx((1.0, 2 * 4 / (4 + 5)))


def test_the_oracle_takes_what_the_best_reference_says_and_no_more() -> None:
    sentences = ["the cat sat", "a dog barked", "on the mat", "nothing here"]
    everything = np.ones(4, dtype=np.bool_)
    assert Overlap(sentences, ["the cat sat on the mat"]).oracle(everything) == [0, 2]
    assert Overlap(sentences, ["birds fly on", "a dog barked"]).oracle(everything) == [1]
    assert Overlap(sentences, ["the cat sat on the mat"]).oracle(np.array([False, True, True, True])) == [2]
    assert Overlap(sentences, ["unrelated words"]).oracle(everything) == []


def test_a_planted_signal_is_learnt(report: SalienceReport) -> None:
    trained, judged = report.figures
    assert (trained.documents, trained.judges, trained.top_k) == (20, False, 1)
    assert (judged.documents, judged.judges) == (4, True)
    for figures in (trained, judged):
        assert figures.rouge["head"][0] > 0.95 * figures.rouge["oracle"][0]
        assert figures.rouge["head"][0] > figures.rouge["random"][0] + 0.2
    assert "data" in str(report)
    assert "cross-validated" in str(report)


def test_the_reader_takes_the_head_for_research_and_the_rule_for_others(
    report: SalienceReport, base: Path, make_document, chunks_of
) -> None:
    reader = EmbeddedReader(model=base)
    document = make_document("STORY\n\n" + " ".join(FILLER) + " We propose a model that reads letter number 3 and dates it.")
    research = document.model_copy(update={"domain": "research"})
    ours, theirs = (reader.read(one, chunks_of(one)) for one in (research, document))
    assert ours.salience.dtype == np.float32
    assert ((ours.salience >= 0) & (ours.salience <= 1)).all()
    assert ours.salience.argmax() == len(ours.sentences) - 1
    assert ours.salience[0] == 0  # the heading
    rule = salience(document, theirs.sentences, theirs.chunk_of_sentence, theirs.sentence_vectors.astype(np.float32))
    np.testing.assert_array_equal(theirs.salience, rule)


def test_a_head_for_another_encoder_leaves_the_rule(report: SalienceReport, base: Path, tmp_path: Path, make_document, chunks_of) -> None:
    (tmp_path / ENCODER).write_bytes((base / ENCODER).read_bytes())
    without = EmbeddedReader(model=tmp_path)
    random_head(12).save(tmp_path / FILE, {})
    reader = EmbeddedReader(model=tmp_path)
    document = make_document(" ".join(FILLER)).model_copy(update={"domain": "research"})
    reading = reader.read(document, chunks_of(document))
    rule = salience(document, reading.sentences, reading.chunk_of_sentence, reading.sentence_vectors.astype(np.float32))
    np.testing.assert_array_equal(reading.salience, rule)
    assert reader.reading_fingerprint == without.reading_fingerprint
    assert reader.reading_fingerprint != EmbeddedReader(model=base).reading_fingerprint


def test_training_twice_gives_the_same_bytes(report: SalienceReport, data: Path, base: Path, tmp_path: Path) -> None:
    arguments = ["train", "salience", "--data", str(data), "--model", str(base), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "20 documents" in result.stdout
    assert (tmp_path / "out" / FILE).read_bytes() == report.path.read_bytes()


def test_the_forms_of_the_data_sets_are_taken(base: Path, tmp_path: Path) -> None:
    told = "We propose a model that reads letter number one and dates it."
    summaries = ["A model reads letter number one and dates it.", "Letters."]
    tldr = {"paper_id": "a", "source": [*FILLER[:2], told], "target": summaries}
    sections = [{"title": "1 Data", "sentences": [*FILLER[:2], summaries[0]]}, {"title": "", "sentences": [told]}]
    papers = {"id": "b", "abstract": ["Not to be read."], "sections": sections, "summary": summaries[0]}
    nothing = {"id": "c", "sections": [], "summary": summaries[0]}
    paths = [write(tmp_path / "tldr.jsonl", *[tldr] * 4), write(tmp_path / "papers.jsonl", *[papers] * 4, nothing)]
    with Pipeline(model=base) as pipeline:
        report = pipeline.train_salience(paths, tmp_path)
    assert [(one.source.split("/")[1], one.documents) for one in report.figures] == [("tldr.jsonl", 4), ("papers.jsonl", 4)]
    assert report.sentences == 24


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", "line 2: not a document with its summary"),
        ({"id": "x", "text": "t"}, "line 2: not a document with its summary"),
        ({"id": "x", "text": ["t"], "summary": "s"}, "line 2: not a document with its summary"),
        ({"id": "x", "text": "t", "summary": [" "]}, "line 2: the summary is empty; give one or leave the line out"),
    ],
)
def test_a_line_that_is_wrong_is_named_before_anything_is_read(base: Path, tmp_path: Path, row: object, message: str) -> None:
    path = write(tmp_path / "data.jsonl", paper(0), row)
    with pytest.raises(DamagedError, match=message), Pipeline(model=base) as pipeline:
        pipeline.train_salience(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there_and_too_few_documents_are_refused(base: Path, tmp_path: Path) -> None:
    few = write(tmp_path / "few.jsonl", *(paper(number) for number in range(3)))
    with Pipeline(model=base) as pipeline:
        with pytest.raises(NotFoundError, match=r"none\.jsonl: no such file"):
            pipeline.train_salience(tmp_path / "none.jsonl", tmp_path / "out")
        with pytest.raises(UsageError, match=r"3 documents .* are too few to train on; 8 are the least"):
            pipeline.train_salience(few, tmp_path / "out")
