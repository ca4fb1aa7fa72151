from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_samples import WordReader, file_record, make_document

from longdoc.errors import StoreBusyError
from longdoc_stores.corpus import Corpus

READER = WordReader()
TEXT = "Rent is due monthly.\n"

HOLD = """
import sys
from pathlib import Path
from longdoc_stores.corpus import Corpus
corpus = Corpus(Path(sys.argv[1]), exclusive=True)
print("held", flush=True)
sys.stdin.read()
"""


def put(corpus: Corpus, path: str, text: str) -> None:
    document, chunks = make_document(text, path)
    corpus.commit(file_record(path, text), parsed=(document, chunks), reading=(READER.fingerprint, READER.read(document, chunks)))


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the corpus."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "corpus")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_second_writer_is_told_who_holds_the_corpus(tmp_path: Path, writer: subprocess.Popen[bytes]) -> None:
    with pytest.raises(StoreBusyError, match=rf"corpus: another longdoc run \(process {writer.pid}\) is writing; waited 0 s"):
        Corpus(tmp_path / "corpus", exclusive=True, wait=0)
    with Corpus(tmp_path / "corpus", wait=0) as corpus, pytest.raises(StoreBusyError), corpus.writing():
        pass


def test_others_read_while_one_writes(tmp_path: Path, writer: subprocess.Popen[bytes]) -> None:
    with Corpus(tmp_path / "corpus", wait=0) as corpus:
        assert corpus.select() == []
        assert corpus.status().documents == 0
        assert corpus.check(repair=False) == []


def test_a_killed_writer_holds_nothing(tmp_path: Path, writer: subprocess.Popen[bytes]) -> None:
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    with Corpus(tmp_path / "corpus", exclusive=True, wait=0) as corpus:
        put(corpus, "/a.txt", TEXT)


def test_two_corpora_in_one_process_do_not_write_at_once(tmp_path: Path) -> None:
    with Corpus(tmp_path / "corpus") as one, Corpus(tmp_path / "corpus", wait=0) as two:
        with one.writing(), one.writing():
            put(one, "/a.txt", TEXT)
            with pytest.raises(StoreBusyError, match=f"process {os.getpid()}"):
                put(two, "/b.txt", TEXT)
        put(two, "/b.txt", TEXT + "More.\n")
        assert len(one.select()) == 2


def test_a_reader_sees_a_document_whole_or_not_at_all(tmp_path: Path) -> None:
    with Corpus(tmp_path / "corpus", exclusive=True) as writer, Corpus(tmp_path / "corpus") as reader:
        done = threading.Event()
        seen: list[int] = []
        errors: list[BaseException] = []

        def look() -> None:
            try:
                while not done.is_set() or not seen or seen[-1] < 20:
                    entries = reader.select()
                    for entry in entries:
                        assert len(reader.reading(entry, READER.fingerprint).chunk_vectors) == len(reader.chunks(entry))
                    hits = reader.search_text("rent", entries, 100)
                    assert len({hit.entry.path for hit in hits}) == len(entries)
                    seen.append(len(entries))
            except BaseException as error:  # noqa: BLE001 - looked at in the main thread
                errors.append(error)

        thread = threading.Thread(target=look)
        thread.start()
        for number in range(20):
            put(writer, f"/{number}.txt", f"Rent number {number} is due.\n")
        done.set()
        thread.join(timeout=60)
    assert errors == []
    assert seen == sorted(seen)


def test_threads_share_a_corpus(tmp_path: Path) -> None:
    with Corpus(tmp_path / "corpus") as corpus:
        threads = [threading.Thread(target=put, args=(corpus, f"/{number}.txt", f"Rent {number}.\n")) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(corpus.select()) == 8
        assert corpus.check(repair=False) == []
