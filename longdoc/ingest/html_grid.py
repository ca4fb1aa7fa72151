"""The grid of a data table: columns that only keep cells apart are dropped, "$", ")" and "%" join the figure that they belong to.

In a filing a column of figures is three or more columns of the grid, and which of them a figure stands in differs from row to row.
Grid columns that one figure covers are one column; what is never covered by anything is none.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from longdoc.ingest.html_run import Piece, Run

_FIGURE = re.compile(r"[($€£¥+\-\u2013\u2014\s]*\d[\d.,\s]*[)%\s*]*|[\u2014\u2013-]+[)%]*")
_YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d(?:\s*\(\d\))?", re.IGNORECASE)
EMPTY_CELL = 8.0
"""Points that an empty cell before a label is taken for."""

_OPENERS = {"$", "€", "£", "¥", "($", "(€", "(£", "(", "US$", "C$", "$("}
_DASHES = {"\u2014", "\u2013", "-", "\u2014)", "\u2013)"}
_CLOSERS = {")", "%", ")%", "%)"}


@dataclass(slots=True, eq=False)
class Cell:
    """A cell where it stands in the grid, with its pieces; its indent in points."""

    row: int
    column: int
    rows: int
    columns: int
    header: bool
    indent: float = 0.0
    pieces: list[Piece] = field(default_factory=list)
    _text: str | None = None

    @property
    def filled(self) -> bool:
        """Whether it holds text."""
        return any(piece.kind != "break" for piece in self.pieces)

    @property
    def text(self) -> str:
        """Its text, settled when it is first asked for."""
        if self._text is None:
            self._text = " ".join(piece.text for piece in self.pieces if piece.kind != "break")
        return self._text

    @property
    def length(self) -> int:
        """Of its text."""
        return len(self.text)

    @property
    def holds_blocks(self) -> bool:
        """Whether it holds what no cell of data does: another table, code, a heading that the page marks as one."""
        return any(piece.kind in ("table", "code") or piece.level is not None for piece in self.pieces)

    @property
    def runs(self) -> list[tuple[str, Run]]:
        """Its runs, a space between pieces."""
        return [
            (" " if position and not inner else between, run)
            for position, piece in enumerate(piece for piece in self.pieces if piece.kind != "break")
            for inner, (between, run) in enumerate(piece.runs)
        ]


def is_figure(text: str) -> bool:
    """Whether a cell holds a figure, or the dash that stands for none."""
    return _FIGURE.fullmatch(text) is not None


@dataclass(slots=True, eq=False)
class _Entry:
    """A cell with the signs beside it: the grid columns that it covers, end exclusive."""

    start: int
    end: int
    rows: int
    header: bool
    text: str
    runs: list[tuple[str, Run]]
    indent: float = 0.0
    joined: bool = False
    first: int = 0
    across: int = 1

    @property
    def figure(self) -> bool:
        return is_figure(self.text)

    @property
    def open_figure(self) -> bool:
        """Whether a sign may follow: it is a figure, or one that lacks its closing bracket."""
        return any(map(str.isdigit, self.text[-3:])) or self.text.strip("($€£¥ ") in _DASHES

    @property
    def starts_figure(self) -> bool:
        """Whether a currency sign may stand before it."""
        return self.text.lstrip("( ")[:1].isdigit() or self.text.strip("() ")[:1] in _DASHES or self.text[:1] == "."

    @property
    def year(self) -> bool:
        return _YEAR.fullmatch(self.text) is not None


def data_table(rows: list[list[Cell]], header_rows: int) -> list[Piece]:
    """One piece of kind "table": a line a row, a tab between cells, with the cells' place; `header_rows` are those of its
    `thead`; the piece's are those that are marked as such, 0 where the page marks none."""
    marked = sum(index < header_rows for index, row in enumerate(rows) if any(cell.filled for cell in row))
    kept = [index for index, row in enumerate(rows) if any(cell.filled for cell in row)]
    table = [_entries(rows[index]) for index in kept]
    while marked < len(table) and all(entry.header for entry in table[marked]):
        marked += 1
    if not marked and len(table) > 1 and _is_bold(table[0]) and not any(map(_is_bold, table[1:])):
        marked = int(len(table[0]) > 1 and not any(entry.figure and not entry.year for entry in table[0]))
    _place(table, marked or _heads(table))
    piece = Piece("table", header_rows=marked)
    for line, (index, row) in enumerate(zip(kept, table, strict=True)):
        end = -1
        # An empty cell before the label indents it as well.
        piece.indents.append(row[0].indent + EMPTY_CELL * row[0].start if row[0].first == 0 else 0.0)
        for entry in row:
            between = "" if not piece.runs else "\n" if end < 0 else "\t"
            if end >= 0 and entry.first < end:
                # Two cells of one row in one column of figures are one cell.
                between = " "
            begin = len(piece.runs)
            piece.runs += [(inner if place else between, run) for place, (inner, run) in enumerate(entry.runs)]
            if between == " ":
                head = piece.cells.pop()
                piece.cells.append((*head[:3], max(head[3], entry.first + entry.across - head[1]), head[4], len(piece.runs) - 1))
            else:
                down = bisect_left(kept, index + entry.rows) - line
                piece.cells.append((line, entry.first, max(1, down), entry.across, begin, len(piece.runs) - 1))
            end = max(end, entry.first + entry.across)
    return [piece]


def _entries(row: list[Cell]) -> list[_Entry]:
    entries: list[_Entry] = []
    for cell in row:
        if not cell.filled:
            continue
        entry = _Entry(
            cell.column, cell.column + cell.columns, cell.rows, cell.header, cell.text, cell.runs, cell.indent + cell.pieces[0].indent
        )
        before = entries[-1] if entries else None
        closes = entry.text in _CLOSERS and before is not None and before.open_figure
        if before is not None and (closes or (before.text in _OPENERS and entry.starts_figure)):
            before.runs += [("" if not place else between, run) for place, (between, run) in enumerate(entry.runs)]
            before.end, before.joined, before.text = entry.end, True, before.text + entry.text
        else:
            entries.append(entry)
    return entries


def _is_bold(row: list[_Entry]) -> bool:
    return all(run.is_bold for entry in row for _, run in entry.runs)


def _heads(table: list[list[_Entry]]) -> int:
    """Rows above the first that holds a figure which is no year."""
    for index, row in enumerate(table):
        if any(entry.figure and not entry.year for entry in row):
            return index
    return 0


def _place(table: list[list[_Entry]], heads: int) -> None:
    """Give each entry its column, and how many it goes across."""
    width = max(entry.end for row in table for entry in row)
    if len({len(row) for row in table}) == 1 and len(table[0]) <= width and not any(entry.rows > 1 for row in table for entry in row):
        # Rows of as many cells each need no grid, and often it does not fit.
        for row in table:
            for order, entry in enumerate(row):
                entry.first = order
        return
    group = list(range(width))

    def unite(start: int, end: int) -> None:
        low = min(group[start:end])
        for old in set(group[start:end]):
            if old != low:
                group[:] = [low if value == old else value for value in group]

    body = table[heads:] or table
    figures = [entry for row in body for entry in row if (entry.figure and not entry.year and entry.end - entry.start <= 4) or entry.joined]
    for start, end in {(entry.start, entry.end) for entry in figures}:
        unite(start, end)
    label_end = min((entry.start for entry in figures), default=0)
    # A head may begin further left than the figures under it.
    label_end = min((entry.start for row in table for entry in row if 0 < entry.start < label_end < entry.end), default=label_end)
    if label_end > 1 and all(sum(entry.start < label_end for entry in row) <= 1 for row in table):
        unite(0, label_end)
    used: dict[int, set[int]] = {}
    wide = []
    for line, row in enumerate(table):
        for entry in row:
            covered = set(group[entry.start : entry.end])
            if len(covered) == 1:
                used.setdefault(covered.pop(), set()).add(line)
            else:
                wide.append((len(covered), line, entry, covered))
    for _, line, entry, covered in sorted(wide, key=lambda found: found[:2]):
        if covered.isdisjoint(used):
            used.setdefault(group[entry.start], set()).add(line)
    for _, line, _, covered in wide:
        for value in covered & used.keys():
            used[value].add(line)
    columns = sorted(used)
    number = _merge_heads(columns, used, heads)
    for row in table:
        for entry in row:
            places = sorted({number[value] for value in set(group[entry.start : entry.end]) if value in number})
            entry.first, entry.across = places[0], places[-1] - places[0] + 1


def _merge_heads(columns: list[int], used: dict[int, set[int]], heads: int) -> dict[int, int]:
    """The number of each column; one that only a head stands in is that of the figures right beside it."""
    number: dict[int, int] = {}
    count = -1
    before: set[int] = set()
    for column in columns:
        lines = used[column]
        only_heads = max(lines) < heads or (before and max(before) < heads)
        if count >= 0 and only_heads and before.isdisjoint(lines):
            before = before | lines
        else:
            count += 1
            before = lines
        number[column] = count
    return number
