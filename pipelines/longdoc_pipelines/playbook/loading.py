"""Playbooks from files: what is wrong with one is told with its line and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from longdoc.errors import LabelSetError, PlaybookError, UnknownNameError
from longdoc.labels import Label, LabelSet, load_labels
from longdoc.types import Domain
from longdoc_pipelines.facts.filings import FORMS
from longdoc_pipelines.playbook.quantities import operand_problem
from longdoc_pipelines.playbook.schema import AppliesTo, Comparison, Example, Playbook, Positions, Rule, Stance, ValueSpec, Waiver
from longdoc_pipelines.playbook.tree import Path as TreePath
from longdoc_pipelines.playbook.tree import Tree, TreeError, read_tree

LABELS_OF_DOMAIN: dict[Domain, str] = {"legal": "cuad", "financial": "filing", "research": "paper"}
_PARTS: dict[str, type[BaseModel]] = {
    "rules": Rule, "labels": Label, "examples": Example, "waivers": Waiver, "positions": Positions, "applies_to": AppliesTo,
    "values": ValueSpec, "preferred": Stance, "fallback": Stance, "walk_away": Stance,
}  # fmt: skip
_CONDITIONS = ("test", "when", "all", "any", "not")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a playbook file: an error forbids its use, a warning does not."""

    line: int
    level: Literal["error", "warning"]
    place: str
    message: str


@dataclass(frozen=True)
class Loaded:
    """A playbook with the label set that its rules look for: that which it names, and its own labels and questions."""

    playbook: Playbook
    base: LabelSet
    own: LabelSet | None
    problems: tuple[Problem, ...] = ()


def shipped() -> list[str]:
    """Names of the playbooks in the package."""
    folder = resources.files("longdoc_pipelines").joinpath("playbooks")
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def read_playbook_text(name_or_file: str | Path) -> tuple[str, str]:
    """(text, origin) of a shipped playbook by name, or of a file.

    Raises: UnknownNameError if it is neither; PlaybookError if the file cannot be read.
    """
    name = str(name_or_file)
    if name in shipped():
        return resources.files("longdoc_pipelines").joinpath("playbooks", f"{name}.yaml").read_text(encoding="utf-8"), name
    path = Path(name_or_file)
    if not path.is_file():
        near = difflib.get_close_matches(name, shipped(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownNameError(f"no playbook {name!r}: neither a file nor one of {', '.join(shipped())}{hint}")
    try:
        return path.read_text(encoding="utf-8"), name
    except (OSError, UnicodeDecodeError) as error:
        raise PlaybookError(f"{path}: cannot be read ({error})") from error


def load_playbook(name_or_file: str | Path) -> Loaded:
    """A playbook that can be used.

    Raises: as `read_playbook_text`; PlaybookError with every error, a line each.
    """
    text, origin = read_playbook_text(name_or_file)
    loaded, problems = check(text, origin)
    wrong = [problem for problem in problems if problem.level == "error"]
    if loaded is None or wrong:
        raise PlaybookError("\n".join(f"{origin}:{problem.line}: {problem.place}{problem.message}" for problem in wrong))
    return loaded


def check(text: str, origin: str, today: date | None = None) -> tuple[Loaded | None, list[Problem]]:
    """The playbook in `text` with what is wrong in it, by line; None where it cannot be read at all. `today` tells which waivers
    are over."""
    try:
        tree = read_tree(text)
    except TreeError as error:
        return None, [Problem(error.line, "error", "", error.message)]
    if not isinstance(tree.content, dict):
        return None, [Problem(1, "error", "", "a playbook is a mapping with the keys playbook, version and rules")]
    try:
        playbook = Playbook.model_validate(tree.content)
    except ValidationError as error:
        return None, sorted(_of_validation(error, tree), key=lambda problem: problem.line)
    try:
        base = _base(playbook, origin)
    except (UnknownNameError, LabelSetError) as error:
        return None, [Problem(tree.line(("label_set",)), "error", "label_set: ", str(error))]
    loaded = Loaded(playbook, base, own_labels(playbook))
    problems = sorted(_of_meaning(loaded, tree, today), key=lambda problem: problem.line)
    return Loaded(playbook, base, loaded.own, tuple(problems)), problems


def _base(playbook: Playbook, origin: str) -> LabelSet:
    name = playbook.label_set or LABELS_OF_DOMAIN.get(playbook.domain)
    if name is None:
        return LabelSet(name="none", labels=(Label(name="none", description="nothing"),))
    beside = Path(origin).parent / name
    return load_labels(beside if name.endswith((".yaml", ".yml")) and beside.is_file() else name)


def own_labels(playbook: Playbook) -> LabelSet | None:
    """The playbook's own labels, and one for each question."""
    asked = [
        Label(name=rule.about, description=rule.question, examples=tuple(one.text for one in rule.examples if one.verdict == "compliant"))
        for rule in playbook.rules
        if rule.question is not None
    ]
    labels = (*playbook.labels, *asked)
    return LabelSet(name=f"{playbook.playbook} rules", domain=playbook.domain, labels=labels) if labels else None


# What is wrong


def _of_validation(error: ValidationError, tree: Tree) -> Iterator[Problem]:
    found = error.errors()
    for one in found:
        if one["type"] == "too_short" and any(other is not one and other["loc"][: len(one["loc"])] == one["loc"] for other in found):
            continue  # it has parts, but those with errors do not count
        path = tuple(part for part in one["loc"] if part not in ("function-after", "[key]"))
        yield Problem(tree.line(path), "error", _place(path, tree), _said(one, path))


def _said(one: Any, path: TreePath) -> str:
    if one["type"] == "extra_forbidden":
        known = _known_keys(path[:-1])
        return f"unknown key{_near(str(path[-1]), known)}"
    if one["type"] == "missing":
        return "is missing"
    message = str(one["msg"]).removeprefix("Value error, ")
    if one["type"] in ("literal_error", "enum"):
        allowed = [piece.strip(" '") for piece in str(one.get("ctx", {}).get("expected", "")).replace(" or ", ",").split(",")]
        return f"{one['input']!r} is none of {', '.join(allowed)}{_near(str(one['input']), allowed, listed=False)}"
    return message if one["type"] == "value_error" else f"{message[:1].lower()}{message[1:]}, got {str(one['input'])[:60]!r}"


def _known_keys(path: TreePath) -> list[str]:
    words = [part for part in path if isinstance(part, str)]
    if not words:
        return _names(Playbook)
    if len(words) >= 2 and words[-2] in _CONDITIONS and words[-1] not in _CONDITIONS:
        return list(Comparison.operators())
    kind = next((_PARTS[word] for word in reversed(words) if word in _PARTS), Playbook)
    return _names(kind)


def _names(kind: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in kind.model_fields.items()]


def _near(word: str, known: Iterable[str], listed: bool = True) -> str:
    known = list(known)
    near = difflib.get_close_matches(word.casefold(), [one.casefold() for one in known], n=1, cutoff=0.5)
    if near:
        return f"; did you mean {next(one for one in known if one.casefold() == near[0])!r}?"
    return f"; known: {', '.join(known)}" if listed else ""


def _place(path: TreePath, tree: Tree) -> str:
    """`rules[2] (REN-01).test.notice_period: `."""
    said, part = "", tree.content
    for step in path:
        part = _inside(part, step)
        name = part.get("id") or part.get("name") if isinstance(part, dict) else None
        said += f"[{step + 1}]" + (f" ({name})" if name else "") if isinstance(step, int) else f".{step}"
    return f"{said.lstrip('.')}: " if said else ""


def _inside(part: Any, step: str | int) -> Any:
    if isinstance(part, list):
        return part[step] if isinstance(step, int) and step < len(part) else None
    return part.get(step) if isinstance(part, dict) else None


def _of_meaning(loaded: Loaded, tree: Tree, today: date | None) -> Iterator[Problem]:
    own = {label.name.casefold() for label in loaded.own.labels} if loaded.own else set()
    for number, rule in enumerate(loaded.playbook.rules):
        top: TreePath = ("rules", number)

        def problem(path: TreePath, message: str, level: Literal["error", "warning"] = "error", top: TreePath = top) -> Problem:
            return Problem(tree.line((*top, *path)), level, _place((*top, *path), tree), message)

        named: list[tuple[TreePath, str]] = [(("label",), rule.label)] if rule.label is not None else []
        named += [(("values", name, "label"), spec.label) for name, spec in rule.values.items() if spec.label is not None]
        named += [(("positions", name, "label"), stance.label) for name, stance in rule.positions.given() if stance.label is not None]
        for path, label in named:
            if label.casefold() not in own:
                try:
                    loaded.base.label(label)
                except UnknownNameError:
                    known = [one.name for one in (*loaded.base.labels, *(loaded.own.labels if loaded.own else ()))]
                    yield problem(
                        path, f"no label {label!r} in label set {loaded.base.name!r} or among the playbook's own{_near(label, known)}"
                    )
        for where, condition in rule.conditions():
            for name, comparison in condition.compared():
                path = (*where.split("."), name)
                if name not in rule.values:
                    yield problem(
                        path,
                        f"no value {name!r} is read by this rule{_near(name, rule.values) if rule.values else '; list it under values'}",
                    )
                    continue
                for operator, operand in comparison.given():
                    wrong = operand_problem(rule.values[name].read, operator, operand)
                    if wrong is not None:
                        yield problem((*path, operator), wrong)
        for place, form in enumerate(rule.applies_to.form):
            near = _near(form, FORMS, listed=False)
            if near and form.casefold() not in (known.casefold() for known in FORMS):
                yield problem(("applies_to", "form", place), f"no document is filed on form {form!r}{near}", "warning")
        tested = {name for _, condition in rule.conditions() for name, _ in condition.compared()}
        for name in rule.values.keys() - tested:
            yield problem(("values", name), "is read but never tested", "warning")
        for place, waiver in enumerate(rule.waivers):
            if today is not None and waiver.expires < today:
                yield problem(("waivers", place), f"expired on {waiver.expires.isoformat()}", "warning")
        if not rule.examples:
            yield problem((), "has no examples; `longdoc playbook test` has nothing to try", "warning")
