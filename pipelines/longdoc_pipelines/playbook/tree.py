"""YAML read as plain data with the line of every key, within limits: no tags, no alias inside itself, no flood of aliases."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

LARGEST = 2 << 20
"""Bytes of a playbook file."""
MOST_NODES = 50_000
DEEPEST = 40
Path = tuple[str | int, ...]


@dataclass
class Tree:
    """The content of a file, and for every path into it the line from 1."""

    content: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of the deepest part of `path` that is there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class TreeError(ValueError):
    """What is wrong with the YAML, and where."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def read_tree(text: str) -> Tree:
    """The content of a YAML text.

    Raises: TreeError for what is no YAML, a key that is there twice, or more than the limits allow.
    """
    if len(text) > LARGEST:
        raise TreeError(1, f"has {len(text):,} characters, the limit is {LARGEST:,}; split the playbook")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TreeError(mark.line + 1 if mark else 1, f"not valid YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise TreeError(1, f"not valid YAML: {error}") from error
    except RecursionError as error:
        raise TreeError(1, f"nested more than {DEEPEST} levels deep") from error
    tree = Tree(None)
    tree.content = None if node is None else _Builder(tree).build(node, (), ())
    return tree


class _Builder:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._seen = 0
        self._scalars = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, path: Path, above: tuple[yaml.Node, ...]) -> Any:
        line = node.start_mark.line + 1
        self._seen += 1
        if any(node is other for other in above):
            raise TreeError(line, "an alias stands inside what it stands for; write the part out")
        if len(above) > DEEPEST:
            raise TreeError(line, f"nested more than {DEEPEST} levels deep")
        if self._seen > MOST_NODES:
            raise TreeError(line, f"has more than {MOST_NODES:,} parts once aliases are written out; split the playbook")
        self._tree.lines.setdefault(path, line)
        inside = (*above, node)
        if node.tag not in yaml.SafeLoader.yaml_constructors:
            raise TreeError(line, f"the tag {node.tag} means nothing here; leave it out")
        if isinstance(node, yaml.SequenceNode):
            return [self.build(part, (*path, place), inside) for place, part in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, inside)
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise TreeError(line, f"{node.value!r} cannot be read: {error}") from error

    def _mapping(self, node: yaml.MappingNode, path: Path, inside: tuple[yaml.Node, ...]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise TreeError(line, "a key must be a word")
            key = str(key_node.value)
            if key in found:
                raise TreeError(line, f"the key {key!r} is there twice (first in line {self._tree.line((*path, key))})")
            self._tree.lines[(*path, key)] = line
            found[key] = self.build(value_node, (*path, key), inside)
        return found
