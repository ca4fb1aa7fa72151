"""JUnit XML: a document is a test suite and a rule a test case, for the dashboards of continuous integration.

A violation or a missing clause is a failure; what a person is to decide, what does not apply and what is waived is skipped, with the
reason; a fallback passes and is told in the suite's output; a file that could not be reviewed is an error. JUnit XML has no standard of
its own: what is written fits the schemas of Jenkins (old and new) and of Apache Ant at once, which is why totals stand at the suites alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from longdoc_pipelines.reports.parts import WholeFile, decided_by, one_line, place, read_values, shorten, words, xml_text

if TYPE_CHECKING:
    from typing import Self

    from longdoc.types import Finding, Review
    from longdoc_pipelines.reports.base import Closing, Failed, Heading

MESSAGE = 400
"""Characters of a message; the whole reason stands in the text."""
SKIPPED = ("needs_review", "not_applicable")


class JUnitReport:
    """Writes a suite for each document as it comes."""

    def __init__(self, target: Path, heading: Heading) -> None:
        self._heading = heading
        self._numbers = count()
        self._file = WholeFile(target)
        self._file.stream.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n')

    def __enter__(self) -> Self:
        return self

    def add(self, review: Review) -> None:
        """Write the suite of one document."""
        facts = {
            "title": review.title,
            "kind": review.kind,
            "domain": review.domain,
            "format": review.format,
            "pages": review.pages,
            "amends": review.amends,
            "amended_by": ", ".join(review.amended_by),
            "document_id": review.document_id,
        }
        failures = sum(finding.failed for finding in review.findings)
        skipped = sum(finding.verdict in SKIPPED for finding in review.findings)
        suite = self._suite(review.path, facts, tests=len(review.findings), failures=failures, errors=0, skipped=skipped)
        for finding in review.findings:
            self._case(suite, review.path, finding)
        SubElement(suite, "system-out").text = xml_text("\n".join(_notes(review)))
        SubElement(suite, "system-err")
        self._write(suite)

    def finish(self, closing: Closing) -> None:
        """Write a suite for each file that was not reviewed, and make the report appear."""
        for failed in closing.failed:
            self._write(self._failed(failed))
        if closing.audit_head:
            self._file.stream.write(f"<!-- head of the audit log: {closing.audit_head} -->\n".encode())
        self._file.stream.write(b"</testsuites>\n")
        self._file.commit()

    def __exit__(self, *exception: object) -> None:
        self._file.discard()

    def _write(self, suite: Element) -> None:
        self._file.stream.write(tostring(suite, encoding="utf-8", xml_declaration=False) + b"\n")

    def _suite(self, path: str, facts: Mapping[str, object], *, tests: int, failures: int, errors: int, skipped: int) -> Element:
        name = one_line(path) or "document"
        suite = Element(
            "testsuite",
            {
                "name": name,
                "package": one_line(self._heading.playbook),
                "id": str(next(self._numbers)),
                "timestamp": self._heading.started[:19],
                "hostname": "localhost",  # where it ran is nobody's business, and the schemas want a name
                "tests": str(tests),
                "failures": str(failures),
                "errors": str(errors),
                "skipped": str(skipped),
                "time": "0",
            },
        )
        heading = self._heading
        run = {"playbook": heading.playbook, "version": heading.version, "fingerprint": heading.fingerprint, "as_of": heading.as_of}
        run |= {"side": heading.side or "", "model": heading.model, "package": heading.package}
        properties = SubElement(suite, "properties")
        for key, value in {**run, **facts}.items():
            if value not in (None, ""):
                SubElement(properties, "property", {"name": key, "value": one_line(str(value))})
        return suite

    def _case(self, suite: Element, path: str, finding: Finding) -> None:
        title = f": {finding.title}" if finding.title else ""
        named = {"name": one_line(f"{finding.rule}{title}"), "classname": self._classname(path), "time": "0"}
        case = SubElement(suite, "testcase", named)
        message = shorten(one_line(finding.reason), MESSAGE)
        if finding.failed:
            failure = SubElement(case, "failure", {"type": finding.verdict, "message": message})
            failure.text = xml_text("\n".join(told(finding)))
        elif finding.verdict in SKIPPED:
            SubElement(case, "skipped", {"message": f"{words(finding.verdict)}: {message}"})

    def _classname(self, path: str) -> str:
        """Folders as packages, as dashboards group them; a dot in a name would look like one."""
        return one_line(f"{self._heading.playbook}.{path.strip('/').replace('.', '_').replace('/', '.')}")

    def _failed(self, failed: Failed) -> Element:
        skipped = failed.outcome == "skipped"
        suite = self._suite(failed.path, {}, tests=1, failures=0, errors=int(not skipped), skipped=int(skipped))
        named = {"name": one_line(failed.stage) or "read", "classname": self._classname(failed.path), "time": "0"}
        case = SubElement(suite, "testcase", named)
        message = shorten(one_line(failed.reason), MESSAGE)
        if skipped:
            SubElement(case, "skipped", {"message": message})
        else:
            SubElement(case, "error", {"type": one_line(failed.outcome) or "failed", "message": message}).text = xml_text(failed.reason)
        SubElement(suite, "system-out")
        SubElement(suite, "system-err")
        return suite


def told(finding: Finding) -> Iterator[str]:
    """A finding in lines: the reason, what it rests on, and who has looked at it."""
    yield finding.reason
    yield f"severity {finding.severity}, confidence {finding.confidence:.2f}"
    if finding.test:
        yield f"test: {finding.test}"
    if finding.values:
        yield f"read: {read_values(finding.values)}"
    if finding.amended_by:
        yield f"amended by {finding.amended_by}"
    if decided_by(finding):
        yield decided_by(finding)
    for citation in finding.citations:
        yield f"{citation.path}, {place(citation)}: {' '.join(citation.quote.split())}"


def _notes(review: Review) -> Iterator[str]:
    """Of what passes and is yet worth a word."""
    for finding in review.findings:
        if finding.verdict == "fallback" or (finding.correction is not None and not finding.failed):
            yield f"{finding.rule}: {words(finding.verdict)}: " + " | ".join(told(finding))
