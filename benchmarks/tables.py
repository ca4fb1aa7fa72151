"""Figures of the main statements of eleven 10-Ks: value, row label, column heading and scale, against an independent reading.

    python benchmarks/tables.py [--show]

The filings lie in ../shared/data/financebench/pdf. The truth of a statement is made in another way than ours: pdfplumber (pdfminer's
layout, none of PDFium's) gives its lines, and the figures at a line's end are those of the periods, in their order; the periods, the scale
and the figures that it does not hold for (amounts per share, shares) stand below, read from the pictures of the pages for FILINGS, from the
words of the headings for OTHERS. A row counts
where as many figures stand at its end as there are periods. Beside that the statements must add up: `IDENTITIES` are sums that an auditor
would draw, over labels and values of our own tables, and a balance sheet must balance.

The rules were made while looking at FILINGS; OTHERS were first read when the rules stood, and led to some more.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pdfplumber
from common import SHARED, report

from longdoc import tables
from longdoc.ingest import parse_file
from longdoc.tables import Cell
from longdoc.types import Document

DATA = SHARED / "data" / "financebench" / "pdf"
MILLION = 10**6

_FIGURE = re.compile(r"\(\s?\$?\s?[\d,]+(?:\.\d+)?\s?\)|\$?\s?[\d,]*\d(?:\.\d+)?(?![\d)])|[—–](?=\s|$)|-(?=\s|$)")


@dataclass(frozen=True)
class Statement:
    """A statement: its pages, periods from left to right, its scale, and the factors of figures for which that does not hold."""

    name: str
    pages: Sequence[int]
    periods: Sequence[str]
    factors: Mapping[str, int] = field(default_factory=dict)
    scale: int = MILLION


def _each(figures: str, factor: int) -> dict[str, int]:
    return dict.fromkeys(figures.split(), factor)


THREE = ("2018", "2017", "2016")
COSTCO = ("August 29, 2021", "August 30, 2020", "September 1, 2019")
AMD = ("December 26, 2015", "December 27, 2014", "December 28, 2013")
BEST_BUY = ("February 2, 2019", "February 3, 2018", "January 28, 2017")
FILINGS: dict[str, list[Statement]] = {
    "3M_2018_10K": [
        Statement("income", [56], THREE, _each("9.09 8.13 8.35 8.89 7.93 8.16", 1)),
        Statement("balance sheet", [58], ("December 31, 2018", "December 31, 2017")),
        Statement("cash flow", [60], THREE),
    ],
    "COSTCO_2021_10K": [
        Statement(
            "income",
            [36],
            COSTCO,
            _each("11.30 9.05 8.32 11.27 9.02 8.26", 1) | _each("443,089 442,297 439,755 444,346 443,901 442,923", 1000),
        ),
        Statement("balance sheet", [38], COSTCO[:2]),
        Statement("cash flow", [40], COSTCO),
    ],
    "AMD_2015_10K": [
        Statement("income", [56], AMD, _each("(0.84) (0.53) (0.11)", 1)),
        Statement("balance sheet", [58], AMD[:2]),
        Statement("cash flow", [60], AMD),
    ],
    "BESTBUY_2019_10K": [
        Statement("income", [53], BEST_BUY, _each("5.30 3.33 3.79 0.07 3.86 5.20 3.26 3.74 3.81", 1)),
        Statement("balance sheet", [52], BEST_BUY[:2]),
        Statement("cash flow", [55], BEST_BUY),
    ],
    "GENERALMILLS_2020_10K": [
        Statement("income", [48], ("2020", "2019", "2018"), _each("3.59 2.92 3.69 3.56 2.90 3.64 1.96", 1)),
        Statement("balance sheet", [50], ("May 31, 2020", "May 26, 2019")),
        Statement("cash flow", [52], ("2020", "2019", "2018")),
    ],
    "JOHNSON_JOHNSON_2022_10K": [
        Statement("income", [47], ("2022", "2021", "2020"), _each("6.83 7.93 5.59 6.73 7.81 5.51", 1)),
        Statement("balance sheet", [46], ("2022", "2021")),
        Statement("cash flow", [50, 51], ("2022", "2021", "2020")),
    ],
}

KRAFT = ("December 28, 2019", "December 29, 2018", "December 30, 2017")
OTHERS: dict[str, list[Statement]] = {
    "KRAFTHEINZ_2019_10K": [
        Statement("income", [50], KRAFT, _each("1.59 (8.36) 8.98 1.58 8.91", 1)),
        Statement("balance sheet", [52], KRAFT[:2]),
        Statement("cash flow", [54], KRAFT),
    ],
    "ACTIVISIONBLIZZARD_2019_10K": [
        Statement("income", [70], ("2019", "2018", "2017"), _each("1.96 2.43 0.36 1.95 2.40", 1)),
        Statement("balance sheet", [69], ("2019", "2018")),
        Statement("cash flow", [73], ("2019", "2018", "2017")),
    ],
    "PFIZER_2021_10K": [
        Statement(
            "income",
            [57],
            ("2021", "2020", "2019"),
            _each("4.00 1.19 1.92 (0.08) 0.46 0.95 3.92 1.65 2.87 2.88 3.93 1.18 1.89 0.45 0.94 3.85 1.63 2.82", 1),
        ),
        Statement("balance sheet", [59], ("2021", "2020")),
        Statement("cash flow", [61], ("2021", "2020", "2019")),
    ],
    "AMCOR_2023_10K": [
        Statement("income", [50], ("2023", "2022", "2021"), _each("0.709 0.532 0.604 0.705 0.529 0.602", 1)),
        Statement("balance sheet", [52], ("2023", "2022")),
        Statement("cash flow", [53], ("2023", "2022", "2021")),
    ],
    "BLOCK_2020_10K": [
        Statement("income", [86], ("2020", "2019", "2018"), _each("0.48 0.88 (0.09) 0.44 0.81", 1), 1000),
        Statement("balance sheet", [85], ("2020", "2019"), {}, 1000),
        Statement("cash flow", [90], ("2020", "2019", "2018"), {}, 1000),
    ],
}

# Sums over our own cells, as patterns of labels: the first is the sum of the others, a minus before those that are taken away.
IDENTITIES: dict[str, list[str]] = {
    "3M_2018_10K": [
        "total assets = total liabilities and equity",
        "operating income = net sales - total operating expenses",
        "income before income taxes = operating income - other expense (income), net",
        "total equity = total 3m company shareholders’ equity + noncontrolling interest",
    ],
    "COSTCO_2021_10K": [
        "total assets = total liabilities and equity",
        "total revenue = net sales + membership fees",
        "total liabilities and equity = total liabilities + total equity",
    ],
    "AMD_2015_10K": [
        "total assets = total liabilities and stockholders’ equity (deficit)",
        "gross margin = net revenue - cost of sales",
        "net loss = loss before income taxes - provision for income taxes",
    ],
    "BESTBUY_2019_10K": [
        "total assets = total liabilities and equity",
        "gross profit = revenue - cost of goods sold",
        "operating income = gross profit - selling, general and administrative expenses - restructuring charges",
    ],
    "GENERALMILLS_2020_10K": [
        "total assets = total liabilities and equity",
        "total equity = total stockholders' equity + noncontrolling interests",
        "total liabilities and equity = total liabilities + redeemable interest + total equity",
    ],
    "KRAFTHEINZ_2019_10K": [
        "total assets = total liabilities and equity",
        "gross profit = net sales - cost of products sold",
    ],
    "ACTIVISIONBLIZZARD_2019_10K": [
        "total assets = total liabilities and shareholders’ equity",
        "total liabilities and shareholders’ equity = total liabilities + total shareholders’ equity",
    ],
    "PFIZER_2021_10K": ["total assets = total liabilities and equity"],  # other sums there differ by rounding
    "AMCOR_2023_10K": [
        "total assets = total liabilities and shareholders' equity",
        "gross profit = net sales + cost of sales",
    ],
    "BLOCK_2020_10K": [
        "total assets = total liabilities and stockholders’ equity",
        "gross profit = total net revenue - total cost of revenue",
    ],
    "JOHNSON_JOHNSON_2022_10K": [
        "total assets = total liabilities and shareholders’ equity",
        "gross profit = sales to customers - cost of products sold",
        "total assets = total liabilities + total shareholders’ equity",
    ],
}


@dataclass(frozen=True)
class Wanted:
    """A figure of the truth."""

    label: str
    period: str
    figure: Decimal
    value: Decimal


def truth(path: Path, statement: Statement) -> Iterator[Wanted]:
    """The figures of a statement as pdfplumber reads its pages."""
    with pdfplumber.open(path) as pdf:
        for number in statement.pages:
            for line in pdf.pages[number - 1].extract_text_lines(x_tolerance=1.5, return_chars=False):
                yield from _row(line["text"], statement)


def _row(line: str, statement: Statement) -> Iterator[Wanted]:
    # Figures at the end of a line, and nothing between them but signs.
    found = list(_FIGURE.finditer(line))
    count = len(statement.periods)
    if len(found) < count or line[found[-1].end() :].strip():
        return
    last = found[-count:]
    if any(re.sub(r"[\s$]", "", line[before.end() : after.start()]) for before, after in pairwise(last)):
        return
    label = line[: last[0].start()].rstrip(" $")
    if not re.search(r"[A-Za-z]{3}", label) or label.endswith(("ended", "(Millions)")) or re.search(r"\b(?:19|20)\d\d$", line):
        return
    for period, figure in zip(statement.periods, last, strict=True):
        plain = re.sub(r"[\s$]", "", figure[0])
        value = Decimal(0) if plain in "—–-" else Decimal(plain.strip("()").replace(",", ""))
        value = -value if plain.startswith("(") else value
        yield Wanted(label, period, value, value * statement.factors.get(plain, statement.scale))


def judge(document: Document, statement: Statement, wanted: Sequence[Wanted], show: bool) -> list[int]:
    """How many figures of the truth are there at all, and of those with the right label, heading and value."""
    cells = [
        cell
        for table in document.tables
        if (page := document.page_at(table.span.start)) and page.number in statement.pages
        for cell in tables.read(document, table).cells()
        if cell.figure is not None
    ]
    right = [0, 0, 0, 0]
    for want in wanted:
        alike = [cell for cell in cells if cell.figure == want.figure]
        labelled = [cell for cell in alike if _plain(want.label) and _plain(want.label) in _plain(cell.label)]
        headed = [cell for cell in labelled if _plain(want.period) in _plain(cell.heading)]
        scaled = [cell for cell in headed if cell.value == want.value]
        for place, part in enumerate((alike, labelled, headed, scaled)):
            right[place] += bool(part)
        if show and not scaled:
            print(f"  {statement.name}: {want.label!r} {want.period} {want.figure}: {[(c.label, c.heading, c.value) for c in alike][:2]}")
    return right


def _plain(text: str) -> str:
    return "".join(re.findall(r"\w+", text)).lower()


def add_up(document: Document, statements: Sequence[Statement], identities: Sequence[str], show: bool) -> tuple[int, int]:
    """Identities that hold, and those that were tried: each for each column in which all its labels have a figure."""
    pages = {page for statement in statements for page in statement.pages}
    found: dict[str, list[Cell]] = {}
    for table in document.tables:
        page = document.page_at(table.span.start)
        if page is None or page.number not in pages:
            continue
        for cell in tables.read(document, table).cells():
            if cell.figure is not None:
                found.setdefault(_plain(cell.label.rpartition(" > ")[2]), []).append(cell)
    held = tried = 0
    for identity in identities:
        whole, _, parts = identity.partition(" = ")
        terms = re.findall(r"(^|[+-]) ?(.+?)(?= [+-] |$)", parts)
        for cell in found.get(_plain(whole), []):
            values = [next((o.value for o in found.get(_plain(name), []) if o.heading == cell.heading), None) for _, name in terms]
            tried += 1
            total = sum((-value if sign == "-" else value) for (sign, _), value in zip(terms, values, strict=True) if value is not None)
            if None not in values and total == cell.value:
                held += 1
            elif show:
                print(f"  does not hold: {identity} ({cell.heading}): {cell.value} against {values}")
    return held, tried


def main() -> None:
    """Read, compare, add up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print each figure that is not right")
    show = parser.parse_args().show
    if not DATA.is_dir():
        sys.exit(f"{DATA} is not there: this needs the shared data")
    rows, totals = [], [0] * 5
    for name, statements in (FILINGS | OTHERS).items():
        path = DATA / f"{name}.pdf"
        document = parse_file(str(path)).document
        right, count = [0] * 4, 0
        for statement in statements:
            wanted = list(truth(path, statement))
            count += len(wanted)
            right = [one + other for one, other in zip(right, judge(document, statement, wanted, show), strict=True)]
        held, tried = add_up(document, statements, IDENTITIES[name], show)
        rows.append([name, count, *(f"{part / count:.1%}" for part in right), f"{held} of {tried}"])
        totals = [one + other for one, other in zip(totals, [count, *right], strict=True)]
    shares = {key: round(part / totals[0], 4) for key, part in zip(("figure", "label", "heading", "value"), totals[1:], strict=True)}
    report("tables", ["filing", "figures", "figure", "+ label", "+ heading", "+ value", "sums"], rows, figures=totals[0], **shares)


if __name__ == "__main__":
    main()
