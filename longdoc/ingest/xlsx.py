"""XLSX and XLSM: every sheet with its name, values as Excel shows them, formulas by the value that was last computed.

Nothing is computed, no macro runs, no link is followed. Hidden sheets, rows and columns are read as the others: `metadata` names the
sheets that are hidden. Comments are asides. What floats over the cells (text boxes, charts) is not read.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from longdoc.errors import DamagedError, LimitError
from longdoc.ingest.number_format import shown
from longdoc.ingest.package import DAMAGE, open_package
from longdoc.ingest.sheets import MOST_SHEETS, Note, Sheet, add_sheet
from longdoc.ingest.table_builder import TableBuilder
from longdoc.protocols import Limits, Parsed
from longdoc.types import Aside

_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_CELL = re.compile(rb"<(?:\w+:)?c[ >]")
_SHEET = re.compile(rb"<(?:\w+:)?sheet ")


class XlsxIngestor:
    """Reads Excel workbooks (Office Open XML)."""

    format = "xlsx"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The workbook's sheets. Raises: DamagedError, EncryptedError, LimitError."""
        with open_package(data, name, limits) as package:
            _check_size(package, name, limits)
        import openpyxl

        try:
            workbook = openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
            builder, asides, hidden = TableBuilder(), list[Aside](), list[str]()
            for sheet in workbook.worksheets:
                if sheet.sheet_state != "visible":
                    hidden.append(sheet.title)
                asides += add_sheet(builder, _sheet(sheet))
            properties = workbook.properties
        except DAMAGE as error:
            raise DamagedError(f"{name}: not readable as an Excel workbook ({error}); open it and save it anew") from error
        text, blocks, tables = builder.finish_all()
        told = {"author": properties.creator, "created": properties.created, "modified": properties.modified}
        metadata = {key: str(value) for key, value in told.items() if value} | ({"hidden_sheets": ", ".join(hidden)} if hidden else {})
        only_names = all(block.kind == "heading" for block in blocks)
        return Parsed(
            text="" if only_names else text,
            format=self.format,
            blocks=() if only_names else tuple(blocks),
            title=properties.title or None,
            metadata=metadata,
            tables=tables,
            asides=() if only_names else tuple(asides),
        )


def _check_size(package: zipfile.ZipFile, name: str, limits: Limits) -> None:
    """Raises: LimitError before a cell is made."""
    try:
        parts = [part for part in package.namelist() if _SHEET_PART.fullmatch(part)]
        sheets = max(len(parts), len(_SHEET.findall(package.read("xl/workbook.xml"))))
        if sheets > MOST_SHEETS:
            raise LimitError(f"{name}: has {sheets} sheets, the limit is {MOST_SHEETS}; split it")
        cells = sum(len(_CELL.findall(package.read(part))) for part in parts)
    except DAMAGE as error:
        raise DamagedError(f"{name}: not readable as an Excel workbook ({error}); open it and save it anew") from error
    if cells > limits.parts:
        raise LimitError(f"{name}: has {cells} cells, the limit is {limits.parts}; split it")


def _sheet(sheet: Any) -> Sheet:
    cells, notes = [], []
    # Only cells that are there: the range that a sheet says to use may be all there can be.
    for (row, column), cell in sorted(sheet._cells.items()):
        if cell.value is not None:
            cells.append((row - 1, column - 1, shown(cell.value, cell.number_format)))
        comment = getattr(cell, "comment", None)
        if comment is not None and (comment.text or "").strip():
            notes.append(Note(row - 1, column - 1, comment.text.strip(), comment.author or None))
    ranges = sheet.merged_cells.ranges
    merged = [(one.min_row - 1, one.min_col - 1, one.max_row - one.min_row + 1, one.max_col - one.min_col + 1) for one in ranges]
    return Sheet(sheet.title, cells, merged, notes)
