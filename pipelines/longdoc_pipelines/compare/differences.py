"""From pairs of units to differences: neighbours that were added, removed or moved together are one, changed ones say which words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from longdoc.types import Comparison, Difference, Document, Edit, Span
from longdoc_pipelines.compare.align import Pair, align
from longdoc_pipelines.compare.units import Unit, units_of
from longdoc_pipelines.compare.values import changed_values

FEWEST_MOVED = 8
"""Words of a passage whose move is worth telling."""


def compare(before: Document, after: Document) -> Comparison:
    """In what `after` differs from `before`."""
    ours, theirs = units_of(before), units_of(after)
    pairs = align(ours, theirs)
    changed = {pair: _edits(ours[pair.before], theirs[pair.after]) for pair in pairs if not pair.same}
    placed = [
        *_changed(before, after, ours, theirs, changed),
        *_moved(before, after, ours, theirs, pairs),
        *_alone(after, theirs, {pair.after for pair in pairs}, "added"),
        *_removed(before, ours, pairs),
    ]
    differences = tuple(difference for _, difference in sorted(placed, key=lambda one: one[0]))
    return Comparison(before=before.path, after=after.path, same=_same(ours, theirs, pairs, changed), differences=differences)


Placed = tuple[tuple[float, int], Difference]
"""A difference with what it is ordered by: place among the later document's units, and among those that stand there."""
Edits = tuple[Edit, ...]


def _changed(
    before: Document, after: Document, ours: Sequence[Unit], theirs: Sequence[Unit], changed: dict[Pair, Edits]
) -> Iterator[Placed]:
    for pair, edits in changed.items():
        one, other = ours[pair.before], theirs[pair.after]
        yield (
            (pair.after, 1),
            Difference(
                kind="changed",
                before=before.cite(one.span),
                after=after.cite(other.span),
                edits=edits,
                values=changed_values(before, one.span, after, other.span, one.table and other.table),
                moved=pair.moved,
            ),
        )


def _moved(before: Document, after: Document, ours: Sequence[Unit], theirs: Sequence[Unit], pairs: Sequence[Pair]) -> Iterator[Placed]:
    """Runs of units that moved together."""
    moved = [pair for pair in pairs if pair.moved and pair.same]
    for _, run in groupby(enumerate(moved), key=lambda one: (one[1].after - one[0], one[1].before - one[0])):
        together = [pair for _, pair in run]
        if sum(len(theirs[pair.after].words) for pair in together) >= FEWEST_MOVED:
            first, last = together[0], together[-1]
            yield (
                (first.after, 1),
                Difference(
                    kind="moved",
                    before=before.cite(Span(start=ours[first.before].span.start, end=ours[last.before].span.end)),
                    after=after.cite(Span(start=theirs[first.after].span.start, end=theirs[last.after].span.end)),
                    moved=True,
                ),
            )


def _alone(document: Document, units: Sequence[Unit], paired: set[int], kind: str) -> Iterator[Placed]:
    """Runs of units that have no counterpart, parted where a section begins."""
    sections = {section.span.start for section in document.sections if section.level <= 2}
    run: list[int] = []
    for place in [*(place for place in range(len(units)) if place not in paired), len(units)]:
        if run and (place == len(units) or place != run[-1] + 1 or units[place].span.start in sections):
            citation = document.cite(Span(start=units[run[0]].span.start, end=units[run[-1]].span.end))
            sides = {"before": None, "after": citation} if kind == "added" else {"before": citation, "after": None}
            yield (run[0], 1), Difference.model_validate({"kind": kind, **sides})
            run = []
        run.append(place)


def _removed(before: Document, ours: Sequence[Unit], pairs: Sequence[Pair]) -> Iterator[Placed]:
    """What was removed, where its predecessor stands in the later document."""
    partner = {pair.before: pair.after for pair in pairs if not pair.moved}
    for (place, _), difference in _alone(before, ours, {pair.before for pair in pairs}, "removed"):
        behind = next((partner[one] for one in range(int(place), -1, -1) if one in partner), -1)
        yield (behind + 0.5, int(place)), difference


def _edits(one: Unit, other: Unit) -> Edits:
    """The words that differ, neighbours together."""
    found = []
    for kind, low, high, begin, end in SequenceMatcher(None, one.words, other.words, autojunk=False).get_opcodes():
        if kind != "equal":
            found.append(Edit(before=_range(one, low, high), after=_range(other, begin, end)))
    return tuple(found)


def _range(unit: Unit, low: int, high: int) -> Span | None:
    return Span(start=unit.places[low][0], end=unit.places[high - 1][1]) if low < high else None


def _same(ours: Sequence[Unit], theirs: Sequence[Unit], pairs: Sequence[Pair], changed: dict[Pair, Edits]) -> float:
    """Twice the words in both, of all words of both."""
    total = sum(len(unit.words) for unit in (*ours, *theirs))
    alike = 0.0
    for pair in pairs:
        one, other = ours[pair.before], theirs[pair.after]
        edited = sum(
            sum(span.start <= start < span.end for start, _ in unit.places)
            for unit, spans in (
                (one, [edit.before for edit in changed.get(pair, ())]),
                (other, [edit.after for edit in changed.get(pair, ())]),
            )
            for span in spans
            if span is not None
        )
        alike += len(one.words) + len(other.words) - edited
    return alike / total if total else 1.0
