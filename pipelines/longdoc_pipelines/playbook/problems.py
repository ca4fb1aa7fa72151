"""What is wrong with the shape of a playbook file, in words, with its place and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from longdoc.labels import Label
from longdoc_pipelines.playbook.schema import (
    AppliesTo,
    Comparison,
    Condition,
    Example,
    Playbook,
    Positions,
    Rule,
    Stance,
    ValueSpec,
    Waiver,
)
from longdoc_pipelines.playbook.tree import Path, Tree

Level = Literal["error", "warning"]
_PARTS: dict[str, type[BaseModel]] = {
    "rules": Rule, "labels": Label, "examples": Example, "waivers": Waiver, "positions": Positions, "applies_to": AppliesTo,
    "values": ValueSpec, "preferred": Stance, "fallback": Stance, "walk_away": Stance,
}  # fmt: skip
_CONDITIONS = ("test", "when", "all", "any", "not")
_WRITTEN: dict[type[BaseModel], str] = {
    Rule: "a rule is {id: ..., title: ..., label: ...}", Label: "a label is {name: ..., description: ...}",
    Example: "an example is {text: ..., verdict: ...}", Waiver: "a waiver is {document: ..., owner: ..., expires: 2027-06-30}",
    Positions: "positions are {preferred: ..., fallback: ..., walk_away: ...}",
    AppliesTo: "it is {agreement_type: [...], side: [...], jurisdiction: [...], domain: [...]}",
    Stance: "a position is {text: ...}, {test: ...} or {label: ...}", ValueSpec: "a value is its kind, or {read: duration, label: ...}",
    Condition: "a test names a value and what it must be: {notice_period: {max: 60 days}}",
    Comparison: "what a value must be is {max: 60 days}, {in: [a, b]} or another of " + ", ".join(Comparison.operators()),
}  # fmt: skip
_PATTERNS = {
    "id": "an id has letters, digits, '.', '_' and '-' alone, 64 at most, and begins with a letter or digit",
    "values": "the name of a value has letters, digits and '_' alone: notice_period",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a playbook file: an error forbids its use, a warning does not. `line` and `column` count from 1."""

    line: int
    column: int
    level: Level
    place: str
    message: str


def problem(tree: Tree, path: Path, message: str, level: Level = "error") -> Problem:
    """A problem with what stands at `path`."""
    return Problem(*tree.place(path), level, place_of(path, tree), message)


def of_empty_keys(tree: Tree) -> Iterator[Problem]:
    """Keys that nothing follows: `max:` alone would ask for nothing, and be met by everything."""
    for path in tree.empty:
        yield problem(tree, path, "has no value; write one, or leave the key out")


def of_validation(error: ValidationError, tree: Tree) -> Iterator[Problem]:
    """What pydantic found, as a person says it; of several findings about one place the first."""
    found = error.errors()
    told: set[Path] = {path[:depth] for path in tree.empty for depth in range(len(path) + 1)}
    for one in found:
        if one["type"] == "too_short" and any(other is not one and other["loc"][: len(one["loc"])] == one["loc"] for other in found):
            continue  # it has parts, but those with errors do not count
        path, several = _path(one, tree)
        if path not in told:
            told.add(path)
            yield problem(tree, path, "is one value, not a list or mapping; for several use in: [...]" if several else _said(one, path))


def _path(one: Any, tree: Tree) -> tuple[Path, bool]:
    """Where a finding is in the file, and whether it is one of many about a value that may be of several types."""
    if one["type"] == "twice":
        return tuple(one["ctx"]["path"]), False
    path: Path = ()
    part = tree.content
    for step in one["loc"]:
        if not isinstance(part, list | dict):
            break
        there = isinstance(step, int) if isinstance(part, list) else step in part
        if not there and one["type"] != "missing":
            return path, step in ("bool", "int", "float", "date", "str", "tuple[str, ...]")
        path, part = (*path, step), _inside(part, step)
    return path, False


def _said(one: Any, path: Path) -> str:
    kind, given, bounds = one["type"], one["input"], one.get("ctx", {})
    shown = repr(given if len(str(given)) <= 60 else f"{str(given)[:57]}...")
    if kind == "extra_forbidden":
        if path[-1] == "<<":
            return "keys are not merged in; write them out"
        return f"unknown key{near(str(path[-1]), _known_keys(path[:-1]))}"
    if kind == "missing":
        return "is missing"
    if kind == "twice":
        return str(bounds["said"])
    if kind in ("literal_error", "enum"):
        allowed = [piece.strip(" '") for piece in str(bounds.get("expected", "")).replace(" or ", ",").split(",")]
        return f"{shown} is none of {', '.join(allowed)}{near(str(given), allowed, listed=False)}"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        if path[-1:] and path[-1] in Comparison.operators():
            return f"stands where the name of a value is wanted; {_WRITTEN[Condition]}"
        return f"{shown} is no such part; {_WRITTEN.get(_part_at(path), 'a mapping is wanted')}"
    if kind == "tuple_type":
        return "must be a list, each part of it behind a '- '" if isinstance(given, dict) else f"must be a list: [{given}]"
    if kind == "string_type":
        return f"must be one text, got {shown}" if isinstance(given, list | dict) else f'{shown} is no text; put it in quotes: "{given}"'
    if kind.startswith("date"):
        return f"{shown} is no date; write it as 2027-06-30"
    if kind == "too_short":
        return "is empty; it needs at least one entry"
    if kind == "too_long":
        return f"has {bounds['actual_length']:,} of them, at most {bounds['max_length']:,} are read; split the playbook"
    if kind == "string_too_short":
        return "is empty"
    if kind == "string_pattern_mismatch":
        return f"{shown} cannot be used: {_PATTERNS['id' if path[-1] == 'id' else 'values']}"
    if kind in ("less_than_equal", "greater_than_equal", "float_type", "float_parsing"):
        return f"{shown} is no number between 0 and 1, such as 0.6"
    message = str(one["msg"]).removeprefix("Value error, ")
    return message if kind == "value_error" else f"{message[:1].lower()}{message[1:]}, got {shown}"


def _part_at(path: Path) -> type[BaseModel]:
    """The kind of part that is wanted at a path."""
    words = [part for part in path if isinstance(part, str)]
    if words and words[-1] in _CONDITIONS:
        return Condition
    if len(words) >= 2 and words[-2] in _CONDITIONS:
        return Comparison
    return next((_PARTS[word] for word in reversed(words) if word in _PARTS), Playbook)


def _known_keys(path: Path) -> list[str]:
    kind = _part_at(path)
    return list(Comparison.operators()) if kind is Comparison else [field.alias or name for name, field in kind.model_fields.items()]


def near(word: str, known: Iterable[str], listed: bool = True) -> str:
    """`; did you mean ...?`, or what is known where nothing is near."""
    known = list(known)
    found = difflib.get_close_matches(word.casefold(), [one.casefold() for one in known], n=1, cutoff=0.5)
    if found:
        return f"; did you mean {next(one for one in known if one.casefold() == found[0])!r}?"
    return f"; known: {', '.join(known)}" if listed else ""


def place_of(path: Path, tree: Tree) -> str:
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
