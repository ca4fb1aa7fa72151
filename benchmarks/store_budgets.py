"""A context stays within its budgets, as the operating system sees it. Run by store.py.

A child appends while this process reads every few milliseconds how much private anonymous memory it has (RssAnon) above what it
had after its imports and a warm-up, and how large its folder is. The child reads the states from a mapped file, which is not
private memory; it searches after every flush, so that the vector index is in memory too.

Beside what a context holds, which its budgets bound, there is the working set: the piece in hand and what is made of it, three
pieces. What glibc keeps of freed memory for later is neither; so the bound is checked in a child whose glibc gives it back at
once (MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_), and the peak of one with glibc's own choice is shown beside it.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from states import PIECE, Bench, States, empty, fill, folder_bytes, load_states

BUDGETS = {"device": 24 << 20, "ram": 64 << 20, "disk": 512 << 20}
"""Bytes; the device's holds the 10,000 recent and 128 first tokens in float32."""
WORKING_PIECES = 3
_EVERY = 0.003
_GIVING_BACK = {"MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "65536"}


def within_budgets(bench: Bench) -> dict[str, Any]:
    """Peaks of memory and disk against their budgets, and what a disk budget does that is too small for the tokens."""
    small = BUDGETS | {"disk": max(len(bench.states) * bench.states.width, 2 << 20)}
    working = WORKING_PIECES * PIECE * bench.states.width * 4
    found: dict[str, Any] = {"working_set": working}
    for name, budgets, codec in (("fits", BUDGETS, "int8"), ("disk too small", small, "exact")):
        each = found[name.replace(" ", "_")] = _watch(bench, budgets, codec, _GIVING_BACK)
        each["memory_limit"] = budgets["device"] + budgets["ram"] + working
        for what, limit in (("memory", each["memory_limit"]), ("disk", budgets["disk"])):
            peak = each[f"{what}_peak"]
            bench.row(f"{what} at its peak, {name}", f"{_mib(peak)} MiB", f"<= {_mib(limit)} MiB", peak <= limit)
    full = found["disk_too_small"]
    same = full["error"] == "StoreFullError" and full["flushed"] == full["found"]
    bench.row("disk too small", f"{full['error']}; {full['flushed']:,} tokens flushed, {full['found']:,} found equal", "equal", same)
    found["with_glibc_as_it_is"] = _watch(bench, BUDGETS, "int8", {})
    bench.row("memory at its peak, with what glibc keeps", f"{_mib(found['with_glibc_as_it_is']['memory_peak'])} MiB")
    runs = [found["fits"], full]
    held = all(each["memory_peak"] <= each["memory_limit"] and each["disk_peak"] <= each["budgets"]["disk"] for each in runs)
    return found | {"sound": held and same and found["fits"]["error"] == ""}


def _watch(bench: Bench, budgets: dict[str, int], codec: str, environment: dict[str, str]) -> dict[str, Any]:
    """What a child took that appended everything; of an exact context what was flushed is compared with the states."""
    folder = empty(bench.home / "budgets")
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    given = (there, bench.arguments.cache, len(bench.states), folder, budgets, codec, bench.arguments.threads)
    child = context.Process(target=_append_within, args=given)
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        child.start()
    finally:
        os.environ.clear()
        os.environ.update(before)
    there.close()
    here.recv()
    baseline = _anonymous(child.pid)
    here.send("begin")
    memory = disk = samples = flushed = 0
    error = "the child ended without a word"
    with suppress(EOFError):
        while True:
            memory, disk, samples = max(memory, _anonymous(child.pid) - baseline), max(disk, folder_bytes(folder)), samples + 1
            if here.poll(_EVERY):
                kind, value = here.recv()
                flushed = value if kind == "flushed" else flushed
                error = value if kind == "ended" else error
    child.join()
    disk = max(disk, folder_bytes(folder))
    found = _equal_tokens(bench, folder) if codec == "exact" else flushed
    shutil.rmtree(folder)
    return {
        "budgets": budgets,
        "memory_peak": memory,
        "disk_peak": disk,
        "samples": samples,
        "flushed": flushed,
        "found": found,
        "error": error,
    }


def _append_within(pipe: Any, cache: Path, tokens: int, folder: Path, budgets: dict[str, int], codec: str, threads: int | None) -> None:
    """The child: everything that is loaded once is loaded before it says that it is ready."""
    import torch

    from longdoc.errors import StoreFullError
    from longdoc_stores.context import ContextSettings, ContextStore

    if threads:
        torch.set_num_threads(threads)
    states = load_states(cache, tokens, 1)
    first = States(states.states[: 4 * PIECE], states.spans[: 4 * PIECE], states.documents[: 4 * PIECE], states.queries)
    with ContextStore(empty(folder.with_name("warm-up")), states.width, ContextSettings(codec=codec)) as context:
        fill(context, first)
        context.search(states.queries[0], 10)
    shutil.rmtree(folder.with_name("warm-up"))
    gc.collect()
    pipe.send(("ready", 0))
    pipe.recv()
    settings = ContextSettings(
        dtype="float32" if codec == "int8" else "float16",
        codec=codec,
        device_budget=budgets["device"],
        ram_budget=budgets["ram"],
        disk_budget=budgets["disk"],
    )

    context = ContextStore(folder, states.width, settings)

    def flushed(count: int) -> None:
        pipe.send(("flushed", count))
        context.search(states.queries[0], 10)

    try:
        fill(context, states, flushed=flushed)
        pipe.send(("ended", ""))
    except StoreFullError as error:
        pipe.send(("ended", type(error).__name__))
    finally:
        context.close()


def _equal_tokens(bench: Bench, folder: Path) -> int:
    """How many tokens the context in the folder has; 0 if one of them is not what was appended."""
    from longdoc_stores.context import ContextSettings, ContextStore

    context = ContextStore(folder, bench.states.width, ContextSettings(dtype="float16", codec="exact"))
    at = 0
    for block in context.iterate():
        expected = slice(at, at + block.info.tokens)
        equal = np.array_equal(block.states.numpy(), bench.states.states[expected])
        if not (equal and np.array_equal(block.spans.numpy(), bench.states.spans[expected])):
            at = 0
            break
        at += block.info.tokens
    context.close()
    return at


def _anonymous(process: int | None) -> int:
    """Bytes of private anonymous memory; 0 of a process that has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("RssAnon"):
                return int(line.split()[1]) * 1024
    return 0


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f}"
