"""Which columns of a statement hold amounts of which period."""

from __future__ import annotations

import re

from longdoc.tables import Sheet
from longdoc.types import Document, Table
from longdoc_pipelines.accounts.periods import Period, period_of

_NO_AMOUNT = re.compile(r"%|\bper ?cent|\bchange|\bincrease|\bdecrease|\bvariance|\bpts\b|\bbps\b", re.IGNORECASE)
_AMOUNT = re.compile(r"\bamount$", re.IGNORECASE)
_YEARS_ALONE = re.compile(r"^[ \t]*((?:19|20)\d\d(?:[ \t]+(?:19|20)\d\d)+)[ \t]*$", re.MULTILINE)
_LENGTH_ALONE = re.compile(
    r"^[ \t]*((?:\w+[ \t]+)?(?:quarter|months|year|weeks)(?:[ \t]+ended[^\n]*)?)[ \t]*$", re.MULTILINE | re.IGNORECASE
)


def columns_of(document: Document, table: Table, sheet: Sheet, above: str, balance: bool) -> dict[int, Period]:
    """The period of each column that holds amounts."""
    headings: dict[int, str] = {}
    for cell in sheet.cells():
        if not cell.header and cell.column > 0 and cell.figure is not None and "%" not in cell.text:
            headings.setdefault(cell.column, cell.heading)
    headings = {place: text for place, text in sorted(headings.items()) if _AMOUNT.search(text) or not _NO_AMOUNT.search(text)}
    # The first column's heads speak for all: "Years ended December 31".
    stub = " ".join(cell.text for cell in sheet.cells() if cell.header and cell.column == 0 and cell.columns < sheet.width)
    over = f"{above} {stub}"
    periods = {place: period for place, text in headings.items() if (period := period_of(text, over, balance))}
    return periods or _beside(document, table, headings, balance)


def _beside(document: Document, table: Table, headings: dict[int, str], balance: bool) -> dict[int, Period]:
    """Periods of columns whose years stand apart from the table, on its page: years in a line of their own, as many as columns."""
    page = document.page_at(table.span.start)
    if page is None:
        return {}
    text = document.text[page.span.start : page.span.end]
    for found in _YEARS_ALONE.finditer(text):
        years = found[1].split()
        if len(years) == len(headings):
            length = _LENGTH_ALONE.search(text)
            said = length[1] if length else ""
            placed = {place: period_of(year, said, balance) for place, year in zip(headings, years, strict=True)}
            return {place: period for place, period in placed.items() if period is not None}
    return {}
