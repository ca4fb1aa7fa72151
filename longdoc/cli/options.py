"""Options that several commands share, as dataclasses that `expand` spreads into a command's signature."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from longdoc.errors import ConfigError

Options = TypeVar("Options")

Paths = Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders.", show_default=False)]


def _option(*names: str, help: str, panel: str | None = None, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, metavar=metavar, show_default=False)


@dataclass(frozen=True)
class Common:
    """What every command takes, before or after its name."""

    store: Annotated[Path | None, _option("--store", help="The corpus folder (default: .longdoc).", panel="Common", metavar="DIR")] = None
    config: Annotated[
        Path | None, _option("--config", help="Settings file (default: ./longdoc.toml if there is one).", panel="Common", metavar="FILE")
    ] = None
    quiet: Annotated[bool, _option("--quiet", "-q", help="Print nothing to stderr but errors.", panel="Common")] = False
    verbose: Annotated[bool, _option("--verbose", "-v", help="Tell of every file; show tracebacks.", panel="Common")] = False

    def over(self, earlier: Common | None) -> Common:
        """These options, with what was given before the command's name where they are silent."""
        if earlier is None:
            return self
        return Common(**{field.name: getattr(self, field.name) or getattr(earlier, field.name) for field in fields(self)})


@dataclass(frozen=True)
class Reading:
    """How new files are read."""

    password: Annotated[str | None, _option("--password", help="Password of encrypted files.", panel="Reading", metavar="TEXT")] = None
    password_env: Annotated[
        str | None, _option("--password-env", help="Environment variable that holds the password.", panel="Reading", metavar="NAME")
    ] = None
    workers: Annotated[
        str | None, _option("--workers", help='Processes that read, a number or "auto" (default: the cores).', panel="Reading", metavar="N")
    ] = None
    executor: Annotated[
        str | None,
        _option("--executor", help="What runs the stages: local or ray (default: local).", panel="Reading", metavar="NAME"),
    ] = None
    timeout: Annotated[
        float | None,
        _option("--timeout", help="Seconds for parsing one file (default: 120).", panel="Reading", metavar="SECONDS"),
    ] = None
    ocr: Annotated[
        str | None,
        _option(
            "--ocr",
            help="What reads pages that are pictures: auto, off, rapidocr or tesseract (default: auto).",
            panel="Reading",
            metavar="NAME",
        ),
    ] = None
    reader: Annotated[
        str | None, _option("--reader", help="What reads documents (default: embedded).", panel="Reading", metavar="NAME")
    ] = None
    model: Annotated[
        str | None,
        _option(
            "--model",
            help="A folder made by `longdoc train`; with --engine its model, a name or a folder.",
            panel="Reading",
            metavar="NAME|DIR",
        ),
    ] = None
    domain: Annotated[
        str | None,
        _option("--domain", help="Profile for new files: auto, legal, financial, research, plain.", panel="Reading", metavar="NAME"),
    ] = None

    def settings(self) -> dict[str, Any]:
        """The settings among them, None where not given."""
        names = ("workers", "executor", "timeout", "ocr", "reader", "model", "domain")
        return {name: getattr(self, name) for name in names}

    def secret(self) -> str | None:
        """The password, wherever it was given.

        Raises: ConfigError if the variable named does not exist.
        """
        if self.password_env is None:
            return self.password
        if self.password_env not in os.environ:
            raise ConfigError(f"--password-env: there is no environment variable {self.password_env!r}")
        return os.environ[self.password_env]


@dataclass(frozen=True)
class Searching(Reading):
    """How new files are read before a search; `domain` says which documents are searched."""

    domain: Annotated[
        str | None,
        _option("--domain", help="Only documents of this profile: legal, financial, research, plain.", panel="Search", metavar="NAME"),
    ] = None


@dataclass(frozen=True)
class Engines:
    """The language model that writes, if any."""

    engine: Annotated[
        str | None,
        _option("--engine", help="A language model writes: openai, vllm or local (default: none).", panel="Language model", metavar="NAME"),
    ] = None
    base_url: Annotated[
        str | None,
        _option(
            "--base-url",
            help="Address of an OpenAI-compatible server. Text of the documents is sent there.",
            panel="Language model",
            metavar="URL",
        ),
    ] = None
    context_length: Annotated[
        int | None,
        _option("--context-length", help="Tokens that it reads (default: as it says itself).", panel="Language model", metavar="N"),
    ] = None
    adapter: Annotated[
        str | None, _option("--adapter", help="LoRA adapter, by the name it was loaded under.", panel="Language model", metavar="NAME")
    ] = None
    prompts: Annotated[
        Path | None, _option("--prompts", help="Folder of prompts of your own (summarize.md ...).", panel="Language model", metavar="DIR")
    ] = None
    max_tokens: Annotated[
        int | None,
        _option("--max-tokens", help="Tokens that the run may spend, prompts and answers.", panel="Language model", metavar="N"),
    ] = None
    dry_run: Annotated[bool, _option("--dry-run", help="Ask nothing; print what it would cost.", panel="Language model")] = False
    metrics_file: Annotated[
        Path | None, _option("--metrics-file", help="Write Prometheus metrics there at the end.", panel="Language model", metavar="FILE")
    ] = None
    metrics_port: Annotated[
        int | None,
        _option("--metrics-port", help="Serve Prometheus metrics at 127.0.0.1 meanwhile.", panel="Language model", metavar="PORT"),
    ] = None

    def settings(self) -> dict[str, Any]:
        """The settings among them, None where not given."""
        names = ("engine", "base_url", "context_length", "adapter", "prompts", "max_tokens")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Output:
    """Where results go and how they look."""

    format: Annotated[
        str | None,
        _option(
            "--format",
            help="table, json, jsonl, csv or md, or several by comma (default: table, to a pipe too; it trims text, the others do not).",
            panel="Output",
            metavar="LIST",
        ),
    ] = None
    json: Annotated[bool, _option("--json", help="Short for --format json.", panel="Output")] = False
    out: Annotated[
        str | None,
        _option(
            "--out",
            help="A file, or a folder for several formats (default: stdout).",
            panel="Output",
            metavar="PATH",
        ),
    ] = None


def expand(function: Callable[..., None]) -> Callable[..., None]:
    """`function` with each parameter that is annotated with an options dataclass replaced by the dataclass's fields.

    Common options given before the command's name are merged in.
    """
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, type[Any]] = {name: hint for name, hint in hints.items() if isinstance(hint, type) and is_dataclass(hint)}
    parameters = [inspect.Parameter("typer_context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in groups:
            parameters.append(parameter.replace(annotation=hints[name]))
    for group in groups.values():
        types = get_type_hints(group, include_extras=True)
        parameters += [
            inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=types[field.name])
            for field in fields(group)
        ]

    @functools.wraps(function)
    def call(typer_context: typer.Context, **given: Any) -> None:
        for name, group in groups.items():
            own = {field.name: given.pop(field.name) for field in fields(group)}
            options = group(**own)
            if isinstance(options, Common):
                options = typer_context.find_root().obj = options.over(typer_context.obj)
            given[name] = options
        function(**given)

    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    )
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call
