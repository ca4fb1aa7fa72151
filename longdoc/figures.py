"""Figures as tables write them: "(1,234)", "$ 5.2", "1.234,5", "12.5 %", "—"; and notes that say what they count in: "in millions"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

Writing = Literal["english", "continental"]
"""How thousands and decimals are parted: 1,234.5 or 1.234,5."""

_CURRENCIES = {
    "USD": r"US\s?\$|U\.S\.\s?\$|U\.?S\.? dollars?|United States dollars?|USD|dollars?",
    "CAD": r"C(?:DN)?\$|CAD|Canadian dollars?",
    "AUD": r"A\$|AUD|Australian dollars?",
    "HKD": r"HK\$|HKD",
    "SGD": r"S\$|SGD",
    "EUR": r"€|EUR|euros?",
    "GBP": r"£|GBP|pounds sterling",
    "JPY": r"¥|JPY|yen",
    "CNY": r"RMB|CNY|yuan|renminbi",
    "CHF": r"CHF|Swiss francs?",
    "INR": r"₹|INR|Rs\.?",
}
_SIGNS = r"US\$|C\$|A\$|HK\$|S\$|[$€£¥₹]"
# Longest names first, so that "Canadian dollars" is not read as "dollars".
_BY_NAME = [
    (code, re.compile(names, re.IGNORECASE)) for code, names in sorted(_CURRENCIES.items(), key=lambda item: item[0] == "USD") if names
]
_MONEY = "|".join([*(names for code, names in _CURRENCIES.items() if code != "USD"), _CURRENCIES["USD"], r"\$", "amounts?"])

_FACTORS = {
    "hundred": 10**2, "thousand": 10**3, "000": 10**3, "k": 10**3, "lakh": 10**5, "million": 10**6, "mm": 10**6, "mn": 10**6, "m": 10**6,
    "mio": 10**6, "crore": 10**7, "billion": 10**9, "bn": 10**9, "b": 10**9, "trillion": 10**12,
}  # fmt: skip
_WORD = r"(?:hundred|thousand|lakh|million|crore|billion|trillion)s?"
_NOTE = re.compile(
    rf"\bin\s+(?:(?P<before>{_MONEY})\s+)?(?P<in>{_WORD})\b(?:\s+of\s+(?P<of>{_MONEY}))?"
    rf"|[(\[]\s*(?:(?P<bracketed>{_MONEY})\s*(?:in\s+)?)?(?P<alone>{_WORD})\b(?:\s+of\s+(?P<bracketed_of>{_MONEY}))?"
    rf"|^\s*(?P<opening>{_WORD})\s+(?:of\s+)?(?P<opening_of>{_MONEY})"
    rf"|(?P<sign>{_SIGNS}|\b(?:USD|EUR|GBP|CHF|CAD|AUD|JPY|RMB|CNY|INR))\s?(?:in\s+)?['‘’]?"
    rf"(?P<short>000|{_WORD}|(?:mm|mn|mio|bn|[mkb])\b)(?:['‘’]?s\b)?"
    r"|\bin\s+['‘’(]*(?P<zeros>000)['‘’]?s?\b|\(\s*['‘’]?(?P<omitted>000)['‘’]?s?\b",
    re.IGNORECASE | re.MULTILINE,
)
_EXCEPT = re.compile(r"[,;]?\s*\b(?:except|excluding|other than)\b([^)\].;\n]*)", re.IGNORECASE)
_SHARES_IN = re.compile(rf"shares?[^,;]*,?\s*which\s+(?:is|are)\s+\w+\s+in\s+({_WORD})", re.IGNORECASE)
_PAR_VALUE = re.compile(r"\bpar value\b[^;)]*?\bper\s+share|\bper[\s-]share (?:calculation|computation)", re.IGNORECASE)
_PER_SHARE = re.compile(r"\bper[\s-]+(?:[\w-]+\s+){0,3}(?:shares?|units?|ADSs?|ADRs?)\b|\bEPS\b", re.IGNORECASE)

_FOOTNOTE = re.compile(r"(?<=[\d)%])\s*(?:\(\s*(?:\d{1,2}|[a-z]{1,2}|\*+)\s*\)|\[\s*(?:\d{1,2}|[a-z])\s*\]|[*†‡§¹²³]+)$")
_FIGURE = re.compile(
    rf"(?P<open>[(\[])?\s*(?P<minus>[-\u2212\u2013+]\s?)?\s*(?:(?P<currency>{_SIGNS}|(?:USD|EUR|GBP|CHF|CAD|AUD|JPY|RMB|CNY|INR)\b)\s*)?"
    r"(?P<inner>[(\[\u2212-])?\s*(?P<digits>\d[\d.,'’\u00a0\u2009\u202f ]*|\.\d+)\s*(?P<after>€|£|EUR|USD|CHF|GBP)?\s*"
    rf"(?:(?P<scale>{_WORD}|mm|mn|bn|[mkb])\b)?\s*(?P<percent>%|percent\b|pts\b|bps\b)?\s*(?P<times>x\b)?\s*(?P<close>[)\]])?\s*%?\s*[)\]]?",
    re.IGNORECASE,
)
_DASH = re.compile(rf"(?:{_SIGNS})?\s*[(]?\s*(?:[-\u2012-\u2015\u2212]{{1,3}}|nil)\s*[)]?\s*(?P<percent>%)?", re.IGNORECASE)
_NONE = re.compile(r"n\s?[./]?\s?[am]\.?|n/?m/?f?|not (?:applicable|meaningful)|\*+|†", re.IGNORECASE)

_CONTINENTAL = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+,\d+(?![\d.,])|(?<![\d.,])\d+,(?:\d{1,2}|\d{4,})(?![\d.,])")
_ENGLISH = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d.,])|(?<![\d.,])\d+\.(?:\d{1,2}|\d{4,})(?![\d.,])")


LONGEST_FIGURE = 60
"""Characters of a cell beyond which it holds no figure alone."""
REMEMBERED = 1 << 13
"""Texts whose figures are remembered: a table's cells are asked for theirs again and again, and many are alike."""
_DIGIT = re.compile(r"\d")


class Figure(NamedTuple):
    """A figure: its value as printed (percentages in percent), whether it is a percentage, its currency (ISO 4217), and the factor that
    its own words give it ("5 million"), None where they give none. `times`: a multiple such as "2.5x"."""

    value: Decimal
    percent: bool = False
    currency: str | None = None
    factor: int | None = None
    times: bool = False
    dash: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """What a note says of figures: their factor, their currency if it names one, what it excepts (lower case), and the factor of share
    counts where that is another."""

    factor: int
    currency: str | None = None
    excepted: str = ""
    share_factor: int | None = None

    def excepts(self, label: str) -> bool:
        """Whether a row or column of this name is among the exceptions ("except share data", "except number of stores")."""
        said = {word.rstrip("s") for word in re.findall(r"[a-z]{4,}", _PER_SHARE.sub(" ", self.excepted))}
        return bool(said & {word.rstrip("s") for word in re.findall(r"[a-z]{4,}", label.lower())} - _FILLING)


_FILLING = {"data", "amount", "number", "which", "reflected", "otherwise", "indicated", "where", "noted", "value", "information", "total"}


@lru_cache(REMEMBERED)
def read_figure(text: str, writing: Writing = "english") -> Figure | None:
    """The figure that `text` is, None if it is none. A dash is the figure 0, as statements print it; "n/a" and "NM" are none."""
    if len(text) > LONGEST_FIGURE or not text.strip():
        return None
    # Runs of spaces, of which patterns would try every part, become one.
    text = " ".join(text.split())
    dash = _DASH.fullmatch(text)
    if dash is not None:
        return Figure(Decimal(0), percent=dash["percent"] is not None, dash=True)
    if _DIGIT.search(text) is None:
        return None
    text = _FOOTNOTE.sub("", text)
    found = _FIGURE.fullmatch(text)
    if found is None:
        return None
    value = _number(found["digits"], writing)
    if value is None:
        return None
    negative = found["open"] is not None or found["inner"] is not None or (found["minus"] or "").strip() not in ("", "+")
    sign = found["currency"] or found["after"]
    factor = _FACTORS[found["scale"].lower().removesuffix("s")] if found["scale"] else None
    percent = found["percent"] is not None or text.endswith(("%", "%)"))
    return Figure(-value if negative else value, percent, currency_of(sign) if sign else None, factor, found["times"] is not None)


def _number(digits: str, writing: Writing) -> Decimal | None:
    compact = re.sub(r"[\s'’\u00a0\u2009\u202f]", "", digits).rstrip(".,")
    if re.search(r"\d\s\d{1,2}(?!\d)|\d\s\d{4}|[.,]\s+\d", digits.strip()):
        return None  # two numbers, not one with its thousands apart
    mark, point = (",", ".") if writing == "english" else (".", ",")
    whole, _, decimals = compact.replace(mark, "").partition(point)
    if point in decimals or not (whole + decimals).isdigit():
        return None
    return Decimal(f"{whole or '0'}.{decimals or '0'}") if decimals else Decimal(whole)


def writing_of(texts: str) -> Writing:
    """How most figures in `texts` part thousands and decimals."""
    return "continental" if len(_CONTINENTAL.findall(texts)) > len(_ENGLISH.findall(texts)) else "english"


def is_none(text: str) -> bool:
    """Whether a cell says that there is no figure: "n/a", "NM", "*"."""
    return _NONE.fullmatch(text.strip()) is not None


def is_per_share(text: str) -> bool:
    """Whether a label speaks of amounts a share: "Earnings per common share", "EPS"."""
    return _PER_SHARE.search(_PAR_VALUE.sub("", text)) is not None


def currency_of(text: str) -> str | None:
    """The ISO 4217 code of a sign or a name, None if it is none; "$" alone is the US dollar."""
    text = text.strip()
    for code, names in _BY_NAME:
        if names.fullmatch(text):
            return code
    return "USD" if text == "$" else None


@lru_cache(REMEMBERED)
def find_scale(text: str) -> Scale | None:
    """The last note in `text` that says what figures count in: "(in millions, except per share data)", "$000s", "EUR m"."""
    last = None
    for found in _NOTE.finditer(text):
        # "in millions, except number of shares, which are reflected in thousands" is one note.
        between = text[last.end() : found.start()] if last is not None else ""
        if not (_EXCEPT.match(between) and not re.search(r"[)\]\n;.]", between)):
            last = found
    if last is None:
        return None
    named = {name: part for name, part in last.groupdict().items() if part}
    word = next(named[name] for name in ("in", "alone", "opening", "short", "zeros", "omitted") if name in named)
    money = next((named[name] for name in ("before", "of", "bracketed", "bracketed_of", "opening_of", "sign") if name in named), "")
    if not money:
        money = (re.findall(rf"({_MONEY})\s*,?\s*(?:are\s+|expressed\s+)?$", text[: last.start()], re.IGNORECASE) or [""])[-1]
    behind = _EXCEPT.search(text, last.end(), last.end() + 220)
    excepted = behind[1].lower().strip() if behind and behind.start() - last.end() < 60 else ""
    shares = _SHARES_IN.search(text, last.end(), last.end() + 220)
    return Scale(
        _FACTORS[_stem(word)],
        currency_of(money) if money else None,
        excepted,
        _FACTORS[_stem(shares[1])] if shares else None,
    )


def _stem(word: str) -> str:
    lowered = word.lower()
    return lowered if lowered in _FACTORS else lowered.removesuffix("s")
