"""One process writes a context at a time; others, and other objects of the same, read whole flushes meanwhile."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from context_samples import WIDTH, append, check_search, opened, spans_of

from longdoc.errors import StoreBusyError, StoreError
from longdoc_stores import disk_tier
from longdoc_stores.context import ContextStore

HERE = Path(__file__).parent.parent


def test_a_second_writer_is_told_that_the_first_is_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_tier, "BUSY_SECONDS", 0.05)
    with opened(tmp_path) as first, opened(tmp_path) as second:
        append(first, "a", 64)
        with pytest.raises(StoreBusyError):
            append(second, "b", 64)
        with pytest.raises(StoreBusyError):
            second.drop("a")
        assert second.blocks() == []
        first.flush()
        append(second, "b", 64)
        second.flush()
        assert first.documents() == second.documents() == ["a", "b"]
        assert [info.number for info in first.blocks()] == [0, 1]


def test_writers_take_turns_and_each_goes_on_from_what_the_other_left(tmp_path: Path) -> None:
    with opened(tmp_path) as first, opened(tmp_path) as second:
        documents = {}
        for number in range(12):
            writer = (first, second)[number % 2]
            documents[str(number)] = append(writer, str(number), 64, number)
            if number % 3 == 2:
                writer.drop(str(number - 2))
                del documents[str(number - 2)]
            writer.flush()
        check_search(first, documents)
        check_search(second, documents)
        assert [info.number for info in first.blocks()] == [int(document) for document in first.documents()]


def test_a_failed_append_to_a_context_that_another_extended_harms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as first, opened(tmp_path) as second:
        append(first, "a", 64)
        first.flush()
        monkeypatch.setattr(second.store, "put", fails)
        with pytest.raises(StoreError, match="no room"):
            append(second, "b", 64)
        monkeypatch.undo()
        second.flush()
        assert second.documents() == first.documents() == ["a"]


def fails(*_: object) -> None:
    raise StoreError("no room")


def replace_document(writer: ContextStore, number: int) -> None:
    """Another version of document "a": three blocks whose states are its number."""
    writer.forget("a")
    for _ in range(3):
        writer.append_block("a", torch.full((8, WIDTH), float(number)), spans_of(0, 8), section=(str(number),))
    writer.flush()


def test_readers_see_whole_flushes_and_never_an_error_while_one_writes_and_forgets(tmp_path: Path) -> None:
    writer = opened(tmp_path)
    done = threading.Event()
    problems: list[str] = []

    def read() -> None:
        with opened(tmp_path) as reader:
            last = 0
            while not done.is_set():
                infos = reader.blocks("a")
                versions = {info.section for info in infos}
                if len(versions) > 1 or len(infos) not in (0, 3):
                    problems.append(f"{infos} is no whole flush")
                for block in reader.iterate("a"):
                    found = int(block.states[0, 0])
                    if found < last or block.info.section != (str(found),):
                        problems.append(f"{found} after {last} in {block.info}")
                    last = found
                recent = reader.recent()
                if recent is not None and len({info.section for info in recent.infos}) > 1:
                    problems.append(f"{recent.infos} is no whole flush")
                reader.search(np.ones(WIDTH, dtype=np.float32), 5)
                try:
                    reader.gather([info.number for info in infos] or [0])
                except KeyError:
                    continue  # forgotten since the list was made

    def guarded() -> None:
        try:
            read()
        except (StoreError, ValueError, RuntimeError) as error:
            problems.append(repr(error))

    readers = [threading.Thread(target=guarded) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 25):
        replace_document(writer, number)
    done.set()
    for reader in readers:
        reader.join()
    writer.close()
    assert problems == []


READER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from context_samples import SETTINGS, WIDTH
from longdoc_stores.context import ContextStore

reader = ContextStore(Path(sys.argv[1]), WIDTH, SETTINGS)
said = None
while "end" not in reader.documents():
    infos = reader.blocks("a")
    versions = {info.section for info in infos}
    assert len(versions) <= 1, infos
    assert len(infos) in (0, 3), infos
    for block in reader.iterate("a"):
        assert block.info.section == (str(int(block.states[0, 0])),), block
    assert len(reader.search([1.0] * WIDTH, 5)) <= 4
    if versions and versions != said:
        said = versions
        print(infos[0].section[0], flush=True)
"""


def test_another_process_reads_while_this_one_writes_and_forgets(tmp_path: Path) -> None:
    writer = opened(tmp_path)
    command = [sys.executable, "-c", READER, str(tmp_path / "context"), str(HERE)]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    for number in range(20):
        replace_document(writer, number)
        if number % 4 == 0:  # the others it may see or miss
            for line in reader.stdout:
                if line == f"{number}\n":
                    break
            else:
                pytest.fail(reader.communicate()[1])
    append(writer, "end", 1)
    writer.flush()
    writer.close()
    _, errors = reader.communicate()
    assert reader.returncode == 0, errors


def test_a_block_forgotten_by_another_is_no_block_here_although_memory_holds_it(tmp_path: Path) -> None:
    with opened(tmp_path) as writer, opened(tmp_path) as reader:
        append(writer, "a", 64)
        append(writer, "b", 64)
        writer.flush()
        info = reader.info(0)
        reader.gather([0, 1])
        writer.forget("a")
        with pytest.raises(KeyError, match="no block 0 in this context"):
            reader.gather([0])
        with pytest.raises(KeyError, match="block 0 of a was forgotten"):
            reader.block(info)
        assert [block.info.document for block in reader.iterate()] == ["b"]


def test_iterating_leaves_out_what_is_forgotten_before_its_turn(tmp_path: Path) -> None:
    with opened(tmp_path) as writer, opened(tmp_path) as reader:
        for document in "abc":
            append(writer, document, 64)
        writer.flush()
        blocks = reader.iterate(ahead_by=0)
        assert next(blocks).info.document == "a"
        writer.forget("b")
        assert [block.info.document for block in blocks] == ["c"]
