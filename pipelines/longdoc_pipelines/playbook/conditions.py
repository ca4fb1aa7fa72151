"""Conditions over values, in three truths: holds, does not hold, cannot be told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

from longdoc.types import Value
from longdoc_pipelines.playbook.quantities import asked, holds
from longdoc_pipelines.playbook.schema import Comparison, Condition, ValueKind


@dataclass(frozen=True)
class Told:
    """What a condition came to: `holds` None where it cannot be told; the comparisons that `decided` it as a playbook writes them and as
    a person says them (`wanted`), the values they read by name, and those `against` it: values of the same name that would have decided
    otherwise; `names` of all values that it hangs on, read or not."""

    holds: bool | None
    decided: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    values: tuple[tuple[str, Value], ...] = ()
    against: tuple[tuple[str, Value], ...] = ()
    names: tuple[str, ...] = ()


Read = Callable[[str], tuple[ValueKind, list[Value]]]
"""Value name -> its kind and what the passages state, best first."""


def told(condition: Condition, read: Read, as_of: date) -> Told:
    """What `condition` comes to."""
    parts = [_compared(name, read, comparison, as_of) for name, comparison in condition.comparisons.items()]
    parts += [told(part, read, as_of) for part in condition.all_of or ()]
    if condition.any_of:
        parts.append(_any(told(part, read, as_of) for part in condition.any_of))
    if condition.negated is not None:
        inner = told(condition.negated, read, as_of)
        answer = None if inner.holds is None else not inner.holds
        decided, wanted = (tuple(f"not {one}" for one in listed) for listed in (inner.decided, inner.wanted))
        parts.append(Told(answer, decided, wanted, inner.values, inner.against, inner.names))
    return _all(parts)


def _all(parts: Iterable[Told]) -> Told:
    listed = list(parts)
    failed = [part for part in listed if part.holds is False]
    unknown = [part for part in listed if part.holds is None]
    return _joined(False if failed else None if unknown else True, failed or unknown or listed)


def _any(parts: Iterable[Told]) -> Told:
    listed = list(parts)
    passed = [part for part in listed if part.holds]
    unknown = [part for part in listed if part.holds is None]
    found = _joined(True if passed else None if unknown else False, passed[:1] or unknown or listed)
    return replace(found, wanted=(", or ".join(found.wanted),))


def _joined(answer: bool | None, parts: list[Told]) -> Told:
    decided, wanted = (tuple(dict.fromkeys(one for part in parts for one in getattr(part, name))) for name in ("decided", "wanted"))
    values, against = (tuple(dict.fromkeys(value for part in parts for value in getattr(part, name))) for name in ("values", "against"))
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    return Told(answer, decided, wanted, values, against, names)


def _compared(name: str, read: Read, comparison: Comparison, as_of: date) -> Told:
    kind, values = read(name)
    answers = [holds(kind, value.normalised, comparison, as_of) for value in values] or [holds(kind, None, comparison, as_of)]
    if kind == "party" and values:  # a contract has several: one of them is meant, and none that is ruled out
        deciding = comparison.not_in is None
        first = answers.index(deciding) if deciding in answers else 0
        values, answers = [values[first]], [answers[first]]
    decided = f"{name}: {shown(comparison.model_dump(by_alias=True, exclude_unset=True))}"
    wanted = f"{name.replace('_', ' ')} {asked(comparison, as_of)}"
    against = tuple((name, value) for value, one in zip(values, answers, strict=False) if one is not None and one != answers[0])
    return Told(answers[0], (decided,), (wanted,), tuple((name, value) for value in values[:1]), against, (name,))


def shown(comparison: object) -> str:
    """A comparison as a playbook writes it."""
    return json.dumps(comparison, ensure_ascii=False, default=str).replace('"', "")
