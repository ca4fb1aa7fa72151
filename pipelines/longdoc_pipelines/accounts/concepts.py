"""Line items under the names that statements print: which concept a row of a statement is.

The vocabulary is that of US GAAP and IFRS statements; nothing is learnt. The names of a concept stand in order of choice: where a statement
has several of them, the first is what the concept usually means ("Net income attributable to the company" before "Net income").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from longdoc.figures import is_per_share
from longdoc_pipelines.statements import Kind


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept: the statements that it stands in, the patterns of its names in order of choice, and the XBRL elements that report it."""

    name: str
    title: str
    kinds: tuple[Kind, ...]
    names: tuple[re.Pattern[str], ...]
    elements: tuple[str, ...] = ()
    flow: bool = True
    """Whether it is of a span of time; False for what stands at a day."""


_EARNED = r"(?:income|earnings|profit|loss)(?:(?: or |/)(?:income|earnings|loss))?"
_OWNERS = r"(?:share|stock)(?:holders?|owners?)['’]?s?['’]?"
_FIXED = r"(?:property|land|plant|fixed assets|buildings)"


def _concept(name: str, title: str, kinds: str, names: str, elements: str = "", flow: bool = True) -> Concept:
    patterns = tuple(re.compile(part.strip()) for part in names.strip().split("\n"))
    known: dict[str, Kind] = {"income": "income", "balance": "balance", "cash_flow": "cash_flow"}
    return Concept(name, title, tuple(known[kind] for kind in kinds.split()), patterns, tuple(elements.split()), flow)


def _day(name: str, title: str, names: str, elements: str = "") -> Concept:
    return _concept(name, title, "balance", names, elements, flow=False)


CONCEPTS = (
    _concept(
        "revenue",
        "revenue",
        "income",
        r"""total (?:net )?(?:revenues?|sales)(?:,? net)?(?: and other income)?
        (?:net )?revenues?(?:,? net)?|sales and other operating revenues?
        net sales(?: and revenues?)?|sales to customers|sales(?:,? net)?|turnover""",
        "RevenueFromContractWithCustomerExcludingAssessedTax Revenues SalesRevenueNet RevenueFromContractWithCustomerIncludingAssessedTax",
    ),
    _concept(
        "cost_of_revenue",
        "cost of revenue",
        "income",
        r"""total costs? of (?:net )?(?:goods sold|sales|revenues?|products sold|products and services)
        costs? of (?:net )?(?:goods sold|sales|revenues?|products sold|products and services|products|goods)(?:,.*)?|merchandise costs""",
        "CostOfRevenue CostOfGoodsAndServicesSold CostOfGoodsSold",
    ),
    _concept("gross_profit", "gross profit", "income", r"(?:total )?gross (?:profit|margin)", "GrossProfit"),
    _concept(
        "sga",
        "selling, general and administrative expenses",
        "income",
        r"""(?:total )?(?:selling|marketing),? (?:and )?(?:general|marketing|informational|distribution|administrative).*
        general and administrative.*""",
        "SellingGeneralAndAdministrativeExpense",
    ),
    _concept(
        "research_and_development",
        "research and development",
        "income",
        r"(?:total )?research(?:,| and| &) ?development.*|product development.*|technology and development.*",
        "ResearchAndDevelopmentExpense",
    ),
    _concept("operating_expenses", "operating expenses", "income", r"total (?:operating )?(?:costs and )?expenses", "OperatingExpenses"),
    _concept(
        "operating_income",
        "operating income",
        "income",
        rf"(?:total )?(?:consolidated )?operating {_EARNED}|{_EARNED} from operations",
        "OperatingIncomeLoss",
    ),
    _concept(
        "interest_expense",
        "interest expense",
        "income",
        r"""(?:total )?interest expense
        interest expense.*
        interest,? net|net interest.*|interest and (?:other )?(?:financ|debt).*|interest expense and other.*""",
        "InterestExpense InterestExpenseNonoperating",
    ),
    _concept(
        "pretax_income",
        "income before taxes",
        "income",
        rf"{_EARNED}\b.*\bbefore\b.*\btax.*",
        "IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest",
    ),
    _concept(
        "income_tax",
        "income taxes",
        "income",
        r"""(?:total )?(?:provision|benefit|expense)(?:(?: or |/)benefit)? (?:for|from|on) (?:income tax(?:es)?|taxes on income|taxes).*
        (?:total )?(?:income tax(?:es)?|taxes on income|tax)(?: \w+){0,3}""",
        "IncomeTaxExpenseBenefit",
    ),
    _concept(
        "net_income",
        "net income",
        "income cash_flow",
        rf"""(?:consolidated )?net {_EARNED},? (?:attributable|available|applicable) to (?!.*(?:non ?controlling|minority)).*
        (?:consolidated )?net {_EARNED}(?: for the (?:year|period))?
        (?:consolidated )?net {_EARNED},? (?:including|before).*|consolidated net {_EARNED}""",
        "NetIncomeLoss ProfitLoss",
    ),
    _concept(
        "eps_basic",
        "basic earnings per share",
        "income",
        "per share: basic",
        "EarningsPerShareBasic EarningsPerShareBasicAndDiluted",
    ),
    _concept(
        "eps_diluted",
        "diluted earnings per share",
        "income",
        "per share: diluted",
        "EarningsPerShareDiluted EarningsPerShareBasicAndDiluted",
    ),
    _concept("dividends_per_share", "dividends per share", "income", "per share: dividends", "CommonStockDividendsPerShareDeclared"),
    _concept(
        "shares_diluted",
        "diluted shares",
        "income",
        "shares: diluted",
        "WeightedAverageNumberOfDilutedSharesOutstanding",
    ),
    _concept("shares_basic", "basic shares", "income", "shares: basic", "WeightedAverageNumberOfSharesOutstandingBasic"),
    _day(
        "cash",
        "cash and cash equivalents",
        r"""(?:total )?cash and (?:cash )?equivalents.*
        cash, cash equivalents.*
        cash""",
        "CashAndCashEquivalentsAtCarryingValue",
    ),
    _day(
        "short_term_investments",
        "short-term investments",
        r"(?:investments in )?short term (?:investments?|marketable securities|debt securities).*|marketable securities(?:,? current)?",
        "ShortTermInvestments MarketableSecuritiesCurrent",
    ),
    _day(
        "receivables",
        "receivables",
        r"""(?:total )?(?:accounts|trade|net|customer)(?: accounts| trade| and other)*,? receivables?(?! from).*
        receivables(?:,? net)?|accounts and (?:notes|other) receivables?.*""",
        "AccountsReceivableNetCurrent ReceivablesNetCurrent",
    ),
    _day(
        "inventory",
        "inventories",
        r"""total inventor(?:y|ies)
        (?:net |merchandise )?inventor(?:y|ies)(?:,? net)?""",
        "InventoryNet",
    ),
    _day("current_assets", "current assets", r"total current assets", "AssetsCurrent"),
    _day(
        "ppe",
        "property, plant and equipment, net",
        rf"""(?:total )?(?:net )?{_FIXED}\b.*\bnet\b.*|net {_FIXED}\b.*
        (?:total )?{_FIXED}\b.*equipment.*""",
        "PropertyPlantAndEquipmentNet",
    ),
    _day("goodwill", "goodwill", r"goodwill(?:,? net)?", "Goodwill"),
    _day(
        "intangibles",
        "intangible assets",
        r"(?:other |identifiable |acquired )?intangible assets\b.*",
        "IntangibleAssetsNetExcludingGoodwill",
    ),
    _day("total_assets", "total assets", r"total assets", "Assets"),
    _day(
        "payables",
        "accounts payable",
        r"""(?:total )?(?:accounts|trade)(?: accounts)? payables?
        (?:accounts|trade)(?: accounts)? payables?.*""",
        "AccountsPayableCurrent AccountsPayableTradeCurrent",
    ),
    _day(
        "short_term_debt",
        "short-term debt",
        r"""(?:total )?short term (?:debt|borrowings).*|(?:loans|debt) and notes payable
        current (?:portion|maturities|installments) of (?:long term )?(?:debt|borrowings)|notes payable|commercial paper.*""",
        "DebtCurrent ShortTermBorrowings LongTermDebtCurrent",
    ),
    _day("current_liabilities", "current liabilities", r"total current liabilities", "LiabilitiesCurrent"),
    _day(
        "long_term_debt",
        "long-term debt",
        r"""(?:total )?(?:long term|non ?current) (?:debt|borrowings)(?! due).*
        senior notes.*|debt,? (?:less current|non ?current|long term).*""",
        "LongTermDebtNoncurrent LongTermDebt",
    ),
    _day("total_liabilities", "total liabilities", r"total liabilities", "Liabilities"),
    _day(
        "retained_earnings",
        "retained earnings",
        r"retained earnings.*|earnings reinvested.*|accumulated deficit",
        "RetainedEarningsAccumulatedDeficit",
    ),
    _day(
        "equity",
        "shareholders' equity",
        rf"""total (?!liabilities)(?:[\w.,&]+ ){{0,4}}{_OWNERS} (?:equity|deficit|investment)(?! and).*
        total equity|total (?:[\w.,&]+ ){{0,4}}equity(?: attributable.*)?""",
        "StockholdersEquity StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest",
    ),
    _concept(
        "operating_cash_flow",
        "cash flow from operating activities",
        "cash_flow",
        r"(?:net |total )?cash (?:flows? )?(?:\w+ ){0,6}(?:operating activities|operations)",
        "NetCashProvidedByUsedInOperatingActivities",
    ),
    _concept(
        "investing_cash_flow",
        "cash flow from investing activities",
        "cash_flow",
        r"(?:net |total )?cash (?:flows? )?(?:\w+ ){0,6}investing activities",
        "NetCashProvidedByUsedInInvestingActivities",
    ),
    _concept(
        "financing_cash_flow",
        "cash flow from financing activities",
        "cash_flow",
        r"(?:net |total )?cash (?:flows? )?(?:\w+ ){0,6}financing activities",
        "NetCashProvidedByUsedInFinancingActivities",
    ),
    _concept(
        "capex",
        "capital expenditures",
        "cash_flow",
        rf"(?:purchases?|additions?|acquisitions?|payments?|expenditures?|investments?) (?:of|to|for|in) (?:the purchase of )?{_FIXED}\b.*"
        r"|capital (?:expenditures?|spending).*",
        "PaymentsToAcquirePropertyPlantAndEquipment PaymentsToAcquireProductiveAssets",
    ),
    _concept(
        "depreciation_and_amortization",
        "depreciation and amortization",
        "cash_flow income",
        r"""(?:total )?depreciation(?:,| and| &) ?(?:\w+ ){0,2}amortization.*|amortization and depreciation.*
        depreciation(?: expense)?""",
        "DepreciationDepletionAndAmortization DepreciationAmortizationAndAccretionNet DepreciationAndAmortization",
    ),
    _concept(
        "dividends_paid",
        "dividends paid",
        "cash_flow",
        r"""(?:cash )?dividends?(?: and \w+)? paid.*|(?:cash )?payments? of (?:cash )?dividends?.*|dividend payments?.*
        (?:cash )?dividends(?: to .*)?""",
        "PaymentsOfDividends PaymentsOfDividendsCommonStock",
    ),
    _concept(
        "stock_compensation",
        "stock-based compensation",
        "cash_flow",
        r"(?:stock|share|equity) based (?:compensation|payment).*|(?:non ?cash )?stock compensation.*",
        "ShareBasedCompensation",
    ),
    _concept(
        "share_repurchases",
        "repurchases of shares",
        "cash_flow",
        r"(?:purchases?|repurchases?|payments? for repurchases?|buy ?backs?) of (?:[\w']+ )?"
        r"(?:common|treasury|ordinary|shares|capital|own|company)\b.*"
        r"|(?:common )?(?:share|stock) (?:repurchases?|buy ?backs?).*",
        "PaymentsForRepurchaseOfCommonStock",
    ),
)
"""Every concept that rows are known by, in the order in which they are tried."""

BY_NAME = {concept.name: concept for concept in CONCEPTS}
BY_ELEMENT = {element: (concept, choice) for concept in CONCEPTS for choice, element in enumerate(concept.elements)}

_PARENTHESES = re.compile(r"[/\s]*[(\[][^()\[\]]*[)\]]/?")
_DASHES = re.compile(r"\s*[\u2010-\u2015\u2212-]+\s*")
_LEAD = re.compile(r"^(?:less|add|plus|deduct)\b:?\s*")
_NOT_IT = re.compile(
    r"^(?:in process|acquired in process|proceeds|change|increase|decrease|deferred|other)\b|discontinued|continuing operations$"
)
_SHARES = re.compile(r"\bshares?\b(?!.*\bper\b)", re.IGNORECASE)
_PART_OF_SHARE = re.compile(r"continuing|discontinued|adjusted|non.?gaap|anti.?dilut|effect|equivalents", re.IGNORECASE)


def folded(name: str) -> str:
    """A row's name in small letters, without what stands in parentheses, notes and dashes."""
    name = _PARENTHESES.sub(" ", name.casefold()).replace("’", "'")
    return _LEAD.sub("", " ".join(_DASHES.sub(" ", name).split()).strip(" :;,.*")).strip()


def concept_of(name: str, path: str, kind: Kind) -> tuple[Concept, int] | None:
    """The concept of a row called `name` that stands under `path` (names joined by " > ") in a statement, and its choice from 0."""
    shares = _of_shares(name, path)
    if shares is not None:
        return shares
    plain = folded(name)
    if not plain or _NOT_IT.search(plain):
        return None
    for concept in CONCEPTS:
        if kind in concept.kinds:
            for choice, pattern in enumerate(concept.names):
                if pattern.fullmatch(plain):
                    return concept, choice
    return None


def _of_shares(name: str, path: str) -> tuple[Concept, int] | None:
    """Of amounts a share and numbers of shares: which of them are earnings, diluted or not, and dividends."""
    per_share = is_per_share(path)
    if not per_share and not (_SHARES.search(path) and re.search(r"average|outstanding", path, re.IGNORECASE)):
        return None
    low = path.casefold()
    if _PART_OF_SHARE.search(low.rpartition(" > ")[2]):
        return None
    # "Weighted-average shares used to compute net income per share" are shares, whatever else the words hold.
    counted = re.search(r"(?:average|number of)(?: [\w-]+)* shares|shares (?:used|outstanding)", low) is not None
    if counted or not per_share:
        return _named("shares", low)
    if "dividend" in low:
        return (BY_NAME["dividends_per_share"], 0) if re.search(r"dividends?\b.*\bper\b", low) and "preferred" not in low else None
    return _named("eps", low)


def _named(what: str, path: str) -> tuple[Concept, int] | None:
    which = "diluted" if "dilut" in path else "basic" if "basic" in path else None
    both = 1 if which == "diluted" and "basic" in path.rpartition(" > ")[2] else 0
    return (BY_NAME[f"{what}_{which}"], both) if which else None
