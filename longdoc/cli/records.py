"""The JSONL contract: one flat mapping per line, its keys in this order. Renaming or removing a key breaks users.

`path` is as the file was reached from the command line, offsets are into the canonical text, `page` is the physical page
from 1 or null.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from longdoc.types import (
    Answer,
    ChangedValue,
    Citation,
    Clause,
    Comparison,
    Filled,
    Finding,
    Inserted,
    KeyFact,
    Outcome,
    Overview,
    Passage,
    Review,
    Span,
    Summary,
    Value,
)

Line = dict[str, Any]

INGEST = ("path", "outcome", "stage", "reason", "pages", "tokens", "document_id", "cached")
EXTRACT = (
    "path", "label", "score", "start", "end", "page", "text", "value", "value_kind", "value_start", "value_end", "method", "heading_path",
)  # fmt: skip
SUMMARIZE = ("path", "order", "topic", "text", "quote", "start", "end", "page", "citations")
FILLED = ("path", "field", "value", "page", "start", "end", "quote")
PASSAGE = ("path", "rank", "score", "start", "end", "page", "text", "heading_path")
SEARCH = (*PASSAGE, "answer", "answer_start", "answer_end", "answer_page")
ASK = ("kind", "found", *PASSAGE)
REVIEW = (
    "path", "rule", "verdict", "confidence", "severity", "citations", "values", "reason", "title", "rule_version", "test", "position",
    "likeness", "searched", "leans", "amended_by", "waiver", "correction", "machine", "worth", "model", "document_id",
)  # fmt: skip
COMPARE = ("kind", "moved", "before", "after", "edits", "values")


def of_outcome(outcome: Outcome) -> Line:
    """What became of a file."""
    return {name: getattr(outcome, name) for name in INGEST}


def of_clause(clause: Clause) -> Line:
    """A clause; `value` is its normalised form, `value_start` and `value_end` where it was read."""
    value = clause.value
    return {
        "path": clause.citation.path,
        "label": clause.label,
        "score": round(clause.score, 6),
        **_place(clause.citation),
        "text": clause.text,
        "value": value.normalised if value else None,
        "value_kind": value.kind if value else None,
        "value_start": value.citation.span.start if value else None,
        "value_end": value.citation.span.end if value else None,
        "method": clause.method,
        "heading_path": list(clause.citation.heading_path),
    }


def of_summary(summary: Summary) -> Iterator[Line]:
    """A line per sentence, `order` from 1; `citations` where it rests on several places, the first among them, `inserted` where words were
    put into its text. A document's first line has its key facts and what was read."""
    for order, sentence in enumerate(summary.sentences, start=1):
        yield {
            "path": summary.path,
            "order": order,
            "topic": sentence.topic,
            "text": sentence.text,
            "quote": sentence.citation.quote,
            **_place(sentence.citation),
            **({"citations": [_cited(citation) for citation in (sentence.citation, *sentence.others)]} if sentence.others else {}),
            **({"inserted": [_of_inserted(one) for one in sentence.inserted]} if sentence.inserted else {}),
            **({"facts": [_of_fact(fact) for fact in summary.facts], "coverage": _of_coverage(summary)} if order == 1 else {}),
        }


def _of_inserted(inserted: Inserted) -> Line:
    """Where in the text words were put, brackets included, and where they come from."""
    return {"text_start": inserted.start, "text_end": inserted.end, **_place(inserted.citation), "quote": inserted.citation.quote}


def _of_coverage(summary: Summary) -> Line | None:
    return None if summary.coverage is None else summary.coverage.model_dump(mode="json")


def _of_fact(fact: KeyFact) -> Line:
    """A key fact: as the document says it and normalised, with its places, its period, and the year before with the change in percent."""
    before = fact.before
    stated = None if before is None else {**before.model_dump(mode="json", exclude={"citation"}), **_cited(before.citation)}
    return {
        **fact.model_dump(mode="json", include={"name", "value", "normalised", "kind", "period", "change"}),
        **_place(fact.citation),
        "quote": fact.citation.quote,
        "before": stated,
        "others": [_cited(citation) for citation in fact.others],
    }


def of_overview(statements: list[Overview]) -> Iterator[Line]:
    """A line per statement about the folder: path is null, the places are in `citations`; the statement that tells which documents there
    are has a `table` of their facts, a row a document."""
    for order, statement in enumerate(statements, start=1):
        citations = [_cited(citation) for citation in statement.citations]
        line: Line = {"path": None, "order": order, "topic": statement.topic, "text": statement.text, "citations": citations}
        if statement.table is not None:
            rows = [
                {"path": row.path, "title": row.title, "facts": {name: [_of_fact(one) for one in row.facts[name]] for name in row.facts}}
                for row in statement.table.rows
            ]
            line["table"] = {"domain": statement.table.domain, "names": list(statement.table.names), "rows": rows}
        yield line


def of_filled(filled: Filled) -> Iterator[Line]:
    """A line per value of a form, `field` its JSON pointer."""
    value = filled.value.model_dump(mode="json") if isinstance(filled.value, BaseModel) else filled.value
    for pointer, citation in filled.citations.items():
        own = value
        for step in pointer.split("/")[1:]:
            own = own[int(step)] if isinstance(own, list) else own[step.replace("~1", "/").replace("~0", "~")]
        yield {"path": filled.path, "field": pointer, "value": own, **_place(citation), "quote": citation.quote}


def of_review(review: Review) -> Iterator[Line]:
    """A line per rule: what it rests on is in `citations`, each on `path` unless it names another (an amendment's)."""
    for finding in review.findings:
        yield _of_finding(finding)


def _of_finding(finding: Finding) -> Line:
    nested: Line = {
        "citations": [_passage_of(citation, finding.path) for citation in finding.citations],
        "values": [
            {"kind": value.kind, "normalised": value.normalised, **_passage_of(value.citation, finding.path)} for value in finding.values
        ],
        "searched": None,
        "correction": None,
    }
    if finding.searched is not None:
        looked = finding.searched
        nearest = _passage_of(looked.nearest, finding.path) if looked.nearest is not None else None
        nested["searched"] = {**looked.model_dump(mode="json", exclude={"nearest"}), "nearest": nearest}
    if finding.correction is not None:
        decided = finding.correction
        place = _passage_of(decided.citation, finding.path) if decided.citation is not None else None
        nested["correction"] = {**decided.model_dump(include={"verdict", "was", "by", "at", "note", "rule_version"}), "citation": place}
    return {name: nested[name] if name in nested else getattr(finding, name) for name in REVIEW}


def _passage_of(citation: Citation, path: str) -> Line:
    other = {"path": citation.path} if citation.path != path else {}
    return {**_place(citation), "quote": citation.quote, **other}


def of_passage(passage: Passage) -> Line:
    """A search result."""
    return {
        "path": passage.citation.path,
        "rank": passage.rank,
        "score": round(passage.score, 6),
        **_place(passage.citation),
        "text": passage.citation.quote,
        "heading_path": list(passage.citation.heading_path),
    }


def of_result(passage: Passage) -> Line:
    """A search result with the sentence that answers, its place and page, null where none does; of a table's row what its columns are."""
    marked = passage.answer
    return {
        **of_passage(passage),
        "answer": marked.quote if marked is not None else None,
        "answer_start": marked.span.start if marked is not None else None,
        "answer_end": marked.span.end if marked is not None else None,
        "answer_page": marked.page if marked is not None else None,
        "row": passage.row.model_dump() if passage.row is not None else None,
    }


def of_answer(answer: Answer) -> Iterator[Line]:
    """The answer, then the passages that it rests on. What is definite in it is in `type` (an amount, yes or no ...), `value` and what
    follows; `parts` are the figures that it was reckoned from."""
    yield {
        "kind": "answer",
        "found": answer.found,
        "text": answer.text,
        "question": answer.question,
        "rejected": answer.rejected,
        "type": answer.kind,
        "value": answer.value,
        "unit": answer.unit,
        "period": answer.period,
        "calculation": answer.calculation,
        "parts": [
            {
                "name": part.name,
                "period": part.period,
                "value": part.value,
                "unit": part.unit,
                **_cited(part.citation),
                "label": _range(part.label.span),
            }
            for part in answer.parts
        ],
    }
    for passage in answer.passages:
        yield {"kind": "citation", **of_passage(passage)}


def of_comparison(comparison: Comparison) -> Iterator[Line]:
    """A line per difference: the passage in each document, null where it is in the other alone, and the words and values that differ."""
    for difference in comparison.differences:
        yield {
            "kind": difference.kind,
            "moved": difference.moved,
            "before": _cited(difference.before) if difference.before else None,
            "after": _cited(difference.after) if difference.after else None,
            "edits": [{"before": _range(edit.before), "after": _range(edit.after)} for edit in difference.edits],
            "values": [_of_changed(value) for value in difference.values],
        }


def _of_changed(changed: ChangedValue) -> Line:
    stated = changed.before or changed.after
    return {"kind": stated.kind if stated else None, "before": _of_value(changed.before), "after": _of_value(changed.after)}


def _of_value(value: Value | None) -> Line | None:
    return {"normalised": value.normalised, **_place(value.citation), "quote": value.citation.quote} if value else None


def _range(span: Span | None) -> Line | None:
    return {"start": span.start, "end": span.end} if span else None


def _cited(citation: Citation) -> Line:
    return {"path": citation.path, **_place(citation), "quote": citation.quote}


def _place(citation: Citation) -> Line:
    return {"start": citation.span.start, "end": citation.span.end, "page": citation.page}
