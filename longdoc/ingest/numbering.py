"""Numbers that open a clause or heading: "ARTICLE IV", "Item 1A.", "Section 5.2", "5.2", "3.", "(a)", "(iv)"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_WORDS = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number at the start of a text: its kind, as printed, its values (one a level), and where what follows it begins.

    Kinds: annex, part, article, item, note, section, decimal, single, upper, lower, roman, upper_roman, digit.
    The parenthesised and lettered kinds carry their bracket style, "lower(" or "lower.".
    """

    kind: str
    text: str
    values: tuple[int, ...]
    end: int
    key: str


_NAMED = re.compile(
    r"(?P<word>PART|Part|ARTICLE|Article|CHAPTER|Chapter|ITEM|Item|NOTE|Note|SECTION|Section|SEC\.|Sec\."
    r"|CLAUSE|Clause|§{1,2}|EXHIBIT|Exhibit|SCHEDULE|Schedule|ANNEX|Annex|APPENDIX|Appendix|ATTACHMENT|Attachment|ADDENDUM|Addendum)"
    r"(?:[\s\u00a0]+|(?<=§)|(?=\d))(?P<number>\d{1,4}(?:\.\d{1,4})*(?:-\d{1,3})?[A-Za-z]?|[IVXLC]{1,7}|([A-Z])\3?(?:-?\d{1,2})?|(?:"
    + "|".join(_WORDS).upper()
    + "|"
    + "|".join(word.title() for word in _WORDS)
    + r"))"
    r"(?![\w])(?P<tail>(?:\([A-Za-z0-9]{1,4}\))*)[\s\u00a0.:)\-\u2013\u2014]*"
)
_DECIMAL = re.compile(r"(\d{1,3}(?:\.\d{1,3}){1,5})(?:\.|\))?[\s\u00a0]+(?=[\"“‘'(\[A-Z])|(\d{1,3}(?:\.\d{1,3}){1,5})(?=[A-Z“\"])")
_SINGLE = re.compile(r"(\d{1,3})(\.|\))[\s\u00a0]+(?=\S)|(\d{1,2})\.(?=[A-Z“\"])")
_PAREN = re.compile(r"\(([a-z]{1,2}|[ivxl]{1,6}|[A-Z]|[IVX]{1,5}|\d{1,2})\)[\s\u00a0]*(?=\S)")
_LETTER = re.compile(r"([A-Za-z]|[ivx]{1,5}|[IVX]{1,5})(\.|\))[\s\u00a0]+(?=\S)|([IVX]{2,5})(\.)(?=[A-Z][a-z])")
_BARE = re.compile(r"([12]?\d(?:\.\d{1,2}){0,4})[\s\u00a0]+(?=[^\W\d_a-z])")
_APART = re.compile(r"([1-9]\d?(?:\.\d{1,2}){0,4})(?:\t|[ \u00a0]{2,})[ \t\u00a0]*(?=[A-Z\"“])")
_ALONE = re.compile(r"(SCHEDULE|Schedule|ANNEX|Annex|APPENDIX|Appendix|EXHIBIT|Exhibit)[.:]?\s*")
_BULLET = re.compile(r"[•●▪■◦‣∙·*\u2013\u2014\u25aa\uf0b7\uf0a7○o-][\s\u00a0]+(?=\S)")

_KIND_OF_WORD = {
    "part": "part", "article": "article", "chapter": "article", "item": "item", "note": "note", "section": "section", "sec.": "section",
    "clause": "section", "§": "section", "§§": "section", "exhibit": "annex", "schedule": "annex", "annex": "annex",
    "appendix": "annex", "attachment": "annex", "addendum": "annex",
}  # fmt: skip


def is_bullet(text: str) -> bool:
    """Whether the text opens with a list bullet."""
    return _BULLET.match(text) is not None


def roman(text: str) -> int | None:
    """The value of a Roman numeral below 400, None if the text is none."""
    total = 0
    digits = [_ROMAN.get(character, 0) for character in text.lower()]
    if not digits or 0 in digits:
        return None
    for digit, following in zip(digits, [*digits[1:], 0], strict=True):
        total += -digit if digit < following else digit
    return total if to_roman(total) == text.lower() else None


def to_roman(value: int) -> str:
    """A number from 0 to 899 as a Roman numeral in small letters."""
    text = ""
    for size, numeral in (
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ):
        while value >= size:
            text += numeral
            value -= size
    return text


def read_number(text: str, heading: bool = False, listed: bool = False) -> list[Number]:
    """What number the text opens with: none, one, or two readings where "(i)" may be a letter or a Roman numeral.

    `heading` allows "2 Methods": a bare number, which opens too many ordinary lines to be believed elsewhere; `listed` allows "F. Smith,"
    too, which is a person unless it goes on from "E.", and "2   Methods", a bare number with a wide space after it.
    """
    first = text[:1]
    if first == "(":
        found = _PAREN.match(text)
        return _lettered(found[1], "(", f"({found[1]})", found.end()) if found is not None else []
    if first.isdigit():
        return _digits(text, heading, listed)
    if first in "PACISNE§":
        found = _NAMED.match(text)
        if found is not None:
            named = _named(found)
            return [named] if named else []
        found = _ALONE.fullmatch(text) if heading else None
        if found is not None:
            return [Number("annex", found[1], (0,), found.end(), found[1].lower())]
    found = _LETTER.match(text) if first.isalpha() else None
    if found is not None:
        mark, bracket = found[1] or found[3], found[2] or found[4]
        if listed or not (len(mark) == 1 and bracket == "." and _is_initial(text, found.end())):
            return _lettered(mark, bracket, mark + bracket, found.end())
    return []


def _digits(text: str, heading: bool, listed: bool) -> list[Number]:
    found = _DECIMAL.match(text)
    if found is not None:
        return [_decimal(found[1] or found[2], found.end())]
    found = _SINGLE.match(text)
    if found is not None:
        digits = found[1] or found[3]
        kind = "digit)" if found[2] == ")" else "single"
        return [Number(kind, text[: found.end()].strip(), (int(digits),), found.end(), digits)]
    found = (_BARE.match(text) if heading else None) or (_APART.match(text) if listed else None)
    return [_decimal(found[1], found.end())] if found is not None else []


def _is_initial(text: str, end: int) -> bool:
    """ "J. Smith", "A. B. Jones": a person, not a list."""
    rest = text[end : end + 40]
    return re.match(r"[A-Z]\.[\s\u00a0]|[A-Z][a-z]+(?:,|$|[\s\u00a0]*\n)", rest) is not None


def _named(found: re.Match[str]) -> Number | None:
    word = found["word"].lower()
    kind = _KIND_OF_WORD[word]
    printed = found["number"]
    key = printed.lower()
    value = _value(printed)
    if kind == "section" and "." in printed:
        parts = re.findall(r"\d+", printed)
        values = tuple(int(part) for part in (parts[:1] if len(parts) == 2 and parts[1] == "0" else parts))
        return Number(
            "decimal" if len(values) > 1 else "section",
            found[0].strip(" \u00a0:-\u2013\u2014"),
            values,
            found.end(),
            key + found["tail"].lower(),
        )
    if kind == "section" and found["tail"]:
        return None
    if kind in ("part", "article") and value is None:
        return None
    text = found[0].strip(" \u00a0:-\u2013\u2014\n")
    if kind == "annex":
        return Number(kind, text, (value or 0,), found.end(), f"{word} {key}")
    if kind in ("part", "item", "note"):
        return Number(kind, text, (value or 0,), found.end(), f"{kind} {key if kind == 'item' else value}")
    return Number(kind, text, (value or 0,), found.end(), f"article {value}" if kind == "article" else str(value or key))


def _value(printed: str) -> int | None:
    digits = re.match(r"\d+", printed)
    if digits:
        return int(digits[0])
    if printed.lower() in _WORDS:
        return _WORDS.index(printed.lower()) + 1
    numeral = roman(printed)
    if numeral is not None:
        return numeral
    return ord(printed[0].lower()) - 96 if printed[0].isalpha() else None


def _decimal(printed: str, end: int) -> Number:
    parts = printed.split(".")
    # "2.0" heads 2.1 and 2.2; "2.00" is the first of them.
    values = tuple(int(part) for part in (parts[:1] if len(parts) == 2 and parts[1] == "0" else parts))
    return Number("decimal" if len(values) > 1 else "single", printed, values, end, ".".join(map(str, values)))


def _lettered(mark: str, bracket: str, text: str, end: int) -> list[Number]:
    key = f"({mark})" if bracket == "(" else mark
    if mark.isdigit():
        return [Number(f"digit{bracket}", text, (int(mark),), end, key)]
    case = "upper" if mark.isupper() else "lower"
    readings = []
    if len(mark) == 1 or (len(mark) == 2 and mark[0] == mark[1]):
        value = ord(mark[0].lower()) - 96 + (26 if len(mark) == 2 else 0)
        readings.append(Number(f"{case}{bracket}", text, (value,), end, key))
    numeral = roman(mark)
    if numeral is not None:
        readings.append(Number(f"{'upper_' if case == 'upper' else ''}roman{bracket}", text, (numeral,), end, key))
    return readings
