"""XLS and XLSB, the binary workbooks, through python-calamine: values and dates, number formats are not told."""

from __future__ import annotations

import io
from typing import Any

from longdoc.errors import DamagedError, LimitError, UnsupportedError
from longdoc.ingest.number_format import shown
from longdoc.ingest.sheets import MOST_SHEETS, Sheet, add_sheet
from longdoc.ingest.table_builder import TableBuilder
from longdoc.protocols import Limits, Parsed


class XlsIngestor:
    """Reads binary Excel workbooks (.xls, .xlsb)."""

    format = "xls"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The workbook's sheets. Raises: DamagedError, LimitError; UnsupportedError without python-calamine."""
        try:
            from python_calamine import CalamineError, CalamineWorkbook
        except ImportError as error:
            raise UnsupportedError(f"{name}: a binary Excel workbook needs python-calamine: pip install 'longdoc[office]'") from error
        builder = TableBuilder()
        hidden: list[str] = []
        try:
            workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
            about = workbook.sheets_metadata
            if len(about) > MOST_SHEETS:
                raise LimitError(f"{name}: has {len(about)} sheets, the limit is {MOST_SHEETS}; split it")
            for one in about:
                if "WorkSheet" not in str(one.typ):
                    continue
                if "Visible" not in str(one.visible):
                    hidden.append(one.name)
                for _ in add_sheet(builder, _sheet(workbook.get_sheet_by_name(one.name), name, limits)):
                    pass  # comments are not told
        except (CalamineError, ValueError, OSError, LookupError, TypeError) as error:
            raise DamagedError(f"{name}: not readable as an Excel workbook ({error}); open it and save it anew") from error
        except BaseException as error:
            # A panic of the library is no Exception, so that nobody catches it by mistake; here it says that the file is damaged.
            if type(error).__name__ != "PanicException":
                raise
            raise DamagedError(f"{name}: not readable as an Excel workbook ({error}); open it and save it anew") from error
        text, blocks, tables = builder.finish_all()
        only_names = all(block.kind == "heading" for block in blocks)
        return Parsed(
            text="" if only_names else text,
            format=self.format,
            blocks=() if only_names else tuple(blocks),
            metadata={"hidden_sheets": ", ".join(hidden)} if hidden else {},
            tables=tables,
        )


def _sheet(sheet: Any, name: str, limits: Limits) -> Sheet:
    cells = sheet.total_height * sheet.total_width
    if cells > limits.parts:
        raise LimitError(f"{name}: its sheet {sheet.name!r} has {cells} cells, the limit is {limits.parts}; split it")
    rows = sheet.to_python(skip_empty_area=False)
    filled = [(row, column, shown(value)) for row, values in enumerate(rows) for column, value in enumerate(values) if value != ""]
    merged = [(top, left, bottom - top + 1, right - left + 1) for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()]
    return Sheet(sheet.name, filled, merged)
