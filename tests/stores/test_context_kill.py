"""kill -9 at each write of a context that appends, evicts, forgets and flushes; benchmarks/store_kill.py does so at random moments."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource")

CRASHES = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path

sys.path[:0] = sys.argv[3:]
import torch
from crashes import crash_at
from context_samples import SETTINGS, append, opened, states_of
from longdoc_stores import context as module, database

torch.set_num_threads(1)
home = Path(sys.argv[1])
below = sys.argv[2] == "objects"
module._SAVE_AT_CLOSE = module._SAVE_AT_FLUSH = 1
# Documents with their tokens that are appended before each flush, and those dropped or forgotten.
STEPS = [
    ({"a": 64, "b": 200}, [], False),
    ({"c": 300}, ["a"], False),
    ({"a": 70, "d": 64}, ["b"], True),
    ({}, ["c", "d"], True),
    ({"e": 130}, [], False),
]
if below:  # more than the disk holds
    STEPS = [({"a": 3500}, [], False), ({"b": 2000}, [], False), ({"c": 64}, ["a"], False)]

def settings_of(folder):
    settings = replace(SETTINGS, codec="exact", ram_budget=80 << 10)
    return replace(settings, disk_budget=9 << 17, location=str(folder / "objects")) if below else settings

WRITES = [
    *((os, name) for name in ("fsync", "pwrite", "unlink", "ftruncate", "replace", "rename") if not (below and name == "pwrite")),
    *((Path, name) for name in ("replace", "unlink")), *((database.Database, name) for name in ("begin", "commit", "empty_log")),
]

def seed(document, step):
    return 100 * step + ord(document)

# What is there after each flush: documents with their tokens and the seed of their states.
def states():
    held, found = {}, [{}]
    for number, (appended, gone, forget) in enumerate(STEPS):
        new = {document: (tokens, seed(document, number)) for document, tokens in appended.items()}
        if forget:
            held = {document: kept for document, kept in held.items() if document not in gone}
            found.append(held)
            held = held | new
        else:
            held = {document: kept for document, kept in held.items() if document not in gone} | new
        if not forget or new:
            found.append(held)
    return found

def work(folder, told):
    context = opened(folder, settings_of(folder))
    flushes = 0
    def said():
        nonlocal flushes
        flushes += 1
        os.write(told, bytes([flushes]))
    for number, (appended, gone, forget) in enumerate(STEPS):
        if forget:
            context.forget(*gone)
            said()
        else:
            for document in gone:
                context.drop(document)
        for document, tokens in appended.items():
            append(context, document, tokens, seed(document, number))
        if appended or not forget:
            context.flush()
            said()
    context.search(torch.ones(64), 3)
    context.close()

def held(context):
    found = {}
    for document in context.documents():
        blocks = list(context.iterate(document))
        values = torch.cat([block.states for block in blocks])
        found[document] = (len(values), values)
    return found

def same(found, expected):
    return list(found) == list(expected) and all(
        found[document][0] == tokens and torch.equal(found[document][1], states_of(number, tokens))
        for document, (tokens, number) in expected.items()
    )

moment = 0
while True:
    moment += 61 if below else 1
    folder = home / str(moment)
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        crash_at(moment, WRITES)
        work(folder, told)
        os._exit(0)
    os.close(told)
    killed = os.waitpid(child, 0)[1] != 0
    acknowledged = max(os.read(heard, 100) or [0])
    os.close(heard)
    with opened(folder, settings_of(folder)) as context:
        found = held(context)
        reached = [number for number, expected in enumerate(states()) if same(found, expected)]
        # Killed after the commit and before it could say so: one further.
        assert set(reached) & {acknowledged, acknowledged + 1}, (moment, acknowledged, reached, list(found))
        assert not context.check().blocks, moment
        before = {info.number for info in context.blocks()}
        append(context, "later", 70, 7)
        context.flush()
        assert len(context.search(torch.ones(64), 1000)) == len(context), moment
        numbers = [info.number for info in context.blocks("later")]
        assert min(numbers) > max(before, default=-1), moment
        hit = context.search(context.block(context.blocks("later")[0]).vector, 1)[0]
        assert hit.number == numbers[0], moment
    if not killed:
        break
print(moment, len(list((home / str(moment) / "objects").glob("*"))))
"""


@pytest.mark.parametrize("below", [pytest.param("nothing", marks=pytest.mark.slow), "objects"])
def test_a_crash_before_any_write_leaves_the_last_flush_and_nothing_else(tmp_path: Path, below: str) -> None:
    command = [sys.executable, "-c", CRASHES, str(tmp_path), below, str(Path(__file__).parent.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    moments, objects = map(int, done.stdout.split())
    assert moments > 50
    assert bool(objects) == (below == "objects")
