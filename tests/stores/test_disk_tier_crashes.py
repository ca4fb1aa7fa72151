from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from disk_samples import opened, segment_files
from store_contract import constant, same

CRASHES = """
import os, signal, sys
from pathlib import Path

sys.path[:0] = sys.argv[2:]
import torch
from crashes import crash_at
from store_contract import constant, same
from longdoc_stores import database
from longdoc_stores.disk_tier import DiskTier

torch.set_num_threads(1)
home = Path(sys.argv[1])

WRITES = [
    *((os, name) for name in ("fsync", "pwrite", "unlink", "ftruncate")),
    *((database.Database, name) for name in ("run", "empty_log")),
]

# What the store holds after each flush: keys to numbers.
STEPS = [
    {"put": {"a": 1, "b": 2, "c": 3}},
    {"put": {"a": 4, "d": 5, "e": 6}, "delete": ["b"]},
    {"put": {"c": 7, "f": 8}, "delete": ["a", "d"]},
    {"put": {}, "delete": ["c", "e"]},
    {"put": {"g": 9, "a": 10}, "delete": []},
]

def states():
    held, found = {}, [{}]
    for step in STEPS:
        held = {key: number for key, number in {**held, **step["put"]}.items() if key not in step.get("delete", [])}
        found.append(held)
    return found

def work(folder, first, told):
    tier = DiskTier(folder, segment_size=12_000)
    for number, step in enumerate(STEPS):
        if number < first:
            continue
        for key, content in step["put"].items():
            tier.put(key, constant(content, 16))
        for key in step.get("delete", []):
            tier.delete(key)
        tier.flush()
        os.write(told, bytes([number + 1]))
    tier.close()

def held(tier):
    assert tier.check() == {}, tier.check()
    return {key: int(tier.get(key).data[0]) for key in tier.keys()}

moment = 0
while True:
    moment += 1
    folder = home / str(moment)
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        crash_at(moment, WRITES)
        work(folder, 0, told)
        os._exit(0)
    os.close(told)
    killed = os.waitpid(child, 0)[1] != 0
    acknowledged = max(os.read(heard, 100) or [0])
    os.close(heard)
    tier = DiskTier(folder, segment_size=12_000)
    found = held(tier)
    reached = states().index(found)
    # Killed after the commit and before it could say so: one further.
    assert acknowledged <= reached <= acknowledged + 1, (moment, acknowledged, found)
    tier.put("later", constant(99, 3))
    tier.flush()
    alive = set(found.values()) | {99}
    for path in folder.glob("*.segment"):
        assert set(path.read_bytes()) <= alive | {0}, (moment, path)
    live = sum(tier.get(key).nbytes for key in tier.keys())
    assert sum(path.stat().st_size for path in folder.glob("*.segment")) <= 2 * live + 64, moment
    tier.delete("later")
    tier.flush()
    tier.close()
    told = os.open(os.devnull, os.O_WRONLY)
    work(folder, reached, told)
    os.close(told)
    tier = DiskTier(folder)
    assert held(tier) == states()[-1], moment
    tier.close()
    if not killed:
        break
print(moment)
"""


@pytest.mark.slow
def test_a_crash_before_any_write_leaves_the_last_flush_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CRASHES, str(tmp_path), str(Path(__file__).parent.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 80


FOUND_AGAIN = """
import os, signal, sys
from pathlib import Path

sys.path[:0] = sys.argv[3:]
from store_contract import constant
from longdoc_stores.database import Database
from longdoc_stores.disk_tier import DiskTier

folder, opens_first = Path(sys.argv[1]), sys.argv[2] == "first"

def killed():
    os.kill(os.getpid(), signal.SIGKILL)

def child(work):
    heard, told = os.pipe()
    go, start = os.pipe()
    number = os.fork()
    if number == 0:
        work(lambda: (os.write(told, b"."), os.read(go, 1)))
        os._exit(1)
    os.read(heard, 1)
    def go_on():
        os.write(start, b".")
        return os.waitpid(number, 0)[1]
    return go_on

def look_on(wait):
    tier = DiskTier(folder)
    wait()
    killed()

def write_and_die_in_the_commit(wait):
    tier = DiskTier(folder)
    for number in range(8):
        tier.put(f"new-{number}", constant(number + 1, 16))
    index = folder / "index.sqlite-shm"
    before = index.read_bytes()
    commit = Database.commit
    def die(database):
        commit(database)
        index.write_bytes(before)  # as if it had been killed before it told the others
        killed()
    Database.commit = die
    wait()
    tier.flush()

def begin_and_die(wait):
    if opens_first:
        tier = DiskTier(folder)
        wait()
    else:
        wait()
        tier = DiskTier(folder)
    tier.put("other", constant(99, 5))
    killed()

tier = DiskTier(folder)
tier.put("old", constant(50, 16))
tier.flush()
onlooker = child(look_on)
other = child(begin_and_die)
writer = child(write_and_die_in_the_commit)
assert writer() == signal.SIGKILL
assert list(tier.keys()) == ["old"]
assert other() == signal.SIGKILL
assert onlooker() == signal.SIGKILL
killed()
"""


@pytest.mark.parametrize("opens", ["first", "then"])
def test_a_commit_that_is_found_again_in_the_log_finds_its_data(tmp_path: Path, opens: str) -> None:
    """A writer that is killed in its commit may have written it to the log without telling the processes that are there. To those it
    did not happen; when all of them are gone, SQLite may find it.
    """
    folder = tmp_path / "store"
    command = [sys.executable, "-c", FOUND_AGAIN, str(folder), opens, str(Path(__file__).parent.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    with opened(folder) as tier:
        assert tier.check() == {}
        assert same(tier.get("old"), constant(50, 16))
        assert sorted(tier.keys()) == ([*(f"new-{number}" for number in range(8)), "old"] if opens == "first" else ["old"])
        tier.put("later", constant(60, 3))
        tier.flush()
        assert tier.check() == {}
        assert b"c" * 1280 not in b"".join(path.read_bytes() for path in segment_files(tier))
