"""YAML read as plain data with the place of every key, within limits: no tags, no alias inside itself, no flood of aliases."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

LARGEST = 2 << 20
"""Bytes of a playbook file."""
MOST_NODES = 50_000
DEEPEST = 40
Path = tuple[str | int, ...]
Place = tuple[int, int]


@dataclass
class Tree:
    """The content of a file, for every path into it the line and column from 1, and the paths of keys that nothing follows."""

    content: Any
    places: dict[Path, Place] = field(default_factory=dict)
    empty: list[Path] = field(default_factory=list)

    def place(self, path: Path) -> Place:
        """The line and column of the deepest part of `path` that is there."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))


class TreeError(ValueError):
    """What is wrong with the YAML, and where."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


def read_tree(text: str) -> Tree:
    """The content of a YAML text.

    Raises: TreeError for what is no YAML, a key that is there twice, or more than the limits allow.
    """
    if len(text) > LARGEST:
        raise TreeError((1, 1), f"has {len(text):,} characters, the limit is {LARGEST:,}; split the playbook")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TreeError(_place(mark) if mark else (1, 1), f"not valid YAML: {error.problem or error.context}{_advice(error)}") from error
    except yaml.reader.ReaderError as error:
        raise TreeError(
            _of_character(text, error.position), f"not valid YAML: it may not have the character U+{int(error.character):04X}"
        ) from error
    except RecursionError as error:
        raise TreeError((1, 1), f"nested more than {DEEPEST} levels deep") from error
    tree = Tree(None)
    tree.content = None if node is None else _Builder(tree).build(node, (), ())
    return tree


def _place(mark: yaml.Mark) -> Place:
    return mark.line + 1, mark.column + 1


def _of_character(text: str, position: int) -> Place:
    before = text[:position]
    return before.count("\n") + 1, position - before.rfind("\n")


def _advice(error: yaml.MarkedYAMLError) -> str:
    said = str(error.problem)
    if "'\\t'" in said:
        return "; indent with spaces, not with tabs"
    if "another document" in said:
        return "; a file holds one playbook, take the line --- out"
    if "mapping values are not allowed" in said:
        return "; put a text with a colon in quotes"
    return ""


class _Builder:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._seen = 0
        self._scalars = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, path: Path, above: tuple[yaml.Node, ...]) -> Any:
        place = _place(node.start_mark)
        self._seen += 1
        if any(node is other for other in above):
            raise TreeError(place, "an alias stands inside what it stands for; write the part out")
        if len(above) > DEEPEST:
            raise TreeError(place, f"nested more than {DEEPEST} levels deep")
        if self._seen > MOST_NODES:
            raise TreeError(place, f"has more than {MOST_NODES:,} parts once aliases are written out; split the playbook")
        self._tree.places.setdefault(path, place)
        inside = (*above, node)
        if node.tag not in yaml.SafeLoader.yaml_constructors:
            raise TreeError(place, f"the tag {node.tag} means nothing here; leave it out")
        if isinstance(node, yaml.SequenceNode):
            return [self.build(part, (*path, number), inside) for number, part in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, inside)
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise TreeError(place, f"{node.value!r} cannot be read: {error}") from error

    def _mapping(self, node: yaml.MappingNode, path: Path, inside: tuple[yaml.Node, ...]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            place = _place(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                raise TreeError(place, "a key must be a word")
            key = str(key_node.value)
            if key in found:
                raise TreeError(place, f"the key {key!r} is there twice (first in line {self._tree.place((*path, key))[0]})")
            self._tree.places[(*path, key)] = place
            found[key] = self.build(value_node, (*path, key), inside)
            if found[key] is None:
                self._tree.empty.append((*path, key))
        return found
