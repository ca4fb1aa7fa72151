"""From a quote to the exact characters that it came from."""

from __future__ import annotations

import re
import unicodedata

from longdoc.errors import GroundingError
from longdoc.types import Citation, Document, Span

_SAME = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2010": "-", "\u2011": "-", "\u00a0": " "}
)


def ground(document: Document, quote: str, within: Span | None = None) -> Citation:
    """The Citation of `quote` in `document`, of its first occurrence inside `within` (default: anywhere).

    White space, case, and the shape of quotation marks and dashes may differ; the citation's own quote is what stands in the document.

    Raises: GroundingError if the quote is blank or does not occur.
    """
    words = [re.escape(word) for word in _plain(quote).split()]
    if not words:
        raise GroundingError(f"{document.path}: an empty quote has no place")
    area = within or Span(start=0, end=len(document.text))
    found = re.search(r"\s+".join(words), _plain(document.quote(area)))
    if found is None:
        raise GroundingError(f"{document.path}: does not hold {quote[:80]!r}")
    return document.cite(Span(start=area.start + found.start(), end=area.start + found.end()))


def _plain(text: str) -> str:
    """Folded character by character, so that offsets stay true."""
    return "".join(_fold(character) for character in text.translate(_SAME))


def _fold(character: str) -> str:
    if character < "\x80":
        return character.lower()
    folded = unicodedata.normalize("NFKC", character).lower()
    return folded if len(folded) == 1 else character
