"""Preformatted text: a program's lines, or a document that was typewritten with spaces, as filings and exhibits of the nineties were."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from longdoc.ingest.html_run import Piece, Run
from longdoc.ingest.txt import find_blocks
from longdoc.types import Block

FEWEST_WORDS = 6
_CODE_CLASS = re.compile(r"code|highlight|prettyprint|lang(?:uage)?-|source", re.IGNORECASE)
_CODE_TAGS = ("code", "samp", "kbd")


def read_pre(element: Any, new_run: Callable[[], Run]) -> list[Piece]:
    """The pieces of a `pre`: paragraphs with their lines joined, tables as typed; one piece of code where it is no prose."""
    text = _text(element).strip("\n").expandtabs()
    if not text.strip():
        return []
    if _is_code(element, text):
        return [_kept("code", text, new_run)]
    pieces = []
    for block in find_blocks(text):
        content = text[block.span.start : block.span.end]
        if block.kind == "furniture" or block.kind == "table":
            pieces.append(_kept("table" if block.kind == "table" else "paragraph", _whole_lines(text, block), new_run))
        else:
            run = new_run()
            run.add(content)
            pieces.append(Piece(block.kind, [("", run)]))
    return pieces


def _text(element: Any) -> str:
    """All text, a line break where the page has one and a form feed for the rule that ends a page."""
    for line in element.iter("br", "hr"):
        line.text = "\n\n\n" if line.tag == "hr" else "\n"
    return "".join(element.itertext())


def _kept(kind: Any, text: str, new_run: Callable[[], Run]) -> Piece:
    run = new_run()
    run.keep("\n".join(line.rstrip() for line in text.strip("\n").split("\n")).strip())
    return Piece(kind, [("", run)])


def _whole_lines(text: str, block: Block) -> str:
    """The block with the indent of its first line, which the columns below it stand under."""
    return text[text.rfind("\n", 0, block.span.start) + 1 : block.span.end]


def _is_code(element: Any, text: str) -> bool:
    if _CODE_CLASS.search(element.get("class", "")) or element.find(".//code") is not None or element.getparent().tag in _CODE_TAGS:
        return True
    lines = [line for line in text.split("\n") if line.strip()]
    prose = sum(len(line) for line in lines if len(re.findall(r"[^\W\d_]{2,}", line)) >= FEWEST_WORDS)
    return prose * 3 < sum(map(len, lines))
