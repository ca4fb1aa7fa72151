"""Output formats. Each takes the items of a command one by one and writes them to a text stream.

A View says how a command's items look; a Format says where the pieces go.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from longdoc.cli.records import Line
from longdoc.cli.text import cell
from longdoc.errors import UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

SCHEMA_VERSION = 1
WIDTH_OFF_A_TERMINAL = 120
_BLANKS_AT_THE_END = re.compile(r"[ \t]+$", flags=re.MULTILINE)


class View(Protocol):
    """How one command shows its items. One whose records are nested has a further method, `rows`, that gives them flat, for CSV; one whose
    items are more than what reports take has `reported`, which gives that; one that has more to say after the last item has
    `markdown_end`."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The keys of a record that CSV shows."""
        ...

    def lines(self, item: Any) -> Iterable[Line]:
        """The records of the JSONL contract."""
        ...

    def table(self, item: Any, width: int) -> Iterator[RenderableType]:
        """What a terminal of `width` columns shows."""
        ...

    def markdown(self, item: Any) -> Iterator[str]:
        """Lines of Markdown."""
        ...


class Format(ABC):
    """Writes items to `stream`; `envelope` gives what JSON carries beside the records."""

    def __init__(self, view: View, stream: TextIO, envelope: Callable[[], dict[str, Any]]) -> None:
        self.view = view
        self.stream = stream
        self.envelope = envelope

    @abstractmethod
    def add(self, item: Any) -> None:
        """Write one item."""

    def finish(self) -> None:
        """Write what comes after the last item."""
        self.stream.flush()


class JsonLines(Format):
    """One record a line, UTF-8; the lines of an item go out together and at once, so that who follows them sees whole ones."""

    def add(self, item: Any) -> None:
        self.stream.write("".join(encode(line) + "\n" for line in self.view.lines(item)))
        self.stream.flush()


class Json(Format):
    """One object: the records, written as they come, then what the envelope says: package, model and label-set fingerprints, outcomes."""

    def __init__(self, view: View, stream: TextIO, envelope: Callable[[], dict[str, Any]]) -> None:
        super().__init__(view, stream, envelope)
        self._before = f'{{\n  "schema_version": {SCHEMA_VERSION},\n  "records": ['
        """What goes before the next record: nothing is written before there is something to tell."""

    def add(self, item: Any) -> None:
        for line in self.view.lines(item):
            self.stream.write(f"{self._before}\n    {_indented(line, 4)}")
            self._before = ","

    def finish(self) -> None:
        self.stream.write("\n  ]" if self._before == "," else f"{self._before}]")
        for name, value in self.envelope().items():
            self.stream.write(f",\n  {encode(name)}: {_indented(value, 2)}")
        self.stream.write("\n}\n")


class Csv(Format):
    """A header and one row per record; cells that a spreadsheet would run as a formula begin with an apostrophe."""

    def __init__(self, view: View, stream: TextIO, envelope: Callable[[], dict[str, Any]]) -> None:
        super().__init__(view, stream, envelope)
        self.writer = csv.writer(stream, lineterminator="\n")
        self.writer.writerow(view.columns)
        self.rows: Callable[[Any], Iterable[Line]] = getattr(view, "rows", view.lines)

    def add(self, item: Any) -> None:
        for line in self.rows(item):
            self.writer.writerow([cell(line.get(name)) for name in self.view.columns])


class Markdown(Format):
    """A page for people, with page citations; a review's ends with the head of the audit log."""

    def add(self, item: Any) -> None:
        for line in self.view.markdown(item):
            self.stream.write(line + "\n")

    def finish(self) -> None:
        for line in getattr(self.view, "markdown_end", tuple)():
            self.stream.write(line + "\n")
        super().finish()


class Table(Format):
    """What a terminal shows: text trimmed to the width, colour on a terminal only."""

    def __init__(self, view: View, stream: TextIO, envelope: Callable[[], dict[str, Any]]) -> None:
        from rich.console import Console

        super().__init__(view, stream, envelope)
        self.width = shutil.get_terminal_size((WIDTH_OFF_A_TERMINAL, 24)).columns if stream.isatty() else WIDTH_OFF_A_TERMINAL
        self.console = Console(file=stream, width=self.width, highlight=False, markup=False, emoji=False)

    def add(self, item: Any) -> None:
        for part in self.view.table(item, self.width):
            with self.console.capture() as captured:
                self.console.print(part, soft_wrap=bool(getattr(part, "no_wrap", False)))
            text = captured.get()
            self.stream.write(text if self.console.is_terminal else _BLANKS_AT_THE_END.sub("", text))


FORMATS: dict[str, tuple[type[Format], str]] = {
    "table": (Table, "txt"),
    "json": (Json, "json"),
    "jsonl": (JsonLines, "jsonl"),
    "csv": (Csv, "csv"),
    "md": (Markdown, "md"),
}


def encode(content: Any, indent: int | None = None) -> str:
    """JSON that stays on its line wherever it is split: U+2028, U+2029 and U+0085 are escaped."""
    text = json.dumps(content, ensure_ascii=False, indent=indent, allow_nan=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")


def _indented(value: Any, by: int) -> str:
    """JSON whose lines but the first are indented by `by` blanks."""
    return encode(value, indent=2).replace("\n", "\n" + " " * by)


def parse_formats(text: str | None, as_json: bool, more: Sequence[str] = ()) -> list[str]:
    """The formats asked for, in that order; `more` are names beside those of FORMATS.

    Raises: UsageError for a format that does not exist, or two ways of asking that disagree.
    """
    if as_json and text not in (None, "json"):
        raise UsageError(f"--json and --format {text} contradict each other; use --format {text},json")
    names = ["json"] if as_json else [part.strip().lower() for part in (text or "table").split(",")]
    for name in names:
        if name not in FORMATS and name not in more:
            raise UsageError(f"--format: no format {name!r}. Known: {', '.join((*FORMATS, *more))}")
    return list(dict.fromkeys(names))
