"""What is wrong with what a playbook says: labels and values that there are not, tests that cannot pass, examples that cannot come out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from longdoc.labels import LabelSet
from longdoc.model.places import find_places, known_places
from longdoc_pipelines.facts.filings import FORMS
from longdoc_pipelines.playbook.problems import Level, Problem, near, problem
from longdoc_pipelines.playbook.quantities import operand_problem
from longdoc_pipelines.playbook.reach import possible, unreachable, verdicts
from longdoc_pipelines.playbook.schema import Playbook, Rule, ValueKind
from longdoc_pipelines.playbook.tree import Path, Tree

Tell = Callable[[Path, str, Level], Problem]
_PATTERN = re.compile(r"\.[*+?]|\\[bdswBDSW]|\[[^\]]+\]|[)\w]\||^\^|\$$|\(\?")
_RESERVED = ("all", "any", "not")


def of_meaning(playbook: Playbook, base: LabelSet, own: LabelSet | None, tree: Tree, today: date | None) -> Iterator[Problem]:
    """Errors and warnings about what the playbook says. `today` tells which waivers are over."""
    yield from _of_labels(playbook, base, tree)
    for number, name in enumerate(playbook.applies_to.jurisdiction):
        yield from _of_place(name, ("applies_to", "jurisdiction", number), lambda path, message, level: problem(tree, path, message, level))
    names = {label.name.casefold(): label.name for label in (*base.labels, *(own.labels if own else ()))}
    for number, rule in enumerate(playbook.rules):

        def tell(path: Path, message: str, level: Level = "error", number: int = number) -> Problem:
            return problem(tree, ("rules", number, *path), message, level)

        wrong = [*_of_names(rule, names, base.name, tell), *_of_tests(rule, tell)]
        yield from wrong
        if not any(one.level == "error" for one in wrong):
            for path, message, exact in unreachable(rule, today or date(2026, 1, 1)):
                yield tell(path, message, "error" if exact else "warning")
        yield from _of_places(rule, tell)
        yield from _of_forms(rule, tell)
        yield from _of_circumstances(rule, playbook, tell, today)
        yield from _of_examples(rule, tell)
        yield from _of_earlier(rule, playbook.rules[:number], tell)


def _of_labels(playbook: Playbook, base: LabelSet, tree: Tree) -> Iterator[Problem]:
    used = {label.casefold() for rule in playbook.rules for _, label in _labels(rule)}
    theirs = {label.name.casefold() for label in base.labels}
    for number, label in enumerate(playbook.labels):
        if label.name.casefold() in theirs:
            yield problem(tree, ("labels", number), f"stands in for the label of that name in label set {base.name!r}", "warning")
        if label.name.casefold() not in used:
            yield problem(tree, ("labels", number), "no rule looks for it", "warning")


def _labels(rule: Rule) -> Iterator[tuple[Path, str]]:
    """(path, label) of every label that a rule names."""
    named: list[tuple[Path, str | None]] = [(("label",), rule.label)]
    named += [(("values", name, "label"), spec.label) for name, spec in rule.values.items()]
    named += [(("positions", name, "label"), stance.label) for name, stance in rule.positions.given()]
    yield from ((path, label) for path, label in named if label is not None)


def _of_names(rule: Rule, names: dict[str, str], base: str, tell: Tell) -> Iterator[Problem]:
    for path, label in _labels(rule):
        if label.casefold() not in names:
            said = f"no label {label!r} in label set {base!r} or among the playbook's own{near(label, names.values())}"
            yield tell(path, said, "error")
    for name in rule.values:
        if name in _RESERVED:
            yield tell(("values", name), "is a word of tests; choose another name for the value", "error")


def _of_tests(rule: Rule, tell: Tell) -> Iterator[Problem]:
    tested = set()
    for where, condition in rule.conditions():
        for inside, comparison in condition.placed():
            name = str(inside[-1])
            tested.add(name)
            path = (*where.split("."), *inside)
            if name not in rule.values:
                known = near(name, rule.values) if rule.values else "; list it under values"
                yield tell(path, f"no value {name!r} is read by this rule{known}", "error")
                continue
            kind = rule.values[name].read
            for operator, operand in comparison.given():
                wrong = operand_problem(kind, operator, operand)
                if wrong is not None:
                    yield tell((*path, operator), wrong, "error")
                    continue
                for one in operand if isinstance(operand, tuple) else (operand,):
                    yield from _of_operand(kind, operator, one, (*path, operator), tell)
    for name in rule.values.keys() - tested:
        yield tell(("values", name), "is read but never tested", "warning")


def _of_operand(kind: ValueKind, operator: str, operand: Any, path: Path, tell: Tell) -> Iterator[Problem]:
    if kind == "jurisdiction" and operator != "present":
        yield from _of_place(str(operand), path, tell)
    if isinstance(operand, str) and kind in ("text", "party") and _PATTERN.search(operand):
        yield tell(path, f"{operand!r} looks like a pattern, but is taken word for word", "warning")
    if kind == "percentage" and not isinstance(operand, bool | str) and 0 < operand < 1:
        yield tell(path, f'{operand} is {operand} percent; write "{operand * 100:g}%" if that is meant, else "{operand}%"', "warning")


def _of_place(name: str, path: Path, tell: Tell) -> Iterator[Problem]:
    known = [name[start:end] for start, end, _ in find_places(name)]
    if known and known == re.split(r"\s*,\s*", name):
        return
    meant = difflib.get_close_matches(name, known_places(), n=1, cutoff=0.8)
    if meant:
        yield tell(path, f"{name!r} is no place; did you mean {meant[0]!r}?", "error")
    else:
        yield tell(path, f"{name!r} is no place that longdoc knows; no contract will be read as under its law", "warning")


def _of_places(rule: Rule, tell: Tell) -> Iterator[Problem]:
    for number, name in enumerate(rule.applies_to.jurisdiction):
        yield from _of_place(name, ("applies_to", "jurisdiction", number), tell)


def _of_forms(rule: Rule, tell: Tell) -> Iterator[Problem]:
    known = {form.casefold() for form in FORMS}
    for number, form in enumerate(rule.applies_to.form):
        meant = near(form, FORMS, listed=False)
        if meant and form.casefold() not in known:
            yield tell(("applies_to", "form", number), f"no document is filed on form {form!r}{meant}", "warning")


def _of_circumstances(rule: Rule, playbook: Playbook, tell: Tell, today: date | None) -> Iterator[Problem]:
    domains = rule.applies_to.domain
    if domains and playbook.domain != "plain" and not {playbook.domain, "plain"} & set(domains):
        said = f"a playbook for {playbook.domain} documents is never used on {' or '.join(domains)} ones, so that the rule is never for one"
        yield tell(("applies_to", "domain"), said, "warning")
    for place, waiver in enumerate(rule.waivers):
        if today is not None and waiver.expires < today:
            yield tell(("waivers", place), f"expired on {waiver.expires.isoformat()}; give a later day, or take it out", "warning")


def _of_examples(rule: Rule, tell: Tell) -> Iterator[Problem]:
    if not rule.examples:
        yield tell((), "has no examples; `longdoc playbook test` has nothing to try", "warning")
    can = possible(rule)
    for place, example in enumerate(rule.examples):
        if example.verdict not in can:
            said = f"a {rule.requirement} rule with these tests and positions never says {example.verdict}; it says {verdicts(can)}"
            yield tell(("examples", place, "verdict"), said, "warning")


def _of_earlier(rule: Rule, earlier: tuple[Rule, ...], tell: Tell) -> Iterator[Problem]:
    """Rules before it that ask the same, or the opposite."""
    for other in earlier:
        if other.about.casefold() != rule.about.casefold() or (other.when, other.applies_to) != (rule.when, rule.applies_to):
            continue
        asked, before = ((one.requirement, one.values, one.test, one.positions) for one in (rule, other))
        if asked == before:
            yield tell((), f"asks the same as {other.id}; one of the two is enough", "warning")
        elif {other.requirement, rule.requirement} == {"required", "forbidden"} and (
            rule.test is None if rule.requirement == "forbidden" else other.test is None
        ):
            yield tell(
                ("requirement",), f"what {other.id} makes {other.requirement} is {rule.requirement} here: one of them fails", "warning"
            )
