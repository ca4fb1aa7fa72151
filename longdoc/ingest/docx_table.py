"""A Word table as rows of entries, with merged cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from longdoc.ingest.docx_inline import Change, Inline, InlineReader
from longdoc.ingest.docx_package import W as _W
from longdoc.ingest.tables import Entry

_WRAPPERS = (_W + "sdt", _W + "sdtContent", _W + "customXml", _W + "ins", _W + "moveTo")
MOST_COLUMNS = 1000


@dataclass(slots=True)
class TableRows:
    """Rows of entries from left to right, the inline text of each cell that holds any in the same order, how many rows head the table, and
    rows that were deleted."""

    rows: list[list[Entry]]
    cells: list[Inline]
    header_rows: int | None
    deleted: list[tuple[Any, str]]


def read_table(table: Any, reader: InlineReader, label: Callable[[Any], str]) -> TableRows:
    """The table with all that is in its cells; a table in a cell is text of that cell. `label` is what Word prints before a paragraph."""
    rows: list[list[Entry]] = []
    cells: list[Inline] = []
    deleted: list[tuple[Any, str]] = []
    headers = 0
    open_merges: dict[int, tuple[int, int]] = {}  # column -> (row, place) of the cell that reaches down
    for row in _inside(table, _W + "tr"):
        properties = row.find(_W + "trPr")
        mark = None if properties is None else properties.find(_W + "del")
        if mark is not None:
            deleted.append((mark, _words(row)))
            continue
        if properties is not None and properties.find(_W + "tblHeader") is not None and headers == len(rows):
            headers += 1
        entries: list[Entry] = []
        column = _count(properties, "gridBefore", 0)
        if column:
            entries.append(Entry("", column))
        for cell in _inside(row, _W + "tc"):
            shape = cell.find(_W + "tcPr")
            mark = None if shape is None else shape.find(_W + "cellDel")
            if mark is not None:
                deleted.append((mark, _words(cell)))
                continue
            columns = _count(shape, "gridSpan", 1)
            merge = None if shape is None else shape.find(_W + "vMerge")
            if merge is not None and merge.get(_W + "val", "continue") == "continue" and column in open_merges:
                start, place = open_merges[column]
                rows[start][place] = rows[start][place]._replace(rows=rows[start][place].rows + 1)
            else:
                open_merges.pop(column, None)
                text = _read_cell(cell, reader, label)
                new = _inserted(shape, "cellIns")
                new = _inserted(properties, "ins") if new is None else new
                if new is not None:
                    text.changes = [change for change in text.changes if change.kind != "insertion"]
                    text.changes.append(Change("insertion", 0, len(text.text), text.text, new.get(_W + "author"), new.get(_W + "date")))
                if merge is not None:
                    open_merges[column] = (len(rows), len(entries))
                entries.append(Entry(text.text, columns))
                if text.text:
                    cells.append(text)
            column += columns
        rows.append(entries)
    return TableRows(rows, cells, headers or None, deleted)


def _inserted(properties: Any | None, name: str) -> Any | None:
    return None if properties is None else properties.find(_W + name)


def _words(element: Any) -> str:
    """The words of what was deleted, those of its cells and paragraphs apart."""
    paragraphs = ("".join(text.text or "" for text in one.iter(_W + "t", _W + "delText")) for one in element.iter(_W + "p"))
    return " ".join(" ".join(paragraphs).split())


def _read_cell(cell: Any, reader: InlineReader, label: Callable[[Any], str]) -> Inline:
    found = Inline()
    for child in cell:
        if child.tag == _W + "p" and (mark := label(child)):
            found.add(f" {mark} ")
        if child.tag != _W + "tcPr":
            reader.read([child], found)
            found.add(" ")
    return found.trimmed()


def _inside(element: Any, wanted: str) -> Iterator[Any]:
    """Children of a tag, also those inside content controls and insertions; none of a nested table."""
    for child in element:
        if child.tag == wanted:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _inside(child, wanted)


def _count(properties: Any | None, name: str, default: int) -> int:
    element = None if properties is None else properties.find(_W + name)
    try:
        value = default if element is None else int(element.get(_W + "val", default))
    except ValueError:
        return default
    return min(max(value, default), MOST_COLUMNS)
