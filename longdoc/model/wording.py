"""Which sentences may stand in a summary: whole ones that speak for themselves, no boilerplate, no tables, no lists of contents."""

from __future__ import annotations

import re

SHORTEST, SHORTEST_WORDS = 40, 7

_NUMBERING = re.compile(
    r"(?:(?:section|article)\s+[0-9IVX]+(?:\.[0-9]+)*[.:]?\s+"
    r"|\(?(?:[0-9]{1,3}(?:\.[0-9]{1,3})*|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s+"
    r"|[0-9]{1,3}(?:\.[0-9]{1,3})+\s+"
    r"|[•·▪●○◦‣■*–—-]+\s+|#{1,6}\s+|>\s+)",
    re.I,
)
_ENDS = re.compile(r"[.!?;][\"'”’)\]*_]{0,3}$")
_DANGLING = re.compile(
    r"(?:it|its|they|their|them|these|those|he|she|his|her|such|that|this|thus|therefore|however|moreover|furthermore|additionally|also|hence|"
    r"consequently|accordingly|similarly|likewise|nevertheless|nonetheless|otherwise|instead|meanwhile|finally|first(?:ly)?|second(?:ly)?|third(?:ly)?|"
    r"then|and|or|but|so|yet|in addition|in particular|in contrast|in this|in these|in such|in that|for (?:example|instance|this)|as (?:such|a result)|"
    r"on the other hand|due to (?:this|these)|of (?:this|these)|both|the (?:former|latter|foregoing|following|above|same)|to this end|by contrast|"
    r"there(?:of|to|after|by))\b",
    re.I,
)
_STANDS = re.compile(
    r"(?:this|the foregoing|in this|the following)\s+(?:\w+\s+)?(?:agreement|contract|amendment|license|licence|lease|paper|work|article|study|thesis|"
    r"report|policy|document|survey|note|deed)\b",
    re.I,
)
_BOILERPLATE = re.compile(
    r"forward[- ]looking|private securities litigation|indicate by check mark|aggregate market value|incorporated (?:herein )?by reference|"
    r"commission file n|securities registered pursuant|pursuant to section 1[235]|exact name of registrant|shell company|smaller reporting company|"
    r"accelerated filer|hereunto duly|in witness whereof|duly executed|signature page|\bexhibit index|table of contents|see (?:note|item|part|page)\b|"
    r"refer to (?:note|item|part|page|the)|in (?:note|item|part) \d+\S* (?:of|to|in|and)|(?:are|is) (?:included|set forth|presented|contained|discussed|"
    r"described|provided|incorporated) (?:in|under|on|elsewhere)|confidential treatment|sec\.gov|"
    r"https?://|www\.|all rights reserved|©|copyright \(?c\)?|captions|headings (?:of|in|used|are|contained)|counterparts|severab|"
    r"have the meanings?|shall mean|capitalized terms|for convenience (?:of reference )?only|entire agreement|"
    r"not (?:a guarantee|guarantees) of future|word[s]? such as|undertakes? no obligation|assumes? no obligation|"
    r"figure \d|table \d|the rest of th(?:e|is) paper|paper is (?:organi[sz]ed|structured)|remainder of this|"
    r"should be read (?:in conjunction|together)|critical audit matter|we conducted our audits?",
    re.I,
)
_LEADERS = re.compile(r"\.{4,}|(?:\s\.){3,}|_{3,}|…{2,}")
_NUMBER = re.compile(r"\d[\d,.]*")
_REFERENCES = re.compile(r"^(?:references|bibliography|works cited|literature cited|literature)\b", re.I)
_APART = re.compile(
    r"^(?:table of contents|contents|index|signatures?|certifications?|exhibits?(?: and financial statement schedules)?|"
    r"forward[- ]looking statements|cautionary\b.*|safe harbor\b.*|acknowledge?ments?|appendix|definitions|report of independent\b.*)\b",
    re.I,
)
_ITEM_HEADING = re.compile(r"^(?:(?:item|part|section|article|note)\s+)?[0-9ivx]+[a-z]?(?:\.[0-9]+)*[.):]*\s+", re.I)
_CUT = re.compile(
    r";\s+(?:provided|and provided|except|subject)|;\s+(?:and|or|but)\b|;\s|,\s+(?:provided|except|unless)\b|"
    r":\s+\(?(?:i|a|1)\)|\s\((?:ii|b|2|iii|c|3|iv|d|4)\)\s|,\s+(?:and|or|but|which|including|whereby)\b|\)\s*,\s",
    re.I,
)


def trimmed(text: str, longest: int) -> tuple[int, int, bool]:
    """The part of a sentence to quote, as (start, end, whether its end was cut off): no numbering, at most `longest` long.

    A long sentence is cut at the last place within `longest` where one of its clauses ends; (0, 0, True) if there is none.
    """
    start = 0
    while found := _NUMBERING.match(text, start):
        start = found.end()
    if len(text) - start <= longest:
        return start, len(text), False
    cuts = [found.start() + (1 if found.group()[0] == ")" else 0) for found in _CUT.finditer(text, start + longest // 4, start + longest)]
    if not cuts:
        return 0, 0, True
    return start, cuts[-1], True


def worth_quoting(text: str) -> bool:
    """Whether a sentence, white space normalised, is a whole one in prose and no boilerplate."""
    words = text.split()
    if len(text) < SHORTEST or len(words) < SHORTEST_WORDS or (not text[0].isupper() and text[0] not in "\"'“‘("):
        return False
    if _LEADERS.search(text) or _BOILERPLATE.search(text):
        return False
    numbers = _NUMBER.findall(text)
    letters = sum(character.isalpha() for character in text)
    capitals = sum(character.isupper() for character in text)
    plain_words = sum(word.isalpha() and word.islower() for word in words)
    return len(numbers) <= 4 + len(words) // 4 and letters > 0.6 * len(text) and (capitals < 0.4 * letters or plain_words > 8)


def ends_well(text: str) -> bool:
    """Whether the text ends as a sentence does."""
    return bool(_ENDS.search(text))


def leans_on_others(text: str) -> bool:
    """Whether the sentence starts with a word that points back at the one before it."""
    return bool(_DANGLING.match(text)) and not _STANDS.match(text)


def quotable_section(heading_path: tuple[str, ...]) -> bool:
    """Whether the running text under these headings speaks for the document: no references, index, signatures or definitions."""
    names = [_ITEM_HEADING.sub("", heading).strip() for heading in heading_path]
    return not any(_REFERENCES.match(name) or _APART.match(name) for name in names)


def folded_words(text: str) -> frozenset[str]:
    """The words of a sentence that carry meaning, for telling near repetitions."""
    return frozenset(word for word in re.findall(r"[a-z0-9][a-z0-9.,-]*[a-z0-9]|\d", text.lower()) if len(word) > 3 or word[0].isdigit())
