"""What the parts of the store benchmark share: a million token states of real text, cached, and a context filled with them.

Axis legend: T tokens, D width, Q queries, B blocks.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from common import SHARED

GATHERED = 64
"""Blocks that are gathered at a time."""
BLOCK = 256
"""Tokens of a block."""
ROUNDS = 500
PIECE = 4096
"""Tokens that are appended at a time."""
FLUSH_EVERY = 65_536
"""Tokens between two flushes."""
SHIFT = 25
"""Tokens by which a document is turned in each further copy, so that its blocks are cut elsewhere and none has the same vector."""
_CONTRACTS = SHARED / "data" / "cuad" / "train.jsonl.gz"
_QUERY_CHARACTERS = 400
_FILES = ("states.npy", "spans.npy", "doc.npy", "queries.npy")


@dataclass(frozen=True)
class States:
    """States [T, D] float16, spans [T, 2] int32, the number of each token's document [T], queries [Q, D] of text that is not among them."""

    states: npt.NDArray[np.float16]
    spans: npt.NDArray[np.int32]
    documents: npt.NDArray[np.int32]
    queries: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.states)

    @property
    def width(self) -> int:
        return int(self.states.shape[1])

    def ranges(self, copy: int = 0) -> Iterator[tuple[str, list[tuple[int, int]]]]:
        """Each document's name in this copy, and the ranges of tokens that it is made of, in order."""
        ends = np.flatnonzero(np.diff(self.documents)) + 1
        for start, end in pairwise([0, *ends.tolist(), len(self)]):
            turn = start + copy * SHIFT % (end - start)
            yield f"{copy}-{self.documents[start]}", [(turn, end), (start, turn)] if turn > start else [(start, end)]

    def pieces(self, copies: int = 1) -> Iterator[tuple[str, npt.NDArray[np.float32], npt.NDArray[np.int32]]]:
        """Document, states float32 [t, D] and spans [t, 2], at most PIECE tokens at a time, the whole so many times over.

        All states come in the same memory, so that there is one piece at a time.
        """
        room = np.empty((PIECE, self.width), np.float32)
        for copy in range(copies):
            for name, ranges in self.ranges(copy):
                for start, end in ranges:
                    for at in range(start, end, PIECE):
                        rest = slice(at, min(at + PIECE, end))
                        piece = room[: rest.stop - rest.start]
                        piece[:] = self.states[rest]
                        yield name, piece, np.array(self.spans[rest])

    def block_vectors(self, lengths: dict[str, list[int]], copies: int = 1) -> npt.NDArray[np.float32]:
        """What a context makes of blocks with these lengths by document: mean states of unit length [B, D], rounded to float16."""
        found = []
        for copy in range(copies):
            for name, ranges in self.ranges(copy):
                whole = np.concatenate([self.states[start:end] for start, end in ranges]).astype(np.float32)
                sums = np.add.reduceat(whole, np.cumsum([0, *lengths[name][:-1]]), axis=0)
                found.append(sums / np.linalg.norm(sums, axis=1, keepdims=True))
        return np.concatenate(found).astype(np.float16).astype(np.float32)


def load_states(cache: Path, tokens: int, queries: int, texts: Sequence[Path] = ()) -> States:
    """The first `tokens` of `cache`, and so many queries; what is not there is computed with the encoder and kept there.

    `texts` are what is read (default: contracts of CUAD); queries come from the texts behind the last one of the states.
    """
    cache.mkdir(parents=True, exist_ok=True)
    if not (cache / "states.npy").exists():
        _make_states(cache, tokens, texts)
    states, spans, documents = (np.load(cache / name, mmap_mode="r") for name in _FILES[:3])
    if len(states) < tokens:
        sys.exit(f"{cache} holds {len(states):,} tokens, not {tokens:,}; name another --cache, or ask for fewer --tokens")
    if not (cache / "queries.npy").exists():
        _make_queries(cache, int(documents[-1]) + 1, queries, texts)
    asked = np.load(cache / "queries.npy")
    if len(asked) < queries:
        sys.exit(f"{cache} holds {len(asked):,} queries, not {queries:,}; delete its queries.npy to have more")
    return States(states[:tokens], np.array(spans[:tokens]), np.array(documents[:tokens]), asked[:queries])


def _make_states(cache: Path, tokens: int, texts: Sequence[Path]) -> None:
    """One pass of the encoder over the texts until there are enough tokens; states.npy comes last, so that it says all is there."""
    from longdoc.model.encode import DocumentEncoder

    encoder = DocumentEncoder()
    spans, documents = np.zeros((tokens, 2), np.int32), np.zeros(tokens, np.int32)
    temporary = cache / "states.tmp.npy"
    states = np.lib.format.open_memmap(temporary, "w+", np.float16, (tokens, encoder.width))
    at = 0
    for number, text in enumerate(_read(texts)):
        for places, found in encoder.states(text):
            count = min(len(found), tokens - at)
            states[at : at + count], spans[at : at + count], documents[at : at + count] = found[:count], places[:count], number
            at += count
        print(f"{at:,} of {tokens:,} tokens read", file=sys.stderr)
        if at >= tokens:
            break
    else:
        temporary.unlink()
        sys.exit(f"the texts have {at:,} tokens, not {tokens:,}; name more with --text, or ask for fewer --tokens")
    states.flush()
    np.save(cache / "spans.npy", spans)
    np.save(cache / "doc.npy", documents)
    (cache / "queries.npy").unlink(missing_ok=True)
    temporary.rename(cache / "states.npy")


def _make_queries(cache: Path, first: int, count: int, texts: Sequence[Path]) -> None:
    from longdoc.model.encode import DocumentEncoder

    passages = [
        text[start : start + _QUERY_CHARACTERS]
        for number, text in enumerate(_read(texts))
        if number >= first
        for start in range(0, max(1, len(text) - _QUERY_CHARACTERS), _QUERY_CHARACTERS)
    ]
    if len(passages) < count:
        sys.exit(f"the texts behind those of the states have {len(passages):,} passages, not {count:,}; name more with --text")
    chosen = np.random.default_rng(0).choice(len(passages), size=count, replace=False)
    np.save(cache / "queries.npy", DocumentEncoder().encode([passages[number] for number in chosen]))


def _read(texts: Sequence[Path]) -> Iterator[str]:
    if texts:
        yield from (text.read_text(encoding="utf-8") for text in texts)
        return
    with gzip.open(_CONTRACTS, "rt", encoding="utf-8") as lines:
        yield from (json.loads(line)["text"] for line in lines)


def fill(context: Any, states: States, copies: int = 1, flushed: Callable[[int], None] | None = None) -> float:
    """Append all of it, with a flush every FLUSH_EVERY tokens and at the end; the seconds that the context took.

    `flushed` is told after each flush how many tokens there are.
    """
    seconds, count, unflushed = 0.0, 0, 0
    for document, piece, spans in states.pieces(copies):
        started = time.perf_counter()
        context.append(document, piece, spans)
        count += len(piece)
        unflushed += len(piece)
        if unflushed >= FLUSH_EVERY:
            context.flush()
            unflushed = 0
        seconds += time.perf_counter() - started
        if flushed and not unflushed:
            flushed(count)
    started = time.perf_counter()
    context.flush()
    seconds += time.perf_counter() - started
    if flushed:
        flushed(count)
    return seconds


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Percentiles of so many durations."""
    p50, p99 = np.percentile(seconds, [50, 99]) * 1000
    return {"p50_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3)}


def folder_bytes(folder: Path) -> int:
    """Bytes of the files in a folder and below, as the file system says; a file that vanishes meanwhile does not count."""
    size = 0
    for file in folder.rglob("*"):
        try:
            size += file.stat().st_size if file.is_file() else 0
        except OSError:
            continue
    return size


def empty(folder: Path) -> Path:
    """The folder, without what was in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class Bench:
    """What the parts share: the states, a folder to work in, the rows and figures found so far."""

    def __init__(self, arguments: argparse.Namespace, states: States, home: Path) -> None:
        self.arguments = arguments
        self.states = states
        self.home = home
        self.rows: list[list[str]] = []
        self.figures: dict[str, Any] = {}
        self.dice = np.random.default_rng(0)
        self.rounds = min(ROUNDS, arguments.queries)

    def row(self, what: str, found: str, bar: str = "", met: bool = True) -> None:
        """A row of the table, with the bar where there is one."""
        self.rows.append([what, found, f"{bar}: {'met' if met else 'missed'}" if bar else ""])
        print(f"{what}: {found}", file=sys.stderr)

    def times(self, what: str, seconds: Sequence[float], bar: float | None = None, note: str = "") -> dict[str, float]:
        """A row of percentiles, with a bar in milliseconds for the 99th."""
        found = milliseconds(seconds)
        shown = f"p50 {found['p50_ms']:.2f} ms, p99 {found['p99_ms']:.2f} ms{note}"
        self.row(what, shown, f"p99 < {bar:g} ms" if bar else "", not bar or found["p99_ms"] < bar)
        return found

    def open(self, folder: Path, **settings: Any) -> Any:
        """A context with these settings, on the device asked for."""
        from longdoc_stores.context import ContextSettings, ContextStore

        return ContextStore(folder, self.states.width, ContextSettings(block_size=BLOCK, device=self.arguments.device, **settings))

    def filled(self, folder: Path, copies: int = 1, **settings: Any) -> float:
        """Fill a new context; tokens a second, with opening and closing it."""
        empty(folder)
        started = time.perf_counter()
        context = self.open(folder, **settings)
        seconds = time.perf_counter() - started + fill(context, self.states, copies)
        started = time.perf_counter()
        context.close()
        return copies * len(self.states) / (seconds + time.perf_counter() - started)

    @cached_property
    def folder(self) -> Path:
        """The context of all tokens with the default settings."""
        runs = [self.filled(self.home / "context") for _ in range(self.arguments.runs if "append" in self.arguments.parts else 1)]
        self.figures["append"] = {"tokens_per_second": round(statistics.median(runs)), "runs": [round(run) for run in runs]}
        return self.home / "context"

    @cached_property
    def lengths(self) -> dict[str, list[int]]:
        """Tokens of each block, by document."""
        return block_lengths(self.open(self.folder))

    @cached_property
    def vectors(self) -> npt.NDArray[np.float32]:
        """The vectors of all blocks [B, D]."""
        return self.states.block_vectors(self.lengths)

    @cached_property
    def plain(self) -> npt.NDArray[np.float32]:
        """The same blocks as a np.memmap of float32 [B, T, D]: what there is without a store."""
        blocks = sum(map(len, self.lengths.values()))
        memory = np.memmap(self.home / "plain.bin", np.float32, "w+", shape=(blocks, BLOCK, self.states.width))
        at, seconds = 0, 0.0
        for name, ranges in self.states.ranges():
            whole = np.concatenate([self.states.states[start:end] for start, end in ranges]).astype(np.float32)
            started, start = time.perf_counter(), 0
            for length in self.lengths[name]:
                memory[at, :length] = whole[start : start + length]
                at, start = at + 1, start + length
            seconds += time.perf_counter() - started
        started = time.perf_counter()
        memory.flush()
        seconds += time.perf_counter() - started
        self.figures["plain_append_tokens_per_second"] = round(len(self.states) / seconds)
        return memory

    def draw(self, blocks: int) -> list[int]:
        """Numbers of blocks to gather."""
        found: list[int] = self.dice.choice(blocks, size=min(GATHERED, blocks), replace=False).tolist()
        return found

    def settle(self) -> None:
        """Wait for the device."""
        if self.arguments.device != "cpu":
            import torch

            torch.cuda.synchronize()

    def gathers(
        self, context: Any, rounds: int, before: Callable[[list[int]], None] = lambda numbers: None, fresh: bool = False
    ) -> list[float]:
        """Seconds of gathering random blocks, `before` not counted, into the memory of the last ones or into `fresh` memory."""
        seconds, blocks = [], None
        for _ in range(rounds):
            numbers = self.draw(len(context))
            before(numbers)
            started = time.perf_counter()
            blocks = context.gather(numbers, out=None if fresh else blocks)
            self.settle()
            seconds.append(time.perf_counter() - started)
        return seconds


def block_lengths(context: Any) -> dict[str, list[int]]:
    """Tokens of each block, by document."""
    lengths: dict[str, list[int]] = {}
    for info in context.blocks():
        lengths.setdefault(info.document, []).append(info.tokens)
    return lengths
