"""Where results go: stdout, a file, or a folder with one file per format and a manifest. Files appear whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from longdoc.cli.formats import FORMATS, Format, View, encode, parse_formats
from longdoc.cli.options import Output
from longdoc.errors import LongdocError, UsageError
from longdoc_stores.durable import drop_part, name_part, open_part

if TYPE_CHECKING:
    from longdoc_pipelines.reports.base import Report
    from longdoc_pipelines.reports.summaries.base import SummaryReport

Envelope = Callable[[], dict[str, Any]]


class ClosedPipeError(Exception):
    """Whoever read our output has gone."""


class Writer:
    """Hands each item to every format asked for; a context manager that commits files at the end, if all went well.

    `reports` are further formats, name -> suffix, that are files of their own kind: `open` begins those that were asked for, and `closing`
    must be set before the end.
    """

    def __init__(self, command: str, options: Output, view: View, envelope: Envelope, reports: Mapping[str, str] | None = None) -> None:
        suffixes = reports or {}
        chosen = parse_formats(options.format, options.json, tuple(suffixes))
        self.names = [name for name in chosen if name not in suffixes]
        self.closing: Any = None
        self._wanted = {name: suffixes[name] for name in chosen if name in suffixes}
        self._reports: list[Report | SummaryReport] = []
        self.out = None if options.out in (None, "-") else Path(str(options.out))
        self.command = command
        self.view = view
        self._reported: Callable[[Any], Any] = getattr(view, "reported", lambda item: item)
        self.envelope = envelope
        self.folder = self.out if self.out is not None and _is_folder(str(options.out), len(chosen)) else None
        if self.out is None and len(chosen) > 1:
            raise UsageError(f"--format {','.join(chosen)} gives several results: name a folder for them with --out")
        if self.out is None and self._wanted:
            raise UsageError(f"--format {chosen[0]} gives a file: name it with --out")
        self._files: list[AtomicFile] = []
        self._formats: list[Format] = []

    def __enter__(self) -> Self:
        with ExitStack() as cleanup, _writing(self.out):
            cleanup.callback(self._discard)
            for name in self.names:
                kind, suffix = FORMATS[name]
                self._formats.append(kind(self.view, self._stream(suffix), self.envelope))
            for target in self._targets().values():
                if target.is_file() or not target.exists():
                    AtomicFile(target).discard()  # that nothing can be written there is told before a run of hours
            cleanup.pop_all()
        return self

    def open(self, begin: Callable[[str, Path], Report | SummaryReport]) -> None:
        """Begin the reports; `begin` opens one by its name and target."""
        with _writing(self.out):
            for name, target in self._targets().items():
                target.parent.mkdir(parents=True, exist_ok=True)
                self._reports.append(begin(name, target))

    def _targets(self) -> dict[str, Path]:
        """The file of each report."""
        if self.out is None:
            return {}
        return {name: self.folder / f"{self.command}.{suffix}" if self.folder else self.out for name, suffix in self._wanted.items()}

    def _stream(self, suffix: str) -> TextIO:
        if self.out is None:
            return sys.stdout
        target = self.folder / f"{self.command}.{suffix}" if self.folder else self.out
        self._files.append(AtomicFile(target))
        return self._files[-1].stream

    def add(self, item: Any) -> None:
        """Show one item.

        Raises: ClosedPipeError when stdout is closed.
        """
        with _writing(self.out):
            for form in self._formats:
                form.add(item)
            for report in self._reports:
                report.add(self._reported(item))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        with ExitStack() as cleanup:
            cleanup.callback(self._discard)
            if error is not None:
                return
            with _writing(self.out):
                for form in self._formats:
                    form.finish()
                for report in self._reports:
                    if self.closing is None:
                        raise AssertionError("reports end with the run's closing")
                    report.finish(self.closing)
                if self.out is None:
                    sys.stdout.flush()
                for file in self._files:
                    file.commit()

    def _discard(self) -> None:
        for report in self._reports:
            report.__exit__(None, None, None)
        for file in self._files:
            file.discard()

    def manifest(self, content: dict[str, Any]) -> None:
        """Write manifest.json into the output folder, if there is one."""
        if self.folder is None:
            return
        file = AtomicFile(self.folder / "manifest.json")
        with ExitStack() as cleanup, _writing(file.target):
            cleanup.callback(file.discard)
            file.stream.write(encode(content, indent=2) + "\n")
            file.commit()


class AtomicFile:
    """A text file that takes its name when it is whole, and is `<name>.part` until then; what is no regular file (/dev/stdout, a pipe) is
    written directly."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self._temporary: Path | None = None
        try:
            if target.exists() and not target.is_file() and not target.is_dir():
                self.stream: TextIO = open(target, "w", encoding="utf-8", newline="\n")  # noqa: SIM115
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                raise UsageError(f"--out {target}: is a folder, a file was expected")
            descriptor, self._temporary = open_part(target)
        except OSError as error:
            raise UsageError(f"--out {target}: cannot be written ({error.strerror})") from error
        self.stream = os.fdopen(descriptor, "w", encoding="utf-8", newline="\n", errors="backslashreplace")

    def commit(self) -> None:
        """Make the file appear under its name."""
        if self._temporary is None:
            self.stream.close()
            return
        name_part(self.stream, self._temporary, self.target)
        self._temporary = None

    def discard(self) -> None:
        """Remove what was written, unless it was committed."""
        with suppress(OSError):  # closing writes what is still buffered; a full disk has been told of already
            if self._temporary is None:
                self.stream.close()
            else:
                drop_part(self.stream, self._temporary)
        self._temporary = None


def write_bytes(target: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises: LongdocError if it cannot be written.
    """
    with _writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.part")
        temporary.write_bytes(content)
        temporary.replace(target)


@contextmanager
def _writing(out: Path | None) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise ClosedPipeError from error
    except OSError as error:
        raise LongdocError(f"{out or 'stdout'}: cannot be written ({error.strerror})") from error


def _is_folder(text: str, formats: int) -> bool:
    return formats > 1 or text.endswith(("/", os.sep)) or Path(text).is_dir()
