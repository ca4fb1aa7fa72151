"""`review`: the verdicts on one document after the other, those that want a look first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from longdoc.cli import records
from longdoc.cli.text import markdown, markdown_block, page, place, printable, shorten
from longdoc.cli.views.parts import grid, indent, plural, unwrapped
from longdoc.cli.views.review_page import Counted, ending, opening
from longdoc.types import Citation, Finding, Review, Verdict

if TYPE_CHECKING:
    from longdoc_pipelines.reports.base import Closing, Heading

COLOURS: Mapping[Verdict, str] = {
    "violation": "bold red",
    "missing": "bold magenta",
    "needs_review": "yellow",
    "fallback": "cyan",
    "compliant": "green",
    "not_applicable": "dim",
}
"""In the order in which a reader wants them."""
SUMMED_UP: tuple[Verdict, ...] = ("compliant", "not_applicable")
"""Told in one line on a terminal."""
LINES_OF_TEXT = 3
RULE_WIDTH = 30
SIDE_BY_SIDE = 110
"""Columns that a terminal needs for the reason to stand beside all else; a narrower one has two columns."""
STACKED_WIDTH = 24
GAP = 2
RAGGED = 4
"""What a line loses on average by breaking between words."""
MOST_QUOTES = 3
"""Of a finding, in Markdown; the other formats have all."""


class ReviewView:
    """The item is a Review. With a heading, and at the end a closing, Markdown says what the run was and what it came to."""

    columns = (
        "path", "rule", "title", "verdict", "confidence", "severity", "page", "start", "end", "quote", "values", "reason", "test",
        "position", "likeness", "leans", "amended_by", "waiver", "corrected_by", "corrected_at", "note", "machine", "worth",
        "rule_version", "model", "document_id", "citations",
    )  # fmt: skip

    def __init__(self) -> None:
        self.heading: Heading | None = None
        self.closing: Closing | None = None
        self._counted: list[Counted] = []

    def lines(self, item: Review) -> Iterator[records.Line]:
        """One record a rule."""
        yield from records.of_review(item)

    def rows(self, item: Review) -> Iterator[records.Line]:
        """The same, flat: the first passage is page, start, end and quote; `citations` is how many there are."""
        for line in records.of_review(item):
            first: records.Line = next(iter(line["citations"]), {})
            decided = line["correction"] or {}
            yield {
                **{name: line.get(name) for name in self.columns},
                **{name: first.get(name) for name in ("page", "start", "end", "quote")},
                "values": "; ".join(f"{value['kind']} {value['normalised']}" for value in line["values"]),
                "corrected_by": decided.get("by"),
                "corrected_at": decided.get("at"),
                "note": decided.get("note"),
                "citations": len(line["citations"]),
            }

    def table(self, item: Review, width: int) -> Iterator[Text | Padding]:
        """Title and path, then a row for each rule that wants a look, and a line about the others."""
        yield unwrapped((_title(item), "bold"), "\n", (f"{printable(item.path)} · {_facts(item)}", "dim"))
        shown = [finding for finding in _ordered(item.findings) if finding.verdict not in SUMMED_UP or finding.waiver or finding.correction]
        if shown:
            yield indent(_findings(shown, width) if width >= SIDE_BY_SIDE else _stacked(shown, width))
        counts = Counter(finding.verdict for finding in item.findings if finding not in shown)
        rest = ", ".join(f"{counts[verdict]:,} {_words(verdict)}" for verdict in SUMMED_UP if counts[verdict])
        if rest or not shown:
            reasons = {finding.reason for finding in item.findings}
            why = f": {printable(reasons.pop())}" if len(reasons) == 1 and len(item.findings) > 1 else ""
            yield indent(Text(f"{rest or 'no rules'}{why}", style="dim"))
        yield Text()

    def markdown(self, item: Review) -> Iterator[str]:
        """A heading a rule that wants a look, with its passages as quotations; the others as a list."""
        if self.heading is not None and not self._counted:
            yield from opening(self.heading)
        self._counted.append((item.path, Counter(finding.verdict for finding in item.findings)))
        yield f"## {markdown(_title(item))}"
        yield ""
        yield f"{markdown(item.path)} · {markdown(_facts(item))}"
        yield ""
        ordered = _ordered(item.findings)
        for finding in (finding for finding in ordered if finding.verdict not in SUMMED_UP):
            yield from _markdown_finding(finding)
        rest = [finding for finding in ordered if finding.verdict in SUMMED_UP]
        for (verdict, reason, _), alike in _alike(rest).items():
            listed = f"{len(alike)} rules ({', '.join(printable(one.rule) for one in alike)})"
            named = _named(alike[0]) if len(alike) == 1 else f"all {len(alike)} rules" if len(alike) == len(item.findings) else listed
            first = alike[0].citations[:1]
            where = f" [{markdown(_where(first[0], alike[0].path))}]" if first else ""
            yield f"- **{_words(verdict)}** {markdown(named)}: {markdown(reason)}{where}"
        if rest:
            yield ""

    def markdown_end(self) -> Iterator[str]:
        """What comes after the last document."""
        if self.heading is None or self.closing is None:
            return
        if not self._counted:
            yield from opening(self.heading)
        yield from ending(self.heading, self.closing, self._counted)


def _alike(findings: Sequence[Finding]) -> dict[tuple[Verdict, str, str], list[Finding]]:
    """Findings of the same verdict for the same reason; one that rests on a passage stands by itself."""
    found: dict[tuple[Verdict, str, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.verdict, finding.reason, finding.rule if finding.citations else ""), []).append(finding)
    return found


def _findings(findings: Sequence[Finding], width: int) -> Table:
    """Verdict, rule, confidence, page, why, and the place that `show` takes."""
    firsts = [finding.citations[0] if finding.citations else None for finding in findings]
    pages = [page(first) if first is not None else "" for first in firsts]
    places = [place(first.span) if first is not None else "" for first in firsts]
    rule_width = min(RULE_WIDTH, max(len(printable(part)) for finding in findings for part in (finding.rule, finding.title)))
    columns = [
        max(len(finding.verdict) for finding in findings),
        rule_width,
        len("0.00"),
        *(max(map(len, part)) for part in (pages, places)),
    ]
    room = max(20, width - sum(columns) - GAP * (len(columns) + 1)) - RAGGED
    table = grid(("verdict", {"no_wrap": True}), ("rule", {"width": rule_width}), ("sure", {"no_wrap": True}))
    if any(pages):
        table.add_column("page", no_wrap=True)
    table.add_column("why", ratio=1)
    table.add_column("place", no_wrap=True)
    table.expand = True
    for finding, first, number, where in zip(findings, firsts, pages, places, strict=True):
        table.add_row(
            Text(_words(finding.verdict), style=COLOURS[finding.verdict]),
            _rule(finding, rule_width),
            f"{finding.confidence:.2f}",
            *([number] if any(pages) else []),
            _why(finding, first, room),
            Text(where, style="dim"),
        )
    return table


def _stacked(findings: Sequence[Finding], width: int) -> Table:
    """Verdict and rule below one another; beside them why, with confidence, page and place at the end."""
    rule_width = min(STACKED_WIDTH, width // 3)
    room = max(20, width - rule_width - GAP * 3) - RAGGED
    table = grid(("verdict", {"width": rule_width}))
    table.add_column("why", ratio=1)
    table.expand = True
    for finding in findings:
        first = finding.citations[0] if finding.citations else None
        named = Text(_words(finding.verdict), style=COLOURS[finding.verdict])
        named.append("\n").append(_rule(finding, rule_width))
        facts = [f"confidence {finding.confidence:.2f}", *((page(first), place(first.span)) if first is not None else ())]
        told = _why(finding, first, room)
        told.append("\n" + ", ".join(part for part in facts if part), style="not italic dim")
        table.add_row(named, told)
    return table


def _rule(finding: Finding, width: int) -> Text:
    text = Text(printable(finding.rule), style="bold", overflow="fold")
    if finding.title and printable(finding.title).casefold() != printable(finding.rule).replace("_", " ").casefold():
        text.append("\n" + shorten(printable(finding.title), 2 * width - RAGGED), style="not bold dim")
    return text


def _why(finding: Finding, first: Citation | None, room: int) -> Text:
    """The reason, then the beginning of the first passage."""
    text = Text(shorten(printable(finding.reason), LINES_OF_TEXT * room))
    if finding.amended_by and first is not None and first.path != finding.path:
        text.append(f"\nin {printable(first.path)}", style="dim")
    if first is not None:
        text.append("\n" + shorten(printable(first.quote), LINES_OF_TEXT * room), style="dim italic")
    return text


def _markdown_finding(finding: Finding) -> Iterator[str]:
    yield f"### {_words(finding.verdict).capitalize()}: {markdown(_named(finding))}"
    yield ""
    told = [f"severity {finding.severity}", f"confidence {finding.confidence:.2f}"]
    if finding.test:
        told.append(f"test {markdown(finding.test)}")
    yield f"{markdown_block(finding.reason)} ({', '.join(told)})"
    yield ""
    for citation in finding.citations[:MOST_QUOTES]:
        yield f"> {markdown_block(citation.quote)}"
        yield f"> ({markdown(_where(citation, finding.path))})"
        yield ""
    more = len(finding.citations) - MOST_QUOTES
    if more > 0:
        yield f"{plural(more, 'more passage')}."
        yield ""


def _where(citation: Citation, path: str) -> str:
    """Page and place, after the path where that is another document's."""
    other = printable(citation.path) if citation.path != path else ""
    return ", ".join(part for part in (other, page(citation), place(citation.span)) if part)


def _ordered(findings: Sequence[Finding]) -> list[Finding]:
    """Failing ones first; within a verdict as the playbook has them."""
    order = list(COLOURS)
    return sorted(findings, key=lambda finding: order.index(finding.verdict))


def _title(review: Review) -> str:
    return printable(review.title or "") or printable(review.path)


def _facts(review: Review) -> str:
    """`Services Agreement · legal · pdf · 12 pages · amended by a.pdf`."""
    facts = [printable(review.kind or ""), review.domain, review.format, plural(review.pages, "page") if review.pages else ""]
    facts += [f"amends {printable(review.amends)}"] if review.amends else []
    facts += [f"amended by {printable(path)}" for path in review.amended_by]
    return " · ".join(fact for fact in facts if fact)


def _named(finding: Finding) -> str:
    return printable(f"{finding.rule}: {finding.title}" if finding.title else finding.rule)


def _words(verdict: Verdict) -> str:
    return verdict.replace("_", " ")
