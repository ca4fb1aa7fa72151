#!/usr/bin/env python3
"""How much of the section tree that a careful reader would draw is found, and how much of what is found is right.

    python benchmarks/structure.py TRUTH_FOLDER [--data ../shared/data] [--show NAME] [--label "a word for the table"]

A truth is a text file made by reading the document. Its first lines name the document, relative to the data folder, and, if not the
whole was read, the pages: `file: cuad/pdf/lease.pdf`, `pages: 3-9`. Then comes a line a section, in reading order: `2|1.1|Title`
(depth, number, title, of which either may be empty; the depth counts from 1; the title `*` stands for any or none). A line that starts
with `?` is a section that a reader may draw or leave out, a document's own title for instance: whether it is found counts neither way.

A section is found where ours has the same number and the same title in the same order (longest common subsequence); it is
placed where its parent is right as well. Precision is the share of our sections, recall the share of the truth's.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from common import report

from longdoc.ingest import parse_file
from longdoc.types import Document

_WORD_OF_NUMBER = re.compile(r"(?i)^(?:sections?|sec\.|clause|§+)\s*")


@dataclass(frozen=True)
class Node:
    """A section of either tree; `parent` is an index into the same list, `free` one that counts neither way."""

    number: str
    title: str
    parent: int | None
    free: bool = False


@dataclass(frozen=True)
class Truth:
    """What was read: the document, the pages (None for all) and the sections."""

    file: str
    pages: tuple[int, int] | None
    nodes: tuple[Node, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truths", type=Path)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[1].parent / "shared" / "data")
    parser.add_argument("--show", help="print what was missed and made up in the truth of this name")
    parser.add_argument("--label", default="structure")
    arguments = parser.parse_args()
    files = sorted(arguments.truths.glob("*.truth"))
    if not files:
        sys.exit(f"{arguments.truths}: no *.truth files; see --help for what they hold")
    rows, totals = [], [0, 0, 0, 0]
    for file in files:
        truth = read_truth(file)
        ours = our_nodes(parse_file(str(arguments.data / truth.file)).document, truth.pages)
        pairs = align(truth.nodes, ours)
        counts = count(truth.nodes, ours, pairs)
        if file.stem == arguments.show:
            show(truth.nodes, ours, pairs)
        rows.append((file.stem, *figures(*counts)))
        totals = [total + one for total, one in zip(totals, counts, strict=True)]
    rows.append(("all", *figures(*totals)))
    columns = ("document", "true", "ours", "found: precision", "recall", "placed: precision", "recall")
    wanted, given, found, right = totals
    report(
        arguments.label,
        columns,
        rows,
        documents=len(files),
        found_precision=round(found / max(given, 1), 4),
        found_recall=round(found / max(wanted, 1), 4),
        placed_precision=round(right / max(given, 1), 4),
        placed_recall=round(right / max(wanted, 1), 4),
    )


def read_truth(file: Path) -> Truth:
    """Raises: SystemExit that names the line which is none."""
    name, pages = "", None
    nodes: list[Node] = []
    open_at: list[tuple[int, int]] = []
    for place, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("file:"):
            name = line[5:].strip()
        elif line.startswith("pages:"):
            first, _, last = line[6:].partition("-")
            pages = (int(first), int(last or first))
        elif line.strip() and not line.startswith("#"):
            free = line.startswith("?")
            parts = line.lstrip("?").split("|", 2)
            if len(parts) != 3 or not parts[0].strip().isdigit():
                sys.exit(f"{file}:{place}: not a section: {line!r}")
            depth = int(parts[0])
            if not free:
                open_at = [entry for entry in open_at if entry[0] < depth]
            nodes.append(Node(parts[1].strip(), parts[2].strip(), open_at[-1][1] if open_at else None, free))
            if not free:
                open_at.append((depth, len(nodes) - 1))
    return Truth(name, pages, tuple(nodes))


def our_nodes(document: Document, pages: tuple[int, int] | None) -> list[Node]:
    """Our sections; those on other pages are free, so that they can be parents and count neither way."""
    nodes = []
    for section in document.sections:
        page = document.page_at(section.heading.start)
        outside = pages is not None and page is not None and not pages[0] <= page.number <= pages[1]
        nodes.append(Node(section.number or "", section.title, section.parent, outside))
    return nodes


def align(truth: Sequence[Node], ours: Sequence[Node]) -> list[tuple[int, int]]:
    """Pairs of indices in order, as many as can be."""
    same = [[not one.free and _same(node, one) for one in ours] for node in truth]
    longest = [[0] * (len(ours) + 1) for _ in range(len(truth) + 1)]
    for row in range(len(truth) - 1, -1, -1):
        for column in range(len(ours) - 1, -1, -1):
            both = longest[row + 1][column + 1] + 1 if same[row][column] else 0
            longest[row][column] = max(both, longest[row + 1][column], longest[row][column + 1])
    pairs, row, column = [], 0, 0
    while row < len(truth) and column < len(ours):
        if same[row][column] and longest[row][column] == longest[row + 1][column + 1] + 1:
            pairs.append((row, column))
            row, column = row + 1, column + 1
        elif longest[row + 1][column] >= longest[row][column + 1]:
            row += 1
        else:
            column += 1
    return pairs


def _same(one: Node, other: Node) -> bool:
    if _plain_number(one.number) != _plain_number(other.number):
        return False
    if one.title == "*":
        return True
    left, right = _plain(one.title), _plain(other.title)
    if not left or not right:
        return left == right
    if left.startswith(right) or right.startswith(left):
        return min(len(left), len(right)) >= 0.6 * max(len(left), len(right))
    return SequenceMatcher(None, left, right, autojunk=False).ratio() >= 0.85


def _plain_number(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+|(?<=\w)[.-](?=\w)", _WORD_OF_NUMBER.sub("", text.lower())))


def _plain(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+", text.lower()))


def count(truth: Sequence[Node], ours: Sequence[Node], pairs: Sequence[tuple[int, int]]) -> tuple[int, int, int, int]:
    """Sections of the truth, of ours, found, placed; those that count neither way left out."""
    spared = {mine for true, mine in pairs if truth[true].free}
    wanted = sum(not node.free for node in truth)
    given = sum(not node.free for place, node in enumerate(ours) if place not in spared)
    found = sum(not truth[true].free for true, _ in pairs)
    return wanted, given, found, len(placed(truth, ours, pairs))


def placed(truth: Sequence[Node], ours: Sequence[Node], pairs: Sequence[tuple[int, int]]) -> set[int]:
    """Those of ours that are found and whose parent is the right one; parents that count neither way are passed over."""
    ours_of = dict(pairs)
    truth_of = {mine: true for true, mine in pairs}
    spared = {mine for true, mine in pairs if truth[true].free}
    right = set()
    for true, mine in pairs:
        if truth[true].free:
            continue
        parent = ours[mine].parent
        while parent is not None and (parent in spared or (ours[parent].free and parent not in truth_of)):
            parent = ours[parent].parent
        above = truth[true].parent
        if parent is None if above is None else ours_of.get(above, -1) == parent:
            right.add(mine)
    return right


def figures(wanted: int, given: int, found: int, placed: int) -> tuple[str, ...]:
    shares = (found / max(given, 1), found / max(wanted, 1), placed / max(given, 1), placed / max(wanted, 1))
    return (str(wanted), str(given), *(f"{share:.3f}" for share in shares))


def show(truth: Sequence[Node], ours: Sequence[Node], pairs: Sequence[tuple[int, int]]) -> None:
    """The two lists side by side: `-` missed, `+` made up, `<` found in another place."""
    by_ours = {mine: true for true, mine in pairs}
    by_truth = dict(pairs)
    right = placed(truth, ours, pairs)
    row = 0
    for place, node in enumerate([*ours, None]):
        true = by_ours.get(place)
        while row < len(truth) and (node is None or (true is not None and row < true)):
            if row not in by_truth and not truth[row].free:
                print(f"- {truth[row].number} | {truth[row].title[:70]}")
            row += 1
        if node is None or node.free:
            continue
        parent = "" if node.parent is None else f"   [in {ours[node.parent].number} {ours[node.parent].title[:30]}]"
        if true is None:
            print(f"+ {node.number} | {node.title[:70]}{parent}")
            continue
        row = true + 1
        if not truth[true].free and place not in right:
            print(f"< {node.number} | {node.title[:70]}{parent}")


if __name__ == "__main__":
    main()
