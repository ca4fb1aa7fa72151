"""A user's own form, a pydantic model or a JSON schema, filled in from a document, every value with the place that it was read from.

The form that the model fills has {"value", "quote"} or null in the place of each value; lists of objects become the rows of tables. A
value whose quote is not in the document, or does not say it, goes back once and is then left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from longdoc.engines.assembly import SLACK, fits_whole, retrieve, whole
from longdoc.engines.output import check_schema, parsed
from longdoc.engines.writing import Checked, Writing, shortened
from longdoc.errors import ConfigError, GroundingError, UnansweredError
from longdoc.model.support import contradicts
from longdoc.protocols import Source
from longdoc.types import Citation, Filled, Span

WRITTEN = 3_072
"""Tokens that a form may take."""
_DEEPEST = 12
_LEAVES = ("string", "number", "integer", "boolean")

Form = type[BaseModel] | Mapping[str, Any]
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Leaf:
    """A value of a form: the names and numbers that lead to it, what was given, and the quote."""

    path: tuple[str | int, ...]
    value: Any
    quote: str

    @property
    def pointer(self) -> str:
        """RFC 6901's."""
        return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in self.path)


def fill(writing: Writing, source: Source, form: Form, spans: Sequence[Span]) -> Filled:
    """The form filled in from the document, or from `spans` of it, best first, where it does not fit.

    Raises: ConfigError for a form that cannot be used; UnansweredError if there was no answer, or a value that the form requires has no
    place in the document.
    """
    document, own = source.document, schema_of(form)
    asked = quoted(own)
    title, about = str(own.get("title", "form")), str(own.get("description", ""))
    places = {"title": title, "description": about, "schema": _told(own)}
    room = writing.room("fill", document, WRITTEN, document="", **places) - SLACK
    count = writing.engine.count_tokens
    fits, reason = fits_whole(document, room, count)
    writing.chosen(document, "whole" if fits else "retrieve", reason)
    shown = whole(document) if fits else retrieve([(source, spans)], room, count)[0]
    if not shown:
        name, length = writing.engine.name, writing.engine.context_length
        raise UnansweredError(f"{document.path}: no passage fits into the {length:,} tokens that {name} reads")
    request = writing.request("fill", document, asked, WRITTEN, document=shown, **places)

    def check(number: int, answer: Any) -> Checked[tuple[Leaf, Citation]]:
        found = Checked[tuple[Leaf, Citation]]()
        for leaf in leaves(answer):
            try:
                citation = writing.locate(document, leaf.quote)
            except GroundingError as error:
                found.faults.append(f"{leaf.pointer}, the quote {shortened(leaf.quote)!r}: {error}")
                continue
            reason = None if isinstance(leaf.value, bool) else contradicts(str(leaf.value), [citation.quote])
            if reason is None:
                found.kept.append((leaf, citation))
            else:
                found.faults.append(f"{leaf.pointer}, the value {leaf.value!r}: {reason}")
        return found

    (kept,), rejected = writing.answers([request], check, document.domain)
    writing.left_out(document, "value", rejected)
    value: dict[str | int, Any] = {}
    citations = {}
    for leaf, (_, citation) in zip(_renumbered([leaf for leaf, _ in kept]), kept, strict=True):
        _put(value, leaf.path, leaf.value)
        citations[leaf.pointer] = citation
    made = _whole(document.path, form, own, value)
    return Filled(path=document.path, document_id=document.id, value=made, citations=citations, rejected=rejected)


def schema_of(form: Form) -> Schema:
    """The JSON schema of a form. Raises: ConfigError if it is none of an object."""
    own: Schema = form.model_json_schema() if isinstance(form, type) else form
    check_schema(own)
    if _resolved(own, own).get("type") != "object":
        raise ConfigError('the schema must be that of an object ({"type": "object", "properties": ...})')
    return own


def quoted(own: Schema) -> dict[str, Any]:
    """The schema with {"value", "quote"} or null in the place of every value.

    Raises: ConfigError for what no such form can be made of: a schema that refers to itself, or leaves open what a value is.
    """
    return _quoted(own, own, "the top", 0)


def _quoted(part: Schema, own: Schema, where: str, depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise ConfigError(f"the schema refers to itself, or is deeper than {_DEEPEST} levels, at {where}")
    part = _resolved(part, own)
    if part.get("type") == "object" and part.get("properties"):
        fields = {name: _quoted(each, own, f"{where}/{name}", depth + 1) for name, each in part["properties"].items()}
        return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    if part.get("type") == "array" and "items" in part:
        return {"type": "array", "items": _quoted(part["items"], own, f"{where}/items", depth + 1)}
    if part.get("type") in _LEAVES or "enum" in part or "const" in part:
        value = {name: each for name, each in part.items() if name not in ("title", "description", "default")}
        fields = {"value": value, "quote": {"type": "string"}}
        pair = {"type": "object", "properties": fields, "required": ["value", "quote"], "additionalProperties": False}
        return {"anyOf": [pair, {"type": "null"}]}
    raise ConfigError(f"the schema leaves open what stands at {where}: objects need properties, lists items, and values a type")


def _resolved(part: Schema, own: Schema) -> Schema:
    """A part of a schema with its reference followed and, where it may be null, what it is else."""
    for _ in range(_DEEPEST):
        if "$ref" in part:
            target: Any = own
            for step in [each for each in str(part["$ref"]).removeprefix("#").split("/") if each]:
                target = target[step] if isinstance(target, Mapping) and step in target else None
            if not isinstance(target, Mapping):
                raise ConfigError(f"the schema refers to {part['$ref']}, which is not in it")
            part = target
        elif "anyOf" in part or "allOf" in part:
            others = [each for each in part.get("anyOf", part.get("allOf")) if each.get("type") != "null"]
            if len(others) != 1:
                raise ConfigError("the schema lets a value be of several types; longdoc fills in values of one type, or null")
            part = others[0]
        else:
            break
    return part


def leaves(answer: Any, path: tuple[str | int, ...] = ()) -> Iterator[Leaf]:
    """The values of a form that has been filled in."""
    if isinstance(answer, list):
        for number, each in enumerate(answer):
            yield from leaves(each, (*path, number))
    elif isinstance(answer, Mapping):
        if set(answer) == {"value", "quote"}:
            yield Leaf(path, answer["value"], answer["quote"])
        else:
            for name, each in answer.items():
                yield from leaves(each, (*path, name))


def _renumbered(kept: Sequence[Leaf]) -> list[Leaf]:
    """The same values, rows counted without those that lost all of theirs."""
    numbers: dict[tuple[str | int, ...], dict[int, int]] = {}
    found = []
    for leaf in kept:
        path: tuple[str | int, ...] = ()
        for step in leaf.path:
            if isinstance(step, int):
                rows = numbers.setdefault(path, {})
                step = rows.setdefault(step, len(rows))
            path = (*path, step)
        found.append(replace(leaf, path=path))
    return found


def _put(value: dict[str | int, Any], path: tuple[str | int, ...], leaf: Any) -> None:
    """Set what a path leads to; rows are for now a mapping from their numbers."""
    for step in path[:-1]:
        value = value.setdefault(step, {})
    value[path[-1]] = leaf


def _whole(path: str, form: Form, own: Schema, value: dict[str | int, Any]) -> Any:
    """The instance, or the plain object for a JSON schema."""
    plain = _shaped(value, own, own)
    try:
        if isinstance(form, type):
            return form.model_validate(plain)
        return parsed(json.dumps(plain), form)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(map(str, first["loc"]))
        raise UnansweredError(f"{path}: {place} has no value that a place in the document bears out ({first['msg']})") from error
    except ValueError as error:
        raise UnansweredError(f"{path}: what the document bears out does not fill the form: {error}") from error


def _shaped(value: Any, part: Schema, own: Schema) -> Any:
    """`value` with lists where the schema has them, and null for what it requires and is not there."""
    part = _resolved(part, own)
    if part.get("type") == "array":
        rows = value if isinstance(value, dict) else {}
        return [_shaped(rows[number], part["items"], own) for number in sorted(rows)]
    if part.get("type") == "object" and part.get("properties"):
        given = value if isinstance(value, dict) else {}
        found = {}
        for name, each in part["properties"].items():
            if name in given or _resolved(each, own).get("type") in ("object", "array"):
                found[name] = _shaped(given.get(name), each, own)
            elif "default" not in each and name in part.get("required", ()):
                found[name] = None
        return found
    return value


def _told(own: Schema) -> str:
    return json.dumps(own, ensure_ascii=False)
