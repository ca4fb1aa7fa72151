"""`compare`: what was added, removed, moved and changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.padding import Padding
from rich.text import Text

from longdoc.cli import records
from longdoc.cli.text import markdown, markdown_block, page, place, printable, shorten
from longdoc.cli.views.parts import unwrapped
from longdoc.types import ChangedValue, Citation, Comparison, Difference

MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "moved": (">", "cyan"), "changed": ("~", "yellow")}
LONGEST = 480
"""Characters of a passage that is shown whole, and that a longer one is cut to."""
AROUND = 48
"""Characters shown on both sides of words that changed."""
Piece = tuple[str, str]
"""Words, and whether they are the `same`, `gone`, `new`, or `left` out."""
STYLES = {"same": "", "gone": "red strike", "new": "green", "left": "dim"}


class CompareView:
    """The item is a Comparison."""

    columns = records.COMPARE

    def lines(self, item: Comparison) -> Iterator[records.Line]:
        """One record a difference."""
        yield from records.of_comparison(item)

    def rows(self, item: Comparison) -> Iterator[records.Line]:
        """The same, flat."""
        for difference in item.differences:
            yield {
                "kind": difference.kind,
                "moved": difference.moved,
                "before": difference.before.quote if difference.before else None,
                "after": difference.after.quote if difference.after else None,
                "edits": len(difference.edits),
                "values": "; ".join(map(_value, difference.values)),
            }

    def table(self, item: Comparison, width: int) -> Iterator[Text | Padding]:
        """A line that sums up, then each difference under its headings."""
        yield unwrapped((f"{printable(item.before)} → {printable(item.after)}", "bold"))
        yield Text(_summed_up(item), style="dim")
        shown: tuple[str, ...] | None = None
        for difference in item.differences:
            citation = _newest(difference)
            if citation.heading_path != shown:
                shown = citation.heading_path
                yield Text()
                yield Text(" > ".join(map(printable, shown)) or "(no heading)", style="bold dim")
            mark, style = MARKS[difference.kind]
            yield unwrapped(
                (f"{mark} {difference.kind}", style), ("  moved" if _also_moved(difference) else "", "cyan"), f"  {_places(difference)}"
            )
            yield Padding(Text.assemble(*((words, STYLES[kind]) for words, kind in pieces(difference))), (0, 0, 0, 4))
            for value in difference.values:
                yield Padding(Text(_value(value), style="bold"), (0, 0, 0, 4))

    def markdown(self, item: Comparison) -> Iterator[str]:
        """A list under each heading; words that are gone are struck through, new ones bold."""
        yield f"## {markdown(item.before)} → {markdown(item.after)}"
        yield ""
        yield _summed_up(item)
        yield ""
        shown: tuple[str, ...] | None = None
        for difference in item.differences:
            citation = _newest(difference)
            if citation.heading_path != shown:
                shown = citation.heading_path
                yield f"### {markdown(' > '.join(shown)) or '(no heading)'}"
                yield ""
            yield f"**{difference.kind}{', moved' if _also_moved(difference) else ''}** ({markdown(_places(difference))})"
            yield ""
            yield f"> {markdown_block('')}{''.join(_in_markdown(piece) for piece in pieces(difference))}"
            yield ""
            for value in difference.values:
                yield f"- {markdown(_value(value))}"
            if difference.values:
                yield ""


def pieces(difference: Difference) -> list[Piece]:
    """A passage as words that stayed, went and came; what lies far from a change is left out."""
    if difference.kind == "added":
        return [(shorten(printable(_newest(difference).quote), LONGEST), "new")]
    if difference.kind == "removed":
        return [(shorten(printable(_newest(difference).quote), LONGEST), "gone")]
    after, before = difference.after, difference.before
    if difference.kind == "moved" or after is None or before is None:
        return [(shorten(printable(_newest(difference).quote), LONGEST), "same")]
    found: list[Piece] = []
    position = 0
    for edit in difference.edits:
        start = edit.after.start - after.span.start if edit.after else position
        _keep(found, after.quote[position:start], bool(found))
        if edit.before is not None:
            gone = before.quote[edit.before.start - before.span.start : edit.before.end - before.span.start]
            found += [(printable(gone), "gone"), (" ", "same")]
        if edit.after is not None:
            new = after.quote[start : edit.after.end - after.span.start]
            found += [(printable(new), "new"), (" ", "same")]
            position = edit.after.end - after.span.start
    _keep(found, after.quote[position:], False)
    return found


def _keep(found: list[Piece], text: str, between: bool) -> None:
    """Words between two changes, or before the first or behind the last: those near a change."""
    text = printable(text)
    if len(text) > 2 * AROUND:
        head, tail = text[:AROUND].rpartition(" ")[0], text[-AROUND:].partition(" ")[2]
        first = not found
        parts = [("" if first else head, "same"), (" … ", "left"), (tail if first or between else "", "same")]
        found += [part for part in parts if part[0]]
    elif text:
        found.append((text, "same"))
    if text:
        found.append((" ", "same"))


def _in_markdown(piece: Piece) -> str:
    words, kind = piece
    text = markdown(words) if words.strip() else words
    return {"gone": f"~~{text}~~", "new": f"**{text}**"}.get(kind, text) if words.strip() else " "


def _newest(difference: Difference) -> Citation:
    citation = difference.after or difference.before
    if citation is None:
        raise AssertionError("a difference has a place in one document at least")
    return citation


def _also_moved(difference: Difference) -> bool:
    return difference.moved and difference.kind == "changed"


def _places(difference: Difference) -> str:
    sides = [" ".join(part for part in (page(one), place(one.span)) if part) for one in (difference.before, difference.after) if one]
    return " → ".join(sides)


def _value(value: ChangedValue) -> str:
    was, now = (one.normalised if one else "nothing" for one in (value.before, value.after))
    return f"{was} → {now}"


def _summed_up(item: Comparison) -> str:
    counts: Counter[str] = Counter(difference.kind for difference in item.differences)
    told = ", ".join(f"{counts[kind]:,} {kind}" for kind in MARKS if counts[kind])
    return f"{100 * item.same:.1f} % of the words are the same; {told or 'no difference'}"
