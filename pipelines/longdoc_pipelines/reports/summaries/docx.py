"""Summaries as a Word file: facts in tables, topics under headings, each sentence with a link to its quote at the end of its document."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from longdoc.types import Citation, Document, FactTable, KeyFact, Outcome, Overview, Statement, Summary
from longdoc_pipelines.facts.shown import grouped, heading, in_a_cell, name_of, shown, since, told
from longdoc_pipelines.reports.parts import WholeFile, one_line
from longdoc_pipelines.reports.summaries.base import TOPICS, SummaryHeading, in_context, place, topic_heading

if TYPE_CHECKING:
    from typing import Self

SOFT = RGBColor(0x58, 0x61, 0x6B)
LINK = RGBColor(0x1B, 0x57, 0x73)


class DocxSummaries:
    """The Word file `target`; implements SummaryReport."""

    def __init__(self, target: Path, heading: SummaryHeading) -> None:
        self._heading = heading
        self._file = WholeFile(target)
        self._word = docx.Document()
        self._word.core_properties.author = heading.package
        self._word.core_properties.title = "Summaries"
        self._documents = 0
        self._word.add_heading("Summaries", 0)
        _soft(
            self._word.add_paragraph(), " · ".join(part for part in (heading.package, heading.model, heading.made, heading.wishes) if part)
        )

    def __enter__(self) -> Self:
        return self

    def add(self, item: Summary | Sequence[Overview]) -> None:
        """Write one document's part, or what the folder holds."""
        if isinstance(item, Summary):
            self._documents += 1
            _write_document(self._word, item, f"d{self._documents}", self._heading.document(item.path))
        elif item:
            _write_folder(self._word, item)

    def finish(self, closing: Sequence[Outcome]) -> None:
        """List what was not read whole and make the file appear under its name."""
        if closing:
            self._word.add_heading("Not read, or not whole", 1)
            for one in closing:
                reason = f": {one.reason}" if one.reason else ""
                self._word.add_paragraph(one_line(f"{one.path}: {one.outcome}, {one.stage}{reason}"), style="List Bullet")
        self._word.save(self._file.stream)
        self._file.commit()

    def __exit__(self, *exception: object) -> None:
        """Remove what was written, unless it was finished."""
        self._file.discard()


def _write_document(word: Any, summary: Summary, anchor: str, document: Document) -> None:
    cited: dict[tuple[int, int], Citation] = {}
    word.add_heading(one_line(name_of(summary)), 1)
    pages = f" · {len(document.pages)} pages" if document.pages else ""
    _soft(word.add_paragraph(), f"{summary.path} · {summary.domain}{pages}")
    if summary.note:
        word.add_paragraph(one_line(summary.note)).runs[0].italic = True
    if summary.facts:
        word.add_heading("Key facts", 2)
        table = word.add_table(rows=0, cols=2, style="Light Grid Accent 1")
        table._tbl.tblPr.find(qn("w:tblLook")).set(qn("w:firstRow"), "0")  # the first fact is no heading
        table._tbl.tblPr.find(qn("w:tblLook")).set(qn("w:val"), "0480")
        for name, facts in grouped(summary.facts):
            cells = table.add_row().cells
            cells[0].text, cells[0].width, cells[1].width = one_line(name), Cm(4), Cm(12)
            for number, fact in enumerate(facts):
                paragraph = cells[1].paragraphs[0] if number == 0 else cells[1].add_paragraph()
                _write_fact(paragraph, fact, anchor, cited)
    for topic, statements in groupby(summary.sentences, key=lambda statement: statement.topic):
        if topic:
            word.add_heading(one_line(topic_heading(topic)), 2)
        for statement in statements:
            _write_sentence(word.add_paragraph(style="List Bullet"), statement, anchor, cited)
    if summary.coverage is not None:
        _soft(word.add_paragraph(), told(summary.coverage))
    if cited:
        word.add_heading("Sources", 2)
    for number, citation in enumerate(cited.values(), start=1):
        context = in_context(document, citation)
        paragraph = word.add_paragraph()
        _bookmark(paragraph, f"{anchor}_{number}", number + 10_000 * int(anchor[1:]))
        paragraph.add_run(f"{number}. ")
        _soft(paragraph, context.before)
        paragraph.add_run(one_line(context.quote)).bold = True
        _soft(paragraph, context.behind)
        where = " › ".join(citation.heading_path)
        _soft(paragraph, f" ({place(citation)}{', ' + where if where else ''}, {citation.span.start}-{citation.span.end})")


def _write_fact(paragraph: Any, fact: KeyFact, anchor: str, cited: dict[tuple[int, int], Citation]) -> None:
    period = f" ({fact.period})" if fact.period else ""
    paragraph.add_run(one_line(f"{shown(fact)}{period}") + " ")
    _link(paragraph, fact.citation, anchor, cited)
    if fact.before is not None:
        _soft(paragraph, f" {since(fact)} ")
        _link(paragraph, fact.before.citation, anchor, cited)


def _write_sentence(paragraph: Any, statement: Statement, anchor: str, cited: dict[tuple[int, int], Citation]) -> None:
    end = 0
    for inserted in statement.inserted:
        paragraph.add_run(_kept(statement.text[end : inserted.start]))
        put_in = paragraph.add_run(_kept(statement.text[inserted.start : inserted.end]))
        put_in.italic, put_in.font.color.rgb = True, SOFT
        end = inserted.end
    paragraph.add_run(_kept(statement.text[end:]) + " ")
    for citation in (statement.citation, *statement.others):
        _link(paragraph, citation, anchor, cited)
        paragraph.add_run(" ")


def _write_folder(word: Any, statements: Sequence[Overview]) -> None:
    word.add_heading("All documents", 1)
    for topic, some in groupby(statements, key=lambda statement: statement.topic):
        overviews = list(some)
        word.add_heading(TOPICS[topic], 2)
        for overview in overviews:
            paragraph = word.add_paragraph(one_line(overview.text) + " ", style="List Bullet")
            shown_places = [f"{PurePath(citation.path).name} {place(citation)}" for citation in overview.citations[:6]]
            more = len(overview.citations) - len(shown_places)
            _soft(paragraph, f"[{'; '.join(shown_places)}{f'; {more} more' if more > 0 else ''}]")
        for overview in overviews:
            if overview.table is not None:
                _write_table(word, overview.table)


def _write_table(word: Any, facts: FactTable) -> None:
    """Facts down and documents across would not fit a page; so a row is a document, with the first six facts."""
    names = facts.names[:6]
    table = word.add_table(rows=1, cols=1 + len(names), style="Light Grid Accent 1")
    for cell, name in zip(table.rows[0].cells, ("Document", *(heading(name, 1) for name in names)), strict=True):
        cell.text = name
    for row in facts.rows:
        cells = table.add_row().cells
        cells[0].text = one_line(PurePath(row.path).name)
        for cell, name in zip(cells[1:], names, strict=True):
            cell.text = one_line("; ".join(in_a_cell(fact) for fact in row.facts.get(name, ())))
    for row in table.rows:
        for cell in row.cells:
            for paragraph in cell.paragraphs:
                for run in paragraph.runs:
                    run.font.size = Pt(8)


def _soft(paragraph: Any, text: str) -> None:
    run = paragraph.add_run(_kept(text))
    run.font.color.rgb, run.font.size = SOFT, Pt(9)


def _link(paragraph: Any, citation: Citation, anchor: str, cited: dict[tuple[int, int], Citation]) -> None:
    """A link inside the file to the quote's paragraph."""
    key = (citation.span.start, citation.span.end)
    cited.setdefault(key, citation)
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), f"{anchor}_{list(cited).index(key) + 1}")
    link.set(qn("w:history"), "1")
    run = paragraph.add_run(place(citation))
    run.font.color.rgb, run.font.size = LINK, Pt(9)
    paragraph._p.remove(run._r)
    link.append(run._r)
    paragraph._p.append(link)


def _bookmark(paragraph: Any, name: str, number: int) -> None:
    for kind in ("w:bookmarkStart", "w:bookmarkEnd"):
        mark = OxmlElement(kind)
        mark.set(qn("w:id"), str(number))
        if kind == "w:bookmarkStart":
            mark.set(qn("w:name"), name)
        paragraph._p.append(mark)


def _kept(text: str) -> str:
    """On one line, with the blanks at its ends that a run needs."""
    flat = one_line(text)
    return (" " if text[:1].isspace() and flat else "") + flat + (" " if text[-1:].isspace() and flat else "")
