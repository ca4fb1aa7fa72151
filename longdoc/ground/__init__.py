"""From a quote to the exact characters that it came from.

`ground` wants the quote's own characters; `ground_loosely` and `Locator` take quotes as language models give them (see `locate`).
"""

from __future__ import annotations

import re

from longdoc.errors import GroundingError
from longdoc.ground.fold import fold_plain, plain
from longdoc.ground.locate import Located, Locator, tolerated
from longdoc.types import Citation, Document, Span

__all__ = ["Located", "Locator", "ground", "ground_loosely"]

_SHOWN = 160
"""Characters of a quote and of a passage that an error shows."""


def ground(document: Document, quote: str, within: Span | None = None) -> Citation:
    """The Citation of `quote` in `document`, of its first occurrence inside `within` (default: anywhere).

    White space, case, and the shape of quotation marks and dashes may differ; the citation's own quote is what stands in the document.

    Raises: GroundingError if the quote is blank or does not occur.
    """
    if not quote.strip():
        raise GroundingError(f"{document.path}: an empty quote has no place; quote some words of the document")
    area = within or Span(start=0, end=len(document.text))
    wanted, text = plain(quote), fold_plain(document.quote(area))
    found = text.string.find(wanted) if wanted else -1
    while found >= 0 and text.halves(found, found + len(wanted)):
        found = text.string.find(wanted, found + 1)
    if found >= 0:
        start = area.start + int(text.origins[found])
        ahead = _invisible(quote.strip())
        if start - len(ahead) >= area.start and document.text.startswith(ahead, start - len(ahead)):
            start -= len(ahead)
        return document.cite(Span(start=start, end=area.start + int(text.origins[found + len(wanted) - 1]) + 1))
    invisible = -1 if wanted else document.text.find(quote.strip(), area.start, area.end)
    if invisible >= 0:
        return document.cite(Span(start=invisible, end=invisible + len(quote.strip())))
    raise GroundingError(f"{document.path}: does not hold {quote[:80]!r}; quote the words as they stand in the document")


def ground_loosely(locator: Locator, quote: str, within: Span | None = None, near: int | None = None) -> Citation:
    """The Citation of a language model's quote, located as `Locator.locate` does; it holds the document's own characters.

    Raises: GroundingError if the quote is blank or its place is not found; the message can be told to the model.
    """
    document = locator.document
    if not quote.strip():
        raise GroundingError(f"{document.path}: an empty quote has no place; quote some words of the document")
    found = locator.nearest(quote, within, near)
    if found is not None and found.differing <= tolerated(found.words):
        return document.cite(found.span)
    reason = f"{document.path}: does not hold {_shown(quote)!r}"
    if found is not None and found.distance <= 0.5:
        passage = _shown(document.quote(found.span))
        reason += f"; the nearest passage is {passage!r}, which differs in {found.differing:.0f} of {found.words:.0f} words"
    raise GroundingError(f"{reason}; quote the words as they stand in the document")


def _invisible(quote: str) -> str:
    """What a quote begins with that does not show, such as a soft hyphen."""
    return next((quote[:place] for place, one in enumerate(quote) if plain(one)), quote)


def _shown(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} \u2026"
