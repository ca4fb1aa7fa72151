"""The value inside a clause: a date, a period, an amount, a share, a party or a jurisdiction, normalised and with its own quote."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from decimal import Decimal

from longdoc import tables
from longdoc.dates import find_dates
from longdoc.labels import AnswerFormat
from longdoc.model.places import find_places
from longdoc.tables import Cell
from longdoc.types import Document, Span, Value

Found = tuple[int, int, str]
"""Start and end within the clause, and the normalised form."""

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_ONES = {name: number for number, name in enumerate(_UNITS.split())}
_TENS = {name: 10 * number for number, name in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
NUMBER_WORDS = "|".join(sorted([*_ONES, *_TENS, *_SCALES], key=len, reverse=True))
_FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75", "1/2": "0.5", "1/4": "0.25", "3/4": "0.75"}
_FIGURE = (
    r"(?:[0-9]{1,3}(?:\.[0-9]{3}){2,}(?:,[0-9]{1,2})?(?![0-9])|[0-9]{1,3}(?:['’\u00a0\u202f][0-9]{3})+(?:\.[0-9]+)?(?![0-9])"
    r"|(?:[0-9]{1,9}\s)?(?<![0-9/])(?:1/2|[13]/4)(?![0-9/])|[0-9]{0,9}\s?[½¼¾]|[0-9][0-9,]*(?:\.[0-9]+)?)"
)
"""1,000.50, 2.000.000,50 (no fewer than two points), 1'000, 12 1/2, 12½."""
_AND = r"(?:[\s-]|(?:(?<=hundred)|(?<=thousand)|(?<=million)|(?<=billion))\sand\s)"
"""Between words of one number: "one hundred and twenty", but "thirty and sixty" are two."""
_HALF = r"\s+and\s+(?:an?|one)[\s-]half"
_NUMBER = rf"(?:{_FIGURE}|(?:an?\s+)?(?:{NUMBER_WORDS})(?:{_AND}+(?:{NUMBER_WORDS}))*(?:{_HALF})?|an?(?=[\s-]))"
_IN_BRACKETS = rf"(?:\s*\(\s*[$€£]?\s*(?P<bracketed>{_FIGURE})\s*%?\s*\))?"

_IN_WORDS = rf"(?:\s*\(\s*(?:{NUMBER_WORDS})(?:[\s-]+(?:{NUMBER_WORDS}))*\s*\))?"
"""As in "12 (twelve) months"."""

_PERIOD = re.compile(
    rf"\b(?P<number>{_NUMBER}){_IN_BRACKETS}{_IN_WORDS}[\s-]*(?P<kind>(?:full|consecutive|calendar|business|working|banking|trading|successive|additional|contract)\s+)?"
    r"(?P<unit>hour|day|week|month|quarter|year)(?:s|['’]s|s['’])?\b"
    r"(?:\s*\(\s*(?P<late>[0-9]+)\s*\))?",
    re.IGNORECASE,
)
_ISO_UNITS = {
    "hour": ("PT", 1, "H"),
    "day": ("P", 1, "D"),
    "week": ("P", 7, "D"),
    "month": ("P", 1, "M"),
    "quarter": ("P", 3, "M"),
    "year": ("P", 1, "Y"),
}
_FOR_EVER = re.compile(r"\b(?:perpetual|in perpetuity|perpetuity|indefinite(?:ly)?|without limit in time)\b", re.IGNORECASE)

_CURRENCY_NAMES = {
    "USD": "$|US$|U.S.$|USD|U.S. dollars|US dollars|United States dollars|dollars",
    "EUR": "€|EUR|euro|euros",
    "GBP": "£|GBP|pounds sterling",
    "JPY": "¥|JPY|yen",
    "CNY": "RMB|CNY|yuan",
    "CHF": "CHF|Swiss francs",
    "CAD": "CAD|C$|CDN$|Canadian dollars",
    "AUD": "AUD|A$|Australian dollars",
    "HKD": "HKD|HK$",
    "SGD": "SGD|S$",
    "INR": "INR|Rs.",
    "NZD": "NZD|NZ$",
    "TWD": "TWD|NT$",
    "BRL": "BRL|R$",
    "MXN": "MXN",
    "SEK": "SEK",
    "NOK": "NOK",
    "DKK": "DKK",
    "PLN": "PLN",
    "ZAR": "ZAR",
    "KRW": "KRW",
}
_CURRENCIES = {name.lower(): code for code, names in _CURRENCY_NAMES.items() for name in names.split("|")}
_MONEY = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in sorted(_CURRENCIES, key=len, reverse=True))
_SCALE = (
    r"(?:\s*(?P<{}>thousand|million|billion|trillion|lakhs?|crores?|mm|mn|bn|k)\b|\s?(?P<{}>(?<=[0-9\s])m|(?<=[0-9])b)\b(?!\s+\w*IBOR))?"
)
_AMOUNT_BEFORE = re.compile(rf"(?<![\w$])(?P<money>{_MONEY})\s*(?P<number>{_FIGURE}){_SCALE.format('scale', 'letter')}", re.IGNORECASE)
_AMOUNT_AFTER = re.compile(
    rf"\b(?P<number>{_NUMBER})(?:\s*\(\s*(?:{_MONEY})?\s*(?P<bracketed>{_FIGURE})\s*\))?"
    rf"{_SCALE.format('scale', 'letter')}\s+(?P<money>{_MONEY})(?!\w)",
    re.IGNORECASE,
)
_FACTORS = {
    "thousand": 10**3, "k": 10**3, "lakh": 10**5, "lakhs": 10**5, "million": 10**6, "mm": 10**6, "mn": 10**6, "m": 10**6, "crore": 10**7,
    "crores": 10**7, "billion": 10**9, "bn": 10**9, "b": 10**9, "trillion": 10**12,
}  # fmt: skip
_PER_SHARE = re.compile(r"\bper\s+(?:\w+\s+){0,3}(?:share|unit|ADS)\b|\bEPS\b", re.IGNORECASE)
_TABLE_SCALE = re.compile(r"(?:\bin\s+|\(\s*(?:dollars|amounts|usd|\$)?\s*)(thousands|millions|billions)\b", re.IGNORECASE)
_SCALE_REACH = 4000
"""Characters before an amount in a table in which "in millions" is sought."""
_CENTS = re.compile(r"(?<![0-9.,])[0-9]{1,3}\.[0-9]{2}(?![0-9.,%])")
_CENTS_REACH = 1500
"""Characters above a row in cents in which "per share" is sought."""
_CHANGE_BEFORE = re.compile(
    r"(?:\b(?:increas\w*|decreas\w*|declin\w*|grew|rose|fell|dropped|improved|reductions?)\s*(?:by|of)?|\b(?:lower|higher|up|down)\s+by"
    r"|\b(?:changes?|impacts?)\s+of|\bexcluding\b[^.;]{0,60})\s*(?:approximately|about|nearly|over|some|another)?\s*$",
    re.IGNORECASE,
)
_CHANGE_AFTER = re.compile(r"^,?\s*(?:\(?[0-9.]+%\)?\s*)?(?:increase|decrease|decline|improvement|reduction|drop)\b", re.IGNORECASE)

_PERCENT = r"(?:%|per\s?cent\b|percent\b)"
_SHARE = re.compile(
    rf"(?P<number>{_NUMBER})(?:\s*{_PERCENT}?\s*\(\s*(?P<bracketed>{_FIGURE})\s*{_PERCENT}?\s*\))?\s*{_PERCENT}?", re.IGNORECASE
)
_SHARE_MARK = re.compile(r"%|per\s?cent|percent", re.IGNORECASE)

_ROLE = re.compile(
    r"^[^;\n]{0,220}?\(\s*(?:(?:the|each|an?|hereinafter|hereafter|herein|collectively|together|individually|referred|called|to|as|or|and|,|is|be|sometimes)[\s,]+)*"
    r"[\"“]\s*(?P<role>[^\"”\n]{1,60}?)\s*,?[\"”]",
    re.IGNORECASE,
)
_LONGEST_NAME = 120
_NEXT_PARTY = re.compile(r"\b(?:and|between|among)\s+(?:the\s+)?[A-Z]|;")
_ENDS = re.compile(
    r"(?:until|through|thru|expir\w*|terminat\w*|ending|ends?|conclud\w*|no later than|up to|to and including)\b[^.;]{0,60}$", re.IGNORECASE
)
_BEGINS = re.compile(r"(?:effective|as of|commenc\w*|begin\w*|start\w*|from|dated)\b[^.;]{0,40}$", re.IGNORECASE)
_NOTICE_AFTER = re.compile(
    r"^['’]?\s*(?:advance\s+|written\s+|prior\s+)*(?:notice|prior|before|in advance|preceding|previous)\b", re.IGNORECASE
)
_NOTICE_BEFORE = re.compile(r"\b(?:notice|notif\w+|at least|no(?:t)? (?:less|later|fewer) than)\b[^.;]{0,30}$", re.IGNORECASE)
_TERM_BEFORE = re.compile(
    r"\b(?:renew\w*|exten[ds]\w*|successive|additional|terms?|for (?:\w+ ){0,3}periods?|force|continue\w*)\b"
    r"(?:(?!\bwithin\b|\bleast\b|\bthan\b)[^.;]){0,80}$",
    re.IGNORECASE,
)
_TERM_AFTER = re.compile(
    r"[\s-]*(?:(?:renewals?|extensions?|extended|additional|initial)[\s-]*)?(?:terms?|periods?|renewals?|extensions?)\b", re.IGNORECASE
)
"""A contract's term, and that of its renewal, are no periods of notice."""
_LAW = re.compile(r"\blaws?\b", re.IGNORECASE)


def read_value(document: Document, span: Span, answer_format: AnswerFormat, label: str = "") -> Value | None:
    """The value of `answer_format` in the clause at `span`, None where there is none.

    `label` helps to choose among several: an expiry is a date that something lasts until. An expiry given as a length of time is a
    duration, not a date. An amount in a table is scaled by the "in millions" above it, unless it is one per share.
    """
    text = document.quote(span)
    if answer_format == "text":
        return None
    if answer_format == "yes_no":
        return Value(kind="yes_no", normalised="yes", citation=document.cite(span))
    if answer_format == "amount":
        found = _amount(text, label, _scale_above(document, span))
    elif answer_format == "party":
        found = _party(document, span)
    elif answer_format == "date":
        found = _date(text, label)
        if found is None and "expir" in label.lower():
            length = next(periods(text), None)
            return _value(document, span, "duration", length)
    elif answer_format == "jurisdiction":
        found = _jurisdiction(text)
    elif answer_format == "duration":
        found = _duration(text, label)
    else:
        found = next(percentages(text), None)
    return _value(document, span, answer_format, found)


def _value(document: Document, span: Span, kind: AnswerFormat, found: Found | None) -> Value | None:
    if found is None:
        return None
    start, end, normalised = found
    return Value(kind=kind, normalised=normalised, citation=document.cite(Span(start=span.start + start, end=span.start + end)))


def periods(text: str) -> Iterator[Found]:
    """Lengths of time as ISO 8601 durations; business days are left out, since ISO 8601 cannot say them."""
    found: list[Found] = []
    for match in _PERIOD.finditer(text):
        number = match["bracketed"] or match["late"] or match["number"]
        amount = number_of(number)
        if amount is None or _of_business(match):
            continue
        prefix, factor, letter = _ISO_UNITS[match["unit"].lower()]
        found.append((match.start(), match.end(), f"{prefix}{_plain(amount * factor)}{letter}"))
    found.extend((match.start(), match.end(), "perpetual") for match in _FOR_EVER.finditer(text))
    yield from sorted(found)


def business_days(text: str) -> Iterator[tuple[int, int]]:
    """Places of lengths of time in business days."""
    return (match.span() for match in _PERIOD.finditer(text) if _of_business(match))


def _of_business(match: re.Match[str]) -> bool:
    return (match["kind"] or "").strip().lower() in ("business", "working", "banking", "trading")


def amounts(text: str, scale: int = 1) -> Iterator[Found]:
    """Sums of money as "USD 1500000"; `scale` multiplies figures that carry no million or thousand of their own."""
    found: list[Found] = []
    for match in (*_AMOUNT_BEFORE.finditer(text), *_AMOUNT_AFTER.finditer(text)):
        number = number_of(match.groupdict().get("bracketed") or match["number"])
        if number is None or any(match.start() < end and start < match.end() for start, end, _ in found):
            continue
        said = match["scale"] or match["letter"]
        factor = _FACTORS[said.lower()] if said else scale
        currency = _CURRENCIES[re.sub(r"\s+", " ", match["money"].lower())]
        found.append((match.start(), match.end(), f"{currency} {_plain(number * factor)}"))
    yield from sorted(found)


def _amount(text: str, label: str, scale: int) -> Found | None:
    """The first sum after the label's own name, where the text has that; else the first. What something rose or fell by is none."""
    found = [one for one in amounts(text, scale) if not _is_change(text, *one[:2])]
    named = text.lower().find(label.lower()) if label else -1
    return next((one for one in found if one[0] >= named), found[0] if found else None)


def _is_change(text: str, start: int, end: int) -> bool:
    """Whether the sum at `start` is a difference: "increased by $15.0 billion", "a $3 million decrease"."""
    return bool(_CHANGE_BEFORE.search(text[max(0, start - 100) : start]) or _CHANGE_AFTER.search(text[end : end + 40]))


def percentages(text: str) -> Iterator[Found]:
    """Shares as "12.5%"."""
    for match in _SHARE.finditer(text):
        if _SHARE_MARK.search(match.group()):
            number = number_of(match["bracketed"] or match["number"])
            if number is not None:
                yield match.start(), match.end(), f"{_plain(number)}%"


def _date(text: str, label: str) -> Found | None:
    found = find_dates(text)
    cue = _ENDS if "expir" in label.lower() else _BEGINS if "effective" in label.lower() else None
    if cue is not None:
        for start, end, iso in found:
            if cue.search(text[:start]):
                return start, end, iso
        if cue is _ENDS and next(periods(text), None):
            return None
    return found[0] if found else None


def _duration(text: str, label: str) -> Found | None:
    """A period of notice where the label asks for one, else a period that is none."""
    found = list(periods(text))
    notice = [one for one in found if _is_notice(text, *one[:2])]
    if "notice" in label.lower():
        in_business_days = any(_is_notice(text, *place) for place in business_days(text))
        terms = [one for one in found if _TERM_BEFORE.search(text[: one[0]]) or _TERM_AFTER.match(text, one[1])]
        return _first(notice, [] if in_business_days else [one for one in found if one not in terms])
    others = [one for one in found if one not in notice]
    if "renewal" in label.lower():
        renewed = re.search(r"\b(?:renew|exten|additional|successive|thereafter)", text, re.IGNORECASE)
        later = [one for one in others if renewed and one[0] >= renewed.start() - 10]
        return _first(later, others)
    return _first(others, found)


def _is_notice(text: str, start: int, end: int) -> bool:
    """Whether the period at `start` is one of notice."""
    return bool(_NOTICE_AFTER.search(text[end : end + 60]) or _NOTICE_BEFORE.search(text[max(0, start - 60) : start]))


def _first(*preferred: list[Found]) -> Found | None:
    return next((one for found in preferred for one in found), None)


def _jurisdiction(text: str) -> Found | None:
    """The first known place after the word "law", else the first before it."""
    places = find_places(text)
    law = _LAW.search(text)
    after = [place for place in places if law and place[1] >= law.start() - 12]
    if len(after) > 1 and after[0][2] == "United States" and after[1][0] - after[0][1] < 60:
        after = after[1:]  # federal law and that of a state: the state says more
    chosen = after[0] if after else places[0] if places else None
    if chosen and after[1:] and re.fullmatch(r",\s*", text[chosen[1] : after[1][0]]) and after[1][2] not in chosen[2]:
        return chosen[0], after[1][1], f"{chosen[2]}, {after[1][2]}"
    return chosen


def _party(document: Document, span: Span) -> Found | None:
    """The name, with the short name or role that the contract gives it right behind."""
    text = document.quote(span)
    if len(text) > _LONGEST_NAME:
        return None
    name = re.sub(r"\s+", " ", text).strip(" \"“”'(),;:")
    if not name:
        return None
    behind = document.text[span.end : span.end + 300]
    role = _ROLE.search(behind)
    if role and not _NEXT_PARTY.search(behind[: role.start("role")]):
        short = re.sub(r"\s+", " ", role["role"])
        name = f"{name} ({short})"
    return 0, len(text), name


def _scale_above(document: Document, span: Span) -> int:
    block = next((block for block in document.blocks if block.span.start <= span.start < block.span.end), None)
    if block is None or block.kind != "table":
        return 1
    cell = _money_in(document, span)
    if cell is not None:
        return int(cell.scale)
    above = document.text[block.span.start : span.start].splitlines()
    heading = next((line for line in reversed(above) if not any(character.isdigit() for character in line)), "")
    near = document.text[max(block.span.start, span.start - _CENTS_REACH) : span.start]
    if _CENTS.search(document.quote(span)) and _PER_SHARE.search(near):
        return 1
    if _PER_SHARE.search(document.quote(span)) or (_PER_SHARE.search(heading) and not _TABLE_SCALE.search(heading)):
        return 1
    said = list(_TABLE_SCALE.finditer(document.text, max(0, span.start - _SCALE_REACH), span.end))
    return _FACTORS[said[-1][1].lower().rstrip("s")] if said else 1


def _money_in(document: Document, span: Span) -> Cell | None:
    """The first cell with an amount that the span touches, of a table that says what its figures count in."""
    place = bisect_right(document.tables, span.start, key=lambda table: table.span.start) - 1
    if place < 0 or not document.tables[place].span.overlaps(span):
        return None
    table = document.tables[place]
    found = next((cell for cell in tables.read(document, table).cells() if cell.kind == "amount" and cell.span.overlaps(span)), None)
    return found if found is not None and (table.scale != 1.0 or found.scale != 1) else None


def number_of(text: str) -> Decimal | None:
    """A number in figures or words, None if it is neither."""
    plain = text.strip()
    if plain and (plain[0].isdigit() or plain[0] in _FRACTIONS):
        return _of_figures(plain)
    plain = plain.replace(",", "")
    if plain.lower() in ("a", "an"):
        return Decimal(1)
    half = re.search(_HALF + "$", plain, re.IGNORECASE)
    if half:
        whole = number_of(plain[: half.start()])
        return None if whole is None else whole + Decimal("0.5")
    total, current = 0, 0
    for word in re.split(r"[\s-]+", plain.lower().removeprefix("a ").removeprefix("an ")):
        if word in _ONES:
            current += _ONES[word]
        elif word in _TENS:
            current += _TENS[word]
        elif word == "hundred":
            current = max(1, current) * 100
        elif word in _SCALES:
            total, current = total + max(1, current) * _SCALES[word], 0
        elif word != "and":
            return None
    return Decimal(total + current)


def _of_figures(text: str) -> Decimal:
    fraction = next((one for one in _FRACTIONS if text.endswith(one)), None)
    if fraction is not None:
        return Decimal(text.removesuffix(fraction).strip() or 0) + Decimal(_FRACTIONS[fraction])
    if text.count(".") > 1:  # 2.000.000,50
        text = text.replace(".", "").replace(",", ".")
    return Decimal(re.sub(r"[,'’\s]", "", text))


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
