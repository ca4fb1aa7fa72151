"""Pages named for a person."""

from __future__ import annotations

from collections.abc import Sequence

MOST_RANGES = 20


def named(numbers: Sequence[int]) -> str:
    """ "page 3", "pages 3-5, 9"; of many ranges the first."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges[:MOST_RANGES])
    return f"page{'s' if len(numbers) > 1 else ''} {shown}{' and others' if len(ranges) > MOST_RANGES else ''}"
