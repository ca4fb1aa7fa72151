"""Quotes of documents, damaged as language models damage them, and quotes that a document does not hold."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from longdoc.ground import Locator
from longdoc.ground.locate import GAP, tolerated
from longdoc.types import Document, Span

MARKS = r"[\[(]?(?:\.\.\.|\. \. \.|\u2026)[\])]?"
WORD = re.compile(r"\S+")
PARTS = re.compile(r"[\s\-\u2010-\u2014/]+")
SHORTEST = 500
"""Words of a document that quotes are drawn from."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Quote:
    """What is asked for, what was done to it, and where it was taken from (None: invented)."""

    text: str
    kind: str
    span: Span | None


class Source:
    """A document with its words, and a locator."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.locator = Locator(document)
        self.words = [(run.start(), run.end()) for run in WORD.finditer(document.text)]
        self.letters = [letters(document.text[start:end]) for start, end in self.words]

    def drawn(self, chance: random.Random, fewest: int = 8, most: int = 60) -> Span:
        """A stretch of words that is mostly prose."""
        while True:
            first = chance.randrange(len(self.words) - fewest)
            last = min(len(self.words), first + chance.randint(fewest, most)) - 1
            span = Span(start=self.words[first][0], end=self.words[last][1])
            text = self.document.quote(span)
            said = [word for word in self.letters[first : last + 1] if word]
            prose = sum(character.isalpha() for character in text) > 0.6 * len(text)
            if prose and len(said) >= fewest and len(set(said)) > fewest // 2:
                return span

    @cached_property
    def spaced(self) -> Sequenced:
        """The words that white space parts."""
        return Sequenced(self.letters)

    @cached_property
    def parted(self) -> Sequenced:
        """The words that white space, hyphens and slashes part."""
        return Sequenced([letters(part) for part in PARTS.split(self.document.text)])

    def fewest_differences(self, quote: str) -> int:
        """The edit distance, in words of either kind, of a quote to the passage that is most like it: every passage is tried."""
        return min(int(self.spaced.distances(quote.split()).min()), int(self.parted.distances(PARTS.split(quote)).min()))


class Sequenced:
    """A text's words as numbers."""

    def __init__(self, words: Sequence[str]) -> None:
        said = [word for word in words if word]
        self.numbers = {word: number for number, word in enumerate(dict.fromkeys(said))}
        self.words = np.array([self.numbers[word] for word in said])

    def distances(self, quote: Sequence[str]) -> Counts:
        """For each place between words the edit distance of a quote to the stretch before it that is most like it."""
        steps = np.arange(len(self.words) + 1)
        row = np.zeros(len(self.words) + 1, np.int64)
        for number in [self.numbers.get(word, -1) for word in map(letters, quote) if word]:
            following = row + 1
            following[1:] = np.minimum(following[1:], row[:-1] + (self.words != number))
            row = np.minimum.accumulate(following - steps) + steps
        return row


def letters(word: str) -> str:
    """A word without case, accents and punctuation."""
    return "".join(one for one in unicodedata.normalize("NFKD", word).casefold() if one.isalnum())


def shuffled(items: Sequence[Any], chance: random.Random) -> list[Any]:
    return chance.sample(items, len(items))


def damaged(source: Source, chance: random.Random) -> Quote:
    """A quote of a source, damaged in one way, or in several."""
    kind = chance.choice(list(DAMAGES))
    span = source.drawn(chance)
    return Quote(DAMAGES[kind](source.document.quote(span), source, chance), kind, span)


def case(text: str, _: Source, chance: random.Random) -> str:
    return chance.choice((str.upper, str.lower, str.title, str.swapcase))(text)


def spaces(text: str, _: Source, chance: random.Random) -> str:
    """Line breaks as spaces, spaces doubled, broken, left out, or set inside words."""
    parts = []
    for word in text.split():
        if len(word) > 5 and word.isalpha() and chance.random() < 0.04:
            cut = chance.randint(2, len(word) - 2)
            word = f"{word[:cut]} {word[cut:]}"
        parts += [word, chance.choices((" ", "  ", "\n", "\u00a0", ""), (70, 10, 10, 5, 5))[0]]
    return "".join(parts[:-1])


def marks(text: str, _: Source, chance: random.Random) -> str:
    """Other quotation marks and dashes, and the whole in quotation marks."""
    double, single = chance.choice(('""', "\u201c\u201d", "\u00ab\u00bb", "''")), chance.choice("'\u2019`")
    text = re.sub('[\u201c"]', double[0], text).replace("\u201d", double[1])
    text = re.sub("['\u2018\u2019]", single, text)
    text = re.sub("[-\u2010-\u2014]", chance.choice("-\u2010\u2011\u2013\u2014"), text)
    return double[0] + text + double[1] if chance.random() < 0.5 else text


def hyphens(text: str, _: Source, chance: random.Random) -> str:
    """Some words hyphenated."""
    long = [run for run in re.finditer(r"[^\W\d_]{6,}", text)]
    for run in sorted(chance.sample(long, min(len(long), chance.randint(1, 3))), key=lambda run: -run.start()):
        cut = chance.randint(run.start() + 2, run.end() - 2)
        text = text[:cut] + chance.choice(("-\n", "- ", "\u00ad", "\u2010\n", "-\n   ")) + text[cut:]
    return text


def ellipsis(text: str, _: Source, chance: random.Random) -> str:
    """Words of the middle left out; parts of at least three words remain."""
    words = text.split()
    said = [place for place, word in enumerate(words) if letters(word)]
    first = chance.randint(said[2] + 1, said[-4])
    last = chance.randint(first + 1, said[-3])
    mark = chance.choice(("...", "\u2026", "[...]", ". . .", "(...)", " ... ", "[\u2026]"))
    return " ".join([*words[:first], mark, *words[last:]])


def one_word(text: str, source: Source, chance: random.Random) -> str:
    """One word changed, dropped or added."""
    parts = re.split(r"(\s+)", text)
    place = 2 * chance.randrange((len(parts) + 1) // 2)
    start, end = chance.choice(source.words)
    other = source.document.text[start:end]
    what = chance.choice(("changed", "dropped", "added"))
    if what == "dropped":
        return "".join(parts[:place] + parts[place + 2 :]).strip()
    return "".join([*parts[:place], other, *([" "] if what == "added" else []), *parts[place + (what == "changed") :]])


def form(text: str, _: Source, chance: random.Random) -> str:
    """Another Unicode form, ligatures, accents left out."""
    text = unicodedata.normalize(chance.choice(("NFD", "NFKC", "NFKD")), text)
    if chance.random() < 0.5:
        return text.replace("ffi", "\ufb03").replace("fi", "\ufb01").replace("fl", "\ufb02")
    return "".join(one for one in text if not unicodedata.combining(one))


def everything(text: str, source: Source, chance: random.Random) -> str:
    """One word changed, and then all that leaves the words as they are."""
    for damage in (one_word, marks, hyphens, spaces, case):
        text = damage(text, source, chance)
    return text


DAMAGES: dict[str, Callable[[str, Source, random.Random], str]] = {
    "as it stands": lambda text, _, __: text,
    "case": case,
    "spaces": spaces,
    "quotation marks, dashes": marks,
    "hyphenation": hyphens,
    "ellipsis": ellipsis,
    "one word": one_word,
    "Unicode form": form,
    "one word and the rest": everything,
}


def invented(kinds: dict[str, list[Source]], chance: random.Random) -> Iterator[tuple[Source, Quote]]:
    """Quotes that a document does not hold, endlessly."""
    while True:
        kind = chance.choice(list(INVENTIONS))
        source, other = chance.sample(chance.choice(list(kinds.values())), 2)
        quote = INVENTIONS[kind](source, other, chance)
        if is_invented(source, quote):
            yield source, Quote(quote, kind, None)


def is_invented(source: Source, quote: str) -> bool:
    """Whether every passage of a source differs from a quote in more words than are tolerated."""
    return source.fewest_differences(quote) > tolerated(len(quote.split()))


def elsewhere(_: Source, other: Source, chance: random.Random) -> str:
    return other.document.quote(other.drawn(chance))


def reordered(source: Source, _: Source, chance: random.Random) -> str:
    return " ".join(shuffled(source.document.quote(source.drawn(chance)).split(), chance))


def swapped(source: Source, other: Source, chance: random.Random) -> str:
    """Two words of the passage, or up to a third of them, replaced by words of another document of the kind."""
    words = source.document.quote(source.drawn(chance)).split()
    for place in chance.sample(range(len(words)), chance.randint(2, max(2, len(words) // 3))):
        start, end = chance.choice(other.words)
        words[place] = other.document.text[start:end]
    return " ".join(words)


def spliced(source: Source, _: Source, chance: random.Random) -> str:
    """The beginning of one passage with the end of another."""
    one, other = (source.document.quote(source.drawn(chance)).split() for _ in range(2))
    return " ".join(one[: max(4, len(one) // 2)] + other[min(len(other) - 4, len(other) // 2) :])


def far_apart(source: Source, _: Source, chance: random.Random) -> str:
    """Parts of two passages, of at least three words, with an ellipsis between them: in the wrong order, or too far apart."""
    while True:
        texts = [source.document.quote(source.drawn(chance, 3, 20)) for _ in range(2)]
        first, second = (np.flatnonzero(source.spaced.distances(text.split()) <= tolerated(40)) for text in texts)
        after = second[None, :] - first[:, None]
        if not ((after > 0) & (after < GAP)).any() and all(sum(1 for word in text.split() if letters(word)) >= 3 for text in texts):
            return f"{texts[0]} ... {texts[1]}"


INVENTIONS: dict[str, Callable[[Source, Source, random.Random], str]] = {
    "of another document": elsewhere,
    "words reordered": reordered,
    "two words and more swapped": swapped,
    "two passages as one": spliced,
    "parts from far apart": far_apart,
}
