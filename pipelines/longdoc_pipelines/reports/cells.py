"""Cells of a workbook: text that no spreadsheet runs, cut to Excel's limits; and sheets that go on where one is full.

Limits: Microsoft, "Excel specifications and limits". Escapes: ECMA-376 part 1, 22.9.2.19 (ST_Xstring).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties

from longdoc.types import Verdict
from longdoc_pipelines.reports.parts import shorten, xml_text

ROWS = 1_048_576
"""Of a sheet, its header among them."""
CHARACTERS = 32_767
"""Of a cell, in UTF-16 code units."""
LINE_BREAKS = 253
"""Of a cell."""
COMMENT = 1_500
"""Characters of a comment: what a person reads beside a cell."""
LINE, TALLEST = 15.0, 400.0
"""Points of a line of text and of the tallest row (Excel's limit is 409)."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLOURS: Mapping[Verdict, tuple[str, str]] = {
    "violation": ("FFC7CE", "9C0006"),
    "missing": ("E4CFE8", "5B1A52"),
    "needs_review": ("FFEB9C", "6B5200"),
    "fallback": ("DDEBF7", "1F4E78"),
    "compliant": ("C6EFCE", "005C00"),
    "not_applicable": ("EDEDED", "595959"),
}
"""Fill and text of a verdict: 4.5 to 1 and more, so that both colour and word can be read. Hues as in the HTML report."""
ACROSS = 200.0
"""Characters of a printed page's width, at three quarters of the size on the screen."""
THREE_LINES, FOUR_LINES = 48.0, 66.0
"""Points: what a row of the matrix, or of findings, shows at most."""
HEADER, TITLE, STRONG, WRAPPED, SHARE = "longdoc header", "longdoc title", "longdoc strong", "longdoc wrapped", "Percent"
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def cell_text(value: str) -> str:
    """Text as a cell holds it: nothing illegal, nothing that a spreadsheet runs (not even after a round trip through CSV), and no more than
    Excel takes. `_x003D_` would be read as `=` and is escaped."""
    text = xml_text(value).replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n") > LINE_BREAKS:
        text = " ".join(text.split())
    if text.startswith(FORMULA):
        text = "'" + text
    units = text.encode("utf-16-le")
    if len(units) > 2 * CHARACTERS:
        text = units[: 2 * (CHARACTERS - 1)].decode("utf-16-le", "ignore") + "…"
    return _ESCAPE.sub("_x005F_", text)


def add_styles(workbook: Workbook) -> None:
    """The named styles that cells refer to: one a verdict, and those of headers and text."""
    thin = Side(style="thin", color="FFFFFF")
    for verdict, (fill, text) in COLOURS.items():
        workbook.add_named_style(
            NamedStyle(
                name=verdict,
                fill=PatternFill("solid", fgColor=fill),
                font=_font(color=text),
                border=Border(left=thin, right=thin, top=thin, bottom=thin),
                alignment=Alignment(vertical="top"),
            )
        )
    header = Alignment(vertical="center", wrap_text=True)
    workbook.add_named_style(
        NamedStyle(name=HEADER, font=_font(bold=True, color="FFFFFF"), fill=PatternFill("solid", fgColor="24425C"), alignment=header)
    )
    workbook.add_named_style(NamedStyle(name=TITLE, font=_font(bold=True, size=16, color="24425C")))
    workbook.add_named_style(NamedStyle(name=STRONG, font=_font(bold=True), alignment=Alignment(vertical="top")))
    workbook.add_named_style(NamedStyle(name=WRAPPED, font=_font(), alignment=Alignment(vertical="top", wrap_text=True)))


def _font(size: int = 11, **settings: Any) -> Font:
    """As plain cells have it: a style without a name for its font gets another one from some programs."""
    return Font(name="Calibri", family=2, size=size, **settings)


def height(texts: Sequence[str], widths: Sequence[float]) -> float:
    """Points that a row of wrapped texts needs in columns of these widths, lines that break early counted in; not every program finds
    out by itself."""
    lines = [sum(ceil(len(line) / (0.85 * width)) or 1 for line in text.split("\n")) for text, width in zip(texts, widths, strict=True)]
    return min(LINE * max(lines, default=1), TALLEST)


def set_up_page(sheet: Any, width: float = 0.0) -> None:
    """Landscape pages for those who print it, `width` characters on as many side by side as can be read; to be called before the first
    row."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = max(1, round(width / ACROSS)), 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.oddFooter.left.text, sheet.oddFooter.right.text = "&A", "&P / &N"


class Sheet:
    """Rows under a header, on as many sheets of the workbook as they need; `widths` are in characters, `frozen` is the first cell that
    scrolls, `printed` is how many columns are for paper (all, unless told)."""

    def __init__(
        self,
        workbook: Workbook,
        title: str,
        header: Sequence[str],
        widths: Sequence[float],
        *,
        frozen: str = "A2",
        rows: int = ROWS,
        printed: int | None = None,
    ) -> None:
        self._workbook, self._title, self._header, self._widths = workbook, title, header, widths
        self._frozen, self._limit, self._printed = frozen, rows, printed or len(header)
        self._sheet: Any = None
        self._number = 0
        self._rows = 0
        self._begin()

    def cell(self, value: object, style: str | None = None, comment: str | None = None, link: Hyperlink | None = None) -> Any:
        """A cell of the sheet that the next row goes to; text is text whatever it looks like."""
        if isinstance(value, str):
            text = cell_text(value)
            made = WriteOnlyCell(self._sheet, value=text)
            made.data_type = "s"
        else:
            made = WriteOnlyCell(self._sheet, value=value)
        if style is not None:
            made.style = style
        if comment is not None:
            made.comment = Comment(shorten(xml_text(comment), COMMENT), "longdoc", height=180, width=420)
        if link is not None:
            made.hyperlink = link
        return made

    def place(self, number: int) -> Hyperlink:
        """A link to the first cell of the row of that number, counted from 0 over all sheets, the header left out."""
        sheet, row = divmod(number, self._limit - 1)
        return Hyperlink(ref="", location=f"'{self._called(sheet + 1)}'!A{row + 2}")

    def append(self, row: Sequence[object], tall: float | None = None) -> None:
        """Write a row of values and of cells that `cell` made, `tall` points high."""
        if tall is not None:
            self._sheet.row_dimensions[self._rows + 1].height = tall
        self._sheet.append([self.cell(value) if isinstance(value, str) else value for value in row])
        self._rows += 1

    def room(self) -> None:
        """Go on to another sheet if this one is full; to be called before the cells of a row are made."""
        if self._rows >= self._limit:
            self._end()
            self._begin()

    def finish(self) -> None:
        """Set the filter of the last sheet."""
        self._end()

    def _begin(self) -> None:
        self._number += 1
        title = self._called(self._number)
        after = None if self._sheet is None else self._workbook.index(self._sheet) + 1
        self._sheet = self._workbook.create_sheet(title, after)
        for position, width in enumerate(self._widths, start=1):
            self._sheet.column_dimensions[get_column_letter(position)].width = width
        self._sheet.freeze_panes = self._frozen
        self._sheet.print_title_rows = "1:1"
        if self._frozen.startswith("B"):
            self._sheet.print_title_cols = "A:A"
        set_up_page(self._sheet, sum(self._widths[: self._printed]))
        self._sheet.row_dimensions[1].height = height(
            self._header, [width * 0.8 for width in self._widths]
        )  # bold, beside a filter's button
        self._sheet.append([self.cell(text, HEADER) for text in self._header])
        self._rows = 1

    def _called(self, number: int) -> str:
        return self._title if number == 1 else f"{self._title} {number}"

    def _end(self) -> None:
        if self._printed < len(self._header):
            self._sheet.print_area = f"A1:{get_column_letter(self._printed)}{self._rows}"
        self._sheet.auto_filter.ref = f"A1:{get_column_letter(len(self._header))}{self._rows}"
