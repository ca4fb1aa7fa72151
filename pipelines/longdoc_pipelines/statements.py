"""What a question about accounts asks for: line items under all their names, and the statements that hold them; and where a filing has
those statements.

The vocabulary is that of US GAAP and IFRS statements and of the usual ratios; nothing is learnt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from longdoc.types import Document, Page

Kind = Literal["balance", "income", "cash_flow"]
STATEMENTS_VERSION = 1
"""Changes whenever the code could find the statements of the same filing elsewhere."""

TITLES: dict[Kind, str] = {
    "balance": r"balance sheets?|statements? of (?:consolidated )?financial (?:position|condition)",
    "income": r"income statements?|statements? of (?:consolidated )?(?:income|operations|earnings|profit (?:and|or) loss)"
    r"|profit (?:and|&) loss|\bp ?& ?l\b",
    "cash_flow": r"cash[ -]flows? statements?|statements? of (?:consolidated )?cash flows?",
}
"""What a statement is called, in a filing and in a question."""

_LINES: dict[Kind, tuple[str, ...]] = {
    "balance": (
        r"total assets",
        r"total current assets",
        r"total liabilities",
        r"total current liabilities",
        r"accounts payable|trade payables",
        r"retained earnings|reinvested|accumulated deficit",
        r"inventor(?:y|ies)",
        r"total (?:\w+['’]?s?['’]? )?equity|total stockholders|total shareholders",
        r"goodwill",
        r"property|plant",
        r"receivable",
        r"long-term debt|borrowings",
    ),
    "income": (
        r"net (?:sales|revenues?)|total (?:net )?revenues?|^revenues?|^sales",
        r"cost of (?:sales|revenues?|goods|products|services)|total cost",
        r"gross (?:profit|margin)",
        r"operating (?:income|profit|expenses)|(?:income|loss|earnings) from operations",
        r"interest (?:expense|income)",
        r"(?:before|provision for|benefit from)[\w ,()]* income tax|before[\w ,()]* tax",
        r"net (?:income|earnings|loss)",
        r"^\W*basic",
        r"^\W*diluted",
        r"selling, (?:general|informational)|general and administrative|research and development",
    ),
    "cash_flow": (
        r"operating activities",
        r"investing activities",
        r"financing activities",
        r"depreciation",
        r"(?:purchases?|additions?|acquisitions?) (?:of|to) property|capital expenditures|purchases of land",
        r"dividends? paid|payments? of dividends",
        r"(?:repurchases?|purchases?) of (?:common|treasury|shares|our)|share repurchases",
        r"beginning of",
        r"end of",
        r"effect of (?:foreign )?exchange",
    ),
}
_LINE_PATTERNS = {kind: [re.compile(line, re.IGNORECASE) for line in lines] for kind, lines in _LINES.items()}
_TITLE_PATTERNS = {kind: re.compile(title, re.IGNORECASE) for kind, title in TITLES.items()}
_FIGURES = re.compile(r"\d[\d,.]*\)?\s*$")
TOP = 500
"""Characters at the head of a page in which its statement's title stands."""
FEWEST_LINES = 5
TITLE_COUNTS = 3
"""Lines that a title at the head of the page is worth."""


@dataclass(frozen=True, slots=True)
class Concept:
    """A line item or ratio: the words of a question that mean it, what its lines are called, and the statements that they stand in."""

    asked: re.Pattern[str]
    lines: tuple[str, ...]
    kinds: tuple[Kind, ...]


def _concept(asked: str, lines: str, *kinds: Kind) -> Concept:
    return Concept(re.compile(rf"\b(?:{asked})\b", re.IGNORECASE), tuple(lines.split("; ")) if lines else (), kinds)


_REVENUE = "net sales; net revenue; total revenues; revenue"
_COST = "cost of sales; cost of revenue; cost of goods sold; cost of products sold"
_NET = "net income; net earnings; net loss"
CONCEPTS = (
    _concept(
        r"(?:deferred|unearned) revenues?|contract liabilit(?:y|ies)", "deferred revenue; unearned revenue; contract liabilities", "balance"
    ),
    _concept(r"(?<!deferred )(?<!unearned )revenues?|net sales|top[- ]line|sales growth", _REVENUE, "income"),
    _concept(r"cogs|costs? of (?:goods sold|sales|revenues?)", _COST, "income"),
    _concept(r"gross (?:profits?|margins?)", f"gross profit; gross margin; {_COST}", "income"),
    _concept(r"operating (?:income|profits?|margins?)|ebit", "operating income; operating profit; income from operations", "income"),
    _concept(r"ebitda", "operating income; depreciation and amortization", "income", "cash_flow"),
    _concept(r"net (?:profit )?(?:income|earnings|loss|margins?)|net profits?|profit margins?|earnings as a percent", _NET, "income"),
    _concept(r"eps|earnings per share", "earnings per share; basic; diluted", "income"),
    _concept(r"effective tax rate|income tax(?:es)?", "provision for income taxes; income before income taxes", "income"),
    _concept(r"interest coverage|interest expense", "interest expense; operating income", "income"),
    _concept(r"sg ?& ?a|selling, general and administrative", "selling, general and administrative", "income"),
    _concept(r"r ?& ?d|research and development", "research and development", "income"),
    _concept(r"total (?:current )?assets|current assets", "total assets; total current assets", "balance"),
    _concept(r"total (?:current )?liabilities|current liabilities", "total current liabilities; total liabilities", "balance"),
    _concept(r"working capital|current ratio|liquidity ratio", "total current assets; total current liabilities", "balance"),
    _concept(r"quick ratio|acid[- ]test", "cash and cash equivalents; receivables; total current liabilities", "balance"),
    _concept(r"inventor(?:y|ies)", "inventories; merchandise inventories", "balance"),
    _concept(r"inventory turnover|sold its inventory|days? (?:of )?inventory|dio", f"inventories; {_COST}", "balance", "income"),
    _concept(
        r"(?:accounts|trade) receivables?|receivables turnover|dso|days? sales outstanding", f"receivables; {_REVENUE}", "balance", "income"
    ),
    _concept(r"(?:accounts|trade) payables?|dpo|days? payables? outstanding", f"accounts payable; {_COST}", "balance", "income"),
    _concept(r"cash conversion cycle|ccc", f"inventories; receivables; accounts payable; {_REVENUE}; {_COST}", "balance", "income"),
    _concept(r"pp ?& ?e|ppne|property, plant|fixed assets?", "property, plant and equipment, net; property and equipment", "balance"),
    _concept(r"(?:fixed )?asset turnover", f"total assets; property, plant and equipment; {_REVENUE}", "balance", "income"),
    _concept(r"return on (?:total )?assets|roa", f"total assets; {_NET}", "balance", "income"),
    _concept(r"return on (?:shareholders['’]? )?equity|roe", f"total equity; {_NET}", "balance", "income"),
    _concept(r"debt[- ]to[- ]equity|leverage|total debt|long[- ]term debt", "long-term debt; total equity", "balance"),
    _concept(r"cash (?:and|&) cash equivalents", "cash and cash equivalents", "balance", "cash_flow"),
    _concept(r"goodwill", "goodwill", "balance"),
    _concept(r"cap(?:ital )?ex|capital expenditures?", "purchases of property, plant and equipment; capital expenditures", "cash_flow"),
    _concept(
        r"capital[- ]intensive|capital intensity", f"capital expenditures; total assets; {_REVENUE}", "income", "balance", "cash_flow"
    ),
    _concept(r"free cash flow|fcf", "net cash provided by operating activities; purchases of property", "cash_flow"),
    _concept(
        r"(?:operating|investing|financing) cash flows?|cash flows? from|cash from operations|(?:operations|operating),? investing",
        "net cash provided by operating activities; net cash used in investing activities; net cash used in financing activities",
        "cash_flow",
    ),
    _concept(r"dividends? paid|cash dividends|payout ratio|retention ratio", f"dividends paid; {_NET}", "cash_flow", "income"),
    _concept(r"(?:share|stock) (?:repurchases?|buybacks?)", "repurchases of common stock", "cash_flow"),
    _concept(r"depreciation|amortization|d ?& ?a", "depreciation and amortization", "cash_flow"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question asks of accounts: statements in the order in which it names them, and names of lines. `named` are the statements
    that it names itself."""

    kinds: tuple[Kind, ...]
    lines: tuple[str, ...]
    named: tuple[Kind, ...]


def wanted(question: str) -> Wanted:
    """The statements and lines that a question is about; none where it is about something else."""
    named = [(found.start(), kind) for kind, pattern in _TITLE_PATTERNS.items() for found in pattern.finditer(question)]
    hits = [(found.start(), concept) for concept in CONCEPTS if (found := concept.asked.search(question))]
    kinds = [kind for _, kind in sorted(named)]
    named_kinds = tuple(dict.fromkeys(kinds))
    if not kinds:
        kinds = [kind for _, concept in sorted(hits, key=lambda hit: hit[0]) for kind in concept.kinds]
    lines = [line for _, concept in sorted(hits, key=lambda hit: hit[0]) for line in concept.lines]
    return Wanted(tuple(dict.fromkeys(kinds)), tuple(dict.fromkeys(lines)), named_kinds)


def statement_pages(document: Document) -> dict[Kind, Page]:
    """The page that each statement stands on, as far as there is one: that whose tables have most of its usual lines, one with its title
    above before others."""
    rows: dict[int, list[str]] = {}
    for table in document.tables:
        page = document.page_at(table.span.start)
        if page is not None:
            rows.setdefault(page.number, []).extend(line for line in document.quote(table.span).splitlines() if _FIGURES.search(line))
    found: dict[Kind, tuple[int, Page]] = {}
    for number, lines in rows.items():
        if len(lines) < FEWEST_LINES:
            continue
        page = document.pages[number - 1]
        for kind, patterns in _LINE_PATTERNS.items():
            count = sum(any(pattern.search(line) for line in lines) for pattern in patterns)
            if count >= FEWEST_LINES:
                titled = _TITLE_PATTERNS[kind].search(document.text, page.span.start, min(page.span.start + TOP, page.span.end))
                score = count + (TITLE_COUNTS if titled else 0)
                if kind not in found or score > found[kind][0]:
                    found[kind] = (score, page)
    return {kind: page for kind, (_, page) in found.items()}


def lines_asked(text: str, lines: Sequence[str]) -> int:
    """How many of the lines stand in a text."""
    folded = text.casefold()
    return sum(line in folded for line in lines)
