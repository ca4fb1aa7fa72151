"""Summaries as one HTML page that opens offline and prints: each sentence and fact links to its quote in its surroundings, with the page.

The page has no script. All that comes from a document or a file's name is escaped, and its Content-Security-Policy lets nothing load and
nothing run; the sources are folded away in a `details` element, which a browser opens when one of its quotes is the target of a link.
"""

from __future__ import annotations

import base64
import hashlib
import html
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from importlib import resources
from itertools import groupby
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING

from longdoc.types import Citation, Document, FactTable, KeyFact, Outcome, Overview, Statement, Summary
from longdoc_pipelines.facts.shown import grouped, heading, in_a_cell, name_of, shown, since, told
from longdoc_pipelines.reports.parts import WholeFile, xml_text
from longdoc_pipelines.reports.summaries.base import TOPICS, SummaryHeading, in_context, place, topic_heading

if TYPE_CHECKING:
    from typing import Self


class HtmlSummaries:
    """The page `target`; implements SummaryReport."""

    def __init__(self, target: Path, heading: SummaryHeading) -> None:
        self._heading = heading
        self._file = WholeFile(target)
        self._articles: IO[bytes] = tempfile.TemporaryFile("w+b", dir=target.parent)  # noqa: SIM115
        self._titles: list[tuple[str, str]] = []
        self._anchors: dict[str, str] = {}
        self._folder: list[str] = []

    def __enter__(self) -> Self:
        return self

    def add(self, item: Summary | Sequence[Overview]) -> None:
        """Write one document's article, or keep what the folder holds for the head of the page."""
        if isinstance(item, Summary):
            anchor = f"d{len(self._titles) + 1}"
            self._anchors[item.path] = anchor
            called, name = name_of(item), PurePath(item.path).name
            self._titles.append((anchor, called if called == name else f"{called} · {name}"))
            for part in _article(item, anchor, self._heading.document(item.path)):
                self._articles.write(part.encode() + b"\n")
        elif item:
            self._folder = list(_folder(item, self._anchors))

    def finish(self, closing: Sequence[Outcome]) -> None:
        """Put the page together and make it appear under its name."""
        style = resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")
        stream = self._file.stream
        for part in (*_head(self._heading, style, self._titles), *self._folder):
            stream.write(part.encode() + b"\n")
        self._articles.seek(0)
        shutil.copyfileobj(self._articles, stream)
        for part in (*_left_out(closing), "</main></body></html>"):
            stream.write(part.encode() + b"\n")
        self._file.commit()

    def __exit__(self, *exception: object) -> None:
        """Remove what was written, unless it was finished."""
        self._articles.close()
        self._file.discard()


def _head(about: SummaryHeading, style: str, titles: Sequence[tuple[str, str]]) -> Iterable[str]:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    title = titles[0][1] if len(titles) == 1 else f"Summaries of {len(titles)} documents"
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
    yield '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
    yield f'<title>{_safe(title)}</title><style>{style}</style></head><body><main class="page">'
    # A lone document's own heading tells what it is.
    yield f'<p class="eyebrow">{"Summary" if len(titles) == 1 else "Summaries"}</p>{f"<h1>{_safe(title)}</h1>" if len(titles) != 1 else ""}'
    wishes = f" · {_safe(about.wishes)}" if about.wishes else ""
    yield f'<p class="about">{_safe(about.package)} · {_safe(about.model)} · {_safe(about.made)}{wishes}</p>'
    if len(titles) > 1:
        yield '<ol class="contents">' + "".join(f'<li><a href="#{anchor}">{_safe(name)}</a></li>' for anchor, name in titles) + "</ol>"


def _article(summary: Summary, anchor: str, document: Document) -> Iterable[str]:
    sources = _Sources(anchor, document)
    pages = f" · {len(document.pages)} pages" if document.pages else ""
    yield f'<article id="{anchor}"><h2>{_safe(name_of(summary))}</h2>'
    yield f'<p class="about">{_safe(summary.path)} · {_safe(summary.domain)}{pages}</p>'
    if summary.note:
        yield f'<p class="note">{_safe(summary.note)}</p>'
    if summary.facts:
        yield '<h3>Key facts</h3><dl class="facts">'
        for name, facts in grouped(summary.facts):
            yield f"<dt>{_safe(name)}</dt><dd>" + "<br>".join(_fact(fact, sources) for fact in facts) + "</dd>"
        yield "</dl>"
    for topic, statements in groupby(summary.sentences, key=lambda statement: statement.topic):
        if topic:
            yield f"<h3>{_safe(topic_heading(topic))}</h3>"
        yield '<ul class="sentences">'
        for statement in statements:
            links = "".join(sources.link(citation) for citation in (statement.citation, *statement.others))
            yield f"<li>{_sentence(statement)} {links}</li>"
        yield "</ul>"
    if summary.coverage is not None:
        yield f'<p class="coverage">{_safe(told(summary.coverage))}</p>'
    yield from sources.listed()
    yield "</article>"


def _fact(fact: KeyFact, sources: _Sources) -> str:
    period = f" ({_safe(fact.period)})" if fact.period else ""
    before = f' <span class="since">{_safe(since(fact))}</span>' if fact.before is not None else ""
    cited = sources.link(fact.before.citation) if fact.before is not None else ""
    return f"{_safe(shown(fact))}{period} {sources.link(fact.citation)}{before}{cited}"


def _sentence(statement: Statement) -> str:
    """The text, with what was put into it set apart."""
    parts, end = [], 0
    for inserted in statement.inserted:
        parts.append(_safe(statement.text[end : inserted.start]))
        parts.append(f'<span class="put-in">{_safe(statement.text[inserted.start : inserted.end])}</span>')
        end = inserted.end
    return "".join([*parts, _safe(statement.text[end:])])


class _Sources:
    """The quotes that a document's article links to, each once."""

    def __init__(self, anchor: str, document: Document) -> None:
        self._anchor, self._document = anchor, document
        self._cited: dict[tuple[int, int], Citation] = {}

    def link(self, citation: Citation) -> str:
        key = (citation.span.start, citation.span.end)
        self._cited.setdefault(key, citation)
        number = list(self._cited).index(key) + 1
        return f'<a class="cite" href="#{self._anchor}-{number}" title="{_safe(citation.quote[:300])}">{_safe(place(citation))}</a>'

    def listed(self) -> Iterable[str]:
        if not self._cited:
            return
        yield '<details open><summary>Sources</summary><ol class="sources">'
        for number, citation in enumerate(self._cited.values(), start=1):
            context = in_context(self._document, citation)
            where = " › ".join(citation.heading_path)
            yield (
                f'<li id="{self._anchor}-{number}"><blockquote>{_safe(context.before)}<mark>{_safe(context.quote)}</mark>'
                f'{_safe(context.behind)}</blockquote><p class="where">{_safe(place(citation))}{" · " + _safe(where) if where else ""} · '
                f'<code>{citation.span.start}-{citation.span.end}</code> <a class="back" href="#{self._anchor}">up</a></p></li>'
            )
        yield "</ol></details>"


def _folder(statements: Sequence[Overview], anchors: dict[str, str]) -> Iterable[str]:
    yield '<section class="folder"><h2>All documents</h2>'
    for topic, some in groupby(statements, key=lambda statement: statement.topic):
        overviews = list(some)
        yield f'<h3>{TOPICS[topic]}</h3><ul class="sentences">'
        for overview in overviews:
            links = "".join(
                f'<a class="cite" href="#{anchors[citation.path]}" title="{_safe(citation.quote[:300])}">'
                f"{_safe(PurePath(citation.path).name[:32])} {_safe(place(citation))}</a> "
                for citation in overview.citations[:6]
                if citation.path in anchors
            )
            more = len(overview.citations) - 6
            yield f"<li>{_safe(overview.text)} {links}{f'<span class=about>and {more} more</span>' if more > 0 else ''}</li>"
        yield "</ul>"
        for overview in overviews:
            if overview.table is not None:
                yield from _table(overview.table, anchors)
    yield "</section>"


def _table(table: FactTable, anchors: dict[str, str]) -> Iterable[str]:
    yield '<div class="scroller"><table><thead><tr><th scope="col">Document</th>'
    yield "".join(f'<th scope="col">{_safe(heading(name, 1))}</th>' for name in table.names) + "</tr></thead><tbody>"
    for row in table.rows:
        name = _safe(PurePath(row.path).name)
        linked = f'<a href="#{anchors[row.path]}">{name}</a>' if row.path in anchors else name
        cells = "".join(f"<td>{'<br>'.join(_safe(in_a_cell(fact)) for fact in row.facts.get(column, ()))}</td>" for column in table.names)
        yield f'<tr><th scope="row">{linked}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _left_out(outcomes: Sequence[Outcome]) -> Iterable[str]:
    if outcomes:
        yield '<section class="left-out"><h2>Not read, or not whole</h2><ul class="sentences">'
        for one in outcomes:
            yield f"<li>{_safe(one.path)}: {_safe(one.outcome)}, {_safe(one.stage)}{': ' + _safe(one.reason) if one.reason else ''}</li>"
        yield "</ul></section>"


def _safe(text: str) -> str:
    """Text that a browser shows as it is."""
    return html.escape(xml_text(text), quote=True)
