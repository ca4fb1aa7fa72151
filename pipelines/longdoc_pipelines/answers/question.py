"""What a question about accounts asks for: the measure, the periods, what is to be done with it, and how the answer is to be written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from longdoc_pipelines.accounts.concepts import BY_NAME
from longdoc_pipelines.answers.formulas import ITEMS, MEASURES, REVENUE, Item, Join, Measure, Node, Shape
from longdoc_pipelines.statements import TITLES

Operation = Literal["value", "average", "growth", "compound", "difference", "direction", "steady", "largest"]


@dataclass(frozen=True, slots=True, order=True)
class When:
    """A period that a question names: a fiscal year, or a quarter (1 to 4) of it."""

    year: int
    quarter: int | None = None

    def __str__(self) -> str:
        return f"Q{self.quarter} FY{self.year}" if self.quarter else f"FY{self.year}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about accounts, understood. `factor` is what money is to be told in (1e6 for "in USD millions"), `decimals` how many are
    wanted, `closed` whether yes or no is wanted, `limit` the percentage points of "not more than 2 %";
    `falling` whether it asks if something fell, `either` which way it went, `any_change` whether it moved at all."""

    measures: tuple[Measure, ...]
    operation: Operation
    periods: tuple[When, ...]
    span: bool
    factor: int | None
    decimals: int | None
    closed: bool
    falling: bool
    either: bool
    any_change: bool
    limit: float | None


_DEFINITION = re.compile(
    r"(?:\b[A-Z][\w&/%-]*(?: [\w&/%()-]+){0,5}? (?:here )?(?:is|are) defined as|\bdefine [^.?]{3,60}? as)\b:?[^.?]*(?:[.?]|$)",
    re.IGNORECASE,
)
_IF_OF_USE = re.compile(r"\bif\b[^.?]*?\bnot\b[^.?]*\b(?:useful|relevant|meaningful|ask about)\b[^.?]*[.?]?", re.IGNORECASE)
_STATEMENTS = re.compile(
    rf"\b(?:{'|'.join(TITLES.values())})|\bP ?& ?L statement|\bincome statement|\bstatement of (?:income|cash flows?)", re.IGNORECASE
)
_BRACKETED = re.compile(r"\((?:using|from|as|formerly|based|in|D&A)[^)]*\)", re.IGNORECASE)

_NARROWER = re.compile(
    r"\b(?:adjusted|non-?gaap|organic(?:ally)?|segments?|domestic|international|geograph\w*|regions?|product categor\w*"
    r"|exclud\w+|pro forma"
    r"|constant currency|comparable|same[- ]store|expect(?:s|ed)?|guidance|outlook|forecast\w*|budget\w*|target\w*"
    r"|drove|drivers?|why|explain"
    r"|reasons?|caused?|due to|how does|policy|events?|U\.?S\.? (?:sales|revenues?)|percent of total|nature|purpose|main|major)\b",
    re.IGNORECASE,
)
"""Words by which a question asks for a part of a line item, for another measure, or for words."""

_YEAR = r"(?:FY|fiscal(?: year)?|year(?:s)?(?: ended)?|CY)?[\s']*((?:19|20)\d\d)"
_QUARTER_FIRST = re.compile(
    rf"\b(?:Q([1-4])|(first|second|third|fourth) (?:fiscal )?quarter)[\s,']*(?:of\s+)?(?:the\s+)?{_YEAR}\b", re.IGNORECASE
)
_QUARTER_LAST = re.compile(rf"\b{_YEAR}[\s,']*Q([1-4])\b", re.IGNORECASE)
_YEARS = re.compile(r"(?<![\d.,$])(?:FY\s?'?|\b)((?:19|20)\d\d)(?![\d,]|\.\d)|\bFY\s?'?(\d\d)\b", re.IGNORECASE)
_RANGE = re.compile(r"((?:19|20)\d\d)\s*(?:-|–|—|to|through)\s*(?:FY\s?)?((?:19|20)\d\d)", re.IGNORECASE)
_ORDER = {"first": 1, "second": 2, "third": 3, "fourth": 4}

_FACTOR = re.compile(
    r"\bin (?:USD |US\$ ?|U\.S\. )?(?:dollars? )?(thousands?|millions?|billions?)\b|\bUSD (thousands?|millions?"
    r"|billions?)\b",
    re.IGNORECASE,
)
_FACTORS = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_DECIMALS = re.compile(r"\b(one|two|three|four|\d) decimals?\b", re.IGNORECASE)
_WHOLE = re.compile(r"\bnearest (?:whole|integer|million|billion|thousand|percent)", re.IGNORECASE)
_DIGITS = {"one": 1, "two": 2, "three": 3, "four": 4}

_AVERAGE = re.compile(r"\b(?:(?:two|three|four|five|\d)[- ]year )?average\b|\bon average\b", re.IGNORECASE)
_COMPOUND = re.compile(r"\bCAGR\b|compound(?:ed)? annual", re.IGNORECASE)
_GROWTH = re.compile(
    r"\bgrowth\b(?: rate)?|\b(?:percentage|percent|%) change\b|year[- ]over[- ]year|\byoy\b|\bby (?:how much|what percent\w*) did\b",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(
    r"\b(?:change|difference|increase|decrease) in\b|\bhow much (?:did|has) \S+(?: \S+){0,6} (?:change|increase|decrease|grow)",
    re.IGNORECASE,
)
_UP = r"grow|grew|grown|increas\w*|r[io]se|risen|improv\w*|higher|expand\w*|went up"
_DOWN = r"declin\w*|decreas\w*|drop\w*|f[ea]ll(?:en)?|lower|worsen\w*|reduc\w*|shr[iau]nk\w*|deteriorat\w*|went down"
_MOVES = re.compile(rf"\b(?:{_UP}|{_DOWN}|chang\w*)\b", re.IGNORECASE)
_FALLS, _RISES = re.compile(rf"\b(?:{_DOWN})\b", re.IGNORECASE), re.compile(rf"\b(?:{_UP})\b", re.IGNORECASE)
_CLOSED = re.compile(r"(?:^|[.:?]\s+)(?:did|has|have|had|is|are|was|were|does|do|can)\b", re.IGNORECASE)
_STEADY = re.compile(r"\bconsistent\b|\bfluctuat\w*|\bstable\b|\bsteady\b", re.IGNORECASE)
_LIMIT = re.compile(r"(\d+(?:\.\d+)?)\s?(?:%|percent)", re.IGNORECASE)
_SHARE_OF = re.compile(r"\b(?:as|is|are)?\s*(?:a\s+)?(?:%|percent(?:age)?|share|proportion|fraction) (?:of|to)\s+", re.IGNORECASE)
_MARGIN = re.compile(r"^[^.?]{0,40}?(?:%\s*)?\bmargin\b", re.IGNORECASE)
_THREE_FLOWS = re.compile(r"\boperati\w+,? (?:and |or )?investing,?(?: and| or)? financing\b", re.IGNORECASE)
_MOST = re.compile(r"\b(?:most|largest|highest|biggest|greatest|best)\b", re.IGNORECASE)


_BEFORE_WORDS = (
    "the a an of in for is was were are be total annual yearly quarterly consolidated reported overall company company's its their "
    "our his what which how much many did does do have has had and or to between from with than against grow grew increase "
    "decrease improve reduce change drop decline rise fall growth average avg mean on as by per year end ended fiscal quarter full "
    "gaap level amount value balance calculate compute give state find tell show me year-end trailing any net vs versus compare "
    "compared roughly approximately unadjusted a/an this that these those whether using use latest current previous prior last "
    "cash paid sold generated most recent "
)
_AFTER_WORDS = (
    "amount amounts balance balances growth rate ratio ratios margin margins expense expenses figure figures level levels total "
    "per in for of at as on and or to from between during by did does do has have had was were is are increase increased increases "
    "decrease decreased grow grew grown rise rose fall fell decline declined drop dropped improve improved improving change "
    "changed changes cagr year years last this over vs versus compared compare generated used reported recorded attributable ended "
    "paid outstanding net turnover than higher lower up down relative value profile historically consistently consistent "
    "fluctuating worsen worsened it they the a an be with against since until both each if when what shown stated given using out "
)
_BEFORE, _AFTER = frozenset(_BEFORE_WORDS.split()), frozenset(_AFTER_WORDS.split())
_LAST_WORD, _NEXT_WORD = re.compile(r"([^\s,;:()]+)\s*$"), re.compile(r"^\s*([^\s,;:()?.]+)")


def _is_narrowed(text: str, start: int, end: int) -> bool:
    """Whether a word beside a line item makes something else of it: "bitcoin revenue", "goodwill impairment"."""
    before, after = _LAST_WORD.search(text[:start].rstrip()), _NEXT_WORD.match(text[end:])
    return _is_other(before, _BEFORE) or _is_other(after, _AFTER)


def _is_other(found: re.Match[str] | None, known: frozenset[str]) -> bool:
    if found is None or (found.end() and not found[1][:1].isalpha()):
        return False
    word = found[1]
    return word.islower() and word not in known and not re.search(r"['’]s?$|\d", word)


def understand(question: str) -> Asked | None:
    """What `question` asks of accounts; None where it asks for something that no line item answers."""
    plain = _BRACKETED.sub(" ", _STATEMENTS.sub(" ", _IF_OF_USE.sub(" ", _DEFINITION.sub(" ", question))))
    if _NARROWER.search(plain):
        return None
    flows = _THREE_FLOWS.search(plain)
    periods, span = when(plain)
    closed = bool(_CLOSED.search(plain.strip())) and not re.search(r"\b(?:what|how much|how many|which)\b", plain, re.IGNORECASE)
    measures = (
        tuple(_of_item(name) for name in ("operating_cash_flow", "investing_cash_flow", "financing_cash_flow"))
        if flows
        else _measures(plain)
    )
    if not measures or (flows and not _MOST.search(plain)):
        return None
    operation: Operation = "largest" if flows else _operation(plain, closed, measures[0].shape)
    limit = _LIMIT.search(plain) if operation == "steady" else None
    falls, rises = bool(_FALLS.search(plain)), bool(_RISES.search(plain))
    if closed and operation == "value":
        return None  # "Is X a capital-intensive business?" wants a judgement
    return Asked(
        measures,
        operation,
        periods,
        span,
        _factor(question),
        _decimals(question),
        closed,
        falls and not rises,
        falls and rises,
        not falls and not rises,
        float(limit[1]) if limit else None,
    )


def without_escape(question: str) -> str:
    """A question without the sentence that lets one off: "if margins are not a useful metric, say so"."""
    return _IF_OF_USE.sub(" ", question).strip() or question


def when(question: str) -> tuple[tuple[When, ...], bool]:
    """The periods that a question names, in order, and whether the two are the ends of a span of years ("FY2015 - FY2017")."""
    found: dict[int, When] = {}
    taken: list[tuple[int, int]] = []
    for match in _QUARTER_FIRST.finditer(question):
        quarter = int(match[1]) if match[1] else _ORDER[match[2].lower()]
        found[match.start()] = When(int(match[3]), quarter)
        taken.append(match.span())
    for match in _QUARTER_LAST.finditer(question):
        if not _within(match.start(), taken):
            found[match.start()] = When(int(match[1]), int(match[2]))
            taken.append(match.span())
    for match in _YEARS.finditer(question):
        if not _within(match.start(1) if match[1] else match.start(), taken):
            found[match.start()] = When(int(match[1]) if match[1] else 2000 + int(match[2]))
    span = _RANGE.search(question) is not None
    return tuple(dict.fromkeys(found[start] for start in sorted(found))), span


def _within(place: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)


def _measures(plain: str) -> tuple[Measure, ...]:
    """The measure that the words name: a share of another item, a margin, a ratio by its name, or line items."""
    share = _SHARE_OF.search(plain)
    items = named_items(plain)
    if share:
        over = [item for item in items if item[0] >= share.end()][:1]
        under = [item for item in items if item[1] <= share.start() + 1][-1:]
        if over and under and over[0][0] - share.end() <= 12 and share.start() - under[0][1] <= 25:
            return (_share(under[0][2], over[0][2]),)
        return ()
    ratios = [(match.start(), -match.end(), measure) for measure in MEASURES if (match := measure.asked.search(plain))]
    if ratios:
        return (min(ratios, key=lambda one: one[:2])[2],)
    if not items:
        return ()
    margin = _MARGIN.match(plain[items[0][1] :])
    if margin and items[0][2] != "revenue":
        return (_share(items[0][2], "revenue"),)
    if any(_is_narrowed(plain, start, end) for start, end, _ in items):
        return ()
    return tuple(_of_item(name) for name in dict.fromkeys(item[2] for item in items))


def named_items(text: str) -> list[tuple[int, int, str]]:
    """(start, end, concept) of the line items that a text names, in order; of names within each other the longest."""
    hits = sorted(
        ((match.start(), match.end(), concept) for concept, pattern in ITEMS for match in pattern.finditer(text)),
        key=lambda hit: hit[0] - hit[1],
    )
    kept: list[tuple[int, int, str]] = []
    for start, end, concept in hits:
        if end > start and not any(start < other_end and other_start < end for other_start, other_end, _ in kept):
            kept.append((start, end, concept))
    return sorted(kept)


def _of_item(concept: str) -> Measure:
    shape: Shape = "amount"
    return Measure(BY_NAME[concept].title, re.compile(""), Item(concept), shape)


def _share(under: str, over: str) -> Measure:
    node: Node = Join(
        "/",
        Item(under, magnitude=under not in ("net_income", "operating_income", "pretax_income")),
        REVENUE if over == "revenue" else Item(over),
    )
    return Measure(f"{BY_NAME[under].title} / {BY_NAME[over].title}", re.compile(""), node, "percent")


def _operation(plain: str, closed: bool, shape: Shape) -> Operation:
    if _COMPOUND.search(plain):
        return "compound"
    if _STEADY.search(plain):
        return "steady"
    if _AVERAGE.search(plain):
        return "average"
    if _GROWTH.search(plain) and not closed:
        return "growth"
    if (closed or re.search(r"\bor\b", plain)) and _MOVES.search(plain):
        return "direction"
    return "difference" if _DIFFERENCE.search(plain) else "value"


def _factor(question: str) -> int | None:
    found = _FACTOR.search(question)
    return _FACTORS[(found[1] or found[2]).lower().rstrip("s")] if found else None


def _decimals(question: str) -> int | None:
    found = _DECIMALS.search(question)
    if found:
        return _DIGITS.get(found[1].lower()) or (int(found[1]) if found[1].isdigit() else None)
    return 0 if _WHOLE.search(question) else None
