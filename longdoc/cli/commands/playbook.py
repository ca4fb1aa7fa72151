"""`longdoc playbook`: begin, check and try playbooks."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longdoc.cli.app import app
from longdoc.cli.commands.review import FINDING
from longdoc.cli.formats import SCHEMA_VERSION
from longdoc.cli.options import Common, Engines, Reading, expand
from longdoc.errors import UsageError

if TYPE_CHECKING:
    from longdoc_pipelines.playbook import Loaded
    from longdoc_pipelines.review.examples import Tried

playbooks = typer.Typer(no_args_is_help=True, help="Write and check playbooks.")
app.add_typer(playbooks, name="playbook")

File = Annotated[str, typer.Argument(metavar="NAME|FILE", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="Day on which terms and waivers are looked at (default: today)."),
]


NOT_FOUND = (
    "The rule is right of it, but the model does not find the clause in these words: say it at the length and in the words of a contract, "
    "or give a label of your own more examples."
)


@playbooks.command("schema")
@expand
def schema(common: Common) -> None:
    """Print the JSON Schema of a playbook file."""
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
    file: File,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Check a playbook: what is wrong, with its line and column and what was probably meant. Exit code 2 if it cannot be used."""
    from longdoc_pipelines.playbook.loading import check, read_playbook_text

    text, origin = read_playbook_text(file)
    loaded, problems = check(text, origin, as_of.date() if as_of is not None else date.today())
    if as_json:
        listed = [{**asdict(one), "place": one.place.removesuffix(": ")} for one in problems]
        _print_json(origin, loaded, {"problems": listed})
    else:
        for one in problems:
            print(f"{origin}:{one.line}:{one.column}: {one.level}: {one.place}{one.message}")
    if loaded is None or any(one.level == "error" or strict for one in problems):
        raise typer.Exit(UsageError.exit_code)
    own = loaded.playbook
    if not as_json:
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
def try_examples(
    common: Common,
    reading: Reading,
    engines: Engines,
    file: File,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Run the rules' own examples. Exit code 1 if one does not get the verdict that it names."""
    from longdoc.cli.screen import Screen
    from longdoc.pipeline import Pipeline
    from longdoc_pipelines.review.examples import run_examples

    screen = Screen(quiet=common.quiet, verbose=common.verbose)
    tried: list[Tried] = []
    with Pipeline(common.store, config=common.config, progress=screen.progress, **reading.settings(), **engines.settings()) as pipeline:
        loaded = pipeline.playbook(file)
        for one in run_examples(loaded, pipeline.reader, as_of.date() if as_of is not None else None):
            tried.append(one)
            if not as_json and (not one.right or common.verbose):
                print(_told(one))
    right = sum(one.right for one in tried)
    bare = [rule.id for rule in loaded.playbook.rules if not rule.examples]
    if as_json:
        _print_json(file, loaded, {"right": right, "without_examples": bare, "examples": [_row(one) for one in tried]})
    else:
        print(f"{right} of {len(tried)} examples right" + (f"; {len(bare)} rules have none: {', '.join(bare)}" if bare else ""))
    if right < len(tried):
        raise typer.Exit(FINDING)


def _told(one: Tried) -> str:
    if one.right:
        return f"ok    {one.rule.id} example {one.number}: {one.example.verdict}"
    said = f"WRONG {one.rule.id} example {one.number}: wanted {one.example.verdict}, got {one.got}: {one.finding.reason}"
    said += f"\n      text: {' '.join(one.example.text.split())}"
    if one.taken is not None:
        said += f"\n      Taken as the clause it gives {one.taken.verdict}: {one.taken.reason}"
        said += f" {NOT_FOUND}" if one.taken.verdict == one.example.verdict else ""
    return said


def _row(one: Tried) -> dict[str, Any]:
    return {
        "rule": one.rule.id,
        "example": one.number,
        "wanted": one.example.verdict,
        "got": one.got,
        "right": one.right,
        "confidence": one.finding.confidence,
        "reason": one.finding.reason,
        "as_the_clause": one.taken.verdict if one.taken is not None else None,
        "text": one.example.text,
    }


def _print_json(origin: str, loaded: Loaded | None, content: Mapping[str, Any]) -> None:
    own = loaded.playbook if loaded is not None else None
    named = {"name": own.playbook, "version": own.version, "rules": len(own.rules), "fingerprint": own.fingerprint} if own else None
    whole = {"schema_version": SCHEMA_VERSION, "path": origin, "playbook": named, **content}
    print(json.dumps(whole, indent=2, ensure_ascii=False, default=str))
