"""CSV and TSV: the canonical text is the decoded file, as for plain text, with one Table over it whose cells are its fields.

The delimiter is the one of comma, semicolon, tab and bar that parts most lines of the head into the same number of fields; quotes are
those of RFC 4180. A file without any is plain text.
"""

from __future__ import annotations

import re
from collections import Counter

from longdoc.ingest.tables import Cell, made_table
from longdoc.ingest.txt import decode, find_blocks
from longdoc.protocols import Limits, Parsed
from longdoc.types import Block, Span

DELIMITERS = ",;\t|"
HEAD_LINES = 100
_LINE_END = re.compile(r"\r\n|\n|\r")


class DelimitedIngestor:
    """Reads CSV and TSV files."""

    format = "csv"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The decoded file as a table. Raises: EncodingError."""
        text, warnings = decode(data, name)
        delimiter = find_delimiter(text)
        if delimiter is None:
            return Parsed(text=text, format=self.format, blocks=tuple(find_blocks(text)), warnings=warnings)
        start = len(text) - len(text.lstrip())
        span = Span(start=start, end=max(start, len(text.rstrip())))
        cells = fields(text, delimiter)
        tables = (made_table(text, span, cells),) if cells else ()
        blocks = (Block(kind="table", span=span),) if len(span) else ()
        about = {"delimiter": {"\t": "tab"}.get(delimiter, delimiter)}
        return Parsed(text=text, format=self.format, blocks=blocks, metadata=about, warnings=warnings, tables=tables)


def find_delimiter(text: str) -> str | None:
    """The character that parts the fields of most lines, None where none does."""
    best, most = None, 0.0
    for delimiter in DELIMITERS:
        head = text[: 1 << 18]
        counts = Counter(row for row in Counter(cell.row for cell in fields(head, delimiter, HEAD_LINES, blank=True)).values())
        lines = sum(counts.values())
        width, agreeing = counts.most_common(1)[0] if counts else (1, 0)
        # Two lines that agree in more fields say more than two that agree in fewer.
        score = agreeing / lines + 0.01 * min(width, 20) if width > 1 else 0.0
        if score > max(most, 0.5):
            best, most = delimiter, score
    return best


def fields(text: str, delimiter: str, rows: int | None = None, *, blank: bool = False) -> list[Cell]:
    """The fields that hold words (with `blank` all), without the quotes around them, as cells; lines that are empty count for no row."""
    field = re.compile(rf'[ ]*"((?:[^"]|"")*)"[ ]*(?={re.escape(delimiter)}|[\r\n]|$)|([^{re.escape(delimiter)}\r\n]*)')
    cells: list[Cell] = []
    row = column = position = 0
    while position <= len(text) and (rows is None or row < rows):
        found = field.match(text, position)
        if found is None:
            raise AssertionError("a field may be empty, but there is one")
        start, end = found.span(1 if found[1] is not None else 2)
        content = text[start:end]
        position = found.end()
        line_end = _LINE_END.match(text, position)
        empty_line = column == 0 and not content.strip() and (line_end is not None or position == len(text))
        start, end = start + len(content) - len(content.lstrip()), start + len(content.rstrip())
        if (start < end or blank) and not empty_line:
            cells.append(Cell(row, column, 1, 1, start, max(start, end)))
        if position == len(text):
            break
        column += 1
        if line_end is not None:
            row, column = row + (not empty_line), 0
        position = line_end.end() if line_end else position + 1
    return cells
