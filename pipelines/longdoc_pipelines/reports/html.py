"""A review as one HTML page that opens offline, with pictures of the cited pages in a folder beside it.

The page holds data in JSON blocks: first an overview of all documents, which the script reads at once, then a block a document, which it
reads when that document is opened. Nothing that comes from a document, a file's name, a playbook or a person is ever read as HTML or as
script: blocks are escaped, the script makes text nodes only, and the page's Content-Security-Policy lets nothing run but the two inline
blocks that are written here, loads nothing but pictures, and (`require-trusted-types-for`) refuses markup made of strings.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from longdoc.errors import UsageError
from longdoc.types import Finding, Review, Severity, Verdict
from longdoc_pipelines.reports.base import Closing, Heading
from longdoc_pipelines.reports.page.sources import Pictures, Sources
from longdoc_pipelines.reports.parts import WholeFile

if TYPE_CHECKING:
    from typing import Self

STYLES = ("page.css", "views.css", "pane.css", "print.css")
SCRIPTS = (
    "data.js",
    "state.js",
    "rows.js",
    "charts.js",
    "matrix.js",
    "lists.js",
    "source.js",
    "pane.js",
    "marks.js",
    "printed.js",
    "page.js",
)
"""In the order in which they are put together: a later one uses what an earlier one defines."""
CODES: dict[Verdict, str] = {
    "violation": "V",
    "missing": "M",
    "needs_review": "R",
    "fallback": "F",
    "compliant": "C",
    "not_applicable": "N",
}
SEVERITY_CODES: dict[Severity, str] = {"critical": "c", "high": "h", "medium": "m", "low": "l", "info": "i"}
ABSENT = "."
"""In place of the code where a document has no finding by a rule."""


class HtmlReport:
    """The page `target`, and a folder `<stem>_pages` beside it; implements Report.

    A picture is written once, under a name that says nothing of the document; one that an earlier run left is used again, and one that
    the new page does not show is removed. A run that fails leaves no page and none of the pictures that it wrote.

    Raises: UsageError if the target is no regular file, or cannot be written.
    """

    def __init__(self, target: Path, heading: Heading) -> None:
        self.target, self.heading = target, heading
        self.folder = target.with_name(f"{target.stem}_pages")
        self._places = {rule.id: place for place, rule in enumerate(heading.rules)}
        self._documents = 0
        self._finished = False
        if target.exists() and not target.is_file():
            raise UsageError(f"{target}: is no regular file; the HTML report writes a page and a folder beside it, name a file")
        self._page = WholeFile(target)
        with self._writing():
            self._rows, self._details = _scratch(target.parent), _scratch(target.parent)
            self._pictures = Pictures(self.folder, _scratch(target.parent, buffering=0))

    def __enter__(self) -> Self:
        return self

    def add(self, review: Review) -> None:
        """Write one document's findings and the pictures of the pages that they cite.

        Raises: UsageError for a finding by a rule that the heading does not list, or if the report cannot be written.
        """
        sources = Sources(self.heading, self._pictures)
        details: dict[str, Any] = {
            "domain": review.domain,
            "amends": review.amends,
            "amended_by": review.amended_by,
            "findings": {finding.rule: self._finding(finding, sources) for finding in review.findings},
        }
        details["texts"] = sources.texts()
        with self._writing():
            self._rows.write((b"," if self._documents else b"") + escaped(self._row(review)) + b"\n")
            self._details.write(b'<script type="application/json" id="d%d">%b</script>\n' % (self._documents, escaped(details)))
        self._documents += 1

    def finish(self, closing: Closing) -> None:
        """Put the page together and make it appear under its name.

        Raises: UsageError if it cannot be written.
        """
        before, between, after = (part.encode() for part in _template())
        with self._writing():
            stream = self._page.stream
            stream.write(before)
            self._write_overview(stream, closing)
            stream.write(between)
            self._details.seek(0)
            shutil.copyfileobj(self._details, stream)
            stream.write(after)
            self._page.commit()
            self._finished = True
            self._pictures.sweep()

    def __exit__(self, *exception: object) -> None:
        """Remove what was written, unless it was finished."""
        with ExitStack() as cleanup:
            for scratch in (self._rows, self._details, self._pictures.written):
                cleanup.callback(_close, scratch)
            cleanup.callback(self._page.discard)
            if not self._finished:
                self._pictures.discard()

    def _write_overview(self, page: IO[bytes], closing: Closing) -> None:
        heading = self.heading
        said = {
            name: getattr(heading, name)
            for name in ("playbook", "version", "fingerprint", "as_of", "started", "package", "model", "side", "changes_since")
        }
        said |= {
            "finished": closing.finished,
            "documents": closing.documents,
            "audit_head": closing.audit_head,
            "pictures": self.folder.name,
        }
        head = {
            "heading": said,
            "rules": [asdict(rule) | {"positions": dict(rule.positions)} for rule in heading.rules],
            "verdicts": dict(closing.verdicts),
            "metrics": dict(closing.metrics),
            "failed": [[one.path, one.outcome, one.stage, one.reason] for one in closing.failed],
            "changes": [[one.path, one.rule, one.kind, one.before, one.after] for one in closing.changes],
        }
        page.write(escaped(head).removesuffix(b"}") + b',"documents":[')
        self._rows.seek(0)
        shutil.copyfileobj(self._rows, page)
        page.write(b"]}")

    def _row(self, review: Review) -> list[Any]:
        """What the overview holds of a document: a letter a rule for verdict, severity and correction, and two numbers a rule."""
        found = {self._place(finding): finding for finding in review.findings}
        ordered = [found.get(place) for place in range(len(self.heading.rules))]
        return [
            review.document_id,
            review.path,
            review.title,
            review.kind,
            review.format,
            review.pages,
            "".join(ABSENT if one is None else CODES[one.verdict] for one in ordered),
            "".join(ABSENT if one is None else SEVERITY_CODES[one.severity] for one in ordered),
            "".join("p" if one is not None and one.correction is not None else ABSENT for one in ordered),
            [0 if one is None else round(one.confidence, 3) for one in ordered],
            [0 if one is None else round(one.worth, 4) for one in ordered],
        ]

    def _place(self, finding: Finding) -> int:
        if finding.rule not in self._places:
            raise UsageError(f"{finding.path}: a finding by rule {finding.rule!r}, which the report's heading does not list; add it there")
        return self._places[finding.rule]

    def _finding(self, finding: Finding, sources: Sources) -> dict[str, Any]:
        """All that a finding says, with its citations where the page can show them."""
        said = finding.model_dump(mode="json", exclude={"document_id", "path", "rule", "citations", "values", "searched", "correction"})
        said["citations"] = [sources.cite(citation) for citation in finding.citations]
        said["values"] = [
            {"kind": value.kind, "normalised": value.normalised, "citation": sources.cite(value.citation)} for value in finding.values
        ]
        said["searched"] = None
        if finding.searched is not None:
            nearest = finding.searched.nearest
            said["searched"] = finding.searched.model_dump(mode="json", exclude={"nearest"})
            said["searched"]["nearest"] = None if nearest is None else sources.cite(nearest)
        said["correction"] = None
        if finding.correction is not None:
            place = finding.correction.citation
            said["correction"] = finding.correction.model_dump(mode="json", include={"rule_version", "verdict", "was", "by", "at", "note"})
            said["correction"]["citation"] = None if place is None else sources.cite(place)
        return said

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = error.filename or self.target
            raise UsageError(f"{where}: cannot be written ({error.strerror}); name another --out, or make room") from error


def escaped(content: Any) -> bytes:
    """JSON that no HTML parser takes for markup and no script parser for a line end: `<`, `>`, `&` and all but ASCII are written as
    escapes."""
    written = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").encode("ascii")


def _scratch(folder: Path, buffering: int = -1) -> IO[bytes]:
    """A file without a name, which is gone with this process however that ends."""
    return tempfile.TemporaryFile("w+b", buffering, dir=folder)


def _close(scratch: IO[bytes]) -> None:
    with suppress(OSError):  # closing writes what is still buffered; a full disk has been told of already
        scratch.close()


def _template() -> tuple[str, str, str]:
    """The page around its data: what stands before the overview, between it and the documents, and after them."""
    folder = resources.files("longdoc_pipelines.reports.page")
    style = "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in STYLES)
    code = "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS)
    script = f'"use strict";\n(() => {{\n{code}\n}})();\n'
    page = folder.joinpath("page.html").read_text(encoding="utf-8")
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src 'sha256-{_digest(script)}'",
            f"style-src 'sha256-{_digest(style)}'",
            # 'self' is no match for a page opened from a disk in every browser.
            "img-src 'self' file: data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )
    given = {"policy": policy, "style": style, "script": script}
    page = re.sub(r"\{\{(policy|style|script)\}\}", lambda found: given[found[1]], page)
    before, rest = page.split("{{overview}}")
    between, after = rest.split("{{details}}")
    return before, between, after


def _digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
