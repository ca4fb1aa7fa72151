"""Tables of a page: those that only place text are read as text, those that hold data become rows and cells.

A filing lays out nearly everything in tables: bullets, indents, signature blocks, the cover page, the running footer. What a table is
follows from what is in its cells, not from borders or classes, which mean nothing there.
"""

from __future__ import annotations

import re
from typing import Any

from longdoc.ingest.html_grid import Cell, data_table, is_figure
from longdoc.ingest.html_run import Piece, Run
from longdoc.ingest.html_style import style_of
from longdoc.ingest.numbering import is_bullet, read_number

LONGEST_BOLD_HEADING = 120
LONG_CELL = 600
PROSE_CELL = 60
MOST_BALLOTS = 8
MOST_COLUMNS = 400
"""Columns beyond which a span is cut, as browsers cut it at 1000."""

_SIGNED = re.compile(r"(?:By|Name|Title|Its|Date|Dated|Attest|Witness|Signature|Print(?:ed)? Name)\s*:|/s/|_{4,}", re.IGNORECASE)
_SIGN_LABEL = re.compile(r"By\s*:|Name\s*:|/s/", re.IGNORECASE)
_BALLOT = re.compile(r"[☐☑☒]|\[\s?[xX]?\s?\]")
_CAPTION = re.compile(r"\(.*\)\.?", re.DOTALL)
_DEFINES = re.compile(r"[“\"'‘]|(?:means?|refers? to|has the meaning|is defined|shall mean)\b", re.IGNORECASE)


class TableGathered:
    """A table as its rows come in: cells with their place in the grid, and pieces that stand outside of cells."""

    def __init__(self, element: Any) -> None:
        self.rows: list[list[Cell]] = []
        self.before: list[Piece] = []
        self.header_rows = 0
        self._held: dict[int, int] = {}
        self._column = 0

    def open_row(self, element: Any) -> None:
        """The next row begins."""
        self.rows.append([])
        self._column = 0
        parent = element.getparent()
        if parent is not None and parent.tag == "thead":
            self.header_rows = len(self.rows)

    def open_cell(self, element: Any) -> list[Piece]:
        """The next cell begins; the list that its pieces go to."""
        if not self.rows:
            self.rows.append([])
        row = len(self.rows) - 1
        while self._held.get(self._column, 0) > row:
            self._column += 1
        columns, rows = _span(element.get("colspan")), _span(element.get("rowspan"))
        columns = max(1, min(columns, MOST_COLUMNS - self._column))
        cell = Cell(row, self._column, rows, columns, element.tag == "th", style_of(element).indent)
        if rows > 1:
            self._held.update((column, row + rows) for column in range(self._column, self._column + columns))
        self._column = min(self._column + columns, MOST_COLUMNS)
        self.rows[-1].append(cell)
        return cell.pieces


def lay_out(table: TableGathered) -> list[Piece]:
    """The pieces that a table gives: paragraphs and list items, or one table."""
    rows = [[cell for cell in row if cell.filled] for row in table.rows]
    rows = [row for row in rows if row]
    breaks = [piece for row in table.rows for cell in row for piece in cell.pieces if piece.kind == "break"]
    cells = [cell for row in rows for cell in row]
    if not cells or all(len(row) == 1 for row in rows) or any(cell.holds_blocks for cell in cells):
        return [*table.before, *(piece for row in table.rows for cell in row for piece in cell.pieces)]
    return [*table.before, *(_as_text(rows) or data_table(table.rows, table.header_rows)), *breaks]


def _as_text(rows: list[list[Cell]]) -> list[Piece] | None:
    """The rows as running text, None where they are data."""
    pairs = [row for row in rows if len(row) == 2]
    listed = all(len(row) <= 2 for row in rows) and all(_is_marker(row[0].text) for row in pairs)
    if listed and not all(is_figure(row[1].text) for row in pairs):
        return [piece for row in rows for piece in _marked(row)]
    if len(rows) <= MOST_BALLOTS and all(any(_BALLOT.search(cell.text) for cell in row) for row in rows):
        return [_joined(row) for row in rows]
    if _is_signature(rows):
        return _signature(rows)
    if _is_captioned(rows):
        return _captioned(rows)
    figures = sum(is_figure(cell.text) for row in rows for cell in row)
    if len(rows) == 1 and not figures:
        return [piece for cell in rows[0] for piece in cell.pieces if piece.kind != "break"]
    if not figures and _is_definitions(rows):
        return [_joined(row) for row in rows]
    longest = max(cell.length for row in rows for cell in row)
    if longest > LONG_CELL and (len(rows) <= 2 or any(len(cell.pieces) >= 4 and cell.length > LONG_CELL for row in rows for cell in row)):
        return [piece for row in rows for cell in row for piece in cell.pieces if piece.kind != "break"]
    return None


def _marked(row: list[Cell]) -> list[Piece]:
    """A bullet or number with the text that it stands before: the text goes on in the marker's piece."""
    if len(row) == 1:
        return [piece for piece in row[0].pieces if piece.kind != "break"]
    marker, *rest = (piece for cell in row for piece in cell.pieces if piece.kind != "break")
    text = rest[0]
    marker.append(" ", text)
    bullet = is_bullet(marker.text)
    bold = all(run.is_bold for _, run in text.runs)
    marker.kind = "list_item" if bullet else "heading" if bold and len(marker.text) <= LONGEST_BOLD_HEADING else "paragraph"
    marker.level = text.level
    return [marker, *rest[1:]]


def _joined(row: list[Cell]) -> Piece:
    pieces = [piece for cell in row for piece in cell.pieces if piece.kind != "break"]
    for piece in pieces[1:]:
        pieces[0].append(" ", piece)
    pieces[0].kind, pieces[0].level = "paragraph", None
    return pieces[0]


def _is_marker(text: str) -> bool:
    return (len(text) <= 2 and not text.isalnum()) or is_bullet(text + " x") or (len(text) <= 12 and bool(read_number(text + " “")))


def _is_signature(rows: list[list[Cell]]) -> bool:
    signed = sum(any(_SIGNED.match(cell.text) for cell in row) for row in rows)
    return (
        signed * 3 >= len(rows)
        and sum(len(row) > 2 for row in rows) * 2 < len(rows)
        and not any(cell.header for cell in rows[0])
        and not _is_signature_head(rows[0])
    )


def _is_signature_head(row: list[Cell]) -> bool:
    """The head of the table that ends an annual report: signature, title and date of each director."""
    words = {cell.text.strip(" :*").lower() for cell in row}
    return len(words & {"signature", "signatures", "title", "capacity", "date", "name", "name and signature"}) >= 2


def _signature(rows: list[list[Cell]]) -> list[Piece]:
    """Party by party where they stand side by side, else row by row."""
    starts = sorted({cell.column for row in rows for cell in row if _SIGN_LABEL.match(cell.text)})
    beside = any(sum(_SIGN_LABEL.match(cell.text) is not None for cell in row) >= 2 and not _same_party(row) for row in rows)
    if not beside or len(starts) < 2:
        return [_joined(row) for row in rows]
    right = next((cell.column for row in rows for cell in reversed(row) if len(row) >= 2 and _SIGN_LABEL.match(cell.text)), starts[-1])
    parties: list[list[Piece]] = [[], []]
    for row in rows:
        for side in (0, 1):
            own = [cell for cell in row if (cell.column >= right) == bool(side)]
            if own:
                parties[side].append(_joined(own))
    return [*parties[0], *parties[1]]


def _same_party(row: list[Cell]) -> bool:
    """ "By:" and "/s/ Jane Doe" beside it are one signature."""
    labels = [cell.text for cell in row if _SIGN_LABEL.match(cell.text)]
    return len(labels) == 2 and re.fullmatch(r"(?i)By\s*:", labels[0]) is not None and labels[1].lower().startswith("/s/")


def _is_captioned(rows: list[list[Cell]]) -> bool:
    """A cover page: what is stated, and under each statement what it is, in brackets."""
    if len(rows) < 2 or len(rows) % 2:
        return False
    return all(
        all(_CAPTION.fullmatch(cell.text) and not is_figure(cell.text) for cell in below) and len(below) <= len(above)
        for above, below in zip(rows[::2], rows[1::2], strict=True)
    )


def _captioned(rows: list[list[Cell]]) -> list[Piece]:
    pieces: list[Piece] = []
    for above, below in zip(rows[::2], rows[1::2], strict=True):
        left = list(below)
        for cell in above:
            under = [caption for caption in left if len(above) == len(below) or _over(cell, caption)][:1]
            left = [caption for caption in left if caption not in under]
            pieces.append(_joined([cell, *under]))
        pieces += [_joined([caption]) for caption in left]
    return pieces


def _over(cell: Cell, caption: Cell) -> bool:
    return cell.column < caption.column + caption.columns and caption.column < cell.column + cell.columns


def _is_definitions(rows: list[list[Cell]]) -> bool:
    """Terms, and beside each what it means."""
    if any(len(row) > 2 for row in rows) or any(cell.header for row in rows for cell in row):
        return False
    pairs = [row for row in rows if len(row) == 2]
    if not pairs or len(pairs) * 3 < 2 * len(rows):
        return False
    meant = sum(_DEFINES.match(row[0].text) is not None or _DEFINES.match(row[1].text) is not None for row in pairs)
    return meant * 2 >= len(pairs) and sum(row[1].length for row in pairs) >= PROSE_CELL * len(pairs)


def looks_like_heading(run: Run, words: str) -> bool:
    """Whether a line is a heading by its looks: short, bold, no sentence."""
    return len(words) <= LONGEST_BOLD_HEADING and run.is_bold and not words.endswith((".", ";", ",")) and sum(map(str.isalpha, words)) >= 3


def _span(text: str | None) -> int:
    return max(1, min(int(text), MOST_COLUMNS)) if text and text.strip().isdigit() else 1
