"""How a review looks as records, as CSV, on a terminal and as Markdown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import review_samples

from longdoc.cli import formats
from longdoc.cli.formats import Csv, JsonLines, Markdown, Table
from longdoc.cli.records import REVIEW, Line
from longdoc.cli.views.review import ReviewView
from longdoc.types import Change, Citation, Correction, Finding, Review, Searched, Span, Value, Verdict
from longdoc_pipelines.reports.base import Closing, Failed

PATH = "contracts/" + "a long name " * 9 + ".pdf"


def citation(quote: str = "The laws of Nevada govern.", start: int = 40, page: int | None = 2, path: str = PATH) -> Citation:
    return Citation(document_id="d", path=path, span=Span(start=start, end=start + len(quote)), quote=quote, page=page)


def finding(verdict: Verdict, rule: str = "law", **changes: Any) -> Finding:
    said: dict[str, Any] = {"document_id": "d", "path": PATH, "severity": "high", "confidence": 0.875, "reason": f"Because {rule}."}
    if verdict not in ("missing", "not_applicable"):
        said["citations"] = (citation(),)
    return Finding(**(said | {"rule": rule, "verdict": verdict} | changes))


def review(*findings: Finding, **changes: Any) -> Review:
    said: dict[str, Any] = {"document_id": "d", "path": PATH, "title": "Our Deal", "domain": "legal", "format": "pdf", "pages": 12}
    return Review(**(said | changes), findings=findings)


def decided(verdict: Verdict, was: Verdict) -> Correction:
    return Correction(document_id="d", path=PATH, rule="cap", rule_version="1", verdict=verdict, was=was, by="J. Doe", at="2026")


class Flat(ReviewView):
    """What CSV shows of a review."""

    def lines(self, item: Review) -> Iterator[Line]:
        return self.rows(item)


def shown(item: Review, kind: type[formats.Format], view: ReviewView | None = None) -> str:
    stream = io.StringIO()
    kind(view or ReviewView(), stream, dict).add(item)
    return stream.getvalue()


def records(item: Review) -> list[dict[str, Any]]:
    return [json.loads(line) for line in shown(item, JsonLines).splitlines()]


def test_a_record_has_the_keys_of_the_contract_in_its_order() -> None:
    (line,) = records(review(finding("violation")))
    assert tuple(line) == REVIEW
    assert REVIEW[:8] == ("path", "rule", "verdict", "confidence", "severity", "citations", "values", "reason")
    quote = "The laws of Nevada govern."
    assert line["citations"] == [{"start": 40, "end": 40 + len(quote), "page": 2, "quote": quote}]
    assert (line["path"], line["verdict"], line["confidence"], line["reason"]) == (PATH, "violation", 0.875, "Because law.")


def test_a_value_is_told_with_its_own_place() -> None:
    value = Value(kind="jurisdiction", normalised="Nevada", citation=citation("Nevada", 52))
    (line,) = records(review(finding("violation", values=(value,))))
    assert line["values"] == [{"kind": "jurisdiction", "normalised": "Nevada", "start": 52, "end": 58, "page": 2, "quote": "Nevada"}]


def test_a_passage_of_an_amendment_names_its_document() -> None:
    amended = finding("violation", citations=(citation(path="amendment.pdf"),), amended_by="amendment.pdf")
    (line,) = records(review(amended))
    assert (line["amended_by"], line["citations"][0]["path"]) == ("amendment.pdf", "amendment.pdf")
    assert "in amendment.pdf" in shown(review(amended), Table)
    assert "(amendment.pdf, p. 2, 40-66)" in shown(review(amended), Markdown)


def test_what_was_searched_and_who_decided_are_told() -> None:
    looked = Searched(sections=4, pages=12, unread=(3,), nearest=citation("Near.", 9), score=0.25)
    (line,) = records(review(finding("missing", "cap", searched=looked, correction=decided("missing", "compliant"), machine="compliant")))
    nearest = {"start": 9, "end": 14, "page": 2, "quote": "Near."}
    assert line["searched"] == {"sections": 4, "pages": 12, "unread": [3], "usual": [], "score": 0.25, "nearest": nearest}
    said = {"verdict": "missing", "was": "compliant", "by": "J. Doe", "at": "2026", "note": "", "rule_version": "1", "citation": None}
    assert line["correction"] == said
    assert line["machine"] == "compliant"


def test_csv_is_flat_and_guarded() -> None:
    value = Value(kind="amount", normalised="USD 5", citation=citation("$5", 52))
    hostile = finding(
        "violation", reason='=HYPERLINK("x")', values=(value, value), citations=(citation("+1 the laws"), citation("two", 90))
    )
    (row,) = csv.DictReader(io.StringIO(shown(review(hostile), Csv, Flat())))
    assert (row["page"], row["start"], row["end"], row["quote"]) == ("2", "40", "51", "'+1 the laws")
    assert (row["values"], row["citations"], row["reason"]) == ("amount USD 5; amount USD 5", "2", '\'=HYPERLINK("x")')


def test_csv_of_a_missing_clause_has_no_place() -> None:
    (row,) = csv.DictReader(io.StringIO(shown(review(finding("missing")), Csv, Flat())))
    assert [row[name] for name in ("page", "start", "end", "quote", "corrected_by", "citations")] == ["", "", "", "", "", "0"]


def test_the_table_begins_with_what_fails_and_sums_up_what_passes() -> None:
    verdicts: tuple[Verdict, ...] = ("compliant", "needs_review", "not_applicable", "violation", "compliant", "missing", "fallback")
    table = shown(review(*(finding(verdict, f"rule{number}") for number, verdict in enumerate(verdicts))), Table)
    lines = table.splitlines()
    assert lines[:2] == ["Our Deal", f"{' '.join(PATH.split())} · legal · pdf · 12 pages"]
    firsts = [line.split()[0] for line in lines[3:] if "rule" in line and "Because" in line]
    assert firsts == ["violation", "missing", "needs", "fallback"]
    assert "rule0" not in table
    assert lines[-2].strip() == "2 compliant, 1 not applicable"


def test_what_is_waived_or_decided_is_shown_though_it_passes() -> None:
    agreed = decided("compliant", "violation")
    waived = finding("not_applicable", "waived", waiver="Legal answers for it")
    table = shown(review(waived, finding("compliant", "decided", correction=agreed), finding("compliant", "rest")), Table)
    assert "waived" in table
    assert "decided" in table
    assert "rest" not in table
    assert table.splitlines()[-2].strip() == "1 compliant"


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_line_is_wider_than_the_terminal_and_reason_and_quote_are_shortened(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(formats, "WIDTH_OFF_A_TERMINAL", width)
    wordy = finding(
        "violation", "a_rule_with_a_name_that_is_too_long_for_a_column", reason="why " * 200, citations=(citation("word " * 300),)
    )
    table = shown(review(wordy, finding("missing", "cap", title="Cap on liability")), Table)
    lines = [line for line in table.splitlines() if "contracts/" not in line]
    assert max(len(line) for line in lines) <= width
    assert "…" in table
    assert len(lines) < 16
    assert min(len(line.split("why", 1)[1]) for line in lines if "why why" in line) > 0.2 * width, "the reason has room"
    assert "p. 2" in table
    assert "40-1540" in table


@pytest.mark.parametrize("pages", [2, None])
def test_a_document_without_pages_has_no_column_for_them(pages: int | None) -> None:
    header = shown(review(finding("violation", citations=(citation(page=pages),)), pages=pages), Table).splitlines()[2]
    assert ("page" in header.split()) is (pages is not None)


def test_markdown_quotes_what_fails_and_lists_the_rest() -> None:
    many = finding(
        "violation", "law", title="Governing law", test="law: {in: [x]}", citations=tuple(citation(start=at) for at in range(0, 500, 100))
    )
    page = shown(review(finding("compliant", "cap"), many), Markdown).splitlines()
    assert page[0] == "## Our Deal"
    assert page[4] == "### Violation: law: Governing law"
    assert page[6] == "Because law. (severity high, confidence 0.88, test law: {in: \\[x\\]})"
    assert page[8:10] == ["> The laws of Nevada govern.", "> (p. 2, 0-26)"]
    assert "2 more passages." in page
    assert page[-2] == "- **compliant** cap: Because cap. [p. 2, 40-66]"


def test_markdown_says_what_the_run_was_and_what_it_came_to() -> None:
    view, stream = ReviewView(), io.StringIO()
    page = Markdown(view, stream, dict)
    view.heading = replace(review_samples.heading(), playbook="our|terms", changes_since="2026-03-01T02:00:00+00:00")
    page.add(review(finding("violation"), finding("missing", "cap"), path="a|b.pdf"))
    page.add(review(finding("compliant")))
    change = Change(path="a|b.pdf", rule="cap", kind="new", before="compliant", after="missing")
    lost = Failed("scan.pdf", "failed", "parse", "<b>no text</b>")
    verdicts: dict[Verdict, int] = {"violation": 1, "missing": 1, "compliant": 1}
    view.closing = Closing(finished="", documents=2, verdicts=verdicts, failed=(lost,), changes=(change,), audit_head="9f2c")
    page.finish()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "# Review by our\\|terms 2.4"
    assert lines.count(lines[0]) == 1
    assert "| a\\|b.pdf | 1 | 1 | 0 | 0 | 0 | 0 |" in lines
    assert "2 documents: 1 violation, 1 missing, 1 compliant." in lines
    assert "### Since the last run (2026-03-01T02:00:00+00:00): 1 new" in lines
    assert "| new | a\\|b.pdf | cap | compliant | missing |" in lines
    assert "- **failed** scan.pdf: \\<b>no text\\</b>" in lines
    assert lines[-1] == "Head of the audit log: `9f2c`"


def test_document_text_commands_neither_terminal_nor_markdown() -> None:
    hostile = finding("violation", reason="\x1b[2J[bold]x[/bold]", citations=(citation("# \x1b]0;owned\x07 <b>y</b>"),), title="*t*")
    table, page = shown(review(hostile), Table), shown(review(hostile), Markdown)
    assert "\x1b" not in table + page
    assert "[bold]x[/bold]" in table
    assert "> \\# \\]0;owned \\<b>y\\</b>" in page


def test_a_document_that_passes_whole_takes_three_lines() -> None:
    assert shown(review(finding("compliant"), title=None, pages=None), Table).splitlines()[-2:] == ["  1 compliant", ""]


def test_a_document_that_the_playbook_is_not_for_says_why_once() -> None:
    item = review(*(finding("not_applicable", rule, reason="A paper.") for rule in ("law", "cap")), finding("compliant", "term"))
    assert "- **not applicable** 2 rules (law, cap): A paper." in shown(item, Markdown)
    assert "- **compliant** term: Because term." in shown(item, Markdown)
    whole = review(*(finding("not_applicable", rule, reason="A paper.") for rule in ("law", "cap")))
    assert "2 not applicable: A paper." in shown(whole, Table)
    assert "- **not applicable** all 2 rules: A paper." in shown(whole, Markdown)
    assert "A paper." not in shown(item, Table)
