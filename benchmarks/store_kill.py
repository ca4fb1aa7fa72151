"""What was acknowledged is there after a kill, and nothing else. Run by store.py.

A child appends, evicts, searches, flushes, forgets and takes snapshots in a folder, and tells before and after what the context
holds. It is killed at a random moment; then the folder is opened, compared with what was told (the last state acknowledged, or
the one on its way: exactly one of the two), checked, searched, and handed to the next child. Snapshots that were finished must
restore equal, the one that the kill fell into must be refused or whole; no byte of what was forgotten may be left.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from states import Bench, empty

_ACTIVE = 0.8
"""Seconds in which a child is killed, from when it begins to open the context."""
_WIDTH = 32
_DOCUMENTS = 20
_REMEMBERED = 50

State = dict[str, tuple[int, str]]
"""Document -> tokens, and SHA-256 of their states and spans in order."""


@dataclass
class Tally:
    """What happened. `by_phase`: where the kills fell; `landed`: kills in the middle of a flush, that had taken place or not."""

    kills: int = 0
    by_phase: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    landed: Counter[str] = field(default_factory=Counter)
    snapshots_restored: int = 0
    snapshots_refused: int = 0
    tokens_compared: int = 0
    problems: list[str] = field(default_factory=list)


def survive(bench: Bench) -> dict[str, Any]:
    """Kill as often as asked; what was found."""
    seed = bench.arguments.seed if bench.arguments.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed of the kills {seed}", file=sys.stderr)
    tally = kill_all(empty(bench.home / "kills"), bench.arguments.kills, seed)
    sound = not tally.problems
    shown = f"{len(tally.problems)} problems; kills in {_shown(tally.by_phase)}"
    bench.row(f"{tally.kills} kills", shown, "what was acknowledged, nothing else", sound)
    told = f"{_shown(tally.acknowledged)}; {tally.tokens_compared:,} tokens compared; flushes cut short: {_shown(tally.landed)}"
    bench.row("acknowledged before them", told)
    bench.row("snapshots", f"{tally.snapshots_restored} restored equal, {tally.snapshots_refused} unfinished ones refused")
    for problem in tally.problems:
        print(problem, file=sys.stderr)
    # asdict would count the pairs of a Counter.
    return {name: dict(each) if isinstance(each, Counter) else each for name, each in vars(tally).items()} | {"seed": seed, "sound": sound}


def _shown(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


def kill_all(home: Path, kills: int, seed: int) -> Tally:
    """Children one after the other on one folder, each killed."""
    context = multiprocessing.get_context("forkserver")
    # A child then begins where it would be after its imports, and most kills fall into its work.
    context.set_forkserver_preload(["faiss", "torch", "longdoc_stores.context", "longdoc_stores.snapshot", "longdoc_stores.packing"])
    dice, tally = random.Random(seed), Tally()
    state: State = {}
    forgotten: list[tuple[str, bytes]] = []
    while tally.kills < kills:
        here, there = context.Pipe(duplex=False)
        child = context.Process(target=_work, args=(there, home, state, tally.kills, dice.randrange(1 << 32)))
        child.start()
        there.close()
        told = _Told(state)
        told.listen(here, None)
        told.listen(here, dice.uniform(0, _ACTIVE))
        child.kill()
        told.listen(here, float("inf"))
        child.join()
        tally.kills += 1
        tally.by_phase[told.phase] += 1
        tally.acknowledged += told.acknowledged
        tally.problems += told.errors
        forgotten = [*forgotten, *told.forgotten][-_REMEMBERED:]
        try:
            state = _verify(home, told, forgotten, tally)
        except Exception as error:  # noqa: BLE001  whatever goes wrong with the folder is what is looked for here
            tally.problems.append(f"kill {tally.kills} in {told.phase}: {type(error).__name__}: {error}")
            state = _begin_anew(home)
        if tally.kills % 20 == 0:
            print(f"{tally.kills} kills, {len(tally.problems)} problems", file=sys.stderr)
    return tally


class _Told:
    """What a child has told: the state last acknowledged, the one on its way, where it was, which snapshots it took."""

    def __init__(self, state: State) -> None:
        self.state, self.phase = state, "start"
        self.coming: State | None = None
        self.snapshots: list[tuple[str, State, bool]] = []
        self.forgotten: list[tuple[str, bytes]] = []
        self.acknowledged: Counter[str] = Counter()
        self.errors: list[str] = []

    def listen(self, pipe: Any, seconds: float | None) -> None:
        """Hear what is told for so long; None: until the first word, infinity: until the child has ended."""
        end = time.monotonic() + (seconds or 0)
        with suppress(EOFError, OSError):  # the last word may be cut short
            while pipe.poll(None if seconds is None or seconds == float("inf") else max(0.0, end - time.monotonic())):
                self._hear(*pipe.recv())
                if seconds is None:
                    return

    def _hear(self, word: str, *rest: Any) -> None:
        if word == "phase":
            self.phase = rest[0]
            self.acknowledged[self.phase] += self.phase == "evict"
        elif word == "error":
            self.errors.append(rest[0])
        elif word == "begin":
            self.phase, coming, name = rest
            self.coming = coming
            if name:
                self.snapshots.append((name, coming, False))
        elif word == "done" and self.coming is not None:
            self.acknowledged[self.phase] += 1
            self.state, self.coming = self.coming, None
            self.forgotten += rest[0]
            if self.phase == "snapshot":
                self.snapshots[-1] = (*self.snapshots[-1][:2], True)
            self.phase = "between"


def _verify(home: Path, told: _Told, forgotten: list[tuple[str, bytes]], tally: Tally) -> State:
    """What the context holds now, after comparing it with what was told."""
    where = f"kill {tally.kills} in {told.phase}"
    with _opened(home / "context") as context:
        found = _state_of(context)
        tally.tokens_compared += sum(tokens for tokens, _ in found.values())
        if told.coming is not None and told.coming != told.state:
            tally.landed["had taken place" if found == told.coming else "had not"] += 1
        if found not in (told.state, told.coming):
            tally.problems.append(f"{where}: {_difference(told.state, found)}")
        faults = context.check()
        if faults:
            tally.problems.append(f"{where}: {faults}")
        infos = context.blocks()
        if infos:
            info = random.Random(tally.kills).choice(infos)
            hits = context.search(context.gather([info.number]).vectors[0].float(), 1)
            if [hit.number for hit in hits] != [info.number]:
                tally.problems.append(f"{where}: a search for block {info.number} found {hits}")
    data = b"".join(file.read_bytes() for file in (home / "context").iterdir() if file.is_file())
    tally.problems += [f"{where}: bytes of {document}, which was forgotten, are there" for document, needle in forgotten if needle in data]
    # The last two: one that was finished, and the one that the kill fell into.
    for name, state, finished in told.snapshots[-2:]:
        restored = _restored(home, name)
        if restored is None and finished:
            tally.problems.append(f"{where}: snapshot {name}, which was finished, is refused")
        elif restored is not None and restored != state:
            tally.problems.append(f"{where}: snapshot {name}: {_difference(state, restored)}")
        tally.snapshots_restored += restored is not None
        tally.snapshots_refused += restored is None
    for name, _, _ in told.snapshots:
        shutil.rmtree(home / name, ignore_errors=True)
    return found


def _restored(home: Path, name: str) -> State | None:
    """What a snapshot restores; None if it is refused."""
    from longdoc.errors import StoreError
    from longdoc_stores.snapshot import restore

    try:
        context = restore(home / name, empty(home / "restored"))
    except StoreError:
        return None
    try:
        return _state_of(context)
    finally:
        context.close()


def _begin_anew(home: Path) -> State:
    shutil.rmtree(home / "context", ignore_errors=True)
    return {}


def _difference(expected: State, found: State) -> str:
    changed = sorted(name for name in expected.keys() & found.keys() if expected[name] != found[name])
    lost, added = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    return f"differs from what was acknowledged: lost {lost}, added {added}, changed {changed}"


def _state_of(context: Any) -> State:
    state = {}
    for document in context.documents():
        tokens, running = 0, hashlib.sha256()
        for block in context.iterate(document):
            tokens += block.info.tokens
            running.update(_bytes(block.states.numpy(), block.spans.numpy()))
        state[document] = (tokens, running.hexdigest())
    return state


def _bytes(states: np.ndarray[Any, Any], spans: np.ndarray[Any, Any]) -> bytes:
    """Token after token, so that it does not matter where pieces and blocks end."""
    return np.concatenate([np.ascontiguousarray(part).view(np.uint8) for part in (states, spans)], axis=1).tobytes()


@contextmanager
def _opened(folder: Path) -> Iterator[Any]:
    """The context of the kills, closed in the end without a flush; the budgets are so small that most blocks leave RAM."""
    from longdoc_stores.context import ContextSettings, ContextStore

    settings = ContextSettings(block_size=16, codec="exact", first_tokens=16, recent_tokens=64, ram_budget=400_000, disk_budget=16 << 20)
    context = ContextStore(folder, _WIDTH, settings)
    try:
        yield context
    finally:
        context.close()


def _work(pipe: Any, home: Path, state: State, number: int, seed: int) -> None:
    """The child: works until it is killed, and tells what it does before it does it."""
    import torch

    torch.set_num_threads(1)
    try:
        _Child(pipe, home, dict(state), number, seed).work()
    except Exception as error:  # noqa: BLE001  the parent has to know, whatever it was
        pipe.send(("error", f"the child before kill {number + 1}: {type(error).__name__}: {error}"))


class _Child:
    def __init__(self, pipe: Any, home: Path, state: State, number: int, seed: int) -> None:
        self.pipe, self.home, self.state, self.number = pipe, home, state, number
        self.dice, self.noise = random.Random(seed), np.random.default_rng(seed)
        self.running: dict[str, tuple[int, Any]] = {}
        self.first: dict[str, bytes] = {}
        self.appending = False

    def work(self) -> None:
        self.pipe.send(("phase", "open"))
        with _opened(self.home / "context") as context:
            disk = context.store.levels[-1].store
            put = disk.put

            def telling_put(key: str, value: Any) -> None:
                if self.appending:
                    self.pipe.send(("phase", "evict"))
                    put(key, value)
                    self.pipe.send(("phase", "append"))
                else:
                    put(key, value)

            disk.put = telling_put
            for turn in range(1 << 30):
                self._append(context, f"{self.number}-{turn // 3}")
                choice = self.dice.random()
                if choice < 0.45:
                    self._telling("flush", context.flush)
                elif choice < 0.6:
                    self._look(context)
                elif choice < 0.85 or len(self.state) > _DOCUMENTS:
                    self._forget(context)
                else:
                    self._snapshot(context, f"snapshot-{self.number}-{turn}")

    def _append(self, context: Any, document: str) -> None:
        self.pipe.send(("phase", "append"))
        self.appending = True
        for _ in range(self.dice.randrange(1, 5)):
            tokens = self.dice.randrange(1, 200)
            states = self.noise.standard_normal((tokens, _WIDTH), dtype=np.float32)
            before, running = self.running.setdefault(document, (0, hashlib.sha256()))
            spans = np.stack([np.arange(before, before + tokens), np.arange(before, before + tokens) + 1], axis=1).astype(np.int32)
            context.append(document, states, spans)
            running.update(_bytes(states, spans))
            self.first.setdefault(document, states[0].tobytes())
            self.running[document] = (before + tokens, running)
            self.state[document] = (before + tokens, running.hexdigest())
        self.appending = False

    def _telling(self, phase: str, do: Any, name: str = "", forgotten: list[tuple[str, bytes]] | None = None) -> None:
        self.pipe.send(("begin", phase, dict(self.state), name))
        do()
        self.pipe.send(("done", forgotten or []))

    def _look(self, context: Any) -> None:
        self.pipe.send(("phase", "search"))
        held = {info.number for info in context.blocks()}
        hits = context.search(self.noise.standard_normal(_WIDTH, dtype=np.float32), 10)
        if len(hits) != min(10, len(held)) or not all(hit.number in held for hit in hits):
            raise AssertionError(f"of {len(held)} blocks a search found {hits}")
        if hits:
            context.prefetch([hit.number for hit in hits])
            context.gather([hit.number for hit in hits])

    def _forget(self, context: Any) -> None:
        chosen = self.dice.sample(sorted(self.state), k=min(len(self.state), self.dice.choice([1, 1, 2, 5])))
        for document in chosen:
            del self.state[document]
            self.running.pop(document, None)
        known = [(document, self.first.pop(document)) for document in chosen if document in self.first]
        self._telling("forget", lambda: context.forget(*chosen), forgotten=known)

    def _snapshot(self, context: Any, name: str) -> None:
        from longdoc_stores.snapshot import snapshot

        self._telling("snapshot", lambda: snapshot(context, self.home / name), name)
