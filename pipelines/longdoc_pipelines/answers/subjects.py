"""Whom a question is about, and whether a document is theirs.

A filing of one company tells nothing of another's accounts, however alike the words. Names are what a question writes with capitals beyond
the vocabulary of filings; a document's own are in its file's name, its title and its first lines. "OnO" stands for "Oak & Oak": letters
that begin the words of a name on its cover.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from longdoc.types import Document

COVER = 5_000
"""Characters at the head of a document in which it says whose it is."""

_NAME = re.compile(r"(?<![\w.])(?:[A-Z0-9&][\w&.’'-]*)(?:\s+(?:&\s+|of\s+|and\s+)?[A-Z][\w&.’'-]*)*")
_PLAIN_WORDS = (
    "a according address all among an and answer any approach are as assume at base based between by calculate can cash chief company "
    "considering could define describe did do does due each explain extract fiscal following for from give given has have having how if "
    "in is it item items list name note of on or part per please provide roughly round section since summarize tell than that the there "
    "this to under use using was we were what when where whether which while who whom whose why will with within would year years yes "
    "no non gaap ifrs us usa usd eur gbp cad sec form financial statement statements balance sheet income profit loss january february "
    "march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec monday fy cy "
    "q1 q2 q3 q4 h1 h2 ytd yoy qoq cagr ttm ltm ebit ebitda eps capex opex cogs sga sg&a r&d m&a p&l d&a ppe pp&e ppne pp&ne dio dso "
    "dpo ccc roa roe roi roic fcf ocf sbc ar ap inc corp llc ltd plc co adj adjusted real total net gross operating revenue revenues "
    "sales margin ratio cost assets liabilities equity debt covid esg ceo cfo coo ip board agreement contract exhibit annual quarterly "
    "report reports filing filings 10k 10q 8k 10-k 10-q 8-k k q here market also show compute find "
)
_PLAIN = frozenset(_PLAIN_WORDS.split())
_SUFFIX = re.compile(r"['’]s?$")
_NOT_NAMED = re.compile(r"^(?:FY\s?\d*|CY\d*|Q[1-4]\W?\d*|[\d.,%$-]+(?:st|nd|rd|th|k)?|[A-Z]?\d{4})$", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:&[^\W_]+)*")
_FILING = re.compile(r"\bFORM\s+(?:10-?[KQ]|8-?K|20-?F|40-?F|6-?K)\b|securities and exchange commission|earnings release", re.IGNORECASE)
MOSTLY = 0.5
"""The share of words with capitals from which a question is written as a headline, whose capitals tell nothing."""


def names_in(question: str) -> list[str]:
    """Names of companies and persons that a question speaks of, without possessive; none where it names none."""
    long = [word for word in _WORD.findall(question) if len(word) > 3 and not _ordinary(word)]
    if sum(word[0].isupper() for word in long) > MOSTLY * len(long) and len(long) > 2:
        return []
    names: list[str] = []
    for found in _NAME.finditer(question):
        words = [_SUFFIX.sub("", word.strip(".,")) for word in found.group().split()]
        while words and _ordinary(words[0]):
            words.pop(0)
        while words and (_ordinary(words[-1]) or words[-1] == "&"):
            words.pop()
        # "Fixed asset turnover is ...": a word that opens a sentence and stands elsewhere in small letters is no name.
        common = len(words) == 1 and re.search(rf"(?<![\w-]){re.escape(words[0].casefold())}", question) is not None
        if words and not common and any(character.isalpha() for character in "".join(words)):
            names.append(" ".join(words))
    return list(dict.fromkeys(names))


def _ordinary(word: str) -> bool:
    return word.casefold() in _PLAIN or word.casefold().rstrip("s") in _PLAIN or _NOT_NAMED.match(word) is not None


def is_about(document: Document, names: list[str]) -> bool:
    """Whether a filing is of one of these companies, or another document names one of them; True where no name is given."""
    if not names:
        return True
    own = f"{PurePath(document.path).stem.replace('_', ' ')} {document.title or ''} {document.text[:COVER]}"
    filing = document.domain == "financial" or _FILING.search(document.text, 0, COVER) is not None
    folded = _squeezed(own if filing else f"{own} {document.text}")
    return any(_squeezed(name) in folded or _stands_for(name, own) for name in names)


_FISCAL = re.compile(r"\bFY\s?'?(?:((?:19|20)\d\d)|(\d\d))\b", re.IGNORECASE)


def without_names(question: str, names: list[str]) -> str:
    """A question as it is put to a document that is known to be about `names`: without them, which it may spell otherwise or not at all,
    and with years as documents write them."""
    for name in names:
        question = re.sub(rf"(?<!\w){re.escape(name)}(?:['’]s?)?(?!\w)", " ", question)
    question = _FISCAL.sub(lambda found: f"fiscal {found[1] or '20' + found[2]}", question)
    return " ".join(question.split())


def _squeezed(text: str) -> str:
    """Small letters with single spaces between words, one before and after, so that whole words are found."""
    return f" {' '.join(_WORD.findall(text.casefold().replace('’', chr(39)).replace(chr(39) + 's', '')))} "


def _stands_for(name: str, own: str) -> bool:
    """Whether a short name's letters begin the words of a longer one: "OnO", "AMC"."""
    if " " in name or not 2 <= len(name) <= 6 or not name[0].isupper():
        return False
    letters = name.casefold()
    if not (name.isupper() or re.fullmatch(r"[A-Z]n[A-Z]|[A-Z]&[A-Z]", name)):
        return False
    letters = letters.replace("n", "&", 1) if re.fullmatch(r"[A-Z]n[A-Z]", name) else letters
    pattern = r"\s+".join("&|and" if letter == "&" else rf"{re.escape(letter)}\w+" for letter in letters)
    pattern = pattern.replace("&|and", "(?:&|and)")
    return re.search(rf"\b{pattern}\b", own, re.IGNORECASE) is not None
