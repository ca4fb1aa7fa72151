"""Comments and tracked changes of a Word document as asides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from longdoc.ingest.docx_inline import Inline
from longdoc.ingest.docx_package import Package
from longdoc.ingest.docx_package import W as _W
from longdoc.types import Aside, Span

_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_W15 = "{http://schemas.microsoft.com/office/word/2012/wordml}"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment's words, whose and when, and the id of the one that it answers."""

    text: str
    author: str | None
    date: str | None
    answers: str | None


def comments_of(package: Package) -> dict[str, Comment]:
    """Comments by id."""
    root = package.part("comments")
    if root is None:
        return {}
    listed = list(root.iter(_W + "comment"))
    by_paragraph = {paragraph.get(_W14 + "paraId"): one.get(_W + "id", "") for one in listed for paragraph in one.iter(_W + "p")}
    extended = package.part("commentsExtended")
    answers = {
        by_paragraph[one.get(_W15 + "paraId")]: by_paragraph.get(one.get(_W15 + "paraIdParent"))
        for one in (() if extended is None else extended.iter(_W15 + "commentEx"))
        if one.get(_W15 + "paraId") in by_paragraph
    }
    return {
        one.get(_W + "id", ""): Comment(_words(one), one.get(_W + "author"), one.get(_W + "date"), answers.get(one.get(_W + "id", "")))
        for one in listed
    }


def _words(comment: Any) -> str:
    paragraphs = ("".join(text.text or "" for text in paragraph.iter(_W + "t")) for paragraph in comment.iter(_W + "p"))
    return " ".join(" ".join(paragraphs).split())


def inline_asides(inline: Inline, start: int, comments: Mapping[str, Comment]) -> Iterator[Aside]:
    """The asides of a paragraph whose text stands at `start`."""
    length = len(inline.text)
    for change in inline.changes:
        low, high = min(change.start, length), min(change.end, length)
        said = {"author": change.author, "date": change.date, "anchor": start + low}
        if change.kind == "deletion":
            yield Aside(kind="deletion", text=change.text, **said)
        elif inline.text[low:high].strip():
            span = _trimmed(inline.text, low, high)
            yield Aside(
                kind="insertion", text=inline.text[span[0] : span[1]], span=Span(start=start + span[0], end=start + span[1]), **said
            )
    for identifier, (begin, end) in inline.comments.items():
        comment = comments.get(identifier)
        if comment is None:
            continue
        low, high = _trimmed(inline.text, min(begin or 0, length), length if end is None else min(end, length))
        attributes = {"id": identifier} | ({"answers": comment.answers} if comment.answers else {})
        yield Aside(
            kind="comment",
            text=comment.text,
            span=Span(start=start + low, end=start + high) if low < high else None,
            anchor=start + low,
            author=comment.author,
            date=comment.date,
            attributes=attributes,
        )


def _trimmed(text: str, low: int, high: int) -> tuple[int, int]:
    content = text[low:high]
    return low + len(content) - len(content.lstrip()), low + len(content.rstrip()) if content.strip() else high
