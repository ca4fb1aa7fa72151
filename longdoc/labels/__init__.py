"""Label sets: YAML files that say which passages to look for.

name: vendor
domain: legal
labels:
  - name: Service Credits
    description: Money or credit given back when a service level is missed.
    examples: ["If availability falls below 99.5 %, Customer receives a credit of 5 % of the monthly fee."]
    phrases: [service credit*, credit of * fee]
    usually_in: [Service Levels]
    answer: percentage
"""

from __future__ import annotations

import difflib
import hashlib
from importlib import resources
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from longdoc.errors import LabelSetError, UnknownNameError
from longdoc.types import Domain, Record

AnswerFormat = Literal["text", "date", "duration", "amount", "percentage", "party", "jurisdiction", "yes_no"]


class Label(Record):
    """One kind of passage: what it is, examples of it, headings it usually stands under, the value to read from it.

    `phrases` are wordings that give such a passage away, whatever their case; "*" at the end of a word stands for any ending, by itself
    for up to three words, and what follows "@" is a heading under which alone the wording does ("incorporated by reference @ legal
    proceedings"). A sentence with one of `not_phrases`, or under a heading of `never_in`, only looks like such a passage; where
    `needs_phrase` is set so does one without any of `phrases`. All this counts for labels that are matched, not for trained ones.
    """

    name: str = Field(min_length=1)
    description: str = Field(min_length=1, description="what such a passage says")
    examples: tuple[str, ...] = Field((), description="two or three in the words of real documents")
    usually_in: tuple[str, ...] = Field((), description="headings that it usually stands under")
    phrases: tuple[str, ...] = Field(
        (), description="wordings that give it away; * is any ending, by itself up to three words; @ a heading follows"
    )
    not_phrases: tuple[str, ...] = Field((), description="wordings of a sentence that only looks like such a passage")
    never_in: tuple[str, ...] = Field((), description="headings under which a sentence only looks like such a passage")
    needs_phrase: bool = Field(False, description="whether a sentence without any of `phrases` is no such passage")
    answer: AnswerFormat = Field("text", description="the kind of value to read from it")

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Label:
        if self.needs_phrase and not self.phrases:
            raise ValueError(f"label {self.name!r} needs a phrase, but lists none under phrases")
        return self


class LabelSet(Record):
    """A named list of labels for documents of one domain."""

    name: str = Field(min_length=1)
    version: int = 1
    domain: Domain = "plain"
    labels: tuple[Label, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> LabelSet:
        seen: set[str] = set()
        for label in self.labels:
            if label.name.casefold() in seen:
                raise ValueError(f"label {label.name!r} is listed twice")
            seen.add(label.name.casefold())
        return self

    @property
    def fingerprint(self) -> str:
        """Changes with any change of the labels."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    def label(self, name: str) -> Label:
        """The label of that name, whatever its case.

        Raises: UnknownNameError with the nearest label.
        """
        for label in self.labels:
            if label.name.casefold() == name.casefold():
                return label
        near = difflib.get_close_matches(name, [label.name for label in self.labels], n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownNameError(f"label set {self.name!r} has no label {name!r}{hint}")


def shipped() -> list[str]:
    """Names of the label sets in the package."""
    return sorted(entry.name.removesuffix(".yaml") for entry in resources.files(__name__).iterdir() if entry.name.endswith(".yaml"))


def load_labels(name_or_file: str | Path) -> LabelSet:
    """A shipped label set by name, or a user's own by the path of its YAML file.

    Raises: UnknownNameError if it is neither; LabelSetError with file and place if the file is malformed.
    """
    if str(name_or_file) in shipped():
        return parse_labels(resources.files(__name__).joinpath(f"{name_or_file}.yaml").read_text(encoding="utf-8"), str(name_or_file))
    path = Path(name_or_file)
    if not path.is_file():
        raise UnknownNameError(f"no label set {str(name_or_file)!r}: neither a file nor one of {', '.join(shipped())}")
    try:
        return parse_labels(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise LabelSetError(f"{path}: cannot be read ({error})") from error


def parse_labels(text: str, origin: str) -> LabelSet:
    """A label set from YAML text; `origin` names it in errors."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise LabelSetError(f"{origin}: not valid YAML ({error})") from error
    if not isinstance(content, dict):
        raise LabelSetError(f"{origin}: a label set is a mapping with the keys name and labels")
    try:
        return LabelSet.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "label set"
        raise LabelSetError(f"{origin}: {place}: {first['msg']}") from error
