"""A message as both mail formats give it, as a document: its header lines, its body, and its attachments beside the text.

The body is the plain one if there is any, else the HTML one as a page is read. Quoted replies are part of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from longdoc.ingest.containers import Member
from longdoc.ingest.html import HtmlIngestor
from longdoc.ingest.text_builder import SEPARATOR
from longdoc.ingest.txt import find_blocks
from longdoc.protocols import Limits, Parsed
from longdoc.types import Aside, Block, Span, Table

SHOWN = ("From", "To", "Cc", "Bcc", "Date", "Subject")
"""The header lines that a person sees."""


@dataclass(frozen=True, slots=True)
class Body:
    """A part of a message that is shown in it: plain text, or a page of HTML in UTF-8."""

    content: str
    html: bool = False


@dataclass(frozen=True, slots=True)
class MailMessage:
    """A message: its header by name, what is shown of it in order, and what is attached."""

    header: dict[str, str]
    bodies: tuple[Body, ...]
    attachments: tuple[Member, ...]
    warnings: tuple[str, ...] = field(default=())


def message_to_parsed(message: MailMessage, format: str, *, name: str, limits: Limits) -> Parsed:
    """The document that a message is. Raises: what the HTML of its body raises."""
    lines = [f"{key}: {message.header[key]}" for key in SHOWN if message.header.get(key)]
    text = "\n".join(lines)
    blocks = [Block(kind="paragraph", span=Span(start=0, end=len(text)))] if text else []
    tables: list[Table] = []
    asides: list[Aside] = []
    warnings = list(message.warnings)
    for body in message.bodies:
        part = _body_parsed(body, name, limits)
        if not part.text.strip():
            continue
        text += SEPARATOR if text else ""
        by = len(text)
        text += part.text
        blocks += [block.model_copy(update={"span": _moved(block.span, by)}) for block in part.blocks]
        tables += [_moved_table(table, by) for table in part.tables]
        asides += [_moved_aside(aside, by) for aside in part.asides]
        warnings += part.warnings
    for member in message.attachments:
        about = {"size": str(len(member.data)), **member.metadata}
        asides.append(Aside(kind="attachment", text=member.name, name=member.name, attributes=about))
    metadata = {key.lower().replace("-", "_"): value for key, value in message.header.items() if value}
    return Parsed(
        text=text,
        format=format,
        blocks=tuple(blocks),
        title=message.header.get("Subject") or None,
        metadata=metadata,
        warnings=tuple(dict.fromkeys(warnings)),
        tables=tuple(tables),
        asides=tuple(asides),
    )


def _body_parsed(body: Body, name: str, limits: Limits) -> Parsed:
    if body.html:
        if not body.content.strip():
            return Parsed(text="", format="html")
        return HtmlIngestor().parse(body.content.encode(), name=name, password=None, limits=limits)
    text = body.content.replace("\r\n", "\n").replace("\r", "\n").rstrip()
    return Parsed(text=text, format="txt", blocks=tuple(find_blocks(text)))


def _moved(span: Span, by: int) -> Span:
    return Span(start=span.start + by, end=span.end + by)


def _moved_table(table: Table, by: int) -> Table:
    cells = tuple((*cell[:4], cell[4] + by, cell[5] + by) for cell in table.cells)
    caption = _moved(table.caption, by) if table.caption else None
    return table.model_copy(update={"span": _moved(table.span, by), "cells": cells, "caption": caption})


def _moved_aside(aside: Aside, by: int) -> Aside:
    return aside.model_copy(
        update={
            "page": None,
            "span": _moved(aside.span, by) if aside.span else None,
            "anchor": aside.anchor + by if aside.anchor is not None else None,
        }
    )
