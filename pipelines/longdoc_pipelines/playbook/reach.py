"""Whether a rule's test and positions can decide anything: they are tried on values around all those that they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any, get_args

from longdoc.types import Citation, Span, Value, Verdict
from longdoc_pipelines.playbook.conditions import told
from longdoc_pipelines.playbook.quantities import as_date, measure, operand_text
from longdoc_pipelines.playbook.schema import Condition, Rule, ValueKind

MOST = 2_000
"""Combinations of values that are tried; a rule with more is left alone."""
EXACT: tuple[ValueKind, ...] = ("duration", "amount", "percentage", "date", "yes_no")
"""Kinds of which the values around those named show all that can happen."""
_PLACE = Citation(document_id="-", path="-", span=Span(start=0, end=1), quote="-")
Known = dict[str, str | None]


def unreachable(rule: Rule, today: date) -> Iterator[tuple[tuple[str, ...], str, bool]]:
    """(path in the rule, what is wrong, whether it is so beyond doubt) of what never decides."""
    tried = list(_combinations(rule, today))
    if not tried:
        return
    exact = all(rule.values[name].read in EXACT for name in rule.values)
    if rule.test is not None and not any(_holds(rule, rule.test, known, today) for known in tried):
        yield ("test",), "no value can pass this test", exact
        return
    if rule.when is not None and not any(_holds(rule, rule.when, known, today) for known in tried):
        yield ("when",), "no document can meet this, so that the rule is never for one", exact
    if rule.requirement == "forbidden" and rule.test is not None and list(rule.positions.given()):
        yield ("positions",), "is not looked at where a forbidden rule has a test", False
        return
    order: list[tuple[tuple[str, ...], Condition]] = [
        ((*("positions", name), "test"), stance.test) for name, stance in rule.positions.given() if stance.test is not None
    ]
    if rule.test is not None:
        order.insert(1 if rule.positions.walk_away is not None and rule.positions.walk_away.test is not None else 0, (("test",), rule.test))
    left = tried
    for place, (path, condition) in enumerate(order):
        passing = [known for known in left if _holds(rule, condition, known, today)]
        if not passing and place and "preferred" not in path:  # what is preferred may be said again: test and position are both compliant
            before = " or ".join(".".join(earlier) for earlier, _ in order[:place])
            yield path, f"never decides: whatever passes it passes {before} before", False
        left = [known for known in left if known not in passing]


def possible(rule: Rule) -> set[Verdict]:
    """The verdicts that the rule can give on a text of the playbook's domain."""
    given = {name for name, _ in rule.positions.given()}
    tested = rule.test is not None or bool(given)
    found: set[Verdict] = {"compliant"}
    if "fallback" in given or rule.requirement == "preferred":
        found.add("fallback")
    if rule.requirement == "forbidden" or "walk_away" in given or (tested and rule.requirement != "preferred"):
        found.add("violation")
    if rule.requirement == "required":
        found.add("missing")
    meant = rule.applies_to
    if rule.requirement == "conditional" or rule.when is not None or meant.jurisdiction or meant.form or meant.period_from:
        found.add("not_applicable")
    if rule.when is not None:
        found.add("needs_review")
    return found


def verdicts(of: Iterable[Verdict]) -> str:
    """Verdicts in their usual order."""
    wanted = set(of)
    return ", ".join(one for one in get_args(Verdict) if one in wanted)


def _combinations(rule: Rule, today: date) -> Iterator[Known]:
    operands: dict[str, list[Any]] = {name: [] for name in rule.values}
    for _, condition in rule.conditions():
        for name, comparison in condition.compared():
            for operator, operand in comparison.given():
                if operator != "present":
                    operands[name] += operand if isinstance(operand, tuple) else [operand]
    around = {name: sorted(set(_around(rule.values[name].read, listed, today))) for name, listed in operands.items()}
    choices: dict[str, list[str | None]] = {name: [None, *listed] for name, listed in around.items()}
    if not choices or prod(map(len, choices.values())) > MOST:
        return
    for values in product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


def _around(kind: ValueKind, operands: list[Any], today: date) -> Iterator[str]:
    """Values that are, miss and exceed what is named, and one that has nothing to do with it."""
    step = {"duration": Decimal(1), "amount": Decimal(1), "percentage": Decimal("0.001")}.get(kind)
    for operand in operands:
        if kind == "date":
            day = as_date(operand, today)
            yield from (str(day + timedelta(days=days)) for days in (-1, 0, 1) if day is not None and date.min < day < date.max)
        elif step is not None:
            size = measure(kind, operand_text(kind, operand))
            if size is not None and size[0].is_finite():
                for number in (max(Decimal(0), size[0] - step), size[0], size[0] + step):
                    yield {"duration": f"P{number:f}D", "percentage": f"{number:f}%"}.get(kind, f"{size[1] or 'USD'} {number:f}")
            elif size is not None:
                yield "perpetual"
        else:
            yield str(operand)
    if kind == "yes_no":
        yield "yes"
    elif step is None and kind != "date":
        yield " ".join(map(str, operands))
        yield "another"


def _holds(rule: Rule, condition: Condition, known: Known, today: date) -> bool:
    def read(name: str) -> tuple[ValueKind, list[Value]]:
        kind, normalised = rule.values[name].read, known[name]
        return kind, [] if normalised is None else [Value(kind=kind, normalised=normalised, citation=_PLACE)]

    return told(condition, read, today).holds is True
