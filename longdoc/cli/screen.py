"""What a person sees on stderr: messages, and a bar per stage where stderr is a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from longdoc.cli.text import printable
from longdoc.errors import UnsupportedError
from longdoc.protocols import Progress
from longdoc.types import Outcome

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class Screen:
    """Messages and progress of one command; nothing of it goes to stdout, and no document text is shown."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}

    def say(self, message: str) -> None:
        """A message, unless -q."""
        if not self.quiet:
            self._print(message)

    def hint(self, message: str) -> None:
        """A word of advice for a person who looks at results on a terminal."""
        if sys.stdout.isatty() and sys.stderr.isatty():
            self.say(message)

    def detail(self, message: str) -> None:
        """A message for -v."""
        if self.verbose:
            self._print(message)

    def complain(self, message: str) -> None:
        """An error; -q does not silence it."""
        self._print(message)

    def outcome(self, outcome: Outcome, named: bool) -> None:
        """What became of a file: trouble is told as it comes, the rest with -v.

        A folder may hold files of any kind: that one is skipped for its format is no trouble unless it was `named`.
        """
        line = f"{outcome.outcome}: {outcome.reason or outcome.path}"
        if outcome.reason is not None and outcome.path not in outcome.reason:
            line = f"{outcome.outcome}: {outcome.path}: {outcome.reason}"
        other_format = outcome.details.get("error") == UnsupportedError.__name__
        if outcome.outcome == "failed":
            self.complain(line)
        elif outcome.outcome == "partial" or (outcome.outcome == "skipped" and (named or not other_format)):
            self.say(line)
        else:
            self.detail(line + (" (unchanged)" if outcome.cached else ""))

    def progress(self, progress: Progress) -> None:
        """Move the stage's bar; only on a terminal."""
        if self.quiet or not sys.stderr.isatty():
            return
        if self._bars is None:
            self._bars = _bars()
            self._bars.start()
        if progress.stage not in self._tasks:
            self._tasks[progress.stage] = self._bars.add_task(progress.stage, total=progress.total, unit=progress.unit)
        self._bars.update(self._tasks[progress.stage], completed=progress.done, total=progress.total)

    def close(self) -> None:
        """Take the bars away."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
            self._tasks = {}

    def _print(self, message: str) -> None:
        if self._bars is not None:
            self._bars.console.print(printable(message), markup=False, highlight=False, soft_wrap=True)
        else:
            print(printable(message), file=sys.stderr, flush=True)


def _bars() -> Bars:
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.progress import Task as BarTask
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: BarTask) -> Text:
            if task.speed is None:
                return Text("")
            return Text(f"{task.speed:,.{0 if task.speed >= 10 else 1}f} {task.fields['unit']}/s")

    class Count(ProgressColumn):
        def render(self, task: BarTask) -> Text:
            total = f" of {task.total:,.0f}" if task.total is not None else ""
            return Text(f"{task.completed:,.0f}{total} {task.fields['unit']}")

    return Bars(
        TextColumn("{task.description:<10}"), BarColumn(bar_width=30), Count(), Speed(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
