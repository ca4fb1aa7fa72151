"""`longdoc review`, `longdoc verdict` and `longdoc playbook`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longdoc.cli.app import app
from longdoc.cli.commands.show import parse_place
from longdoc.cli.options import Common, Engines, Output, Paths, Reading, expand
from longdoc.cli.run import Run, running
from longdoc.errors import UsageError

if TYPE_CHECKING:
    from longdoc.types import Correction, Review
    from longdoc_pipelines.reports.base import Closing

FINDING = 1
"""Exit code where a finding is grave enough, or a threshold is passed."""
HINT = "longdoc review ... --format html --out review.html makes a page to read and decide in; longdoc show PATH:PLACE prints a passage"


class FailOn(StrEnum):
    """Severity from which a violation or a missing clause gives exit code 1."""

    info = "info"
    low = "low"
    medium = "medium"
    high = "high"
    critical = "critical"
    never = "never"


@app.command()
@expand
def review(
    paths: Paths,
    common: Common,
    reading: Reading,
    engines: Engines,
    output: Output,
    playbook: Annotated[
        str, typer.Option("--playbook", metavar="NAME|FILE", help="A shipped playbook or a YAML file.", show_default=False)
    ],
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="Day on which terms and waivers are looked at (default: today)."
        ),
    ] = None,
    side: Annotated[str | None, typer.Option("--side", metavar="NAME", help="Our side, for rules that are for one side only.")] = None,
    review_below: Annotated[
        float | None,
        typer.Option("--review-below", min=0.0, max=1.0, metavar="P", help="Confidence below which a person is asked; 0 asks for nothing."),
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="Exit code 1 for a violation or a missing clause of this severity or worse.")
    ] = FailOn.high,
    threshold: Annotated[
        list[str] | None,
        typer.Option("--threshold", metavar="NAME=LIMIT", help="Exit code 1 beyond it: needs_review=20%, failed=0; may be repeated."),
    ] = None,
) -> None:
    """Judge each document by a playbook: a verdict a rule, each with its evidence. Formats also: html, xlsx, sarif, junit."""
    from longdoc.cli.views.review import ReviewView
    from longdoc_pipelines.reports.formats import REPORTS, open_report
    from longdoc_pipelines.review.metrics import check_textfile, thresholds, write_textfile

    limits = thresholds(threshold or [])
    if engines.metrics_file is not None:
        check_textfile(engines.metrics_file)
    worst = Worst(fail_on)
    quiet = replace(engines, metrics_file=None)  # written here, with those of the review
    view = ReviewView()
    with running("review", view, common, output, reading, quiet, reports=REPORTS) as (run, writer):
        loaded = run.pipeline.playbook(playbook)  # a bad playbook is told before anything is read
        entries = run.ingest(paths, None if run.pipeline.settings.engine is not None else loaded.base)
        run.label_sets = [labels for labels in (loaded.base, loaded.own) if labels is not None]
        run.playbook = {"name": loaded.playbook.playbook, "version": loaded.playbook.version, "fingerprint": loaded.playbook.fingerprint}
        day = as_of.date() if as_of is not None else None
        found = run.pipeline.review(paths, loaded, as_of=day, side=side, review_below=review_below, ingest=False)
        if not engines.dry_run:
            view.heading = found.heading
            writer.open(lambda name, target: open_report(name, target, found.heading))
        for one in run.each(found, len(entries)):
            worst.add(one)
            writer.add(one)
        if engines.dry_run:
            return
        writer.closing = view.closing = closing = found.closing
        if closing is None:
            raise AssertionError("a run that is exhausted is closed")
        run.closing = {"audit_head": closing.audit_head, "changes": [change.model_dump() for change in closing.changes]}
        tell(run, closing)
        passed = [said for limit in limits if (said := limit.passed_by(closing)) is not None]
        for said in passed:
            run.screen.complain(f"threshold passed: {said}")
        if engines.metrics_file is not None:
            own = run.pipeline.language_model.metered.registry() if run.pipeline.settings.engine is not None else None
            write_textfile(engines.metrics_file, loaded.playbook.playbook, closing, own)
    run.screen.hint(HINT)
    if worst.found or passed:
        raise typer.Exit(FINDING)


class Worst:
    """Whether any finding fails at or above a severity."""

    def __init__(self, fail_on: FailOn) -> None:
        order = list(FailOn)
        self._failing = {severity.value for severity in order[order.index(fail_on) :]} - {FailOn.never.value}
        self.found = False

    def add(self, review: Review) -> None:
        """Look at one document's findings."""
        self.found = self.found or any(finding.failed and finding.severity in self._failing for finding in review.findings)


def tell(run: Run, closing: Closing) -> None:
    """What the run came to, on stderr."""
    from longdoc.cli.views.parts import plural
    from longdoc_pipelines.reports.base import VERDICTS

    counts = ", ".join(
        f"{closing.verdicts[verdict]:,} {verdict.replace('_', ' ')}" for verdict in VERDICTS if closing.verdicts.get(verdict)
    )
    run.screen.close()
    run.screen.say(f"{plural(closing.documents, 'document')}: {counts or 'no verdicts'}")
    kinds = [(kind, sum(change.kind == kind for change in closing.changes)) for kind in ("new", "fixed", "changed")]
    if any(count for _, count in kinds):
        run.screen.say("since the last run: " + ", ".join(f"{count:,} {kind}" for kind, count in kinds if count))
    run.screen.say(f"audit log head: {closing.audit_head}")


@app.command()
@expand
def verdict(
    common: Common,
    output: Output,
    apply: Annotated[Path | None, typer.Option("--apply", metavar="FILE", help="Corrections that the HTML report exported.")] = None,
    path: Annotated[str | None, typer.Option("--path", metavar="PATH", help="The document to decide about.")] = None,
    rule: Annotated[str | None, typer.Option("--rule", metavar="ID", help="The rule to decide about.")] = None,
    playbook: Annotated[
        str, typer.Option("--playbook", metavar="NAME", help="Of which playbook, where several have that rule; a file too, for --training.")
    ] = "",
    decide: Annotated[str | None, typer.Option("--verdict", metavar="VERDICT", help="What it is; accept: as the machine says.")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides.")] = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why.")] = "",
    passage: Annotated[
        str | None, typer.Option("--passage", metavar="START-END", help="The passage it rests on, as `show` takes it.")
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take a decision back.")] = False,
    log: Annotated[bool, typer.Option("--log", help="Print the audit log, after checking it.")] = False,
    training: Annotated[
        Path | None, typer.Option("--training", metavar="FILE", help="Write what was decided as data for `longdoc train clauses`.")
    ] = None,
) -> None:
    """Accept or correct verdicts. With no option: list what was decided."""
    from longdoc.cli.views.parts import RowsView
    from longdoc_pipelines.review.corrections import decided, read_corrections

    shown = LOG if log else DECIDED
    with running("verdict", RowsView(shown), common, output, uses_model=False) as (run, writer):
        if log:
            writer.add(
                [
                    {
                        "number": one.number,
                        **{key: one.value.get(key) for key in LOG[1:-2]},
                        "details": _details(one.value),
                        "hash": one.hash,
                    }
                    for one in run.pipeline.audit()
                ]
            )
            return
        if apply is not None:
            count = run.pipeline.correct(read_corrections(apply), on_conflict=partial(_conflict, run))
            run.screen.say(f"{count} new {'decision' if count == 1 else 'decisions'}")
        elif path is not None or rule is not None:
            if path is None or rule is None or by is None or (decide is None) != withdraw:
                raise UsageError("to decide name --path, --rule, --by and --verdict (or --withdraw)")
            if withdraw:
                run.pipeline.withdraw(path, rule, by=by, playbook=playbook)
            else:
                at = datetime.now(UTC).isoformat(timespec="seconds")
                place = parse_place(f"{path}:{passage}")[1] if passage is not None else None
                one = decided(run.pipeline.corpus, path, rule, str(decide), by=by, at=at, note=note, playbook=playbook, passage=place)
                run.pipeline.correct([one], on_conflict=partial(_conflict, run))
        listed = run.pipeline.corrections()
        if training is not None:
            if not playbook:
                raise UsageError("--training: name the playbook whose rules were decided about with --playbook")
            rows = run.pipeline.training_data(playbook, training)
            run.screen.say(f"{training}: {rows.total()} rows")
            for name, number in sorted(rows.items()):
                if name:
                    run.screen.say(_lesson(name, number, training, playbook))
        writer.add([_decision(one) for one in listed])


def _lesson(label_set: str, rows: int, file: Path, playbook: str) -> str:
    from longdoc.labels import shipped

    by_package = label_set in shipped()
    said = f"{rows} of {label_set!r}: longdoc train clauses --data {file} --labels {label_set if by_package else playbook} --out DIR"
    return said + ("; what it makes stands in place of the shipped weights, so measure it against them first" if by_package else "")


def _conflict(run: Run, stands: Correction, falls: Correction) -> None:
    said = [f"{one.by} decided {one.verdict.replace('_', ' ')} on {one.at}" for one in (falls, stands)]
    run.screen.say(f"{stands.path}, {stands.rule}: {said[0]}, {said[1]}: the later decision stands")


DECIDED = ("path", "rule", "verdict", "was", "by", "at", "note", "playbook", "rule_version", "start", "end", "page", "quote")
LOG = ("number", "at", "event", "by", "playbook", "rule", "was", "verdict", "details", "hash")


def _decision(one: Any) -> dict[str, Any]:
    place = one.citation
    return {
        **{name: getattr(one, name) for name in DECIDED[:9]},
        "start": place.span.start if place else None,
        "end": place.span.end if place else None,
        "page": place.page if place else None,
        "quote": place.quote if place else None,
    }


def _details(value: dict[str, Any]) -> str:
    """What else an entry says, in a line."""
    said = [
        f"{name.replace('_', ' ')} {value[name]}"
        for name in ("version", "as_of", "documents", "rule_version", "decided_at")
        if name in value
    ]
    said += [f"{count} {verdict.replace('_', ' ')}" for verdict, count in value.get("verdicts", {}).items()]
    said += [f"{name} {str(value[name])[:12]}" for name in ("results", "record", "fingerprint") if name in value]
    return ", ".join(said)
