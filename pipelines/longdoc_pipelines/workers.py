"""Which workers a run has, and what they read with."""

from __future__ import annotations

from dataclasses import replace

from longdoc.config import LOCAL, Settings
from longdoc.protocols import Executor, Limits
from longdoc.registry import load
from longdoc_pipelines.stages import ReaderChoice

FEW = 8
"""From so many files on they are read in worker processes."""


def executor_of(settings: Settings, limits: Limits) -> Executor:
    """The executor that the settings name; how many workers "auto" stands for on other machines it finds out itself.

    Raises: UnknownNameError; MissingExtraError if it cannot be imported.
    """
    chosen = settings.resolved() if settings.executor == LOCAL else settings
    made: Executor = load("executors", settings.executor)(None if chosen.workers == "auto" else chosen.workers, limits)
    return made


def reader_of_workers(choice: ReaderChoice | None, settings: Settings, files: int) -> ReaderChoice | None:
    """What the workers read so many files with, None if that is done without them; those of this machine share out its threads."""
    if choice is None or (files < FEW and settings.executor == LOCAL):
        return None
    share = choice.threads // int(settings.resolved().workers) if settings.executor == LOCAL else 1
    return replace(choice, threads=max(1, share))
