"""An answer in the words of the passages, or the statement that they hold none.

Each sentence s of the passages is weighed by

    weight(s) = (1 - c) * cos(question, s) + c * coverage(question, s),

coverage being the share of the question's words that s, its headings and the name of its file hold; names and numbers
count double, since a passage about something else of the same kind lacks just these. A sentence that names a time, or an amount, where the
question asks for one weighs more. Whether the best sentence answers is
decided by a logistic function of the two and of the share of names and numbers that its passage holds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
import numpy.typing as npt

from longdoc.model.sentences import split_text
from longdoc.model.wording import starts_well
from longdoc.types import Answer, Citation, Passage, Span

Floats = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]

NOT_FOUND = "Not found in these documents."
SHORTEST = 40
"""Characters below which a piece is no answer by itself: a heading that runs into the text goes with the sentence after it."""
SMALL = 3
"""Letters of words that are small in headings too: "of", "and"."""

_LEADERS = re.compile(r"(?:\s?\.){5,}")
_WORD = re.compile(r"[^\W_]+(?:[.,&'’-][^\W_]+)*")
_STOP_WORDS = (
    "a about according after all am amount an and any are as at based be been before being between both but by can could did do does doing "
    "document documents during each explain find following for from give given had has have having he her his how i if in into is it its "
    "itself many may me more most much must my no nor not of on or other our out own please question said same say shall she should "
    "since so some such tell than that the their them then there these they this those through to under up us used using very was we were "
    "what when where whether which while who whom whose why will with within would you your"
)
_STOP = frozenset(_STOP_WORDS.split())
STEM = 6
"""Letters that tell a word: "terminated" and "termination" share them."""


_NUMBER = r"(?:[0-9][0-9.,]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|thirty|forty|sixty|ninety)"
_TIME = rf"\b{_NUMBER}(?:-\w+)?(?:\s*\(\d+\))?(?:\s+\w+)?\s+(?:hour|day|week|month|quarter|year)s?\b"
_MOMENT = r"\b(?:within|later than|by|before|after|prior to|on|upon|until)\s"
_ASKED = (
    (
        re.compile(r"\b(?:when|how (?:soon|quickly)|(?:what|which) (?:date|day|deadline))\b", re.IGNORECASE),
        re.compile(rf"{_MOMENT}[^.;]{{0,20}}{_TIME}|\b(?:19|20)[0-9]{{2}}\b|\b(?:promptly|immediately|forthwith)\b", re.IGNORECASE),
    ),
    (
        re.compile(r"\b(?:how (?:long|often)|(?:what|which) period)\b", re.IGNORECASE),
        re.compile(rf"{_TIME}|\b(?:annually|monthly|quarterly|perpetual|(?:each|every) (?:day|week|month|quarter|year))\b", re.IGNORECASE),
    ),
    (
        re.compile(r"\b(?:how (?:much|large|high)|(?:what|which) (?:amount|percentage|rate|price|fee|share))\b", re.IGNORECASE),
        re.compile(rf"[$€£%]|\bpercent\b|\b{_NUMBER}\s", re.IGNORECASE),
    ),
)
"""What a question asks for (a moment, a length of time, an amount), and how a sentence names it."""
_COUNTED = re.compile(r"\bhow many\s+((?:[\w-]+\s+){0,3}?[a-z-]+s|people|men|women|children)\b", re.IGNORECASE)
_COUNT = re.compile(rf"(?<![\w.,$€£]){_NUMBER}(?![\w.,]*[%)])", re.IGNORECASE)
_ABOUT_A_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_PEOPLE = frozenset(["people", "person", "individual", "worker", "staff"])
_MEASURES = frozenset(["year", "month", "week", "day", "hour", "percen", "dollar", "share", "million", "billio", "thousa"])
REACH = 5
"""Words from a number to the things that it counts."""
_LISTED_EXHIBIT = re.compile(r"\bincorporated (?:herein )?by reference (?:to|from|herein)\b|\bfiled herewith\b", re.IGNORECASE)


@dataclass(frozen=True)
class Judgement:
    """How sentences are weighed and when the best one counts as an answer.

    The slopes and the offset are a logistic regression by benchmarks/answers.py: questions for clauses put to CUAD training
    contracts that have the clause, contracts that have not, and questions about something else altogether.
    """

    coverage: float = 0.4
    fitting: float = 0.1
    counting: float = 0.3
    """What the number that is asked for adds: without one no sentence tells how many."""
    listed: float = 0.2
    """What a line of a list of exhibits loses: it names documents, and says nothing."""
    meaning_slope: float = 6.2
    coverage_slope: float = 3.5
    names_slope: float = 2.5
    offset: float = -6.2
    enough: float = 0.5
    most_passages: int = 5
    near: float = 0.85
    """A passage is shown if its sentence weighs at least this share of the best."""
    joined: float = 0.97
    """A second or third sentence joins the answer's text if it weighs at least this share of the best."""


@dataclass(frozen=True)
class Weighed:
    """A sentence of a passage: where it is, its measures and its weight."""

    passage: Passage
    start: int
    end: int
    meaning: float
    coverage: float
    names: float
    weight: float


def answer(question: str, passages: Sequence[Passage], embed: Embed, judgement: Judgement = Judgement()) -> Answer:
    """The best sentences of `passages`, each cited exactly; `found` is False where none answers the question."""
    best = best_sentences(question, passages, embed, judgement)
    if not best or probability(best[0], judgement) < judgement.enough:
        return Answer(question=question, found=False, text=NOT_FOUND)
    shown = [sentence for sentence in best if sentence.weight >= judgement.near * best[0].weight][: judgement.most_passages]
    told = [sentence for sentence in shown if sentence.weight >= judgement.joined * best[0].weight][:3]
    cited = tuple(
        Passage(rank=rank, score=min(1.0, max(0.0, round(sentence.weight, 4))), citation=cite(sentence))
        for rank, sentence in enumerate(shown, start=1)
    )
    text = " … ".join(dict.fromkeys(" ".join(cite(sentence).quote.split()) for sentence in told))
    return Answer(question=question, found=True, text=text, passages=cited)


def best_sentences(question: str, passages: Sequence[Passage], embed: Embed, judgement: Judgement) -> list[Weighed]:
    """The best sentence of each passage, best first."""
    pieces = [(passage, start, end) for passage in passages for start, end in sentences_of(passage.citation.quote)]
    if not pieces:
        return []
    vectors = embed([question, *(passage.citation.quote[start:end] for passage, start, end in pieces)])
    meaning = vectors[1:] @ vectors[0]
    wanted = question_terms(question)
    names = {term: weight for term, weight in wanted.items() if weight > 1}
    found: dict[int, Weighed] = {}
    for (passage, start, end), similarity in zip(pieces, meaning.tolist(), strict=True):
        share = coverage(wanted, passage.citation, passage.citation.quote[start:end])
        weight = (1 - judgement.coverage) * similarity + judgement.coverage * share
        weight += judgement.fitting * fits(question, passage.citation.quote[start:end])
        weight += judgement.counting * counts(question, passage.citation.quote[start:end])
        weight -= judgement.listed * (_LISTED_EXHIBIT.search(passage.citation.quote, start, end) is not None)
        if passage.rank not in found or weight > found[passage.rank].weight:
            held = coverage(names, passage.citation, passage.citation.quote) if names else 1.0
            found[passage.rank] = Weighed(passage, start, end, similarity, share, held, weight)
    return sorted(found.values(), key=lambda sentence: (-sentence.weight, sentence.passage.rank))


def fits(question: str, sentence: str) -> bool:
    """Whether the question asks for a time or an amount and the sentence names one."""
    return any(asked.search(question) and named.search(sentence) for asked, named in _ASKED)


def counts(question: str, sentence: str) -> bool:
    """Whether the question asks how many of something there are and the sentence has the number: "9,200 full-time employees", and of what
    is named just before, "we employed 125,000 people"."""
    asked = _COUNTED.search(question)
    if asked is None:
        return False
    thing = folded(asked[1].split()[-1])
    for number in _COUNT.finditer(sentence):
        after = [folded(word) for word in _WORD.findall(sentence[number.end() : number.end() + 80])][:REACH]
        before = [folded(word) for word in _WORD.findall(sentence[max(0, number.start() - 60) : number.start()])][-REACH:]
        if _ABOUT_A_YEAR.fullmatch(number.group()) or not after or after[0] in _MEASURES:
            continue
        if thing in after or (thing in before and after[0] in _PEOPLE):
            return True
    return False


def probability(sentence: Weighed, judgement: Judgement) -> float:
    """The probability that a sentence answers its question."""
    evidence = judgement.meaning_slope * sentence.meaning + judgement.coverage_slope * sentence.coverage
    return 1 / (1 + math.exp(-evidence - judgement.names_slope * sentence.names - judgement.offset))


def sentences_of(quote: str) -> list[tuple[int, int]]:
    """Spans of the sentences of a passage; of a passage that is a table, of its rows."""
    lines = [(found.start(), found.end()) for found in re.finditer(r"[^\n]*\S", quote)]
    digits = sum(character.isdigit() for character in quote)
    pieces = lines if len(lines) > 2 and digits > 0.12 * len(quote) else split_text(quote)
    joined: list[tuple[int, int]] = []
    for start, end in pieces:
        whole = starts_well(quote[:start][-40:])
        if joined and pieces is not lines and (not whole or _is_heading(quote[slice(*joined[-1])])):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [(start, end) for start, end in joined if not _LEADERS.search(quote, start, end)]


def _is_heading(piece: str) -> bool:
    """Whether a piece says nothing by itself: it is short, or all its words but the small ones have capitals."""
    return len(piece) < SHORTEST or not any(word[0].islower() and len(word) > SMALL for word in _WORD.findall(piece))


def question_terms(question: str) -> dict[str, float]:
    """The question's words that carry meaning, folded, with what each counts: 2 for names and numbers, 1 for others."""
    terms: dict[str, float] = {}
    for place, found in enumerate(_WORD.finditer(question)):
        word = found.group()
        if word.lower() not in _STOP:
            named = any(character.isdigit() for character in word) or (place > 0 and word[0].isupper())
            terms[folded(word)] = 2.0 if named else 1.0
    return terms


def coverage(terms: dict[str, float], citation: Citation, sentence: str) -> float:
    """The share of `terms` that a sentence, its headings and its file's name hold; 0 if there are no terms."""
    around = " ".join((sentence, *citation.heading_path, PurePath(citation.path).stem.replace("_", " ")))
    words = {folded(word) for word in _WORD.findall(around)}
    total = sum(terms.values())
    return sum(weight for term, weight in terms.items() if term in words) / total if total else 0.0


def folded(word: str) -> str:
    """A word by its first letters, without case, possessive and plural's s; a number as it is."""
    word = re.sub(r"['’]s?$", "", word.lower())
    return word if not word.isalpha() else word[:STEM] if len(word) > STEM else word.removesuffix("s")


def cite(sentence: Weighed) -> Citation:
    """The citation of a sentence inside its passage."""
    whole = sentence.passage.citation
    span = Span(start=whole.span.start + sentence.start, end=whole.span.start + sentence.end)
    return whole.model_copy(update={"span": span, "quote": whole.quote[sentence.start : sentence.end]})
