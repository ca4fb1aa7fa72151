#!/usr/bin/env python3
"""The text and numbering of Word files beside what pandoc's own tests say that a reader should see.

    python benchmarks/word_files.py [--folder ../shared/data/files/pandoc] [--worst 12]

Each `.docx` stands beside `.native` files, syntax trees of it. Words of the tree in order (numbers of ordered lists, and notes behind
their paragraph) are compared with the words of longdoc's text: the share that both have in the same order (difflib), of the
tree's words and of longdoc's. Of several trees of one file the one with tracked changes accepted counts; what a tree holds beside the text
(deletions, comments, descriptions of pictures, raw HTML) is left out of it.
"""

from __future__ import annotations

import argparse
import re
import sys
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from common import report

from longdoc.errors import InputError
from longdoc.ingest import parse_file

TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.|\\\s+\\)*"|-?\d+(?:\.\d+)?(?:e-?\d+)?|[A-Za-z][\w.\']*|[\[\](){},=]|\Z)')
BLOCKS = {"Para", "Plain", "Header", "BulletList", "OrderedList", "CodeBlock", "BlockQuote", "Div", "Table", "DefinitionList"}
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "'": "'", "&": ""}


class Native:
    """Reads a tree: constructors as (name, arguments), lists and tuples as lists."""

    def __init__(self, source: str) -> None:
        self.tokens = [found[1] for found in TOKEN.finditer(source)]
        self.place = 0

    def value(self) -> Any:
        """The next value with the arguments that follow it."""
        token = self.tokens[self.place]
        if token and token[0].isalpha():
            self.place += 1
            arguments = []
            while self.tokens[self.place] not in ("", ",", "]", ")", "}", "="):
                arguments.append(self.atom())
            return (token, arguments)
        return self.atom()

    def atom(self) -> Any:
        """The next value without arguments."""
        token = self.tokens[self.place]
        self.place += 1
        if token in ("[", "(", "{"):
            items = []
            while self.tokens[self.place] not in ("]", ")", "}"):
                if self.tokens[self.place] in (",", "="):
                    self.place += 1
                else:
                    items.append(self.value())
            self.place += 1
            return items[0] if token == "(" and len(items) == 1 else items
        if token.startswith('"'):
            return re.sub(r"\\(\d+|\s+\\|.)", unescape, token[1:-1], flags=re.DOTALL)
        return (token, []) if token[:1].isalpha() else token


def unescape(found: re.Match[str]) -> str:
    sign = found[1]
    return chr(int(sign)) if sign.isdigit() else ESCAPES.get(sign, "")


class Words:
    """The words of a tree, notes behind the paragraph that refers to them."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.notes: list[Any] = []
        self.count = 0

    def blocks(self, items: list[Any]) -> None:
        """Words of blocks."""
        for item in items:
            self.block(item)

    def block(self, item: Any) -> None:
        """Words of one block."""
        name, arguments = item
        if name in ("Para", "Plain"):
            self.inlines(arguments[0])
        elif name == "Header":
            self.inlines(arguments[2])
        elif name == "CodeBlock":
            self.parts.append(arguments[1])
        elif name in ("BlockQuote",):
            self.blocks(arguments[0])
        elif name in ("Div", "Figure"):
            self.blocks(arguments[-1])
        elif name == "BulletList":
            for blocks in arguments[0]:
                self.blocks(blocks)
        elif name == "OrderedList":
            start, style, _ = arguments[0]
            for number, blocks in enumerate(arguments[1], int(start)):
                self.parts.append(numbered(number, style[0]))
                self.blocks(blocks)
        elif name == "DefinitionList":
            for term, definitions in arguments[0]:
                self.inlines(term)
                for blocks in definitions:
                    self.blocks(blocks)
        elif name == "LineBlock":
            for line in arguments[0]:
                self.inlines(line)
        elif name == "Table":
            self.anywhere(arguments[1])
            self.anywhere(arguments[3:])
        elif name not in ("RawBlock", "HorizontalRule"):
            raise ValueError(f"unknown block {name}")
        self.parts.append(" ")
        notes, self.notes = self.notes, []
        for number, blocks in notes:
            self.parts.append(f" {number} ")
            self.blocks(blocks)

    def properties(self, tree: Any) -> None:
        """Title, authors and date, which pandoc takes out of the text."""
        if isinstance(tree, tuple) and tree[0] == "MetaInlines":
            self.inlines(tree[1][0])
            self.parts.append(" ")
        elif isinstance(tree, tuple) and tree[0] == "MetaBlocks":
            self.blocks(tree[1][0])
        else:
            items = tree[1] if isinstance(tree, tuple) else tree if isinstance(tree, list) else ()
            for item in sorted(items, key=lambda one: isinstance(one, list) and one[:1] != ["title"]):
                self.properties(item)

    def anywhere(self, tree: Any) -> None:
        """Blocks of a table wherever its rows hold them."""
        if isinstance(tree, tuple):
            name, arguments = tree
            if name in BLOCKS:
                self.block(tree)
            else:
                self.anywhere(arguments)
        elif isinstance(tree, list):
            for item in tree:
                self.anywhere(item)

    def inlines(self, items: list[Any]) -> None:
        """Words of inlines."""
        for name, arguments in items:
            if name == "Str":
                self.parts.append(arguments[0])
            elif name in ("Space", "SoftBreak", "LineBreak"):
                self.parts.append(" ")
            elif name in ("Code", "Math"):
                self.parts.append(arguments[1])
            elif name == "Note":
                self.count += 1
                self.parts.append(f" {self.count} ")
                self.notes.append((self.count, arguments[0]))
            elif name == "Span":
                if not {"comment-start", "comment-end", "deletion"} & set(arguments[0][1]):
                    self.inlines(arguments[1])
            elif name in ("Link", "Quoted", "Cite"):
                self.inlines(arguments[1])
            elif name not in ("Image", "RawInline"):
                self.inlines(arguments[0])


def numbered(number: int, style: str) -> str:
    """A list's number as it is printed."""
    from longdoc.ingest.numbering import to_roman

    if style.endswith("Alpha"):
        text = chr(ord("a") + (number - 1) % 26)
    elif style.endswith("Roman"):
        text = to_roman(number)
    else:
        text = str(number)
    return f" {text.upper() if style.startswith('Upper') else text} "


def words_of_tree(source: str) -> list[str]:
    """Words of a `.native` file."""
    tree = Native(source).value()
    words = Words()
    if isinstance(tree, tuple) and tree[0] == "Pandoc":
        words.properties(tree[1][0])
        tree = tree[1][-1]
    words.blocks(tree)
    return split("".join(words.parts))


def split(text: str) -> list[str]:
    return re.findall(r"\w+", text.replace("\u00ad", ""))


def tree_of(file: Path) -> Path | None:
    """The tree that a reader of the accepted text should see."""
    for suffix in ("_accept.native", ".native"):
        found = file.with_name(file.stem + suffix)
        if found.is_file():
            return found
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "files" / "pandoc")
    parser.add_argument("--worst", type=int, default=12)
    arguments = parser.parse_args()
    rows = []
    for file in sorted(arguments.folder.rglob("*.docx")):
        tree = tree_of(file)
        if tree is None:
            continue
        wanted = words_of_tree(tree.read_text(encoding="utf-8"))
        try:
            document = parse_file(str(file)).document
            found = split("\n".join(document.quote(block.span) for block in document.blocks))
        except InputError as error:
            found = []
            if wanted:
                print(f"{file.name}: {error}", file=sys.stderr)
        matcher = SequenceMatcher(None, wanted, found, autojunk=False)
        shared = sum(block.size for block in matcher.get_matching_blocks())
        rows.append((file, len(wanted), len(found), shared, [one for one in matcher.get_opcodes() if one[0] != "equal"], wanted, found))
    wanted, found, shared = (sum(row[column] for row in rows) for column in (1, 2, 3))
    worst = sorted(rows, key=lambda row: 2 * row[3] - row[1] - row[2])[: arguments.worst]
    for file, _, _, _, changes, ours, theirs in worst:
        for _, low, high, begin, end in changes[:3]:
            print(f"{file.stem}: pandoc {' '.join(ours[low:high])[:90]!r}, longdoc {' '.join(theirs[begin:end])[:90]!r}")
    whole = sum(row[3] == row[1] == row[2] for row in rows)
    report(
        "word_files",
        ["file", "words of pandoc's", "words read", "in order in both"],
        [*([row[0].stem, *row[1:4]] for row in worst), [f"all {len(rows)}, {whole} word for word", wanted, found, shared]],
        files=len(rows),
        word_for_word=whole,
        words=wanted,
        in_order=round(shared / wanted, 5),
        of_those_read=round(shared / found, 5),
    )


if __name__ == "__main__":
    main()
