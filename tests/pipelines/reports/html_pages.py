"""What tests of the HTML report share: a report that is written and read back, and documents and findings made as told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from review_samples import closing, heading

from longdoc.ingest import parse_bytes
from longdoc.types import Document, Finding, Review, Span
from longdoc_pipelines.reports.base import Closing, Heading
from longdoc_pipelines.reports.html import HtmlReport

PICTURE = b"\x89PNG stands for a picture"


class Elements(HTMLParser):
    """What an HTML parser makes of a page: its elements, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles: list[str] = []
        self._inside: str | None = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else None
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        elif tag == "style":
            self.styles.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            attributes, before = self.scripts.pop()
            self.scripts.append((attributes, before + data))
        elif self._inside == "style":
            self.styles.append(self.styles.pop() + data)
        else:
            self.text.append(data)

    def block(self, name: str) -> Any:
        """The content of a JSON block."""
        return json.loads(next(text for attributes, text in self.scripts if attributes.get("id") == name))

    def code(self) -> str:
        """The script that runs."""
        (found,) = [text for attributes, text in self.scripts if "type" not in attributes]
        return found


def write(target: Path, of: Sequence[Review], about: Heading | None = None, ends: Closing | None = None) -> Elements:
    with HtmlReport(target, about or heading()) as report:
        for one in of:
            report.add(one)
        report.finish(ends or closing(of))
    return Elements(target.read_text(encoding="utf-8"))


def one_text(text: str, path: str) -> Document:
    return parse_bytes(text.encode(), path).document.model_copy(update={"path": path})


def one_review(document: Document, *findings: dict[str, Any]) -> Review:
    """A review of `document` with findings by the samples' first rules; what is not told is plain."""
    rules = heading().rules
    plain = {"document_id": document.id, "path": document.path, "verdict": "violation", "severity": "high", "confidence": 0.9}
    made = tuple(Finding.model_validate({**plain, "rule": rules[place].id, **given}) for place, given in enumerate(findings))
    return Review(
        document_id=document.id,
        path=document.path,
        title=document.title,
        domain="legal",
        format=document.format,
        pages=None,
        findings=made,
    )


def about(document: Document, picture: Callable[[Document, Span], bytes | None] = lambda document, span: None) -> Heading:
    return replace(heading(), document=lambda path: document, picture=picture)


def pictures(target: Path) -> dict[str, bytes]:
    folder = target.with_name(f"{target.stem}_pages")
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()} if folder.exists() else {}
