"""Measures made of line items: expressions over concepts, and the usual ratios as such expressions.

The definitions are those of textbooks of financial analysis; where several are in use, the one taken is told with the answer, since the
calculation is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Shape = Literal["amount", "percent", "times", "days"]
"""What a measure comes to: money, a share in percent, a ratio, or days."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line item; `magnitude` takes it without its sign, as a payment that one statement prints in parentheses and another does not."""

    concept: str
    magnitude: bool = False


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of an item at the end of the period and of the one before."""

    item: Item


@dataclass(frozen=True, slots=True)
class Change:
    """An item less what it was a period before."""

    item: Item


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: int


@dataclass(frozen=True, slots=True)
class Join:
    """Two expressions with + - * or / between them."""

    sign: Literal["+", "-", "*", "/"]
    left: Node
    right: Node


Node = Item | Average | Change | Number | Join


@dataclass(frozen=True, slots=True)
class Measure:
    """What a question may ask for: its name, the words that mean it, its expression and what that comes to."""

    name: str
    asked: re.Pattern[str]
    node: Node
    shape: Shape


REVENUE, COST = Item("revenue", magnitude=True), Item("cost_of_revenue", magnitude=True)
_GROSS, _OPERATING, _NET = Item("gross_profit"), Item("operating_income"), Item("net_income")
_CURRENT_ASSETS, _CURRENT_LIABILITIES = Item("current_assets"), Item("current_liabilities")
_INVENTORY, _RECEIVABLES, _PAYABLES = Item("inventory"), Item("receivables"), Item("payables")
_CAPEX, _D_AND_A, _DIVIDENDS = (
    Item("capex", magnitude=True),
    Item("depreciation_and_amortization", magnitude=True),
    Item("dividends_paid", magnitude=True),
)
_TAX, _INTEREST = Item("income_tax"), Item("interest_expense", magnitude=True)
_DEBT = Join("+", Item("long_term_debt"), Item("short_term_debt"))


def _over(left: Node, right: Node) -> Join:
    return Join("/", left, right)


def _days(stock: Node, flow: Node) -> Join:
    return _over(Join("*", Number(365), stock), flow)


_DIO, _DSO = _days(Average(_INVENTORY), COST), _days(Average(_RECEIVABLES), REVENUE)
_DPO = _days(Average(_PAYABLES), Join("+", COST, Change(_INVENTORY)))
_EBITDA = Join("+", _OPERATING, _D_AND_A)


def _measure(name: str, asked: str, node: Node, shape: Shape) -> Measure:
    return Measure(name, re.compile(rf"(?<![\w-])(?:{asked})(?![\w-])", re.IGNORECASE), node, shape)


MEASURES = (
    _measure("cash conversion cycle", r"cash conversion cycle|ccc", Join("-", Join("+", _DIO, _DSO), _DPO), "days"),
    _measure("days inventory outstanding", r"days (?:of )?(?:sales (?:of|in) )?inventory(?: outstanding)?|dio", _DIO, "days"),
    _measure("days sales outstanding", r"days sales outstanding|dso", _DSO, "days"),
    _measure("days payable outstanding", r"days payables? outstanding|dpo", _DPO, "days"),
    _measure("inventory turnover", r"inventory turn(?:over|s)|sold its inventory", _over(COST, Average(_INVENTORY)), "times"),
    _measure("fixed asset turnover", r"fixed[- ]assets? turnover|pp&?n?e turnover", _over(REVENUE, Average(Item("ppe"))), "times"),
    _measure("receivables turnover", r"(?:accounts )?receivables? turnover", _over(REVENUE, Average(_RECEIVABLES)), "times"),
    _measure("asset turnover", r"(?:total )?assets? turnover", _over(REVENUE, Average(Item("total_assets"))), "times"),
    _measure("current ratio", r"current ratio", _over(_CURRENT_ASSETS, _CURRENT_LIABILITIES), "times"),
    _measure("working capital ratio", r"working[- ]capital ratio", _over(_CURRENT_ASSETS, _CURRENT_LIABILITIES), "times"),
    _measure(
        "quick ratio", r"quick ratio|acid[- ]test(?: ratio)?", _over(Join("-", _CURRENT_ASSETS, _INVENTORY), _CURRENT_LIABILITIES), "times"
    ),
    _measure("cash ratio", r"cash ratio", _over(Item("cash"), _CURRENT_LIABILITIES), "times"),
    _measure("working capital", r"(?:net )?working capital", Join("-", _CURRENT_ASSETS, _CURRENT_LIABILITIES), "amount"),
    _measure("gross margin", r"gross (?:profit )?margins?(?: ratio| percentage| %)?", _over(_GROSS, REVENUE), "percent"),
    _measure("EBITDA margin", r"(?:unadjusted )?ebitda (?:% )?margin", _over(_EBITDA, REVENUE), "percent"),
    _measure("operating margin", r"operating (?:profit |income )?margins?|ebit margin", _over(_OPERATING, REVENUE), "percent"),
    _measure("net profit margin", r"net (?:profit |income )?margins?|profit margins?", _over(_NET, REVENUE), "percent"),
    _measure("EBITDA", r"(?:unadjusted )?ebitda", _EBITDA, "amount"),
    _measure("free cash flow", r"free cash flows?|fcf", Join("-", Item("operating_cash_flow"), _CAPEX), "amount"),
    _measure("dividend payout ratio", r"(?:dividend )?payout ratio", _over(_DIVIDENDS, _NET), "times"),
    _measure("retention ratio", r"(?:earnings )?retention (?:ratio|rate)", Join("-", Number(1), _over(_DIVIDENDS, _NET)), "times"),
    _measure("effective tax rate", r"effective (?:income )?tax rate", _over(_TAX, Item("pretax_income")), "percent"),
    _measure("interest coverage", r"interest coverage(?: ratio)?|times interest earned", _over(_OPERATING, _INTEREST), "times"),
    _measure("return on assets", r"return on (?:total )?assets|roa", _over(_NET, Average(Item("total_assets"))), "percent"),
    _measure("return on equity", r"return on (?:shareholders['’]? )?equity|roe", _over(_NET, Average(Item("equity"))), "percent"),
    _measure("debt to equity", r"debt[- ]to[- ]equity(?: ratio)?|d/e ratio", _over(_DEBT, Item("equity")), "times"),
    _measure("net debt", r"net debt", Join("-", _DEBT, Item("cash")), "amount"),
    _measure("total debt", r"total debt", _DEBT, "amount"),
)
"""Ratios and sums by name, those with longer names first."""

STAND_INS: dict[str, Node] = {
    "gross_profit": Join("-", REVENUE, COST),
    "total_liabilities": Join("-", Item("total_assets"), Item("equity")),
}
"""What an item is computed from where a statement has no line for it."""


_ITEMS = (
    ("revenue", r"(?:total |net )*revenues?(?: net)?|net sales|total sales|sales|top[- ]line"),
    ("cost_of_revenue", r"cogs|costs? of (?:goods sold|sales|revenues?|products sold)"),
    ("gross_profit", r"gross profits?"),
    ("operating_income", r"operating (?:income|profit|loss|earnings)|(?:income|profit|loss) from operations|ebit"),
    ("pretax_income", r"pre-?tax (?:income|profit|earnings)|(?:income|earnings|profit) before (?:income )?tax(?:es)?"),
    ("net_income", r"net (?:income|earnings|profits?|loss)(?: attributable to [\w ]*?(?:shareholders|stockholders))?|bottom[- ]line"),
    ("eps_diluted", r"diluted (?:eps|(?:net )?(?:earnings|income) per (?:common )?share)|(?:eps|(?:earnings"
        r"|income) per (?:common )?share),? ?\(?diluted\)?"),
    ("eps_basic", r"basic (?:eps|(?:net )?(?:earnings|income) per (?:common )?share)"),
    ("eps_diluted", r"eps|earnings per (?:common )?share"),
    ("dividends_per_share", r"dividends? (?:declared )?per (?:common )?share"),
    ("income_tax", r"income tax(?:es)?(?: expense| provision)?|tax expense|provision for (?:income )?tax(?:es)?"),
    ("interest_expense", r"(?:net )?interest expenses?"),
    ("sga", r"sg ?& ?a(?: expenses?)?|selling,? general,? and administrative(?: expenses?)?"),
    ("research_and_development", r"r ?& ?d(?: expenses?| spending)?|research and development(?: expenses?)?"),
    ("operating_cash_flow", r"(?:net )?cash (?:flows? )?(?:provided by|from|generated by"
        r"|used in) (?:operating activities|operations)|operating cash flows?"),
    ("investing_cash_flow", r"(?:net )?cash (?:flows? )?(?:provided by|from|used in) investing(?: activities)?|investing cash flows?"),
    ("financing_cash_flow", r"(?:net )?cash (?:flows? )?(?:provided by|from|used in) financing(?: activities)?|financing cash flows?"),
    ("capex", r"cap(?:ital )?ex|capital expenditures?|capital spending|purchases? of (?:property|pp&?n?e)[\w, ]*?"),
    ("depreciation_and_amortization", r"depreciation (?:and|&) amortization|d ?& ?a|depreciation"),
    ("stock_compensation", r"(?:stock|share)[- ]based compensation(?: expense)?|sbc"),
    ("share_repurchases", r"(?:share|stock) (?:repurchases?|buy-?backs?)|repurchases? of (?:common )?(?:stock|shares)"),
    ("dividends_paid", r"(?:total )?(?:cash )?dividends? (?:paid(?: out)?|payments?)|(?:cash )?dividends"),
    ("cash", r"cash (?:and|&) (?:cash )?equivalents|cash (?:balance|position|on hand)"),
    ("short_term_investments", r"short[- ]term investments|marketable securities"),
    ("receivables", r"(?:net )?(?:accounts |trade )?receivables?"),
    ("inventory", r"(?:total |net |merchandise )?inventor(?:y|ies)"),
    ("current_assets", r"(?:total )?current assets"),
    ("ppe", r"(?:net )?(?:pp&?n?e|property,? plant,?(?: and| &)? equipment|fixed assets|property and equipment)(?:,? net)?"),
    ("goodwill", r"goodwill"),
    ("intangibles", r"intangible assets|intangibles"),
    ("total_assets", r"total assets"),
    ("payables", r"(?:accounts|trade) payables?|payables"),
    ("short_term_debt", r"short[- ]term (?:debt|borrowings)"),
    ("current_liabilities", r"(?:total )?current liabilities"),
    ("long_term_debt", r"long[- ]term debt"),
    ("total_liabilities", r"total liabilities"),
    ("retained_earnings", r"retained earnings|accumulated deficit"),
    ("equity", r"(?:total )?(?:shareholders?|stockholders?|shareowners?)['’]?s?['’]? equity|total equity|book value"),
    ("shares_diluted", r"diluted (?:weighted[- ]average )?shares"),
)  # fmt: skip
ITEMS = tuple((concept, re.compile(rf"(?<![\w-])(?:{asked})(?![\w-])", re.IGNORECASE)) for concept, asked in _ITEMS)
"""How questions call line items."""
