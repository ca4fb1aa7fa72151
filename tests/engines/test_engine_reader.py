"""What a language model writes stands only where the document bears it out: scripted answers on the example documents, end to end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from example_corpus import ExampleCorpus
from pydantic import BaseModel
from scripted_engine import Script, ScriptedEngine, copying, said, sentences, shown

from longdoc.engines.prompts import Prompts
from longdoc.engines.reader import EngineReader
from longdoc.errors import ConfigError, UnansweredError
from longdoc.labels import load_labels
from longdoc.model.reader import EmbeddedReader
from longdoc.protocols import Request, Source
from longdoc.types import Answer, Passage, Span
from longdoc_pipelines.part import find_section, only
from longdoc_pipelines.search import search
from longdoc_pipelines.sources import source_of
from longdoc_stores.corpus import Corpus

Read = Callable[..., EngineReader]


@pytest.fixture(scope="module")
def embedded() -> EmbeddedReader:
    return EmbeddedReader(threads=1)


@pytest.fixture
def reader(embedded: EmbeddedReader) -> Read:
    return lambda script, context_length=65_536: EngineReader(ScriptedEngine(script, context_length), embedded, Prompts())


@pytest.fixture(scope="module")
def corpus(example_corpus: ExampleCorpus) -> Iterator[Corpus]:
    with Corpus(example_corpus.store) as opened:
        yield opened


@pytest.fixture(scope="module")
def sources(corpus: Corpus, embedded: EmbeddedReader) -> dict[str, Source]:
    return {Path(entry.path).name: source_of(corpus, embedded, entry) for entry in corpus.select()}


@pytest.fixture(scope="module")
def agreement(sources: dict[str, Source]) -> Source:
    return sources["services-agreement.pdf"]


@pytest.fixture(scope="module")
def short(sources: dict[str, Source]) -> Source:
    """A document that is one part."""
    return sources["nda.docx"]


def always(answer: Any) -> Script:
    return lambda request: answer


@pytest.mark.parametrize("name", ["services-agreement.pdf", "annual-report.html", "paper.pdf"])
def test_a_written_summary_cites_every_sentence_and_says_that_it_has_read_every_section(
    reader: Read, sources: dict[str, Source], name: str
) -> None:
    source = sources[name]
    writer = reader(copying, context_length=4_096)
    summary = writer.summarize(source)
    engine = writer.writing.engine
    parts = [request for request in engine.requests if "<statements" not in said(request)]
    assert len(parts) > 1
    assert summary.sentences
    for statement in summary.sentences:
        assert statement.citation == source.document.cite(statement.citation.span)
        assert statement.text == " ".join(statement.citation.quote.split())
    everything = "\n".join(map(shown, map(said, parts)))
    assert all(source.document.quote(chunk.span)[:60].split("\n")[0] in everything for chunk in source.chunks)
    count = len(source.document.sections)
    assert f"read the document in {len(parts)} parts ({count} of {count} sections)" in str(summary.note)
    assert summary.rejected == 0


def test_a_document_that_fits_is_read_in_one_request_and_later_parts_are_told_what_came_before(
    reader: Read, short: Source, agreement: Source
) -> None:
    one, many = reader(copying), reader(copying, 4_096)
    assert "which read the document whole" in str(one.summarize(short).note)
    assert ["What came before" in said(request) for request in one.writing.engine.requests if "<document" in said(request)] == [False]
    many.summarize(agreement)
    second = said(many.writing.engine.requests[1])
    earlier = re.search(r"What came before, for orientation only:\n- (.{40})", second)
    assert earlier is not None
    assert earlier[1] in " ".join(agreement.document.text.split())
    assert second.index("What came before") < second.index("<document")


def test_a_language_model_is_told_what_a_summary_is_about_and_shown_one_section_alone(reader: Read, agreement: Source) -> None:
    section = find_section(agreement.document, "Term and Renewal")
    writer = reader(copying)
    summary = writer.summarize(only(agreement, section), focus="renewal fees")
    assert summary.sentences
    assert all(section.span.contains(statement.citation.span) for statement in summary.sentences)
    asked = [said(request) for request in writer.writing.engine.requests]
    assert all("only what it says of renewal fees; leave out all else" in request for request in asked)
    assert not any("Cap on Liability" in request for request in asked)


def test_a_long_list_of_statements_is_put_together_until_the_summary_has_its_length(reader: Read, agreement: Source) -> None:
    writer = reader(copying, 4_096)
    summary = writer.summarize(agreement, sentences=3)
    assert len(summary.sentences) == 3
    assert any("<statements" in said(request) for request in writer.writing.engine.requests)
    starts = [statement.citation.span.start for statement in summary.sentences]
    assert starts == sorted(starts)


def test_a_sentence_put_together_from_two_cites_both(reader: Read, agreement: Source) -> None:
    def joining(request: Request) -> Any:
        if "<statements" not in said(request):
            return {"statements": [{"text": each, "quote": each} for each in sentences(shown(said(request)))[:4]]}
        first, second = re.findall(r"^\[\d+\] (.*)$", said(request), re.MULTILINE)[:2]
        return {"statements": [{"text": f"{first} {second}", "sources": [2, 1]}]}

    [statement] = reader(joining).summarize(agreement, sentences=1).sentences
    assert len(statement.others) == 1
    assert statement.citation.span.start < statement.others[0].span.start
    assert statement.text == " ".join(f"{statement.citation.quote} {statement.others[0].quote}".split())


def test_an_invented_quote_goes_back_once_with_the_reason_and_is_then_left_out_and_counted(reader: Read, short: Source) -> None:
    real = sentences(short.document.text)[5]
    invented = "The moon shall be delivered to the Purchaser in seven equal instalments of green cheese."
    both = {"statements": [{"text": real, "quote": real}, {"text": invented, "quote": invented}]}
    writer = reader(always(both))
    summary = writer.summarize(short)
    assert [statement.text for statement in summary.sentences] == [real]
    assert summary.rejected == 1
    assert "1 sentence was left out, since no place bears them out" in str(summary.note)
    first, second = writer.writing.engine.requests
    assert [message["role"] for message in second.messages] == ["system", "user", "assistant", "user"]
    assert second.messages[:2] == first.messages
    assert json.loads(second.messages[2]["content"]) == both
    assert "The moon shall be delivered" in second.messages[3]["content"]
    assert "does not hold" in second.messages[3]["content"]


def test_what_is_mended_the_second_time_stays(reader: Read, short: Source) -> None:
    real = sentences(short.document.text)[5]
    answers = [{"statements": [{"text": real, "quote": "Pigs fly over the data centre on every second Tuesday."}]}]
    answers.append({"statements": [{"text": real, "quote": real}]})
    summary = reader(lambda request: answers.pop(0)).summarize(short)
    assert [statement.text for statement in summary.sentences] == [real]
    assert (summary.rejected, answers) == (0, [])


@pytest.mark.parametrize("change", [("thirty (30)", "ninety (90)"), (" shall ", " shall not ")], ids=["number", "negation"])
def test_a_sentence_that_says_otherwise_than_its_quote_is_left_out(reader: Read, short: Source, change: tuple[str, str]) -> None:
    real = next(each for each in sentences(short.document.text) if change[0] in each and " not " not in each)
    wrong = {"statements": [{"text": real.replace(*change, 1), "quote": real}]}
    summary = reader(always(wrong)).summarize(short)
    assert (summary.sentences, summary.rejected) == ((), 1)


def test_a_model_that_does_not_answer_fails_the_document_with_the_reason(reader: Read, short: Source) -> None:
    with pytest.raises(UnansweredError, match=r"1 of 1 requests got no answer \(the cable is cut\); run it again for those alone"):
        reader(always(OSError("the cable is cut"))).summarize(short)


def test_an_answer_that_cannot_be_used_is_told_of_and_the_others_stay(reader: Read, agreement: Source) -> None:
    def failing(request: Request) -> Any:
        first = re.search(r'part="1 of', said(request))
        return ValueError("cut short at 1,536 tokens", '{"statements": [') if first else copying(request)

    writer = reader(failing, 8_192)
    summary = writer.summarize(agreement)
    assert summary.sentences
    assert summary.rejected == 1
    assert writer.writing.notes == ["an answer of scripted:one could not be used: cut short at 1,536 tokens"]


def test_a_context_that_holds_no_part_is_told_with_its_length(reader: Read, agreement: Source) -> None:
    with pytest.raises(UnansweredError, match="scripted:one reads 2,048 tokens, too few for its prompts"):
        reader(copying, 2_048).summarize(agreement)


def asked(writer: EngineReader, corpus: Corpus, question: str, only: str | None = None) -> Answer:
    entries = [entry for entry in corpus.select() if only is None or entry.path.endswith(only)]
    by_path = {entry.path: entry for entry in entries}
    passages: list[Passage] = search(corpus, writer, question, entries, 12)
    return writer.answer(question, passages, lambda path: source_of(corpus, writer, by_path[path]))


def test_an_answer_rests_on_its_places_and_numbers_them(reader: Read, corpus: Corpus) -> None:
    def answering(request: Request) -> Any:
        first, second = sentences(shown(said(request)))[:2]
        return {"found": True, "sentences": [{"text": text, "quote": text} for text in (first, second, first)]}

    answer = asked(reader(answering), corpus, "How may it be terminated?", "services-agreement.pdf")
    assert answer.found
    assert [passage.rank for passage in answer.passages] == [1, 2]
    assert re.findall(r"\[(\d)\]", answer.text) == ["1", "2", "1"]
    for passage in answer.passages:
        assert " ".join(passage.citation.quote.split()) in answer.text


@pytest.mark.parametrize(
    "script",
    [
        always({"found": False, "sentences": []}),
        always(
            {"found": True, "sentences": [{"text": "It is 42 %.", "quote": "The share of the moon is 42 % of all cheese in the world."}]}
        ),
    ],
    ids=["the model finds nothing", "the model invents"],
)
def test_not_found_is_said_when_that_is_the_truth(reader: Read, corpus: Corpus, script: Script) -> None:
    answer = asked(reader(script), corpus, "What is the share of the moon?", "services-agreement.pdf")
    assert (answer.found, answer.text, answer.passages) == (False, "Not found in these documents.", ())


def test_one_document_that_fits_is_shown_whole_and_more_as_passages_in_their_order(reader: Read, corpus: Corpus) -> None:
    whole, part, several = reader(copying), reader(copying, 4_096), reader(copying, 6_000)
    question = "Who may terminate the agreement?"
    asked(whole, corpus, question, "services-agreement.pdf")
    asked(part, corpus, question, "services-agreement.pdf")
    asked(several, corpus, question)
    text = [said(writer.writing.engine.requests[0]) for writer in (whole, part, several)]
    assert ["<passage" in each for each in text] == [False, True, True]
    pages = [int(page) for page in re.findall(r'<passage page="(\d+)"', text[1])]
    assert len(pages) > 1
    assert pages == sorted(pages)
    assert "<outline>" in text[1]
    assert len(re.findall("<document ", text[2])) > 1
    assert [writer.writing.engine.requests[0].document is None for writer in (whole, part, several)] == [False, False, True]


def test_clauses_are_scored_by_agreement_with_the_embedded_model(reader: Read, agreement: Source, embedded: EmbeddedReader) -> None:
    labels = load_labels("cuad")
    law = labels.model_copy(update={"labels": (labels.label("Governing Law"),)})
    own = embedded.extract(agreement, law)
    known = own[0]
    other = next(each for each in sentences(agreement.document.text) if "thirty (30)" in each)
    writer = reader(
        always({"clauses": [{"quote": known.text}, {"quote": other}, {"quote": "Nothing of the kind stands anywhere in here at all."}]})
    )
    found = writer.extract(agreement, law)
    scores = {clause.citation.span.start: clause.score for clause in found if clause.method == "engine"}
    assert scores[known.citation.span.start] == pytest.approx(0.5 + 0.5 * known.score, abs=1e-3)
    assert sorted(scores.values())[0] == 0.5
    assert len(scores) == 2
    others = [clause for clause in found if clause.method != "engine"]
    assert {clause.citation.span for clause in others} < {clause.citation.span for clause in own}
    by_span = {clause.citation.span: clause.score for clause in own}
    assert all(clause.score == pytest.approx(0.6 * by_span[clause.citation.span], abs=1e-3) for clause in others)
    assert found[0].value is not None
    assert writer.default_score(law, "Governing Law") == 0.5
    assert [note.split(": ", 1)[1] for note in writer.writing.notes] == ["1 quote was left out, for no place bears out what was said"]


def test_questions_about_one_document_begin_with_it(reader: Read, agreement: Source) -> None:
    writer = reader(always({"clauses": []}))
    writer.extract(agreement, load_labels("cuad"))
    requests = writer.writing.engine.requests
    assert len(requests) == 41
    prefix = said(requests[0]).split("Category:")[0]
    assert len(prefix) > len(agreement.document.text) // 2
    assert all(said(request).startswith(prefix) for request in requests)


class Payment(BaseModel):
    """When fees are paid."""

    days: int
    late: float | None = None


class Terms(BaseModel):
    """What an agreement says of its parties and of payment."""

    supplier: str
    law: str | None = None
    payments: list[Payment]


def quote_with(source: Source, words: str) -> str:
    return next(each for each in sentences(source.document.text, 40) if words in each)


def test_every_value_of_a_form_has_its_place(reader: Read, agreement: Source) -> None:
    days = quote_with(agreement, "thirty (30) days")
    law = quote_with(agreement, "governed by")
    name = re.search(r"[A-Z]\w+ (?:[A-Z]\w+ )*(?:LLC|Inc\.|Ltd\.?|Corporation|Limited)", agreement.document.text)
    assert name is not None
    answer = {
        "supplier": {"value": name[0], "quote": name[0]},
        "law": {"value": "the moon", "quote": "governed by the laws of the moon and of its tides alone"},
        "payments": [
            {"days": {"value": 90, "quote": days}, "late": None},
            {"days": {"value": 30, "quote": days}, "late": None},
        ],
    }
    filled = reader(always(answer)).fill(agreement, Terms, [])
    assert filled.value == Terms(supplier=name[0], law=None, payments=[Payment(days=30)])
    assert set(filled.citations) == {"/supplier", "/payments/0/days"}
    assert " ".join(filled.citations["/payments/0/days"].quote.split()) == days
    assert filled.rejected == 2
    assert law


def test_a_value_that_the_form_requires_and_nothing_bears_out_fails_the_document(reader: Read, agreement: Source) -> None:
    with pytest.raises(UnansweredError, match="supplier has no value that a place in the document bears out"):
        reader(always({"supplier": None, "law": None, "payments": []})).fill(agreement, Terms, [])


def test_a_json_schema_gives_a_plain_object(reader: Read, agreement: Source) -> None:
    schema = {"type": "object", "properties": {"days": {"type": "integer"}, "open": {"type": "string"}}, "required": ["days"]}
    days = quote_with(agreement, "thirty (30) days")
    filled = reader(always({"days": {"value": 30, "quote": days}, "open": None})).fill(agreement, schema, [])
    assert filled.value == {"days": 30}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "array", "items": {"type": "string"}}, "must be that of an object"),
        ({"type": "object", "properties": {"x": {}}}, "leaves open what stands at the top/x"),
        ({"type": "object", "properties": {"x": {"$ref": "#"}}}, "refers to itself"),
        ({"type": "object", "properties": {"x": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}}, "of several types"),
        ({"type": "object", "properties": {"x": {"$ref": "#/$defs/none"}}}, "which is not in it"),
        ({"type": "wish"}, "the schema cannot be used"),
    ],
)
def test_a_form_that_cannot_be_used_is_refused_before_anything_is_asked(
    reader: Read, agreement: Source, schema: dict[str, Any], reason: str
) -> None:
    writer = reader(always({}))
    with pytest.raises(ConfigError, match=reason):
        writer.fill(agreement, schema, [Span(start=0, end=10)])
    assert not writer.writing.engine.requests
