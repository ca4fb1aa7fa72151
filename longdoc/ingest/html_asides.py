"""What a page holds beside its running text: inline XBRL facts, deleted and inserted words, what pictures are said to show."""

from __future__ import annotations

from typing import Any

from longdoc.ingest.html_layout import Layout
from longdoc.ingest.html_walk import Mark, Walker
from longdoc.ingest.xbrl import LONGEST_TEXT, MOST_FACTS, Facts, own_text
from longdoc.types import Aside, Span

_COVER = {
    "dei:EntityRegistrantName": "company", "dei:EntityCentralIndexKey": "cik", "dei:DocumentType": "form_type",
    "dei:DocumentPeriodEndDate": "period_of_report", "dei:EntityFileNumber": "file_number",
}  # fmt: skip


def fact_asides(walker: Walker, layout: Layout, facts: Facts) -> tuple[list[Aside], list[str]]:
    """An aside for each fact in document order, those that are not shown last; and a warning where there are too many."""
    marks = {mark.element: mark for mark in walker.marks}
    shown = [mark.element for mark in walker.marks if facts.is_fact(mark.element)]
    hidden = [element for element in walker.hidden if facts.is_fact(element)]
    found = []
    for element in shown[:MOST_FACTS]:
        spans = [span for part in facts.parts(element) if (span := _span(marks.get(part), layout)) is not None]
        found.append(_fact(element, _joined(spans, layout.text), layout, facts))
    for element in hidden[: MOST_FACTS - len(found)]:
        span = _span(walker.shown.get(element.get("id", "")), layout)
        found.append(_fact(element, [span] if span else [], layout, facts, shown=False))
    total = len(shown) + len(hidden)
    warnings = [f"holds {total} inline facts, of which {MOST_FACTS} are kept"] if total > MOST_FACTS else []
    return found, warnings


def cover_facts(facts: list[Aside]) -> dict[str, str]:
    """What the cover of a filing states of it, by the names that a submission's header gives the same (`longdoc.ingest.edgar`)."""
    stated: dict[str, str] = {}
    for fact in facts:
        known = _COVER.get(fact.name or "")
        value = fact.attributes.get("value")
        if known and value:
            stated.setdefault(known, value)
    return stated


def _fact(element: Any, spans: list[Span], layout: Layout, facts: Facts, shown: bool = True) -> Aside:
    """`shown` is false for a hidden fact, whose value is its own text and not the words that stand for it on the page."""
    if spans:
        text = "\n\n".join(layout.text[span.start : min(span.end, span.start + LONGEST_TEXT)] for span in spans)[:LONGEST_TEXT]
    else:
        text = own_text(element, facts.prefix)[:LONGEST_TEXT]
    attributes = facts.attributes(element, text if shown and spans else own_text(element, facts.prefix))
    if len(spans) > 1:
        attributes["continued"] = " ".join(f"{span.start}-{span.end}" for span in spans[1:])
    span = spans[0] if spans else None
    page = layout.page_at(span.start) if span else None
    return Aside(kind="fact", text=text, page=page, span=span, name=element.get("name"), attributes=attributes)


def _span(mark: Mark | None, layout: Layout) -> Span | None:
    if mark is None or mark.start is None or mark.end is None:
        return None
    start, end = layout.begin(mark.start), layout.end(mark.end)
    return None if start is None or end is None or start >= end else Span(start=start, end=end)


def _joined(spans: list[Span], text: str) -> list[Span]:
    """Parts that follow each other with nothing between are one."""
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].end <= span.start and not text[joined[-1].end : span.start].strip():
            joined[-1] = Span(start=joined[-1].start, end=span.end)
        else:
            joined.append(span)
    return joined


def other_asides(walker: Walker, layout: Layout) -> list[Aside]:
    """Insertions where they stand, deletions and descriptions of pictures where they hang."""
    found = []
    for mark in walker.marks:
        if mark.element.tag == "ins" and (span := _span(mark, layout)) is not None:
            text, page = layout.text[span.start : span.end], layout.page_at(span.start)
            found.append(Aside(kind="insertion", text=text, page=page, span=span, **_who(mark.element)))
    for element, run in walker.asides:
        anchor = layout.anchor(run)
        page = layout.page_at(anchor)
        if element.tag == "img":
            found.append(Aside(kind="annotation", text=" ".join(element.get("alt").split()), page=page, anchor=anchor, name="image"))
        else:
            text = " ".join("".join(element.itertext()).split())
            found.append(Aside(kind="deletion", text=text, page=page, anchor=anchor, **_who(element)))
    return sorted(found, key=lambda aside: aside.span.start if aside.span else aside.anchor or 0)


def _who(element: Any) -> dict[str, str | None]:
    """Word writes the author where a page would name a source."""
    return {"author": (element.get("cite") or "").removeprefix("mailto:") or None, "date": element.get("datetime")}
