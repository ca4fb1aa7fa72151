"""Summaries as a page and as a Word file: all that is told, with a link from each statement to its quote, and nothing that runs."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from pathlib import Path

import docx
import pytest
from docx.oxml.ns import qn

from longdoc.errors import UnknownNameError, UsageError
from longdoc.types import (
    Coverage,
    Document,
    Earlier,
    FactRow,
    FactTable,
    Inserted,
    KeyFact,
    Outcome,
    Overview,
    Page,
    Span,
    Statement,
    Summary,
)
from longdoc_pipelines.reports.formats import SUMMARIES, open_summaries
from longdoc_pipelines.reports.summaries.base import SummaryHeading, in_context

TEXT = (
    'Deed\n\nMade between Moss & Sons Ltd ("Moss") and <b>Fern</b> LLC.\n\n'
    "Moss shall pay $5 <script>alert(1)</script> a day. Nothing else is due.\n"
)
PATH = "deeds/<i>our</i> deed.txt"
DOCUMENT = Document(
    id="d", path=PATH, format="txt", text=TEXT, title="Deed <1>", domain="legal", pages=(Page(number=1, span=Span(start=0, end=len(TEXT))),)
)
HOSTILE = "<script>alert(1)</script>"


def span(words: str) -> Span:
    start = TEXT.index(words)
    return Span(start=start, end=start + len(words))


def made() -> Summary:
    paid = f"Moss shall pay $5 {HOSTILE} a day."
    text = paid.replace("Moss", "Moss [Moss & Sons Ltd]", 1)
    put_in = Inserted(start=5, end=len("Moss [Moss & Sons Ltd]"), citation=DOCUMENT.cite(span("Moss & Sons Ltd")))
    fee = KeyFact(
        name="Daily fee",
        value="$5",
        normalised="USD 5",
        kind="figure",
        citation=DOCUMENT.cite(span("$5")),
        period="2021",
        before=Earlier(value="$4", normalised="USD 4", period="2020", citation=DOCUMENT.cite(span("Nothing"))),
        change=25.0,
    )
    return Summary(
        document_id="d",
        path=PATH,
        title="Deed <1>",
        domain="legal",
        sentences=(Statement(text=text, citation=DOCUMENT.cite(span(paid)), topic="money", inserted=(put_in,)),),
        facts=(fee,),
        coverage=Coverage(tokens=30, pages=1),
        note="A note & more.",
    )


def folder() -> list[Overview]:
    summary = made()
    table = FactTable(
        domain="legal", names=("Daily fee",), rows=(FactRow(path=PATH, title="Deed <1>", facts={"Daily fee": summary.facts}),)
    )
    place = summary.sentences[0].citation
    return [
        Overview(text="1 contract: Deed <1>.", citations=(place,), table=table),
        Overview(text="Daily fee: $5 in <i>our</i> deed.txt.", citations=(place,), topic="outlier"),
    ]


HEADING = SummaryHeading(
    package="longdoc 1", model="embedded", made="2024-01-01T00:00:00+00:00", document=lambda path: DOCUMENT, wishes="focus 'x'"
)
CLOSING = [Outcome(path="bad.pdf", outcome="failed", stage="parse", reason="is empty")]


def write(name: str, target: Path) -> Path:
    with open_summaries(name, target, HEADING) as report:
        report.add(made())
        report.add(folder())
        report.finish(CLOSING)
    return target


class Seen(HTMLParser):
    """The tags of a page, its ids, the targets of its links and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [found["href"] or ""] if tag == "a" else []

    def handle_data(self, data: str) -> None:
        self.text += data


def page(tmp_path: Path) -> Seen:
    return Seen(write("html", tmp_path / "summary.html").read_text(encoding="utf-8"))


def test_every_link_of_the_page_leads_to_a_quote_or_an_article_in_it(tmp_path: Path) -> None:
    seen = page(tmp_path)
    assert len(seen.links) >= 5
    assert {link.removeprefix("#") for link in seen.links} <= set(seen.ids)
    assert len(seen.ids) == len(set(seen.ids))


def test_the_page_tells_facts_sentences_coverage_overview_and_what_was_left_out(tmp_path: Path) -> None:
    text = " ".join(page(tmp_path).text.split())
    for said in (
        "Deed <1>",
        "Daily fee",
        "2020: $4, +25.0 %",
        "Moss [Moss & Sons Ltd] shall pay",
        "Read 30 tokens of 1 page.",
        "A note & more.",
        "What stands out",
        "bad.pdf: failed, parse: is empty",
        "focus 'x'",
    ):
        assert said in text, said


def test_nothing_of_a_document_is_read_as_html_and_the_page_runs_nothing(tmp_path: Path) -> None:
    seen = page(tmp_path)
    assert HOSTILE in seen.text
    assert not {"script", "b", "i", "iframe", "img"} & set(seen.tags)
    raw = (tmp_path / "summary.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in raw
    assert "http" not in raw.replace("http-equiv", "")


def test_a_quote_is_shown_in_the_words_around_it_up_to_its_paragraph() -> None:
    context = in_context(DOCUMENT, DOCUMENT.cite(span("Nothing else")))
    assert (context.before, context.quote, context.behind) == (f"Moss shall pay $5 {HOSTILE} a day. ", "Nothing else", " is due.")


def test_the_word_file_holds_the_same_and_its_links_lead_to_bookmarks(tmp_path: Path) -> None:
    word = docx.Document(io.BytesIO(write("docx", tmp_path / "summary.docx").read_bytes()))
    body = word.element.body
    text = " ".join("".join(node.text or "" for node in body.iter(qn("w:t"))).split())
    for said in ("Deed <1>", "Daily fee", "Moss [Moss & Sons Ltd] shall pay", HOSTILE, "Read 30 tokens of 1 page.", "bad.pdf: failed"):
        assert said in text, said
    anchors = {link.get(qn("w:anchor")) for link in body.iter(qn("w:hyperlink"))}
    assert anchors
    assert anchors <= {mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))}
    assert [paragraph.text for paragraph in word.paragraphs if paragraph.style.name == "Heading 1"][:1] == ["Deed <1>"]


@pytest.mark.parametrize("name", SUMMARIES)
def test_a_report_that_is_not_finished_leaves_nothing(name: str, tmp_path: Path) -> None:
    with open_summaries(name, tmp_path / "gone", HEADING) as report:
        report.add(made())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_and_an_unknown_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        open_summaries("html", tmp_path, HEADING)
    with pytest.raises(UnknownNameError, match=r"no report .pdf.\. Known: html, docx"):
        open_summaries("pdf", tmp_path / "a.pdf", HEADING)
