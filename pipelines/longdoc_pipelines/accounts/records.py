"""What accounts are made of: lines, and what they stand at."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from longdoc.types import Span
from longdoc_pipelines.accounts.periods import Period
from longdoc_pipelines.statements import Kind

Measure = Literal["amount", "per_share", "shares"]


@dataclass(frozen=True, slots=True)
class Amount:
    """What a line stands at in one period.

    `value` is in whole units (the figure printed times its scale), negative where it stands in parentheses; `cells` are the places that
    it was read from, several where it is the sum of lines that the statement does not add up itself; `label` is the row's name.
    """

    period: Period
    value: Decimal
    scale: Decimal
    unit: str | None
    cells: tuple[Span, ...]
    label: Span

    @property
    def figure(self) -> Decimal:
        """The value as it is printed, without its scale."""
        return self.value / self.scale


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement: its name as printed with the names that it stands under, and the concept that it is known as, if any.

    `choice` counts from 0 how far it is from what the concept usually means: 0 for "Total net revenues", more for a line that is taken
    for revenue where there is none of that kind.
    """

    name: str
    path: str
    concept: str | None
    choice: int
    statement: Kind
    measure: Measure
    amounts: tuple[Amount, ...]
