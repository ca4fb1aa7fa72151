"""The context store on a million tokens of real text: how fast, how small, within its budgets, and whole after kills.

    python benchmarks/store.py --cache FOLDER [--parts append,search,...] [--tokens 1000000] [--kills 200] [--device cuda] [--text FILE...]

States are those of the encoder over contracts of CUAD (or --text), computed once into --cache. Durations are of single calls after a
warm-up, one after the other. What is said to be from disk was opened anew with a RAM budget that holds few blocks; the page cache is warm
but where it says cold, which is after POSIX_FADV_DONTNEED on the segments: "MiB read" says how much then came from the device.

Parts: append, search, gather, iterate, compression, snapshot, recall (the vector index alone, where it turns approximate), large (the
tokens ten times over, each time cut into other blocks), budgets (store_budgets.py) and kills (store_kill.py). Beside them, in the same
run: numpy over the same vectors, np.memmap over the same states as float32. Ends with 1 if a budget was exceeded or a kill did harm,
whatever the speeds.

Axis legend: T tokens, D width, B blocks, Q queries.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from common import report
from states import BLOCK, Bench, block_lengths, empty, folder_bytes, load_states

K = 10
WARM_UP = 50
COLD_ROUNDS = 50
SMALL_RAM = 24 << 20
_OPEN = """
import json, sys, time
import faiss, numpy, torch
from pathlib import Path
from longdoc_stores.context import ContextStore
query = numpy.load(sys.argv[2])[0]
started = time.perf_counter()
context = ContextStore(Path(sys.argv[1]))
opened = time.perf_counter()
context.search(query, 10)
searched = time.perf_counter()
print(json.dumps([opened - started, searched - opened, len(context)]))
context.close()
"""


def append(bench: Bench) -> None:
    """Tokens a second into a context with the default settings, flushed to disk."""
    folder, _ = bench.folder, bench.plain
    found = bench.figures["append"]
    size = folder_bytes(folder) / len(bench.states)
    found |= {"bytes_on_disk_per_token": round(size, 1), "numpy_memmap": bench.figures.pop("plain_append_tokens_per_second")}
    shown = f"{found['tokens_per_second']:,} tokens/s ({min(found['runs']):,} to {max(found['runs']):,})"
    bench.row("append, int8", shown, ">= 50,000", found["tokens_per_second"] >= 50_000)
    bench.row("append, np.memmap of float32", f"{found['numpy_memmap']:,} tokens/s")


def search(bench: Bench) -> None:
    """One query at a time, beside numpy on the same vectors."""
    context = bench.open(bench.folder)
    queries = bench.states.queries
    seconds, found = _searches(context, queries)
    context.close()
    vectors, exact, plain = bench.vectors, [], []
    for query in [*queries[:WARM_UP], *queries]:
        started = time.perf_counter()
        scores = vectors @ query
        best = np.argpartition(-scores, min(K, len(scores)) - 1)[:K]
        best = best[np.argsort(-scores[best])]
        plain.append(time.perf_counter() - started)
        exact.append(best.tolist())
    exact, plain = exact[-len(queries) :], plain[-len(queries) :]
    recall = _recall(found, exact)
    bench.figures["search"] = {
        "blocks": len(vectors),
        "queries": len(queries),
        **bench.times(f"search of {len(vectors):,} blocks", seconds, 5, f", recall@{K} {recall:.4f}"),
        "recall": round(recall, 4),
        "numpy": bench.times("search, numpy", plain),
    }


def gather(bench: Bench) -> None:
    """64 random blocks, decoded, side by side in float32: from RAM, from disk, from disk without the page cache, prefetched."""
    found = bench.figures["gather"] = {}
    with bench.open(bench.folder, ram_budget=2 * len(bench.states) * bench.states.width + (64 << 20)) as context:
        context.prefetch(range(len(context)))
        context.store.settle()
        bench.gathers(context, WARM_UP)
        found["ram"] = _with_hits(context, lambda: bench.times("gather 64 from RAM", bench.gathers(context, bench.rounds), 5))
        fresh = bench.gathers(context, bench.rounds, fresh=True)
        found["ram_fresh"] = bench.times("gather 64 from RAM into fresh memory", fresh, 5)
    with bench.open(bench.folder, ram_budget=SMALL_RAM) as context:
        bench.gathers(context, WARM_UP)
        found["disk"] = _with_hits(
            context, lambda: bench.times("gather 64 from disk, page cache warm", bench.gathers(context, bench.rounds), 20)
        )
        fresh = bench.gathers(context, bench.rounds, fresh=True)
        found["disk_fresh"] = bench.times("gather 64 from disk, page cache warm, into fresh memory", fresh, 20)
        rounds = min(COLD_ROUNDS, bench.rounds)
        before = _bytes_read()
        cold = bench.gathers(context, rounds, lambda _: _drop_cache(bench.folder))
        read = (_bytes_read() - before) / rounds / 2**20
        found["cold"] = bench.times("gather 64 from disk, cold", cold, note=f", {read:.1f} MiB read") | {"mib_read": round(read, 2)}

        def prefetch(numbers: list[int]) -> None:
            started = time.perf_counter()
            context.prefetch(numbers)
            context.store.settle()
            ahead.append(time.perf_counter() - started)

        ahead: list[float] = []
        after = bench.gathers(context, bench.rounds, prefetch)
        found["prefetched"] = bench.times("gather 64 after prefetch", after, note=f" (prefetch p50 {np.median(ahead) * 1000:.2f} ms)")
    plain, seconds = bench.plain, []
    for _ in range(WARM_UP + bench.rounds):
        numbers = bench.draw(len(plain))
        started = time.perf_counter()
        np.asarray(plain[numbers])
        seconds.append(time.perf_counter() - started)
    found["numpy_memmap"] = bench.times("gather 64, np.memmap of float32, page cache warm", seconds[WARM_UP:])


def iterate(bench: Bench) -> None:
    """All blocks in order, decoded, read ahead."""
    runs = []
    for _ in range(bench.arguments.runs):
        with bench.open(bench.folder, ram_budget=SMALL_RAM) as context:
            started = time.perf_counter()
            tokens = sum(block.info.tokens for block in context.iterate())
            runs.append(tokens / (time.perf_counter() - started))
    bench.figures["iterate"] = {"tokens_per_second": round(statistics.median(runs))}
    bench.row("iterate from disk, page cache warm", f"{statistics.median(runs):,.0f} tokens/s")


def compression(bench: Bench) -> None:
    """States against float32, the stated bound of the error and what it was; whole blocks on disk."""
    import torch

    from longdoc_stores.packing import error_bounds, pack, part

    found = bench.figures["compression"] = {}
    for codec, bar in (("int8", 3.9), ("int4", 7.0)):
        plain = coded = 0
        error, most, share, bound = 0.0, 0.0, 0.0, 0.0
        for start in range(0, len(bench.states), BLOCK):
            states = torch.from_numpy(bench.states.states[start : start + BLOCK].astype(np.float32))
            value = pack({"states": states}, {"states": codec})
            off, limit = (part(value, "states") - states).abs(), error_bounds(value)["states"]
            plain, coded = plain + states.nbytes, coded + value.nbytes
            error, most = error + float(off.sum()), max(most, float(off.max()))
            bound, share = max(bound, float(limit.max())), max(share, float((off / limit.clamp(min=1e-30)).max()))
        bench.filled(bench.home / "coded", codec=codec)
        on_disk = folder_bytes(bench.home / "coded") / len(bench.states)
        shutil.rmtree(bench.home / "coded")
        found[codec] = {
            "ratio": round(plain / coded, 3),
            "mean_error": error / (plain / 4),
            "largest_error": most,
            "largest_bound": bound,
            "largest_error_in_bounds": round(share, 4),
            "bytes_on_disk_per_token": round(on_disk, 1),
        }
        shown = f"{plain / coded:.2f} x; error: mean {error / (plain / 4):.4f}, largest {most:.3f}, at most {share:.3f} of its bound"
        bench.row(f"states as {codec}", shown, f">= {bar} x, within the bound", plain / coded >= bar and share <= 1)
        bench.row(f"blocks on disk, {codec}", f"{on_disk:.0f} bytes a token (states as float32: {4 * bench.states.width})")


def snapshot(bench: Bench) -> None:
    """To a local folder, and from there into a new context."""
    from longdoc_stores.snapshot import restore
    from longdoc_stores.snapshot import snapshot as take

    place = empty(bench.home / "snapshot")
    with bench.open(bench.folder) as context:
        started = time.perf_counter()
        blocks = take(context, place)
        taken = time.perf_counter() - started
    started = time.perf_counter()
    with restore(place, empty(bench.home / "restored")) as context:
        restored, equal = time.perf_counter() - started, len(context) == blocks
    size = folder_bytes(place) / 2**20
    shutil.rmtree(place)
    shutil.rmtree(bench.home / "restored")
    bench.figures["snapshot"] = {"seconds": round(taken, 2), "restore_seconds": round(restored, 2), "mib": round(size), "equal": equal}
    bench.row("snapshot", f"{taken:.1f} s, {size:.0f} MiB")
    bench.row("restore", f"{restored:.1f} s")


def recall(bench: Bench) -> None:
    """The index alone, just where it turns approximate: vectors of passages so short that there are enough of them."""
    from longdoc_stores.vector_index import EXACT_UP_TO, VectorIndex

    length = max(8, len(bench.states) // (EXACT_UP_TO + 1))
    count = min(EXACT_UP_TO + 1, len(bench.states) // length)
    means = bench.states.states[: count * length].reshape(count, length, -1).mean(axis=1, dtype=np.float32)
    vectors = means / np.linalg.norm(means, axis=1, keepdims=True)
    queries = bench.states.queries
    index = VectorIndex(bench.states.width, exact_up_to=count - 1)
    index.add(np.arange(count - 1), vectors[:-1])
    before = [_timed(index.search, query[None], K) for query in queries]
    built = _timed(index.add, np.array([count - 1]), vectors[-1:])
    found, seconds = [], []
    for query in queries:
        started = time.perf_counter()
        _, ids = index.search(query[None], K)
        seconds.append(time.perf_counter() - started)
        found.append(ids[0].tolist())
    share = _recall(found, _exact(queries, vectors))
    bench.figures["recall"] = {
        "size": count,
        "tokens_a_vector": length,
        "recall": round(share, 4),
        "own_estimate": round(index.recall().recall, 4),
        "turn_seconds": round(built, 2),
        "exact": bench.times(f"index of {count - 1:,}, exact", before),
        index.kind: bench.times(f"index of {count:,}, {index.kind}", seconds, 5),
    }
    bench.row(f"recall@{K} of {count:,}, {index.kind}", f"{share:.4f} of {len(queries):,} queries", ">= 0.98", share >= 0.98)


def large(bench: Bench) -> None:
    """The tokens ten times over on disk: built, opened in a fresh process, searched, gathered."""
    copies, folder = bench.arguments.copies, bench.home / "large"
    tokens = copies * len(bench.states)
    built = tokens / bench.filled(folder, copies)
    bench.row(f"{tokens:,} tokens built", f"{built:.0f} s, {tokens / built:,.0f} tokens/s, {folder_bytes(folder) / 2**30:.2f} GiB")
    np.save(bench.home / "query.npy", bench.states.queries[:1])
    opened = []
    for _ in range(2 * bench.arguments.runs - 1):
        command = [sys.executable, "-c", _OPEN, str(folder), str(bench.home / "query.npy")]
        opened.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    opening, first, blocks = (statistics.median(column) for column in zip(*opened, strict=True))
    bench.row(f"{tokens:,} tokens opened in a new process", f"{opening:.3f} s, imports before", "< 1 s", opening < 1)
    bench.row("the first search there", f"{first:.3f} s")
    with bench.open(folder, ram_budget=256 << 20) as context:
        seconds, found = _searches(context, bench.states.queries)
        kind = context._index.current(context._blocks.by_number).kind
        share = _recall(found, _exact(bench.states.queries, bench.states.block_vectors(block_lengths(context), copies)))
        bench.gathers(context, WARM_UP)
        bench.figures["large"] = {
            "tokens": tokens,
            "blocks": blocks,
            "index": kind,
            "build_seconds": round(built, 1),
            "open_seconds": round(opening, 3),
            "opens": [round(each[0], 3) for each in opened],
            "first_search_seconds": round(first, 3),
            "search": bench.times(f"search of {blocks:,} blocks, {kind}", seconds, 5),
            "recall": round(share, 4),
            "gather": bench.times(f"gather 64 of {blocks:,} from disk, page cache warm", bench.gathers(context, bench.rounds), 20),
        }
    bench.row(f"recall@{K} there", f"{share:.4f}", ">= 0.98", share >= 0.98)
    shutil.rmtree(folder)


def _searches(context: Any, queries: npt.NDArray[np.float32]) -> tuple[list[float], list[list[int]]]:
    seconds, found = [], []
    for query in [*queries[:WARM_UP], *queries]:
        started = time.perf_counter()
        hits = context.search(query, K)
        seconds.append(time.perf_counter() - started)
        found.append([hit.number for hit in hits])
    warm = len(seconds) - len(queries)
    return seconds[warm:], found[warm:]


def _exact(queries: npt.NDArray[np.float32], vectors: npt.NDArray[np.float32]) -> list[list[int]]:
    best = []
    for start in range(0, len(queries), 100):
        scores = queries[start : start + 100] @ vectors.T
        best += np.argpartition(-scores, min(K, len(vectors)) - 1, axis=1)[:, :K].tolist()
    return best


def _recall(found: Iterable[list[int]], exact: Iterable[list[int]]) -> float:
    return statistics.mean(len(set(one) & set(other)) / len(other) for one, other in zip(found, exact, strict=True))


def _with_hits(context: Any, measure: Callable[[], dict[str, float]]) -> dict[str, Any]:
    """What is measured, and which share of the reads each tier answered meanwhile."""
    before = {use.name: use.hits for use in context.tiers()}
    found = measure()
    hits = {use.name: use.hits - before[use.name] for use in context.tiers()}
    total = max(1, sum(hits.values()))
    return found | {"answered_by": {name: round(count / total, 3) for name, count in hits.items()}}


def _timed(call: Callable[..., Any], *arguments: Any) -> float:
    started = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - started


def _drop_cache(folder: Path) -> None:
    for file in folder.glob("*.segment"):
        descriptor = os.open(file, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def _bytes_read() -> int:
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("read_bytes")))


def budgets(bench: Bench) -> None:
    """See store_budgets.py."""
    from store_budgets import within_budgets

    bench.figures["budgets"] = within_budgets(bench)


def kills(bench: Bench) -> None:
    """See store_kill.py."""
    from store_kill import survive

    bench.figures["kills"] = survive(bench)


PARTS: dict[str, Callable[[Bench], None]] = {
    part.__name__: part for part in (append, search, gather, iterate, compression, snapshot, recall, large, budgets, kills)
}


def main() -> int:
    """Run the parts asked for; 0 if no budget was exceeded and no kill did harm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="where the states are kept, outside the repository")
    parser.add_argument("--text", type=Path, nargs="*", default=[], help="texts to read into the cache (default: contracts of CUAD)")
    parser.add_argument("--parts", type=lambda names: names.split(","), default=list(PARTS), help=",".join(PARTS))
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--copies", type=int, default=10, help="how many times over the tokens are taken in the part 'large'")
    parser.add_argument("--runs", type=int, default=3, help="of append and iterate; one less than twice as many openings")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, help="of the kills")
    parser.add_argument("--threads", type=int, help="of torch (default: its own choice)")
    parser.add_argument("--device", default="cpu", help="where the recent tokens lie and blocks are gathered to")
    parser.add_argument("--home", type=Path, help="a folder on the disk to measure, with room for ten gigabytes")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.parts) - set(PARTS))
    if unknown:
        parser.error(f"no parts {', '.join(unknown)}; known: {', '.join(PARTS)}")
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)
    states = load_states(arguments.cache, arguments.tokens, arguments.queries, arguments.text)
    with tempfile.TemporaryDirectory(prefix="longdoc-store-", dir=arguments.home) as home:
        bench = Bench(arguments, states, Path(home))
        for name in arguments.parts:
            PARTS[name](bench)
    harmed = any(bench.figures.get(part, {}).get("sound") is False for part in ("budgets", "kills"))
    setting = {"tokens": len(states), "device": arguments.device, "threads": arguments.threads}
    report("store", ["what", "measured", "bar"], bench.rows, **setting, **bench.figures, sound=not harmed)
    return int(harmed)


if __name__ == "__main__":
    raise SystemExit(main())
