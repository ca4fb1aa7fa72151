"""What the sentence that answers states, where the question asks for a sum, a share, a length of time or a day and it states just one.

The sentence was found by its words and meaning; that it holds one value of the kind that is asked for, and no other of that kind, is what
makes it more than a passage. Where it holds two, which one is meant is left to who reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from longdoc.dates import find_dates
from longdoc.model.values import amounts, percentages, periods
from longdoc.types import Answer, AnswerKind, Document

Found = tuple[int, int, str]

_WHAT = r"\b(?:what|which)\b[^?]{0,80}?\b"
_MONEY = (
    r"(?:fees?|price|costs?|rent|rental|deposit|salary|payments?|penalty|amount|sum|budget|retainer|consideration|bonus|premium"
    r"|instal?lments?)\b"
)
_ASKED: tuple[tuple[AnswerKind, re.Pattern[str], Callable[[str], Iterable[Found]]], ...] = (
    (
        "percentage",
        re.compile(rf"{_WHAT}(?:percentage|per\s?cent|interest rate|rate|share)\b|\bat what rate\b", re.IGNORECASE),
        percentages,
    ),
    ("amount", re.compile(rf"\bhow (?:much|large|high)\b|{_WHAT}{_MONEY}", re.IGNORECASE), amounts),
    (
        "duration",
        re.compile(rf"\bhow (?:long|soon|quickly|many (?:hours|days|weeks|months|years))\b|{_WHAT}(?:period|deadline)\b", re.IGNORECASE),
        periods,
    ),
    ("date", re.compile(r"\bwhen\b|\b(?:what|which) (?:date|day)\b", re.IGNORECASE), find_dates),
)
_SCALED = re.compile(r"[a-z]$", re.IGNORECASE)


def with_value(answer: Answer, document: Callable[[str], Document]) -> Answer:
    """The answer with the value that its first sentence states, told before it; as it was where that states none, or several.

    In a filing a sum counts only with its own "million": else the scale may be that of a table far above.
    """
    if not answer.found or answer.kind is not None or not answer.passages:
        return answer
    citation = answer.passages[0].citation
    asked = next(((kind, read) for kind, words, read in _ASKED if words.search(answer.question)), None)
    if asked is None:
        return answer
    kind, read = asked
    stated = {normalised: (start, end) for start, end, normalised in read(citation.quote)}
    if len(stated) != 1:
        return answer
    normalised, (start, end) = next(iter(stated.items()))
    words = " ".join(citation.quote[start:end].split())
    if kind == "amount" and document(citation.path).domain == "financial" and not _SCALED.search(words):
        return answer
    value, unit = (normalised.split()[1], normalised.split()[0]) if kind == "amount" else (normalised, None)
    if kind == "percentage":
        value, unit = normalised.rstrip("%"), "percent"
    sentence = " ".join(citation.quote.split())
    return answer.model_copy(update={"text": f"{words}: {sentence}", "kind": kind, "value": value, "unit": unit})
