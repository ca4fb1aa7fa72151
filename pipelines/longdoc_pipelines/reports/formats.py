"""The formats of a review that are files of their own kind, by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc.errors import UnknownNameError

if TYPE_CHECKING:
    from longdoc_pipelines.reports.base import Heading, Report

REPORTS: Mapping[str, tuple[str, str]] = {
    "html": ("longdoc_pipelines.reports.html:HtmlReport", "html"),
    "xlsx": ("longdoc_pipelines.reports.xlsx:XlsxReport", "xlsx"),
    "sarif": ("longdoc_pipelines.reports.sarif:SarifReport", "sarif"),
    "junit": ("longdoc_pipelines.reports.junit:JUnitReport", "junit.xml"),
}
"""Name -> "module:Class", imported when asked for, and the suffix of its file."""


def open_report(name: str, target: Path, heading: Heading) -> Report:
    """A report that is about to be written to `target`.

    Raises: UnknownNameError for a format that does not exist; UsageError if nothing can be written there.
    """
    if name not in REPORTS:
        raise UnknownNameError(f"no report {name!r}. Known: {', '.join(REPORTS)}")
    module, _, attribute = REPORTS[name][0].partition(":")
    report: Report = getattr(import_module(module), attribute)(target, heading)
    return report
