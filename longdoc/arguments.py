"""What a Pipeline is called with: paths, settings, and the errors about them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Literal, TypedDict

from longdoc import errors
from longdoc.errors import InputError, UsageError
from longdoc.types import Outcome

PathLike = str | os.PathLike[str]
Paths = PathLike | Iterable[PathLike]


class SettingArguments(TypedDict, total=False):
    """The settings as keyword arguments of `Pipeline`; see `longdoc.config.Settings`. None stands for not given."""

    workers: int | str | None
    executor: str | None
    threads: int | str | None
    timeout: float | None
    memory_limit: int | None
    max_pages: int | None
    max_characters: int | None
    max_file_size: int | None
    max_members: int | None
    max_unpacked: int | None
    max_ratio: int | None
    max_depth: int | None
    ocr: str | None
    ocr_dpi: int | None
    ocr_languages: str | None
    ram_budget: int | None
    disk_budget: int | None
    archive: str | None
    reader: str | None
    model: PathLike | None
    labels: PathLike | None
    domain: str | None
    engine: str | None
    base_url: str | None
    context_length: int | None
    adapter: str | None
    prompts: PathLike | None
    max_tokens: int | None
    engine_options: dict[str, Any] | None


class SummaryArguments(TypedDict, total=False):
    """How a summary is to be, as keyword arguments: at most so many `sentences` or a `length`, about a `focus`, of a `section`. None stands
    for not given."""

    sentences: int | None
    length: Literal["short", "medium", "long"] | None
    focus: str | None
    section: str | None


def named(paths: Paths) -> list[str]:
    """`paths` as a list of strings.

    Raises: UsageError if there is none.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not given:
        raise UsageError("no path was given: name files or folders")
    return [os.fspath(path) for path in given]


def failure(outcome: Outcome) -> InputError:
    """The exception that stands behind a failed outcome."""
    kind = getattr(errors, str(outcome.details.get("error", "")), InputError)
    message = outcome.reason or f"{outcome.path}: could not be read"
    return kind(message) if issubclass(kind, InputError) else InputError(message)


def unread(path: PathLike) -> InputError:
    """The exception for a path that the corpus does not hold."""
    return InputError(f"{os.fspath(path)}: is not in the corpus")
