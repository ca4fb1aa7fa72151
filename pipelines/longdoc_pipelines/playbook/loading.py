"""Playbooks from files: what is wrong with one is told with its line and what was probably meant."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from longdoc.errors import LabelSetError, PlaybookError, UnknownNameError
from longdoc.labels import Label, LabelSet, load_labels
from longdoc.types import Domain
from longdoc_pipelines.playbook.meaning import of_meaning
from longdoc_pipelines.playbook.problems import Problem, of_empty_keys, of_validation, problem
from longdoc_pipelines.playbook.schema import Playbook
from longdoc_pipelines.playbook.tree import LARGEST, TreeError, read_tree

LABELS_OF_DOMAIN: dict[Domain, str] = {"legal": "cuad", "financial": "filing", "research": "paper"}


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
    if path.is_dir():
        raise PlaybookError(f"{path}: is a folder; name a playbook file in it")
    if not path.is_file():
        near = difflib.get_close_matches(name, shipped(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownNameError(f"no playbook {name!r}: neither a file nor one of {', '.join(shipped())}{hint}")
    try:
        with path.open("rb") as stream:
            content = stream.read(4 * LARGEST + 1)  # no character takes more than four bytes; what is larger is told of by its size
        return content.decode("utf-8"), name
    except UnicodeDecodeError as error:
        if len(content) > 4 * LARGEST:
            return content.decode("utf-8", "replace"), name
        line, column = content[: error.start].count(b"\n") + 1, error.start - content.rfind(b"\n", 0, error.start)
        raise PlaybookError(f"{path}:{line}:{column}: is not UTF-8 (byte 0x{content[error.start]:02x}); save it as UTF-8") from error
    except OSError as error:
        raise PlaybookError(f"{path}: cannot be read ({error.strerror})") from error


def load_playbook(name_or_file: str | Path) -> Loaded:
    """A playbook that can be used.

    Raises: as `read_playbook_text`; PlaybookError with every error, a line each.
    """
    text, origin = read_playbook_text(name_or_file)
    loaded, problems = check(text, origin)
    wrong = [one for one in problems if one.level == "error"]
    if loaded is None or wrong:
        raise PlaybookError("\n".join(f"{origin}:{one.line}:{one.column}: {one.place}{one.message}" for one in wrong))
    return loaded


def check(text: str, origin: str, today: date | None = None) -> tuple[Loaded | None, list[Problem]]:
    """The playbook in `text` with what is wrong in it, by line; None where it cannot be read at all. `today` tells which waivers
    are over."""
    try:
        tree = read_tree(text)
    except TreeError as error:
        return None, [Problem(*error.place, "error", "", error.message)]
    if not isinstance(tree.content, dict):
        return None, [Problem(1, 1, "error", "", "a playbook is a mapping with the keys playbook, version and rules")]
    empty = list(of_empty_keys(tree))
    try:
        playbook = Playbook.model_validate(tree.content)
    except ValidationError as error:
        return None, sorted([*empty, *of_validation(error, tree)], key=_order)
    if empty:
        return None, empty
    try:
        base = _base(playbook, origin)
    except (UnknownNameError, LabelSetError) as error:
        return None, [problem(tree, ("label_set",), str(error))]
    own = own_labels(playbook)
    problems = sorted(of_meaning(playbook, base, own, tree, today), key=_order)
    return Loaded(playbook, base, own, tuple(problems)), problems


def _order(one: Problem) -> tuple[int, int]:
    return one.line, one.column


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
