from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from longdoc.errors import NotFoundError, UsageError
from longdoc.model import train_encoder as module
from longdoc.model.encoder import EncoderConfig
from longdoc.model.encoder_file import FILE, Model, load, save
from longdoc.model.heads import VectorHead
from longdoc.model.lora import add_lora, merge_lora
from longdoc.model.reader import EmbeddedReader
from longdoc.model.report import Report
from longdoc.model.train_encoder import CHECKPOINT, EncoderRecipe
from longdoc.protocols import Progress, Source
from longdoc_pipelines.train import train_encoder_from

from .contracts import FILLER, LABELS, STATES
from .small import blocks, encoder

RECIPE = EncoderRecipe(epochs=12, fewest_steps=1, rate=3e-3, head_rate=1e-2, batch=4, strip=2, negatives=1.0, dropout=0.0, keep=0.5)


def contract(number: int) -> dict[str, object]:
    law = f"This contract is governed by the laws of {STATES[number % 6].lower()}."
    made = f"March {number + 1}, 20{number + 10}"
    parts = [f"This contract is made on {made} by the parties named here.", *FILLER]
    parts.insert(1 + number % 4, law)
    text = "\n\n".join(parts)
    marked = [{"label": label, "start": text.index(q), "end": text.index(q) + len(q)} for label, q in (("Law", law), ("Made On", made))]
    return {"id": str(number), "text": text, "clauses": marked}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "train.jsonl"
    path.write_text("".join(json.dumps(contract(number)) + "\n" for number in range(20)))
    return path


@pytest.fixture(scope="module")
def base(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small encoder that knows the words of the contracts."""
    texts = " ".join(json.loads(line)["text"].lower() for line in data.read_text().splitlines())
    words = sorted({word.strip(".,") for word in texts.split()} | {".", ","})
    vocabulary = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *words)
    config = EncoderConfig(
        vocabulary=len(vocabulary), width=32, layers=2, heads=4, hidden=64, block=24, positions=24, near=(1,), landmarks=4
    )
    torch.manual_seed(0)
    made = module.Encoder(config)
    folder = tmp_path_factory.mktemp("base")
    save(folder / FILE, Model(made, VectorHead(32), {}, vocabulary))
    return folder


@pytest.fixture(scope="module")
def trained(data: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report, list[Progress]]:
    out, told = tmp_path_factory.mktemp("model") / "out", []
    return out, train_encoder_from(data, out, labels=LABELS, base=str(base), recipe=RECIPE, progress=told.append), told


@pytest.mark.slow
def test_what_was_learnt_is_found_in_documents_that_training_has_not_seen(trained, make_document, chunks_of) -> None:
    out, report, told = trained
    assert report.held_out.area > 0.8
    assert report.span_labels == ("Made On",)
    reader = EmbeddedReader(model=out)
    text = str(contract(33)["text"])
    document = make_document(text)
    reading = reader.read(document, chunks_of(document))
    best = {}
    for clause in reader.extract(Source(document, reading, ()), LABELS):
        best.setdefault(clause.label, clause)
    assert best["Law"].citation.quote == "This contract is governed by the laws of utah."
    assert best["Made On"].citation.quote == "March 34, 2043"
    assert {progress.stage for progress in told} >= {"prepare", "train without a fifth", "train with all", "train sentences"}


@pytest.mark.slow
def test_clause_weights_say_which_encoder_they_are_for(trained, data: Path, base: Path, tmp_path: Path) -> None:
    out, _, _ = trained
    assert EmbeddedReader(model=out).default_score(LABELS, "Law") != 0.15
    (tmp_path / "tiny.safetensors").write_bytes((out / "tiny.safetensors").read_bytes())
    assert EmbeddedReader(model=tmp_path).default_score(LABELS, "Law") == 0.15  # the shipped encoder: matched


@pytest.mark.slow
def test_a_stopped_run_goes_on_and_ends_where_an_unstopped_one_does(
    trained, data: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, _, _ = trained
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    stops = iter([("train without a fifth", 7), ("train with all", 5)])

    def stopping() -> Callable[[Progress], None]:
        stage, step = next(stops, ("", 0))

        def tell(progress: Progress) -> None:
            if progress.stage == stage and progress.done == step:
                raise KeyboardInterrupt

        return tell

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            train_encoder_from(data, tmp_path, labels=LABELS, base=str(base), recipe=RECIPE, progress=stopping())
    assert (tmp_path / CHECKPOINT).is_file()
    train_encoder_from(data, tmp_path, labels=LABELS, base=str(base), recipe=RECIPE, progress=stopping())
    assert not (tmp_path / CHECKPOINT).exists()
    one, other = load(out / FILE), load(tmp_path / FILE)
    for (name, weight), again in zip(one.encoder.state_dict().items(), other.encoder.state_dict().values(), strict=True):
        torch.testing.assert_close(weight, again, msg=name, atol=1e-4, rtol=1e-3)


@pytest.mark.slow
def test_vectors_stay_near_those_of_the_base(trained, base: Path) -> None:
    out, _, _ = trained
    texts = [str(contract(number)["text"]) for number in range(20, 26)]
    before, after = (EmbeddedReader(model=folder).embed(texts) for folder in (base, out))
    assert float((before * after).sum(axis=1).min()) > 0.9


@pytest.mark.slow
def test_short_texts_keep_the_vectors_of_queries_near_those_of_the_base(data: Path, base: Path, tmp_path: Path) -> None:
    queries = ["laws", "governed by the laws of", "what is the contract?", "made on march"]
    unlabelled = tmp_path / "more.txt"
    unlabelled.write_text("\n".join([str(contract(number)["text"]) for number in range(40, 50)]))
    before, apart = EmbeddedReader(model=base).embed(queries), {}
    for count in (0, 16):
        recipe = replace(RECIPE, epochs=6, keep=2.0, texts=count)
        train_encoder_from(data, tmp_path / str(count), labels=LABELS, base=str(base), texts=[unlabelled], recipe=recipe)
        apart[count] = float(((before - EmbeddedReader(model=tmp_path / str(count)).embed(queries)) ** 2).sum(axis=1).mean())
    assert 3 * apart[16] < apart[0], apart


def test_low_rank_updates_merge_into_what_they_did_beside() -> None:
    plain, adapted = encoder(), encoder()
    add_lora(adapted, 2)
    for name, weight in adapted.named_parameters():
        if "outer" in name:
            torch.nn.init.normal_(weight, std=0.05)
    assert {name.split(".")[-2] for name, weight in adapted.named_parameters() if weight.requires_grad} == {"inner", "outer"}
    layout = blocks(40).layout()
    beside = adapted(layout)
    merge_lora(adapted)
    for one, other in zip(adapted(layout), beside, strict=True):
        torch.testing.assert_close(one[layout.mask], other[layout.mask], atol=1e-4, rtol=1e-4)
    for one, other in ((adapted.layers[0], plain.layers[0]), (adapted.aside, plain.aside)):
        assert int(torch.linalg.matrix_rank(one.qkv.weight - other.qkv.weight, atol=1e-4)) == 2
    assert set(adapted.state_dict()) == set(plain.state_dict())


@pytest.mark.slow
def test_low_rank_training_learns_too(data: Path, base: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, lora=4)
    report = train_encoder_from(data, tmp_path, labels=LABELS, base=str(base), recipe=recipe)
    assert report.held_out.area > 0.6
    before, after = load(base / FILE), load(tmp_path / FILE)
    assert torch.equal(before.encoder.words.weight, after.encoder.words.weight)
    assert not torch.equal(before.encoder.layers[0].qkv.weight, after.encoder.layers[0].qkv.weight)


def test_too_few_documents_and_a_base_that_is_not_there_are_refused(data: Path, base: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("".join(data.read_text().splitlines(keepends=True)[:3]))
    with pytest.raises(UsageError, match="3 labelled documents are too few to train on; 8 are the least"):
        train_encoder_from(few, tmp_path / "out", labels=LABELS, base=str(base))
    with pytest.raises(NotFoundError, match=r"nowhere.*--base takes shipped, minilm or a folder"):
        train_encoder_from(data, tmp_path / "out", labels=LABELS, base=str(tmp_path / "nowhere"))


def test_a_batch_holds_whole_sentences_and_spans_of_its_strips(data: Path, base: Path) -> None:
    from longdoc.ingest import parse_bytes
    from longdoc.model.school import School
    from longdoc.model.strips import collate, strips
    from longdoc.model.targets import YES, Gold
    from longdoc.model.train import LabelledText

    texts = []
    for number in range(4):
        row = contract(number)
        parsed = parse_bytes(str(row["text"]).encode(), "x.txt", domain="legal")
        gold = tuple(Gold(one["label"], one["start"], one["end"]) for one in row["clauses"])  # type: ignore[attr-defined]
        texts.append(LabelledText(parsed.document, parsed.chunks, gold))
    school = School(str(base), LABELS, texts, RECIPE, 0, lambda _: None)
    chosen = strips(school._lessons, 2, 1.0, np.random.default_rng(0))
    assert sum(strip.last - strip.first for strip in chosen) == sum(one.count for one in school._lessons)
    batch = collate(chosen)
    assert len(batch.place) == sum(len(one.tokens.ids) for one in school._lessons)
    ids = batch.layout.ids.flatten()[batch.place].tolist()
    assert ids == [number for strip in chosen for number in ids_of(strip)]
    assert int((batch.targets == YES).sum()) == 4
    assert int(batch.sentence.max()) + 1 == len(batch.targets)
    assert bool((batch.ranges[:, 1] <= len(ids)).all())
    once, often = (module._plan(school._lessons, replace(RECIPE, epochs=1, fewest_steps=steps), 0) for steps in (1, 40))
    assert len(once) < 40 <= len(often) < 40 + len(once)  # few documents are read as often as it takes


def ids_of(strip) -> list[int]:
    width = strip.lesson.blocks.ids.shape[1]
    start, end = np.searchsorted(strip.lesson.blocks.place, [strip.first * width, strip.last * width])
    return strip.lesson.tokens.ids[start:end].tolist()


@pytest.mark.slow
def test_what_was_trained_is_taken_again_only_for_the_same_training(data: Path, base: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=2)
    out = tmp_path
    train_encoder_from(data, out, labels=LABELS, base=str(base), recipe=recipe)
    first, stages = (out / FILE).read_bytes(), set()
    train_encoder_from(data, out, labels=LABELS, base=str(base), recipe=recipe, progress=lambda progress: stages.add(progress.stage))
    assert "train with all" not in stages
    assert (out / FILE).read_bytes() == first
    train_encoder_from(data, out, labels=LABELS, base=str(base), recipe=replace(recipe, epochs=3), progress=lambda p: stages.add(p.stage))
    assert "train with all" in stages
    assert (out / FILE).read_bytes() != first
