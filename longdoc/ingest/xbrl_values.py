"""The values of inline XBRL facts: transformation registries 1 to 5 and the SEC's own, for English text.

https://www.xbrl.org/Specification/inlineXBRL-transformationRegistry. A text that a transformation does not fit has no value.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_MONTHS = {name: index for index, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}  # fmt: skip
_ONES = {name: value for value, name in enumerate((
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"))}  # fmt: skip
_TENS = {name: 10 * value for value, name in enumerate(
    ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2)}  # fmt: skip
_POWERS = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_FIXED = {"fixedfalse": "false", "fixedtrue": "true", "fixedempty": "", "booleanfalse": "false", "booleantrue": "true", "nocontent": ""}
_EXCHANGES = (
    ("new york stock exchange", "NYSE"), ("nyse american", "NYSEAMER"), ("nyse arca", "NYSEArca"), ("nyse", "NYSE"), ("nasdaq", "NASDAQ"),
    ("cboe", "CboeBZX"), ("chicago", "CHX"),
)  # fmt: skip
_STATE_CODES = (
    "alabama:AL alaska:AK arizona:AZ arkansas:AR california:CA colorado:CO connecticut:CT delaware:DE florida:FL georgia:GA hawaii:HI "
    "idaho:ID illinois:IL indiana:IN iowa:IA kansas:KS kentucky:KY louisiana:LA maine:ME maryland:MD massachusetts:MA michigan:MI "
    "minnesota:MN mississippi:MS missouri:MO montana:MT nebraska:NE nevada:NV newhampshire:NH newjersey:NJ newmexico:NM newyork:NY "
    "northcarolina:NC northdakota:ND ohio:OH oklahoma:OK oregon:OR pennsylvania:PA rhodeisland:RI southcarolina:SC southdakota:SD "
    "tennessee:TN texas:TX utah:UT vermont:VT virginia:VA washington:WA westvirginia:WV wisconsin:WI wyoming:WY districtofcolumbia:DC "
    "puertorico:PR"
)
_STATES = dict(pair.split(":") for pair in _STATE_CODES.split())
_CATEGORIES = ("large accelerated filer", "accelerated filer", "non-accelerated filer")
_PERIODS = {"durday": "D", "durweek": "W", "durmonth": "M", "duryear": "Y", "durhour": "H"}
LARGEST_SCALE = 30


def write_number(text: str, transform: str | None, scale: str | None, sign: str | None) -> str | None:
    """A number in full ("391035000000", "-0.25"), None where the text is none."""
    name = _name(transform)
    if name in ("zerodash", "numdash", "fixedzero"):
        return "0"
    number = _words(text) if name.startswith("numword") else _figure(text, name)
    try:
        power = int(scale or 0)
    except ValueError:
        return None
    if number is None or abs(power) > LARGEST_SCALE:
        return None
    number = number.scaleb(power)
    if sign == "-":
        number = -number
    return "0" if number == 0 else _trimmed(format(number, "f"))


def _trimmed(written: str) -> str:
    return written.rstrip("0").rstrip(".") if "." in written else written


def text_value(text: str, transform: str) -> str | None:
    """The value of a text under a transformation: an ISO 8601 date or duration, true or false, a code; None where it does not fit."""
    name = _name(transform)
    if name in _FIXED:
        return _FIXED[name] or None
    if name == "boolballotbox":
        return "true" if text in ("☒", "☑", "x", "X", "þ", "ý") else "false" if text in ("☐", "o", "¨") else None
    if name == "yesnoballotbox":
        return "Yes" if text in ("☒", "☑") else "No" if text == "☐" else None
    if name.startswith("date"):
        return _date(text, name)
    if name.startswith("dur"):
        return _duration(text, name)
    if name.startswith("num"):
        return write_number(text, transform, None, None)
    plain = re.sub(r"[^a-z]", "", text.lower())
    if name == "exchnameen":
        return next((code for words, code in _EXCHANGES if words in text.lower()), None)
    if name == "stateprovnameen":
        return _STATES.get(plain.removeprefix("stateof"))
    if name in ("edgarprovcountryen", "countrynameen"):
        return _STATES.get(plain) or ("US" if plain in ("unitedstates", "unitedstatesofamerica", "usa", "us") else None)
    if name == "entityfilercategoryen":
        return next((known.capitalize() for known in _CATEGORIES if known == text.lower().strip()), None)
    return None


def _name(transform: str | None) -> str:
    """ "ixt:num-dot-decimal", "ixt:numdotdecimal" and "ixt4:numdotdecimal" are the same."""
    return (transform or "").rpartition(":")[2].replace("-", "").lower()


def _figure(text: str, name: str) -> Decimal | None:
    written = re.sub(r"[\s\u00a0\u2009\u202f'’]", "", text)
    if name.startswith("numunitdecimal"):
        parts = re.findall(r"\d[\d.,]*", text)
        written = ".".join(re.sub(r"\D", "", part) for part in parts[:2])
    elif name.startswith(("numcomma", "numspacecomma", "numdotcomma")) and name not in ("numcommadot",):
        written = written.replace(".", "").replace(",", ".")
    else:
        written = written.replace(",", "")
    if not re.fullmatch(r"\d*\.?\d+|\d+\.", written) or len(written) > 60:
        return None
    try:
        return Decimal(written)
    except InvalidOperation:
        return None


def _words(text: str) -> Decimal | None:
    """ "ninety-two", "one hundred and five", "no"."""
    words = re.findall(r"[a-z]+|\d+", text.lower())
    if words in (["no"], ["none"], ["nil"]):
        return Decimal(0)
    total, part, known = 0, 0, False
    for word in words:
        if word in _ONES or word in _TENS or word.isdigit():
            part += int(word) if word.isdigit() else _ONES.get(word, _TENS.get(word, 0))
        elif word in _POWERS:
            part = max(part, 1) * _POWERS[word]
            if word != "hundred":
                total, part = total + part, 0
        elif word not in ("and", "a"):
            return None
        known = True
    return Decimal(total + part) if known else None


def _date(text: str, name: str) -> str | None:
    """The order of a date's parts is in the transformation's name; those of the first registry say it by country."""
    order = re.findall(r"day|month|year", name.replace("monthname", "month"))
    if not order:
        american = name in ("dateslashus", "datelongus", "dateshortus", "datedotus")
        order = ["month", "day", "year"] if american else ["day", "month", "year"]
    elif name in ("datelongdaymonthuk", "dateshortdaymonthuk"):
        order = ["day", "month"]
    tokens = [token for token in re.findall(r"[A-Za-z]+|\d+", text) if token.lower() not in ("st", "nd", "rd", "th", "of", "the")]
    if len(tokens) != len(order):
        return None
    found: dict[str, int] = {}
    for part, token in zip(order, tokens, strict=True):
        value = int(token) if token.isdigit() else _MONTHS.get(token[:3].lower(), 0) if part == "month" else 0
        if part == "year" and token.isdigit() and len(token) <= 2:
            value += 2000
        found[part] = value
    month, day = found.get("month", 1), found.get("day", 1)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    year = f"{found['year']:04d}" if "year" in found else "-"
    return "-".join([year, *(f"{found[part]:02d}" for part in ("month", "day") if part in found)])


def _duration(text: str, name: str) -> str | None:
    if name in _PERIODS:
        number = _figure(text, "") if any(map(str.isdigit, text)) else _words(text)
        if number is None:
            return None
        return f"P{'T' if name == 'durhour' else ''}{_trimmed(format(number, 'f'))}{_PERIODS[name]}"
    found: dict[str, int] = {}
    for amount, unit in re.findall(r"([\w-]+(?: hundred)?)\s*\(?\d*\)?\s*[- ]?(year|month|week|day)", text.lower()):
        number = Decimal(amount) if amount.isdigit() else _words(amount)
        if number is None:
            return None
        found[unit] = int(number)
    written = "".join(
        f"{found[unit]}{mark}" for unit, mark in (("year", "Y"), ("month", "M"), ("week", "W"), ("day", "D")) if unit in found
    )
    return f"P{written}" if written else None
