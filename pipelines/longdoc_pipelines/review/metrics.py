"""What a review run came to as numbers: for Prometheus, and against the thresholds that become exit codes."""

from __future__ import annotations

import difflib
import errno
import importlib.util
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longdoc.errors import ConfigError, MissingExtraError, UsageError
from longdoc_pipelines.reports.base import VERDICTS, Closing

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_LIMIT = re.compile(r"(?P<name>[a-z_]+)\s*=\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<share>%)?")
SPEED = "documents_per_second"
MISSING = "metrics need prometheus-client: pip install 'longdoc[metrics]'"


@dataclass(frozen=True, slots=True)
class Threshold:
    """The most that a run may have of something: verdicts of a kind, `failed` or `skipped` files, as a number or in percent of all
    verdicts or files. Of `documents_per_second` it is the least."""

    name: str
    limit: float
    percent: bool = False

    def __str__(self) -> str:
        return f"{self.name}={self.limit:g}{'%' if self.percent else ''}"

    def passed_by(self, closing: Closing) -> str | None:
        """What to tell where the run is beyond the threshold; None where it is not."""
        if self.name == SPEED:
            speed = closing.metrics.get(SPEED, 0.0)
            return f"{speed:g} documents/s, at least {self.limit:g} were wanted" if speed < self.limit else None
        if self.name in ("failed", "skipped"):
            found = sum(one.outcome == self.name for one in closing.failed)
            total = closing.documents + len(closing.failed)
        else:
            found = next((count for verdict, count in closing.verdicts.items() if verdict == self.name), 0)
            total = sum(closing.verdicts.values())
        value = 100.0 * found / total if self.percent and total else float(found)
        if value <= self.limit:
            return None
        return f"{self.name} is {value:.4g}{'%' if self.percent else ''}, the threshold is {self.limit:g}{'%' if self.percent else ''}"


def thresholds(texts: list[str]) -> list[Threshold]:
    """Thresholds from "needs_review=20%", "failed=0", "documents_per_second=2".

    Raises: UsageError for one that is none.
    """
    known = (*VERDICTS, "failed", "skipped", SPEED)
    found = []
    for text in texts:
        match = _LIMIT.fullmatch(text.strip())
        if match is None or match["name"] not in known or (match["share"] and match["name"] == SPEED):
            near = difflib.get_close_matches(text.partition("=")[0], known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UsageError(f"--threshold {text!r}: write NAME=NUMBER or NAME=NUMBER%, NAME one of {', '.join(known)}{hint}")
        found.append(Threshold(match["name"], float(match["number"]), bool(match["share"])))
    return found


class ReviewMetrics:
    """A collector for prometheus-client."""

    def __init__(self, playbook: str, closing: Closing) -> None:
        self._playbook, self._closing = playbook, closing

    def collect(self) -> Iterator[Any]:
        """See prometheus_client.registry.Collector."""
        from prometheus_client.core import GaugeMetricFamily

        closing, own = self._closing, [self._playbook]

        def gauge(name: str, told: str, value: float) -> Any:
            family = GaugeMetricFamily(f"longdoc_review_{name}", told, labels=["playbook"])
            family.add_metric(own, value)
            return family

        yield gauge("documents", "Documents that the last run reviewed.", closing.documents)
        yield gauge("seconds", "Wall-clock seconds of the last run, with the reading of new files.", closing.metrics.get("seconds", 0.0))
        yield gauge(SPEED, "Documents reviewed per second.", closing.metrics.get(SPEED, 0.0))
        verdicts = GaugeMetricFamily("longdoc_review_verdicts", "Verdicts by kind.", labels=["playbook", "verdict"])
        for verdict in VERDICTS:
            verdicts.add_metric([*own, verdict], closing.verdicts.get(verdict, 0))
        yield verdicts
        failed = GaugeMetricFamily(
            "longdoc_review_failed_files", "Files that could not be reviewed, by stage.", labels=["playbook", "stage"]
        )
        for name, count in closing.metrics.items():
            if name.startswith("failed_"):
                failed.add_metric([*own, name.removeprefix("failed_")], count)
        yield failed
        yield gauge("skipped_files", "Files that were passed over.", sum(one.outcome == "skipped" for one in closing.failed))
        changes = GaugeMetricFamily("longdoc_review_changes", "Findings that differ from the run before.", labels=["playbook", "kind"])
        for kind in ("new", "fixed", "changed"):
            changes.add_metric([*own, kind], sum(change.kind == kind for change in closing.changes))
        yield changes


def check_textfile(path: Path) -> None:
    """See that `write_textfile` will be able to write there, before a run of hours.

    Raises: MissingExtraError without prometheus-client; ConfigError if the file cannot be written.
    """
    if importlib.util.find_spec("prometheus_client") is None:
        raise MissingExtraError(MISSING)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() or not os.access(path.parent, os.W_OK):
            number = errno.EISDIR if path.is_dir() else errno.EACCES
            raise OSError(number, os.strerror(number))
    except OSError as error:
        raise ConfigError(f"--metrics-file {path}: cannot be written ({error.strerror})") from error


def write_textfile(path: Path, playbook: str, closing: Closing, registry: CollectorRegistry | None = None) -> None:
    """Write the metrics in Prometheus's text format, for node_exporter's textfile collector; `registry` holds others to write with them.

    Raises: MissingExtraError without prometheus-client; ConfigError if the file cannot be written.
    """
    try:
        from prometheus_client import CollectorRegistry as Registry
        from prometheus_client import write_to_textfile
    except ImportError as error:
        raise MissingExtraError(MISSING) from error
    chosen = registry if registry is not None else Registry()
    chosen.register(ReviewMetrics(playbook, closing))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_to_textfile(str(path), chosen)
    except OSError as error:
        raise ConfigError(f"--metrics-file {path}: cannot be written ({error.strerror})") from error
