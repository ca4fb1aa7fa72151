"""What workers are given in tests: a job and a reader that fail as told, importable in any process on this machine."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from corpus_samples import WordReader

from longdoc.errors import StoreError
from longdoc.ingest.worker import UNWATCHED, Watch
from longdoc.labels import LabelSet
from longdoc.protocols import Reading, Source
from longdoc.types import Chunk, Clause, Document

ANSWER = "worker_samples:answer"
STAGED = "worker_samples:staged"
PINNED: list[bytearray] = []
"""What is left at the end of the heap, so that it cannot shrink by itself."""
ENTRY_POINT = "[longdoc.readers]\nodd = worker_samples:OddReader\n"


def importable(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Make this module, and `odd` as the name of a reader, known here and in every process begun from now on."""
    information = folder / "odd_reader-1.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-reader\nVersion: 1\n")
    (information / "entry_points.txt").write_text(ENTRY_POINT)
    patch.syspath_prepend(str(folder))
    patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(Path(__file__).parent)]))


def answer(path: str, what: str, data: bytes | None = None) -> Any:
    """Does what its name says; `path` is its mark where it is to happen once."""
    if what == "die once":
        die_once(path)
    elif what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "crash":
        os.abort()
    elif what == "own":
        return os.getpid()
    elif what == "parent":
        return os.getppid()
    elif what == "die of the parent once":
        die_once(path, os.getppid())
    elif what == "die of the parent":
        os.kill(os.getppid(), signal.SIGKILL)
        wait_for_the_end()
    elif what == "resident":
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    elif what == "data":
        return data
    return what


def staged(path: str, what: str, watch: Watch = UNWATCHED) -> Any:
    """Enters the stage "read" and then does what its name says."""
    watch.entered("read")
    if what == "eat":
        return len(bytearray(1 << 30))
    if what == "take time":
        end = time.monotonic() + 3.0
        while time.monotonic() < end:
            watch.progress(1)
    elif what == "read for ever":
        with open(path):
            while True:
                watch.progress(1)
    elif what == "leave holes":
        taken = [b"x" * 100_000 for _ in range(9000)]
        PINNED.append(bytearray(100_000))
        return sum(len(one) for one in taken)
    elif what == "bug":
        raise RuntimeError("no such layer")
    elif what == "store":
        raise StoreError("weights.safetensors: made by a newer longdoc")
    return answer(path, what)


def make_mark(path: Path) -> str:
    """A pipe with one byte in it, for `die_once`: a worker may write nowhere, but it may read."""
    os.mkfifo(path)
    # It stays open, since a pipe that nobody holds forgets what is in it.
    os.write(os.open(path, os.O_RDWR | os.O_NONBLOCK), b"x")
    return str(path)


def take_mark(path: str) -> bool:
    """Whether this is the first to come."""
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(pipe, 1) == b"x"
    except BlockingIOError:
        return False
    finally:
        os.close(pipe)


def die_once(mark: str, process: int | None = None) -> None:
    """The first to come kills a process, its own or the one named."""
    if take_mark(mark):
        os.kill(process or os.getpid(), signal.SIGKILL)
        wait_for_the_end()


def wait_for_the_end() -> None:
    """Stay until the process is killed; what has died by then cannot be given back."""
    signal.pause()


class OddReader(WordReader):
    """Reads words, unless the first line of a document says what to do instead; made as a process makes one."""

    def __init__(self, threads: int | None = None, model: Path | None = None) -> None:
        super().__init__("odd/1")
        self.threads = threads

    def read(self, document: Document, chunks: Sequence[Chunk], progress: Callable[[int], None] | None = None) -> Reading:
        what, _, mark = document.text.partition("\n")[0].partition(" ")
        if what == "BUG":
            raise RuntimeError("no such layer")
        if what == "STORE":
            raise StoreError("weights.safetensors: made by a newer longdoc")
        if what == "CRASH":
            os.abort()
        if what == "DIE-ONCE":
            die_once(mark)
        return super().read(document, chunks, progress)

    def extract(self, source: Source, labels: LabelSet) -> list[Clause]:
        if source.document.text.startswith("UNLABELLED"):
            raise RuntimeError("no such head")
        return [
            Clause(label=label.name, score=0.5, citation=source.document.cite(chunk.span))
            for label in labels.labels
            for chunk in source.chunks
        ]
