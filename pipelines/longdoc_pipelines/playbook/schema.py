"""What a playbook says: rules with what they ask for, the values to read and the tests over them, positions, examples and waivers.

    playbook: vendor_services
    version: "1.0"
    domain: legal
    label_set: cuad
    rules:
      - id: REN-01
        title: Notice that stops a renewal is at most 60 days
        label: Notice Period To Terminate Renewal
        requirement: conditional
        values: {notice_period: duration}
        test: {notice_period: {max: 60 days}}
        severity: medium

`docs` of every key are the descriptions of its field; `longdoc playbook schema` prints them as a JSON Schema.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from longdoc.labels import Label
from longdoc.types import Domain, Position, Severity, Verdict

ValueKind = Literal["duration", "amount", "percentage", "date", "jurisdiction", "party", "yes_no", "text"]
Requirement = Literal["required", "forbidden", "conditional", "preferred"]
Scalar = bool | int | float | date | str
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
MOST_RULES = 500
MOST_TEXT = 20_000
Text = Annotated[str, Field(max_length=MOST_TEXT)]
Words = Annotated[str, Field(min_length=1, max_length=MOST_TEXT)]


class Part(BaseModel):
    """A frozen part of a playbook that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Comparison(Part):
    """What a value must be; of several operators all must hold. Periods are "60 days", sums "USD 1,000,000" or a number (any currency),
    shares "10%", dates ISO 8601 or "as_of", "as_of + 90 days"."""

    max: Scalar | None = Field(None, description="at most this: duration, amount, percentage")
    min: Scalar | None = Field(None, description="at least this: duration, amount, percentage")
    before: Scalar | None = Field(None, description="a date before this one")
    after: Scalar | None = Field(None, description="a date after this one")
    equals: Scalar | None = Field(None, description="this very value")
    one_of: tuple[Scalar, ...] | None = Field(None, alias="in", min_length=1, description="one of these")
    not_in: tuple[Scalar, ...] | None = Field(None, min_length=1, description="none of these")
    contains: tuple[str, ...] | str | None = Field(None, description="holds one of these words or phrases, whatever their case")
    present: bool | None = Field(None, description="whether the value is stated at all")

    @model_validator(mode="after")
    def _says_something(self) -> Comparison:
        if not self.model_fields_set:
            raise ValueError(f"a test needs an operator: {', '.join(self.operators())}")
        return self

    @classmethod
    def operators(cls) -> tuple[str, ...]:
        """The operators, as a playbook writes them."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    def given(self) -> Iterator[tuple[str, Any]]:
        """(operator, operand) of those that are given."""
        for name, field in type(self).model_fields.items():
            if getattr(self, name) is not None:
                yield field.alias or name, getattr(self, name)


class Condition(BaseModel):
    """Tests over values by their names; all must hold. `all`, `any` and `not` put conditions together."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)
    __pydantic_extra__: dict[str, Comparison]

    all_of: tuple[Condition, ...] | None = Field(None, alias="all", min_length=1, description="every one of these conditions holds")
    any_of: tuple[Condition, ...] | None = Field(None, alias="any", min_length=1, description="at least one of these conditions holds")
    negated: Condition | None = Field(None, alias="not", description="this condition does not hold")

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not self.model_fields_set and not self.comparisons:
            raise ValueError("an empty test; name a value and what it must be, such as {notice_period: {max: 60 days}}")
        return self

    @property
    def comparisons(self) -> dict[str, Comparison]:
        """Value name -> what it must be."""
        return self.__pydantic_extra__ or {}

    def compared(self) -> Iterator[tuple[str, Comparison]]:
        """Every comparison in it, however deep."""
        yield from ((str(path[-1]), comparison) for path, comparison in self.placed())

    def placed(self) -> Iterator[tuple[tuple[str | int, ...], Comparison]]:
        """The path of every comparison in it, the name of its value last."""
        yield from (((name,), comparison) for name, comparison in self.comparisons.items())
        inside: list[tuple[tuple[str | int, ...], Condition]] = [
            ((word, place), part) for word, parts in (("all", self.all_of), ("any", self.any_of)) for place, part in enumerate(parts or ())
        ]
        if self.negated is not None:
            inside.append((("not",), self.negated))
        for above, part in inside:
            yield from (((*above, *path), comparison) for path, comparison in part.placed())


class ValueSpec(Part):
    """A value that is read from the rule's passages, or from those of another label."""

    read: ValueKind = Field(description="what kind of value; yes_no: whether there is such a passage; text: the passage itself")
    label: str | None = Field(None, description="the label whose passages hold it (default: the rule's own)")


class AppliesTo(Part):
    """What a rule or a whole playbook is for; what is not given is no restriction. A document without a title is meant by all types."""

    agreement_type: tuple[str, ...] = Field(
        (), description="words or beginnings of words of which the document's title has one: service, license"
    )
    not_agreement_type: tuple[str, ...] = Field(
        (), description="words of which it has none: lease, employment; beside agreement_type they count only where none of those is there"
    )
    side: tuple[str, ...] = Field((), description="sides on which we stand, as `--side` names them: customer, vendor")
    jurisdiction: tuple[str, ...] = Field((), description="governing laws")
    domain: tuple[Domain, ...] = Field((), description="legal, financial, research or plain")
    form: tuple[str, ...] = Field(
        (), description="what a filing is made on: 10-K, 10-Q, 8-K (an amended one, 10-K/A, is another form), EX-99.1, earnings release"
    )
    period_from: date | None = Field(None, description="for reports on a fiscal year or quarter that ends on this day or later")


class Stance(Part):
    """A position: model language whose likeness is measured, a test, or a clause label that gives it away. The first that is given of
    test, label and text decides."""

    text: Words | None = Field(None, description="model language, which passages are likened to")
    test: Condition | None = Field(None, description="values with which it is this position: {cap: {max: 'USD 1,000,000'}}")
    label: str | None = Field(None, description="a passage of this label is this position")

    @model_validator(mode="after")
    def _says_something(self) -> Stance:
        if self.text is None and self.test is None and self.label is None:
            raise ValueError("a position needs text, test or label")
        return self


class Positions(Part):
    """What we want, what we can live with, and what we do not sign."""

    preferred: Stance | None = Field(None, description="what we want: compliant")
    fallback: Stance | None = Field(None, description="what we can live with: fallback")
    walk_away: Stance | None = Field(None, description="what we do not sign: violation; it is tried before all else")

    def given(self) -> Iterator[tuple[Position, Stance]]:
        """(name, position) of those that are given, in the order in which they are tried."""
        order: tuple[Position, ...] = ("walk_away", "preferred", "fallback")
        for name in order:
            stance = getattr(self, name)
            if stance is not None:
                yield name, stance


class Example(Part):
    """A text and the verdict that the rule must give on it; `longdoc playbook test` runs them."""

    text: Words = Field(description="a clause, worded as a contract words it")
    verdict: Verdict = Field(description="what the rule must say of it")
    note: str = Field("", description="for whoever reads the playbook")


class Waiver(Part):
    """An exception that somebody answers for; `document` is a file's name or a pattern of it (msa-*.pdf)."""

    document: str = Field(min_length=1, description="a file's name or path, or a pattern of it: acme-*.pdf")
    owner: str = Field(min_length=1, description="who answers for it")
    expires: date = Field(description="the last day on which it holds")
    reason: str = Field("", description="why it was given")


class Rule(Part):
    """One thing that is checked in every document that it applies to."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="its short name in reports and decisions: REN-01")
    title: str = Field(min_length=1, max_length=300, description="what is wanted, in a line")
    label: str | None = Field(None, description="the clause that it is about, a label of the playbook's label set or of its own labels")
    question: Words | None = Field(None, description="or a question, that a language model answers where there is one")
    requirement: Requirement = Field(
        "required",
        description="required: must be there and pass its test; preferred: the same, but a fallback at worst; forbidden: must not be there "
        "(with a test: not in a form that passes it); conditional: must pass its test where it is there",
    )
    applies_to: AppliesTo = Field(AppliesTo(), description="the documents that it is for (default: all)")
    when: Condition | None = Field(None, description="the rule applies only where this holds")
    values: dict[Name, ValueSpec] = Field(default={}, description="name: kind, or name: {read: kind, label: ...}")
    test: Condition | None = Field(None, description="what the values must be: {notice_period: {max: 60 days}}")
    positions: Positions = Field(Positions(), description="preferred, fallback and walk_away, each by text, test or label")
    likeness: float = Field(0.75, ge=0, le=1, description="from which a passage counts as a position's model language")
    severity: Severity = Field("medium", description="how grave a violation is; `review --fail-on` goes by it")
    review_below: float | None = Field(None, ge=0, le=1, description="confidence below which a person is asked (default: the playbook's)")
    rationale: Text = Field("", description="why we want it")
    references: tuple[str, ...] = Field((), description="policies, laws and letters that it rests on")
    escalation: str = Field("", description="who is told of a violation")
    examples: tuple[Example, ...] = Field((), description="texts with the verdict that they must get; `longdoc playbook test` runs them")
    waivers: tuple[Waiver, ...] = Field((), description="exceptions that somebody answers for until a day")

    @model_validator(mode="before")
    @classmethod
    def _plain_values(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("values"), dict):
            values = {name: {"read": spec} if isinstance(spec, str) else spec for name, spec in given["values"].items()}
            return {**given, "values": values}
        return given

    @model_validator(mode="after")
    def _about_one_thing(self) -> Rule:
        if (self.label is None) == (self.question is None):
            raise ValueError("a rule is about a label or a question: give one of the two")
        if self.requirement == "conditional" and self.test is None and not list(self.positions.given()):
            raise ValueError("a conditional rule needs a test or positions: what must hold where the clause is there?")
        return self

    @property
    def version(self) -> str:
        """Changes with anything that could change a verdict."""
        said = self.model_dump_json(
            exclude={"title", "rationale", "references", "escalation", "examples", "waivers", "severity"}, by_alias=True
        )
        return hashlib.sha256(said.encode()).hexdigest()[:12]

    @property
    def about(self) -> str:
        """The label that its passages have: its own, or one made from its question."""
        return self.label if self.label is not None else f"{self.id}?"

    def conditions(self) -> Iterator[tuple[str, Condition]]:
        """(where, condition) of all conditions in it."""
        named = [("when", self.when), ("test", self.test)]
        named += [(f"positions.{name}.test", stance.test) for name, stance in self.positions.given()]
        for where, condition in named:
            if condition is not None:
                yield where, condition


class Playbook(Part):
    """Rules for documents of one domain."""

    playbook: str = Field(min_length=1, max_length=100, description="its name")
    version: str = Field(min_length=1, max_length=40, description='in quotes: "1.0"')
    description: Text = Field("", description="what it is for")
    domain: Domain = Field("legal", description="a document of another domain is not reviewed, and said to be so")
    applies_to: AppliesTo = Field(AppliesTo(), description="what all its rules are for; a document of another kind is not reviewed")
    label_set: str | None = Field(None, description="a shipped label set or a file beside the playbook (default: that of the domain)")
    labels: tuple[Label, ...] = Field((), description="labels of its own, as in a label set")
    side: str | None = Field(None, description="the side on which we stand unless the run says otherwise")
    review_below: float = Field(0.75, ge=0, le=1, description="confidence below which a person is asked; 0 asks for nothing")
    rules: tuple[Rule, ...] = Field(
        min_length=1, max_length=MOST_RULES, description="what is wanted of every document, in the order of the reports"
    )

    @model_validator(mode="after")
    def _unique(self) -> Playbook:
        listed = (("rules", "id", [rule.id for rule in self.rules]), ("labels", "name", [label.name for label in self.labels]))
        for kind, key, names in listed:
            seen: dict[str, int] = {}
            for place, name in enumerate(names):
                first = seen.setdefault(name.casefold(), place)
                if first != place:
                    said = f"{name!r} is there twice (first as {kind}[{first + 1}]); choose another"
                    raise PydanticCustomError("twice", "{said}", {"said": said, "path": (kind, place, key)})
        return self

    @property
    def fingerprint(self) -> str:
        """Changes with any change of the playbook."""
        return hashlib.sha256(self.model_dump_json(by_alias=True).encode()).hexdigest()[:16]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a playbook file (draft 2020-12)."""
    schema = Playbook.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    values = schema["$defs"]["Rule"]["properties"]["values"]
    short = [{"enum": list(get_args(ValueKind))}, {"$ref": "#/$defs/ValueSpec"}]
    values["patternProperties"] = {pattern: {"anyOf": short} for pattern in values["patternProperties"]}
    values["additionalProperties"] = False
    schema["$defs"]["Rule"]["oneOf"] = [{"required": ["label"]}, {"required": ["question"]}]
    schema["$defs"]["Stance"]["anyOf"] = [{"required": [key]} for key in ("text", "test", "label")]
    for name in ("Comparison", "Condition"):
        schema["$defs"][name]["minProperties"] = 1
    _without_null(schema)
    return schema


def _without_null(part: Any) -> None:
    """A key that is there has a value: what pydantic takes for None is left out in a file."""
    if isinstance(part, list):
        for one in part:
            _without_null(one)
    elif isinstance(part, dict):
        if "default" in part and (part["default"] is None or isinstance(part["default"], dict)):
            del part["default"]
        kinds = part.get("anyOf", [])
        if {"type": "null"} in kinds:
            kinds.remove({"type": "null"})
            if len(kinds) == 1:
                del part["anyOf"]
                part.update(kinds[0])
        for one in part.values():
            _without_null(one)
