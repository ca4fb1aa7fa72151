"""`longdoc review`, `longdoc verdict` and `longdoc playbook`."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, Engines, Output, Paths, Reading, expand
from longdoc.cli.run import Run, running
from longdoc.errors import UsageError

if TYPE_CHECKING:
    from longdoc.types import Review
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
    from longdoc_pipelines.review.metrics import thresholds, write_textfile

    limits = thresholds(threshold or [])
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
        if engines.metrics_file is not None:
            own = run.pipeline.language_model.metered.registry() if run.pipeline.settings.engine is not None else None
            write_textfile(engines.metrics_file, loaded.playbook.playbook, closing, own)
    run.screen.hint(HINT)
    passed = [said for limit in limits if (said := limit.passed_by(closing)) is not None]
    for said in passed:
        run.screen.complain(f"threshold passed: {said}")
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
            count = run.pipeline.correct(read_corrections(apply))
            run.screen.say(f"{count} new {'decision' if count == 1 else 'decisions'}")
        elif path is not None or rule is not None:
            if path is None or rule is None or by is None or (decide is None) != withdraw:
                raise UsageError("to decide name --path, --rule, --by and --verdict (or --withdraw)")
            if withdraw:
                run.pipeline.withdraw(path, rule, by=by, playbook=playbook)
            else:
                at = datetime.now(UTC).isoformat(timespec="seconds")
                run.pipeline.correct([decided(run.pipeline.corpus, path, rule, str(decide), by=by, at=at, note=note, playbook=playbook)])
        listed = run.pipeline.corrections()
        if training is not None:
            if not playbook:
                raise UsageError("--training: name the playbook whose rules were decided about with --playbook")
            count = run.pipeline.training_data(playbook, training)
            run.screen.say(f"{training}: {count} rows; learn from them with `longdoc train clauses --data {training} --out DIR`")
        writer.add([_decision(one) for one in listed])


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


# Playbooks

playbooks = typer.Typer(no_args_is_help=True, help="Write and check playbooks.")
app.add_typer(playbooks, name="playbook")


@playbooks.command("schema")
@expand
def schema(common: Common) -> None:
    """Print the JSON Schema of a playbook file."""
    import json

    from longdoc_pipelines.playbook import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@playbooks.command("list")
@expand
def shipped(common: Common) -> None:
    """The playbooks that ship with longdoc."""
    from longdoc_pipelines.playbook import load_playbook
    from longdoc_pipelines.playbook import shipped as names

    for name in names():
        own = load_playbook(name).playbook
        print(f"{name:<20} {own.version:<6} {len(own.rules):>3} rules  {' '.join(own.description.split())}")


@playbooks.command("lint")
@expand
def lint(
    common: Common,
    file: Annotated[str, typer.Argument(metavar="NAME|FILE", show_default=False)],
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
) -> None:
    """Check a playbook: what is wrong, with its line and what was probably meant. Exit code 2 if it cannot be used."""
    from longdoc_pipelines.playbook.loading import check, read_playbook_text

    text, origin = read_playbook_text(file)
    loaded, problems = check(text, origin, date.today())
    for problem in problems:
        print(f"{origin}:{problem.line}: {problem.level}: {problem.place}{problem.message}")
    if loaded is None or any(problem.level == "error" or strict for problem in problems):
        raise typer.Exit(UsageError.exit_code)
    own = loaded.playbook
    print(f"{origin}: {own.playbook} {own.version}, {len(own.rules)} rules, fingerprint {own.fingerprint}")


@playbooks.command("new")
@expand
def new(
    common: Common,
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    base: Annotated[str | None, typer.Option("--from", metavar="NAME|FILE", help="Begin with a copy of this playbook.")] = None,
) -> None:
    """Begin a playbook, with a rule of each kind to change; an existing file is left alone."""
    from longdoc_pipelines.playbook.loading import read_playbook_text
    from longdoc_pipelines.playbook.template import TEMPLATE

    content = TEMPLATE if base is None else read_playbook_text(base)[0]
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(content)
    except FileExistsError as error:
        raise UsageError(f"{file}: exists already; choose another name") from error
    except OSError as error:
        raise UsageError(f"{file}: cannot be written ({error.strerror})") from error
    print(f"{file}: change it, then `longdoc playbook lint {file}` and `longdoc playbook test {file}`", file=sys.stderr)


@playbooks.command("test")
@expand
def test(
    common: Common,
    reading: Reading,
    engines: Engines,
    file: Annotated[str, typer.Argument(metavar="NAME|FILE", show_default=False)],
) -> None:
    """Run the rules' own examples. Exit code 1 if one does not get the verdict that it names."""
    from longdoc.cli.screen import Screen
    from longdoc.pipeline import Pipeline
    from longdoc_pipelines.review.examples import run_examples

    screen = Screen(quiet=common.quiet, verbose=common.verbose)
    with Pipeline(common.store, config=common.config, progress=screen.progress, **reading.settings(), **engines.settings()) as pipeline:
        loaded = pipeline.playbook(file)
        wrong = count = 0
        for tried in run_examples(loaded, pipeline.reader):
            count += 1
            wrong += not tried.right
            said = "" if tried.right else f"wanted {tried.example.verdict}: {tried.finding.reason}"
            if not tried.right or common.verbose:
                got = tried.finding.leans or tried.finding.verdict
                print(f"{'ok   ' if tried.right else 'WRONG'} {tried.rule.id} example {tried.number}: {got} {said}".rstrip())
    bare = [rule.id for rule in loaded.playbook.rules if not rule.examples]
    print(f"{count - wrong} of {count} examples right" + (f"; {len(bare)} rules have none: {', '.join(bare)}" if bare else ""))
    if wrong:
        raise typer.Exit(FINDING)
