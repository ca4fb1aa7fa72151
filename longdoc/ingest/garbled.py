"""Whether a page's characters mean anything: fonts without a map to Unicode, or with a wrong one, give signs that nobody wrote.

Three signs: characters without meaning (replacement, private use, controls); hardly any letters among many signs; hardly any vowels among
Latin letters, of which languages have a third or more and a shifted alphabet an eighth. Tables of codes may look so too: what is read
from the picture then does as well, and the text stays.
"""

from __future__ import annotations

import re
import string
import sys
from functools import cache

import numpy as np
import numpy.typing as npt

FEWEST_CHARACTERS = 24
MOST_MEANINGLESS = 0.2
FEWEST_LETTERS = 80
FEWEST_VOWELS = 0.25
MOST_WITHOUT_VOWEL = 0.15
"""Share of words of four letters and more."""
MOST_SIGNS = 0.3
FEWEST_FOR_SIGNS = 150

# What PDFium marks hyphens and line ends with is none of them.
_MEANINGLESS = (
    (0x00, 0x01),
    (0x03, 0x08),
    (0x0B, 0x0C),
    (0x0E, 0x1F),
    (0x7F, 0x9F),
    (0xE000, 0xF8FF),
    (0xFFFD, 0xFFFD),
    (0xF0000, sys.maxunicode),
)
_WORD = re.compile(r"[A-Za-z]{4,}")
_VOWELS = "aeiouyAEIOUY"
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
# Leaders, rules and brackets of tables are no sign of anything.
_SIGNS = "!\"#$%&'*+/:;<=>?@[\\]^`{|}~"
_OTHER, _SPACE, _NO_MEANING, _NO_MEANING_SPACE, _A_VOWEL, _CONSONANT, _SIGN = range(7)


def is_garbled(text: str) -> bool:
    """Whether the text is one that nobody can have written; False where there is too little to tell."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    kinds: list[int] = np.bincount(_kinds()[codes], minlength=_SIGN + 1).tolist()
    dense = len(text) - kinds[_SPACE] - kinds[_NO_MEANING_SPACE]
    if dense < FEWEST_CHARACTERS:
        return False
    if kinds[_NO_MEANING] + kinds[_NO_MEANING_SPACE] > MOST_MEANINGLESS * dense:
        return True
    letters = kinds[_A_VOWEL] + kinds[_CONSONANT]
    if letters >= max(FEWEST_LETTERS, 0.5 * dense) and kinds[_A_VOWEL] < FEWEST_VOWELS * letters:
        # Formulas have few vowels too, but not in their words.
        words = _WORD.findall(text)
        return sum(_VOWEL.search(word) is None for word in words) > MOST_WITHOUT_VOWEL * len(words)
    return dense >= FEWEST_FOR_SIGNS and kinds[_SIGN] > MOST_SIGNS * dense


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """The kind of every code point."""
    kinds = np.full(sys.maxunicode + 1, _OTHER, dtype=np.uint8)
    for first, last in _MEANINGLESS:
        kinds[first : last + 1] = _NO_MEANING
    for characters, kind in ((string.ascii_letters, _CONSONANT), (_VOWELS, _A_VOWEL), (_SIGNS, _SIGN)):
        kinds[[ord(character) for character in characters]] = kind
    for code in range(0x10000):
        if chr(code).isspace():
            kinds[code] = _NO_MEANING_SPACE if kinds[code] == _NO_MEANING else _SPACE
    return kinds
