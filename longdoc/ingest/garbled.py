"""Whether a page's characters mean anything: fonts without a map to Unicode, or with a wrong one, give signs that nobody wrote.

Three signs: characters without meaning (replacement, private use, controls); hardly any letters among many signs; hardly any vowels among
Latin letters, of which languages have a third or more and a shifted alphabet an eighth. Tables of codes may look so too: what is read
from the picture then does as well, and the text stays.
"""

from __future__ import annotations

import re
import string

FEWEST_CHARACTERS = 24
MOST_MEANINGLESS = 0.2
FEWEST_LETTERS = 80
FEWEST_VOWELS = 0.25
MOST_WITHOUT_VOWEL = 0.15
"""Share of words of four letters and more."""
MOST_SIGNS = 0.3
FEWEST_FOR_SIGNS = 150

# What PDFium marks hyphens and line ends with is none of them.
_MEANINGLESS = re.compile("[\x00\x01\x03-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_WORD = re.compile(r"[A-Za-z]{4,}")
_LETTERS = string.ascii_letters.encode()
_VOWELS = b"aeiouyAEIOUY"
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
# Leaders, rules and brackets of tables are no sign of anything.
_SIGNS = b"!\"#$%&'*+/:;<=>?@[\\]^`{|}~"


def is_garbled(text: str) -> bool:
    """Whether the text is one that nobody can have written; False where there is too little to tell."""
    dense = len("".join(text.split()))
    if dense < FEWEST_CHARACTERS:
        return False
    if len(_MEANINGLESS.findall(text)) > MOST_MEANINGLESS * dense:
        return True
    plain = text.encode("ascii", "ignore")
    letters = _count(plain, _LETTERS)
    if letters >= max(FEWEST_LETTERS, 0.5 * dense) and _count(plain, _VOWELS) < FEWEST_VOWELS * letters:
        # Formulas have few vowels too, but not in their words.
        words = _WORD.findall(text)
        return sum(_VOWEL.search(word) is None for word in words) > MOST_WITHOUT_VOWEL * len(words)
    return dense >= FEWEST_FOR_SIGNS and _count(plain, _SIGNS) > MOST_SIGNS * dense


def _count(plain: bytes, wanted: bytes) -> int:
    return len(plain) - len(plain.translate(None, wanted))
