"""What came of a training, as a page that a person reads: precision and recall of every label, and whether probabilities come true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from pathlib import Path

import numpy as np

from longdoc.model.clauses import Found
from longdoc.model.measure import Curve
from longdoc.model.targets import Gold, same, words

FILE = "report.html"
_EDGES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_SIDE = 320


@dataclass(frozen=True, slots=True)
class Bin:
    """Candidates whose probability lies in one range: how many, what was said and what was true of them on average."""

    count: int
    said: float
    true: float


def calibration(documents: Iterable[tuple[str, Iterable[Gold], Iterable[Found]]]) -> list[Bin]:
    """Bins of the candidates of documents (text, passages that people marked, candidates) by probability, from 0.02."""
    said, true = [], []
    for text, gold, found in documents:
        wanted: dict[str, list[frozenset[str]]] = {}
        for passage in gold:
            wanted.setdefault(passage.label.casefold(), []).append(words(text[passage.start : passage.end]))
        for one in found:
            if one.score >= _EDGES[0]:
                own = words(text[one.start : one.end])
                said.append(one.score)
                true.append(any(same(own, want) for want in wanted.get(one.label.casefold(), ())))
    scores, right = np.array(said), np.array(true, dtype=np.bool_)
    bins = []
    for low, high in pairwise(_EDGES):
        inside = (scores >= low) & ((scores < high) | (high == 1.0))
        if inside.any():
            bins.append(Bin(int(inside.sum()), float(scores[inside].mean()), float(right[inside].mean())))
    return bins


@dataclass(frozen=True)
class Report:
    """What came of a training. Figures are of documents that what gave them had not seen."""

    path: Path
    documents: int
    judged: int
    sentences: int
    passages: int
    seconds: float
    held_out: Curve
    per_label: Mapping[str, Curve] = field(default_factory=dict)
    span_labels: tuple[str, ...] = ()
    calibration: Sequence[Bin] = ()

    def __str__(self) -> str:
        lines = [f"{100 * one.area:5.1f}  {one.gold:4d} passages  {label}" for label, one in self._by_area()]
        lines.append(f"{self.documents} documents, {self.sentences} sentences, {self.passages} passages, {self.seconds:.0f} s")
        lines.append(f"held out, {self.judged} documents: {self.held_out}")
        lines.append(f"weights: {self.path}")
        lines.append(f"report: {self.path.parent / FILE}")
        return "\n".join(lines)

    def write(self) -> None:
        """Write the report beside the weights."""
        rows = "".join(
            f"<tr><td>{escape(label)}</td><td>{one.gold}</td><td>{100 * one.area:.1f}</td><td>{100 * one.precision_at_80:.1f}</td>"
            f"<td>{100 * one.precision:.1f}</td><td>{100 * one.recall:.1f}</td><td>{100 * one.best_f1:.1f}</td>"
            f"<td>{one.threshold:.2f}</td></tr>\n"
            for label, one in [("all labels", self.held_out), *self._by_area()]
        )
        (self.path.parent / FILE).write_text(
            _PAGE.format(
                name=escape(self.path.stem),
                documents=self.documents,
                judged=self.judged,
                passages=self.passages,
                rows=rows,
                plot=_plot(self.calibration),
            ),
            encoding="utf-8",
        )

    def _by_area(self) -> list[tuple[str, Curve]]:
        return sorted(self.per_label.items(), key=lambda item: -item[1].area)


def _plot(bins: Sequence[Bin]) -> str:
    """Said against true as SVG; a dot's area is the number of candidates."""
    most = max((one.count for one in bins), default=1)
    dots = "".join(
        f'<circle cx="{_SIDE * one.said:.1f}" cy="{_SIDE * (1 - one.true):.1f}" r="{3 + 11 * (one.count / most) ** 0.5:.1f}">'
        f"<title>{one.count} candidates: {one.said:.2f} said, {one.true:.2f} true</title></circle>"
        for one in bins
    )
    marks = "".join(
        f'<text x="{_SIDE * share:.0f}" y="{_SIDE + 16}" text-anchor="middle">{share}</text>'
        f'<text x="-6" y="{_SIDE * (1 - share) + 4:.0f}" text-anchor="end">{share}</text>'
        for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    )
    return (
        f'<svg viewBox="-45 -10 {_SIDE + 70} {_SIDE + 60}" width="{_SIDE + 70}" role="img" aria-label="calibration">'
        f'<rect width="{_SIDE}" height="{_SIDE}"/><line x1="0" y1="{_SIDE}" x2="{_SIDE}" y2="0"/>{dots}{marks}'
        f'<text x="{_SIDE / 2}" y="{_SIDE + 38}" text-anchor="middle">probability said</text>'
        f'<text transform="translate(-34 {_SIDE / 2}) rotate(-90)" text-anchor="middle">share that was right</text></svg>'
    )


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Training report: {name}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ padding: .25rem .6rem; border-bottom: 1px solid #d8dde3; text-align: right }}
td:first-child, th:first-child {{ text-align: left }}
tbody tr:first-child {{ font-weight: 600 }}
svg rect {{ fill: #f6f8fa; stroke: #8b949e }} svg line {{ stroke: #8b949e; stroke-dasharray: 4 }}
svg circle {{ fill: #0969da; fill-opacity: .7 }} svg text {{ font-size: 12px; fill: #1b1f24 }}
</style></head><body>
<h1>Training report: {name}</h1>
<p>Trained on {documents} documents with {passages} marked passages. All figures are of {judged} documents that what gave them had not
seen. A candidate is right if it shares at least half of all words with a marked passage.</p>
<h2>Labels</h2>
<p>In per cent; precision, recall and F1 at the threshold that gives the best F1.</p>
<table><thead><tr><th>label</th><th>passages</th><th>AUPR</th><th>precision at 80 % recall</th><th>precision</th><th>recall</th>
<th>F1</th><th>threshold</th></tr></thead><tbody>
{rows}</tbody></table>
<h2>Do probabilities come true?</h2>
<p>Each dot is a range of probabilities; on the line, what is said is true. A larger dot stands for more candidates.</p>
{plot}
</body></html>
"""
