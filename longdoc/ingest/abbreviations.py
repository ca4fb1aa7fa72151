"""Full stops that end no sentence."""

from __future__ import annotations

import re

_ABBREVIATED = re.compile(
    r"(?:\b(?:Inc|Corp|Co|Ltd|Bros|No|Nos|Mr|Mrs|Ms|Dr|St|vs|v|U\.S|Sec|Art|Fig|Eq|al|e\.g|i\.e|cf|approx|Jan|Feb|Mar|Apr|Aug|Sept|Oct|Nov|Dec)"
    r"|\b[A-Z])\.$"
)


def ends_abbreviated(text: str, start: int, end: int) -> bool:
    """Whether the full stop at `end - 1` belongs to an abbreviation; nothing before `start` is looked at."""
    return _ABBREVIATED.search(text, max(start, end - 12), end) is not None
