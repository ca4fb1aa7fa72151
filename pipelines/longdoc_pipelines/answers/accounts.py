"""A question about accounts answered from a document's statements, with the calculation shown."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from longdoc.types import AnswerKind
from longdoc_pipelines.accounts import Accounts
from longdoc_pipelines.answers.formulas import Average, Change, Item, Join, Measure, Node
from longdoc_pipelines.answers.question import Asked, When
from longdoc_pipelines.answers.reckon import MissingError, Reckoned, Reckoner, Term, earlier
from longdoc_pipelines.answers.writing import decimals_of, money, plain, shaped

_KINDS: dict[str, AnswerKind] = {"amount": "amount", "percent": "percentage", "times": "ratio", "days": "days"}
_UNITS = {"percent": "percent", "times": "times", "days": "days"}
MOST_YEARS = 10


@dataclass(frozen=True, slots=True)
class Result:
    """An answer before its places are cited."""

    text: str
    kind: AnswerKind
    value: str
    unit: str | None
    period: str | None
    calculation: str | None
    terms: tuple[Term, ...]


def answer_from(accounts: Accounts, asked: Asked) -> Result | None:
    """What the accounts say; None where they lack a figure that it takes."""
    try:
        return _Teller(accounts, asked).tell()
    except MissingError:
        return None


class _Teller:
    def __init__(self, accounts: Accounts, asked: Asked) -> None:
        self.asked, self.accounts = asked, accounts
        self.reckoner = Reckoner(accounts)
        self.measure = asked.measures[0]
        self.per_share = isinstance(self.measure.node, Item) and self.measure.node.concept.endswith(("per_share", "basic", "diluted"))

    def tell(self) -> Result:
        if self.asked.operation == "largest":
            return self._largest()
        if self.asked.operation in ("value", "average", "steady"):
            return getattr(self, f"_{self.asked.operation}")()  # type: ignore[no-any-return]
        return self._moved()

    def _value(self) -> Result:
        periods = self.asked.periods or (self._latest(self.measure),)
        told = [(measure, self.reckoner.reckon(measure.node, when)) for measure in self.asked.measures for when in periods]
        parts = [f"{measure.name}, {done.when}: {self._written(measure, done.value)}" for measure, done in told]
        steps = [f"{done.text} = {self._written(measure, done.value)}" for measure, done in told if not isinstance(measure.node, Item)]
        return self._result("; ".join(parts), told[0][1].value, periods, steps)

    def _average(self) -> Result:
        ends = sorted(self.asked.periods) or [self._latest(self.measure)]
        years = [When(year) for year in range(ends[0].year, ends[-1].year + 1)] if len(ends) > 1 else [ends[0], earlier(ends[0])]
        if len(years) > MOST_YEARS:
            raise MissingError("more years than statements have")
        told = [self.reckoner.reckon(self.measure.node, when) for when in reversed(years)]
        mean = sum((done.value for done in told), Decimal(0)) / len(told)
        steps = [
            f"{done.when}: {done.text} = {self._written(self.measure, done.value)}"
            for done in told
            if not isinstance(self.measure.node, Item)
        ]
        written = self._written(self.measure, mean)
        steps.append(f"({' + '.join(self._written(self.measure, done.value) for done in told)}) / {len(told)} = {written}")
        return self._result(f"{self.measure.name}, average of {years[0]} to {years[-1]}: {written}", mean, tuple(years), steps)

    def _steady(self) -> Result:
        if self.asked.limit is None or self.measure.shape != "percent":
            raise MissingError("nothing says what is steady")
        newest = max(self.asked.periods) if self.asked.periods else self._latest(self.measure)
        told: list[Reckoned] = []
        for step in range(MOST_YEARS):
            try:
                told.append(self.reckoner.reckon(self.measure.node, When(newest.year - step, newest.quarter)))
            except MissingError:
                break
        if len(told) < 2:
            raise MissingError("one year shows no change")
        moves = [abs(now.value - before.value) * 100 for now, before in pairwise(told)]
        steady = max(moves) <= Decimal(str(self.asked.limit))
        listed = ", ".join(f"{self._written(self.measure, done.value)} ({done.when})" for done in told)
        text = f"{'Yes' if steady else 'No'}: {self.measure.name} was {listed}; the largest change was {max(moves):.1f} percentage points"
        steps = [f"{done.when}: {done.text} = {self._written(self.measure, done.value)}" for done in told]
        return self._result(text, told[0].value, tuple(done.when for done in told), steps, "yes" if steady else "no")

    def _moved(self) -> Result:
        then, now = self._ends()
        # The newer figure first: a reader looks for what it is now.
        after, before = self.reckoner.reckon(self.measure.node, now), self.reckoner.reckon(self.measure.node, then)
        asked, share = self.asked, self.measure.shape == "percent"
        moved = after.value - before.value
        shown_after, shown_before = self._written(self.measure, after.value), self._written(self.measure, before.value)
        steps = [
            f"{done.when}: {done.text} = {shown}"
            for done, shown in ((after, shown_after), (before, shown_before))
            if not isinstance(self.measure.node, Item)
        ]
        if asked.operation == "difference" or (asked.operation == "growth" and share):
            change = f"{moved * 100:.1f} percentage points" if share else self._written(self.measure, moved)
            steps.append(f"{shown_after} − {shown_before} = {change}".replace("-", "−"))
            return self._result(f"{self.measure.name}, {then} to {now}: {change}", moved, (then, now), steps)
        loss = not share and (before.value <= 0 or (asked.operation == "compound" and after.value <= 0))
        if loss and asked.operation in ("growth", "compound"):
            raise MissingError("no rate of change from a loss or nothing")
        years = now.year - then.year
        rate = after.value / before.value - 1 if before.value else Decimal(0)
        if asked.operation == "compound":
            rate = (after.value / before.value) ** (Decimal(1) / years) - 1
            steps.append(f"({after.text} / {before.text})^(1/{years}) − 1 = {shaped(rate, 'percent', asked.decimals)}")
        elif not share and not loss:
            steps.append(f"{_whole(after)} / {_whole(before)} − 1 = {shaped(rate, 'percent', asked.decimals)}")
        if asked.operation in ("growth", "compound"):
            name = "growth" if asked.operation == "growth" else "compound annual growth"
            text = f"{self.measure.name}, {name} {then} to {now}: {shaped(rate, 'percent', asked.decimals)}"
            return self._result(text, rate, (then, now), steps, shape="percent")
        by = self._written(self.measure, abs(moved)) if loss else shaped(abs(rate), "percent", None)
        change = f"{abs(moved * 100):.1f} percentage points" if share else by
        rose = "rose" if moved > 0 else "fell" if moved < 0 else "did not change"
        said = f"{self.measure.name} {rose} from {shown_before} ({then}) to {shown_after} ({now})" + (f", by {change}" if moved else "")
        verdict = self._verdict(moved)
        text = f"{verdict.capitalize()}: {said}" if verdict else said
        return self._result(text, moved, (then, now), steps, verdict)

    def _verdict(self, moved: Decimal) -> str | None:
        """ "yes" or "no" where the question wants one direction confirmed, None where it asks which."""
        if not self.asked.closed or self.asked.operation != "direction":
            return None
        if self.asked.either:
            return None
        if self.asked.any_change:
            return "yes" if moved else "no"
        return "yes" if (moved < 0 if self.asked.falling else moved > 0) else "no"

    def _largest(self) -> Result:
        when = self.asked.periods[0] if self.asked.periods else self._latest(self.measure)
        told = [(measure, self.reckoner.reckon(measure.node, when)) for measure in self.asked.measures]
        told.sort(key=lambda one: one[1].value, reverse=True)
        listed = [f"{measure.name} {self._written(measure, done.value)}" for measure, done in told]
        text = f"{listed[0]} in {when}; {'; '.join(listed[1:])}"
        return self._result(text, told[0][1].value, (when,), [])

    def _ends(self) -> tuple[When, When]:
        periods = sorted(self.asked.periods) or [self._latest(self.measure)]
        if len(periods) > 1:
            return periods[0], periods[-1]
        return earlier(periods[0]), periods[0]

    def _latest(self, measure: Measure) -> When:
        """The newest period that the accounts tell the measure's first item of."""
        for item in items_of(measure.node):
            series = self.accounts.series(item.concept)
            if series:
                period = series[0][1].period
                quarter = period.quarter if period.months in (0, 3) and (period.months == 3 or period.quarter not in (None, 4)) else None
                return When(period.year - self.accounts.named_ahead, quarter)
        raise MissingError(f"no statement tells of {measure.name}")

    def _written(self, measure: Measure, value: Decimal) -> str:
        if measure.shape != "amount":
            return shaped(value, measure.shape, self.asked.decimals)
        scale = self.reckoner.scale or Decimal(1)
        if self.per_share:
            return money(value, self.reckoner.unit, 1, 2)
        factor = self.asked.factor or int(scale)
        decimals = self.asked.decimals if self.asked.decimals is not None else decimals_of(value, scale, factor)
        return money(value, self.reckoner.unit, factor, decimals)

    def _result(
        self, text: str, value: Decimal, periods: tuple[When, ...], steps: list[str], verdict: str | None = None, shape: str | None = None
    ) -> Result:
        shape = shape or self.measure.shape
        kind: AnswerKind = "yes_no" if verdict else _KINDS[shape]
        unit = None if verdict else _UNITS.get(shape, self.reckoner.unit)
        named = [str(when) for when in sorted(set(periods))]
        period = named[0] if len(named) == 1 else f"{named[0]} to {named[-1]}"
        first = text[0].upper() + text[1:]
        return Result(
            first + ".",
            kind,
            verdict or plain(value * 100 if shape == "percent" else value),
            unit,
            period,
            "; ".join(steps) or None,
            tuple(self.reckoner.terms),
        )


def items_of(node: Node) -> list[Item]:
    """The line items of an expression, from left to right."""
    if isinstance(node, Item):
        return [node]
    if isinstance(node, Average | Change):
        return [node.item]
    return [*items_of(node.left), *items_of(node.right)] if isinstance(node, Join) else []


def _whole(done: Reckoned) -> str:
    return f"({done.text})" if " " in done.text else done.text
