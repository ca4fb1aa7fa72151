"""Text folded so that what a language model changes without meaning to is the same, and offsets into the text stay known.

Two folds, both character by character, so that any stretch of a text folds to a stretch of its fold:

    plain     case, kinds of white space, of quotation marks and of dashes, composed, full-width and compatibility forms are the same
    letters   besides, only what carries meaning is left: letters, digits, currency signs, %, comparison and calculation signs, and the
              points, commas, colons and slashes inside a number. Accents, vowel points of Arabic and Hebrew, spaces, hyphens, soft
              hyphens and other punctuation go

Characters are looked up in a table that is filled as they are met; texts are folded in pieces to bound memory.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int32]

_CODE_POINTS = 0x110000
_UNKNOWN = 255
_PIECE = 1 << 20
"""Characters folded at a time."""

_SINGLE_QUOTES = "'`\u00b4\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a\u02b9\u02bb\u02bc\u02bd\uff07"
_DOUBLE_QUOTES = '"\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u300c\u300d\u300e\u300f\u301d\u301e\u301f\uff02'
_QUOTES = _SINGLE_QUOTES + _DOUBLE_QUOTES
_SIGNS = "%\u2030+<=>\u00b1\u00d7\u00f7\u2260\u2264\u2265\u2248\u00a7"
_SAME_LETTER = {"\u0131": "i", "\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u00e6": "ae", "\u0153": "oe", "&": "and", "\uff06": "and"}
_SAME_LETTER |= {"\u06cc": "\u064a", "\u0649": "\u064a", "\u06a9": "\u0643", "\u0640": ""}
_NUMBER_MARKS = {".": ".", ",": ",", ":": ":", "/": "/", "\u2044": "/", "\u066b": ".", "\u066c": ",", "\uff0e": ".", "\uff0c": ","}
_NUMBER_MARKS |= {"\uff1a": ":", "\uff0f": "/"}
_MARK_CODES = np.array([ord(mark) for mark in _NUMBER_MARKS], np.uint32)
_INSIDE_A_NUMBER = 0x10FF00
"""Added to the code of a mark that stands between two digits; leads to the private use plane."""

_MARKS_OF_ALPHABETS = (*range(10, 37), *range(200, 256))
"""Combining classes of accents and of Hebrew and Arabic points. Nukta, kana voicing, virama and Thai tones (7 to 9, 103 and on) tell
letters apart and stay."""

_HALF = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u309f\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_QUARTER = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1980-\u19df\u1a20-\u1aaf"
_UNSPACED = re.compile(f"[{_HALF}]|[{_QUARTER}]|[^{_HALF}{_QUARTER}]+")
_IS_HALF, _IS_QUARTER = re.compile(f"[{_HALF}]"), re.compile(f"[{_QUARTER}]")


@dataclass(frozen=True)
class Word:
    """A run of letters between white space; where a script sets no spaces, one character. `low` and `high` count letters of the fold.

    `weight` is 1, half for a Chinese character or a hiragana, a quarter for a character of Thai, Lao, Tibetan, Burmese or Khmer: about the
    share of a word that one is.
    """

    low: int
    high: int
    weight: float


class Folded:
    """A fold of a text: `string`, and for each of its characters the offset in the text that it comes from."""

    def __init__(self, text: str, string: str, origins: Offsets) -> None:
        self.text, self.string, self.origins = text, string, origins

    def __len__(self) -> int:
        return len(self.string)

    def halves(self, low: int, high: int) -> bool:
        """Whether low:high cuts a character of the text in two (the "f" of a ligature)."""
        origins = self.origins
        cut_before = low > 0 and origins[low - 1] == origins[low]
        return bool(cut_before or (high < len(origins) and origins[high - 1] == origins[high]))

    def cuts_a_word(self, low: int, high: int) -> bool:
        """Whether low:high begins or ends inside a word."""
        return self.joined(low) or self.joined(high)

    def joined(self, place: int) -> bool:
        """Whether the letters before and after `place` belong to one word."""
        if not 0 < place < len(self.string):
            return False
        before, after = int(self.origins[place - 1]), int(self.origins[place])
        if before == after:
            return True
        if any(not _ignored(self.text[offset]) for offset in range(before + 1, min(after, before + 8))):
            return False
        return not any(_IS_HALF.match(one) or _IS_QUARTER.match(one) for one in (self.string[place - 1], self.string[place]))

    def span(self, low: int, high: int) -> tuple[int, int]:
        """Where the letters low:high stand in the text, with the marks that follow the last."""
        start, end = int(self.origins[low]), int(self.origins[high - 1]) + 1
        while end < len(self.text) and unicodedata.category(self.text[end]) in ("Mn", "Mc", "Me"):
            end += 1
        return start, end

    def place(self, offset: int) -> int:
        """The first letter that stands at `offset` of the text or after it."""
        # An offset of another type would have all origins converted to it.
        return int(np.searchsorted(self.origins, np.int32(min(offset, len(self.text)))))

    def words(self, low: int = 0, high: int | None = None) -> list[Word]:
        """The words of the letters low:high; each letter belongs to one."""
        high = len(self.string) if high is None else high
        if low >= high:
            return []
        first, last = int(self.origins[low]), int(self.origins[high - 1]) + 1
        starts = [first + run.start() for run in _RUN.finditer(self.text[first:last])]
        places = np.searchsorted(self.origins[low:high], np.array(starts, np.int32)) + low
        borders = [*dict.fromkeys(int(place) for place in places), high]
        runs = [(one, following) for one, following in pairwise(borders) if one < following]
        if self.string.isascii():
            return [Word(one, following, 1.0) for one, following in runs]
        return [word for one, following in runs for word in _unspaced(self.string, one, following)]


_RUN = re.compile(r"\S+(?:(?<=[^\W\d_][-\u00ad\u2010\u2011])\s+(?=[^\W\d_])\S+)*")
"""What white space parts, but for a word that is hyphenated."""


def _unspaced(string: str, low: int, high: int) -> list[Word]:
    if string[low:high].isascii():
        return [Word(low, high, 1.0)]
    words = []
    for found in _UNSPACED.finditer(string, low, high):
        weight = 0.5 if _IS_HALF.match(found[0]) else 0.25 if _IS_QUARTER.match(found[0]) else 1.0
        words.append(Word(found.start(), found.end(), weight))
    return words


def fold_plain(text: str) -> Folded:
    """The plain fold: nothing but invisible characters is left out, and a run of white space is one space."""
    folded = _folded(text, _plain_table(), ())
    codes = _codes(folded.string)
    keep = np.ones(len(codes), bool)
    keep[1:] = (codes[1:] != 32) | (codes[:-1] != 32)
    return Folded(text, _string(codes[keep]), folded.origins[keep])


def plain(text: str) -> str:
    """The plain fold without white space at its ends."""
    return fold_plain(text).string.strip(" ")


def fold_letters(text: str, left_out: Sequence[tuple[int, int]] = ()) -> Folded:
    """The letters of a text, but for the stretches `left_out`, which are in order."""
    return _folded(text, _letters_table(), left_out)


def _folded(text: str, table: _Table, left_out: Sequence[tuple[int, int]]) -> Folded:
    pieces, offsets = [], []
    start = 0
    while start < len(text):
        end = min(len(text), start + _PIECE)
        while end < len(text) and end < start + 2 * _PIECE and not text[end - 1].isspace():
            end += 1  # a number is not cut
        codes, origins = table.fold(_codes(text[start:end]))
        origins += start
        for gap_start, gap_end in left_out:
            if gap_start < end and gap_end > start:
                inside = (origins >= gap_start) & (origins < gap_end)
                codes, origins = codes[~inside], origins[~inside]
        pieces.append(_string(codes))
        offsets.append(origins)
        start = end
    return Folded(text, "".join(pieces), np.concatenate(offsets) if offsets else np.zeros(0, np.int32))


class _Table:
    """What each code point folds to, computed when it is first met."""

    def __init__(self, fold: Callable[[str], str], numbers: bool) -> None:
        self._fold, self._numbers = fold, numbers
        self._length = np.full(_CODE_POINTS, _UNKNOWN, np.uint8)
        self._place = np.zeros(_CODE_POINTS, np.uint32)
        self._pool = np.zeros(0, np.uint32)

    def fold(self, codes: Codes) -> tuple[Codes, Offsets]:
        """The folded code points, and for each the place of the one that it comes from."""
        if self._numbers:
            codes = _number_marks(codes)
        length = self._length[codes]
        if (length == _UNKNOWN).any():
            self._learn(np.unique(codes[length == _UNKNOWN]))
            length = self._length[codes]
        kept = np.flatnonzero(length).astype(np.int32)
        places, length = self._place[codes[kept]], length[kept]
        if len(kept) and length.max() > 1:
            total = int(length.sum())
            firsts = np.cumsum(length, dtype=np.int64) - length
            within = np.arange(total) - np.repeat(firsts, length)
            return self._pool[np.repeat(places, length) + within], np.repeat(kept, length)
        return self._pool[places], kept

    def _learn(self, codes: Codes) -> None:
        # Lengths are written last: another thread that reads sees a character as unknown or whole.
        for code in codes.tolist():
            folded = _codes(_NUMBER_MARKS[chr(code - _INSIDE_A_NUMBER)] if _stands_in_a_number(code) else self._fold(chr(code)))
            pool = np.concatenate([self._pool, folded])
            self._place[code] = len(pool) - len(folded)
            self._pool = pool
            self._length[code] = len(folded)


def _decimal(codes: Codes) -> npt.NDArray[np.bool_]:
    return np.array([chr(code).isdecimal() for code in codes.tolist()], bool)


def _stands_in_a_number(code: int) -> bool:
    return code >= _INSIDE_A_NUMBER and chr(code - _INSIDE_A_NUMBER) in _NUMBER_MARKS


def _number_marks(codes: Codes) -> Codes:
    """Marks between two digits moved to codes of their own."""
    places = np.flatnonzero(np.isin(codes, _MARK_CODES))
    places = places[(places > 0) & (places < len(codes) - 1)]
    if not len(places):
        return codes
    digits = _decimal(codes[places - 1]) & _decimal(codes[places + 1])
    between = places[digits].tolist()
    if between:
        codes = codes.copy()
        # Full-width marks lie too high to be moved up; their plain twins are.
        codes[between] = [_INSIDE_A_NUMBER + ord(_NUMBER_MARKS[chr(codes[place])]) for place in between]
    return codes


def _codes(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _string(codes: Codes) -> str:
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


@cache
def _plain_table() -> _Table:
    return _Table(_plain, numbers=False)


@cache
def _letters_table() -> _Table:
    return _Table(_letters, numbers=True)


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    if character in _QUOTES:
        return "'" if character in _SINGLE_QUOTES else '"'
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if category == "Pd" or character == "\u2212":
        return "-"
    folded = _compatible(character)
    # A free-standing accent is "space and mark" there, which would be two words.
    return character if any(one.isspace() for one in folded) else folded


def _letters(character: str) -> str:
    if character in _SAME_LETTER:
        return _SAME_LETTER[character]
    if character in _QUOTES or unicodedata.category(character) == "So":
        return ""  # bullets and trade marks
    if unicodedata.decomposition(character).startswith(("<super>", "<sub>")):
        return ""  # footnote marks
    return "".join(_letter(one) for one in _compatible(character))


def _letter(character: str) -> str:
    if character in _SAME_LETTER:
        return _SAME_LETTER[character]
    if character in _QUOTES:
        return ""
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    if character == "\u2044":
        return "/"  # of a fraction that is one character
    category = unicodedata.category(character)
    if category[0] == "M":
        return "" if unicodedata.combining(character) in _MARKS_OF_ALPHABETS else character
    return character if category[0] in "LN" or category == "Sc" or character in _SIGNS else ""


def _compatible(character: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())


@cache
def _ignored(character: str) -> bool:
    """Whether a character neither shows nor parts words."""
    return unicodedata.category(character) in ("Cf", "Mn", "Me") or character == "\u0640"
