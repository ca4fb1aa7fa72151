"""The formats of a review and of summaries that are files of their own kind, by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longdoc.errors import UnknownNameError

if TYPE_CHECKING:
    from longdoc_pipelines.reports.base import Heading, Report
    from longdoc_pipelines.reports.summaries.base import SummaryHeading, SummaryReport

REPORTS: Mapping[str, tuple[str, str]] = {
    "html": ("longdoc_pipelines.reports.html:HtmlReport", "html"),
    "xlsx": ("longdoc_pipelines.reports.xlsx:XlsxReport", "xlsx"),
    "sarif": ("longdoc_pipelines.reports.sarif:SarifReport", "sarif"),
    "junit": ("longdoc_pipelines.reports.junit:JUnitReport", "junit.xml"),
}
"""Name -> "module:Class", imported when asked for, and the suffix of its file."""
SUMMARIES: Mapping[str, tuple[str, str]] = {
    "html": ("longdoc_pipelines.reports.summaries.html:HtmlSummaries", "html"),
    "docx": ("longdoc_pipelines.reports.summaries.docx:DocxSummaries", "docx"),
}
"""The same for summaries."""


def open_report(name: str, target: Path, heading: Heading) -> Report:
    """A report that is about to be written to `target`.

    Raises: UnknownNameError for a format that does not exist; UsageError if nothing can be written there.
    """
    report: Report = _class(REPORTS, name)(target, heading)
    return report


def open_summaries(name: str, target: Path, heading: SummaryHeading) -> SummaryReport:
    """A report of summaries that is about to be written to `target`.

    Raises: UnknownNameError for a format that does not exist; UsageError if nothing can be written there.
    """
    report: SummaryReport = _class(SUMMARIES, name)(target, heading)
    return report


def _class(known: Mapping[str, tuple[str, str]], name: str) -> Any:
    if name not in known:
        raise UnknownNameError(f"no report {name!r}. Known: {', '.join(known)}")
    module, _, attribute = known[name][0].partition(":")
    return getattr(import_module(module), attribute)
