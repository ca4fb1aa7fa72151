"""What `longdoc doctor` looks at."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc.cli.records import Line
from longdoc.errors import LongdocError
from longdoc.protocols import Request

if TYPE_CHECKING:
    from longdoc.pipeline import Pipeline

LEAST_FREE = 1 << 30
OLDEST_PYTHON = (3, 11)
DERIVED = ("stray", "index")
"""Kinds of problems that cost space or time and no result."""


def examine(pipeline: Pipeline, repair: bool) -> list[Line]:
    """One record per check: `state` is ok, warning or broken, `detail` says what was found and what to do."""
    return [*_python(), *_packages(), *_sqlite(), *_model(pipeline), *_engine(pipeline), *_corpus(pipeline, repair), *_disk(pipeline)]


def _check(name: str, state: str, detail: str) -> Line:
    return {"check": name, "state": state, "detail": detail}


def _python() -> Iterator[Line]:
    state = "ok" if sys.version_info >= OLDEST_PYTHON else "broken"
    yield _check("python", state, f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores")


def _packages() -> Iterator[Line]:
    needed = [line.partition(";")[0].strip() for line in requires("longdoc") or () if "extra ==" not in line]
    names = sorted({_name(line) for line in needed}, key=str.casefold)
    found: list[str] = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield _check("packages", "broken", f"{name} is not installed: pip install '{name}'")
    yield _check("packages", "ok", ", ".join(found))


def _name(requirement: str) -> str:
    for position, character in enumerate(requirement):
        if not (character.isalnum() or character in "-_."):
            return requirement[:position]
    return requirement


def _sqlite() -> Iterator[Line]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("SELECT value FROM json_each('[1]')").fetchall()
        yield _check("sqlite", "ok", f"{sqlite3.sqlite_version} with JSON functions")
    except sqlite3.OperationalError as error:
        yield _check("sqlite", "broken", f"{sqlite3.sqlite_version}: {error}; a Python with SQLite 3.38 or newer is needed")
    finally:
        connection.close()


def _model(pipeline: Pipeline) -> Iterator[Line]:
    try:
        reader = pipeline.embedded
        vector = reader.embed(["The quick brown fox."])[0]
    except (LongdocError, ImportError, OSError, RuntimeError, ValueError) as error:
        yield _check("model", "broken", f"{pipeline.settings.reader}: {error}; install longdoc again, or check --model")
        return
    yield _check("model", "ok", f"{reader.name} {reader.fingerprint}, vectors of {len(vector)}")


def _engine(pipeline: Pipeline) -> Iterator[Line]:
    if pipeline.settings.engine is None:
        return
    try:
        engine = pipeline.language_model.bare
        schema = {"type": "object", "properties": {"word": {"type": "string", "maxLength": 24}}, "required": ["word"]}
        asked = Request(({"role": "user", "content": 'Answer with JSON alone: {"word": "ready"}'},), schema, max_tokens=48)
        [(_, answer)] = engine.generate([asked])
    except (LongdocError, ImportError, OSError, RuntimeError, ValueError) as error:
        yield _check("engine", "broken", f"{pipeline.settings.engine}: {error}")
        return
    yield _check("engine", "ok", f"{engine.name}, reads {engine.context_length:,} tokens")
    if answer.error is not None:
        yield _check("engine output", "broken", f"no output by a schema: {answer.error}")
        return
    how = "enforced by the engine" if engine.enforces_schema else "asked for and validated"
    yield _check("engine output", "ok", f"JSON by a schema, {how}")
    first = "" if answer.first_token_seconds is None else f"first token after {answer.first_token_seconds:.2f} s, "
    speed = answer.completion_tokens / max(answer.seconds - (answer.first_token_seconds or 0.0), 1e-6)
    yield _check("engine speed", "ok", f"{first}{speed:,.1f} tokens/s for {answer.completion_tokens} tokens")


def _corpus(pipeline: Pipeline, repair: bool) -> Iterator[Line]:
    folder = pipeline.settings.store
    if not folder.exists():
        yield _check("corpus", "ok", f"none at {folder} yet")
        return
    try:
        problems = pipeline.check(repair)
    except LongdocError as error:
        yield _check("corpus", "broken", str(error))
        return
    for problem in problems:
        harmless = problem.repaired or problem.kind in DERIVED
        advice = " (repaired)" if problem.repaired else "; longdoc doctor --repair mends what can be mended"
        yield _check("corpus", "warning" if harmless else "broken", f"{problem.kind}: {problem.what}{advice}")
    if not problems:
        status = pipeline.status()
        yield _check("corpus", "ok", f"{folder}: {status.documents} documents, every checksum matches")


def _disk(pipeline: Pipeline) -> Iterator[Line]:
    folder = pipeline.settings.store.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(Path(folder)).free
    detail = f"{free / 1e9:,.1f} GB free at {folder}"
    if free >= LEAST_FREE:
        yield _check("disk", "ok", detail)
    else:
        yield _check("disk", "warning", f"{detail}: a large corpus may not fit")
