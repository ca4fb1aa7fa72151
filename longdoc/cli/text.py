"""Document text made fit for a terminal, a spreadsheet and Markdown."""

from __future__ import annotations

import re
import unicodedata

from longdoc.types import Citation, Span

# A document may carry escape sequences and direction marks; printed raw they would command the reader's terminal.
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn"}
_MARKDOWN = re.compile(r"([\\`*_\[\]<|&~])")
_MARKDOWN_AT_THE_START = re.compile(r"^(\d{1,9}(?=[.)])|(?=[#>+=-]))")


def printable(text: str) -> str:
    """One line without control, format and unassigned characters."""
    if not text.isascii() or not text.isprintable():
        text = "".join(" " if character.isspace() else character for character in text if _safe(character))
    return " ".join(text.split())


def _safe(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) not in _UNSAFE


def shorten(text: str, width: int) -> str:
    """At most `width` characters, cut at a word, with an ellipsis where something was cut."""
    if len(text) <= width:
        return text
    cut = text[: width - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > width // 2 else cut).rstrip(" ,;:") + "…"


def cell(value: object) -> str:
    """A CSV cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = value if isinstance(value, str) else " > ".join(str(part) for part in value) if isinstance(value, list) else str(value)
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")) else text


def markdown(text: str) -> str:
    """Text that Markdown shows as it is, inside a line."""
    return _MARKDOWN.sub(r"\\\1", printable(text))


def markdown_block(text: str) -> str:
    """Text that Markdown shows as it is at the start of a paragraph or list item: `1.` begins no list there."""
    return _MARKDOWN_AT_THE_START.sub(r"\1\\", markdown(text))


def page(citation: Citation) -> str:
    """`p. 12`, with the printed label where it differs; empty where the format has no pages."""
    if citation.page is None:
        return ""
    label = citation.page_label
    return f"p. {citation.page}" if label in (None, str(citation.page)) else f"p. {citation.page} ({label})"


def place(span: Span) -> str:
    """`START-END`, as `longdoc show` takes it."""
    return f"{span.start}-{span.end}"
