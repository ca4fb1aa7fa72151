"""A decoder's keys and values at length: memory of the tiers at a million tokens, a sparse prefill beside a dense one, a decoding step
over a million tokens beside one over what it keeps alone.

    python benchmarks/kv.py [memory] [prefill] [decode] [index] [--tokens N] [--lengths N ...] [--device cuda] [--plot FILE]

The shape is that of Qwen2.5-7B: 28 layers, 28 query and 4 key heads of 128 channels. `memory` runs one layer for real and multiplies by
28. `prefill` and `decode` run one key head with its 7 query heads; `index` times what could name its blocks, FAISS's RaBitQ among them.
Queries and keys are drawn: blocks of 128 tokens have one of 64 topics, and attend to the blocks of their topic; the share of pairs that is
read and the mass that is kept are printed. The guard is off.

The floor of a prefill is its share of pairs times the dense time of the same run; that of a step, the step over what is kept.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from common import report
from plots import bars
from torch import Tensor

from longdoc.attention.antidiagonal import Antidiagonal
from longdoc.attention.dense import attend_dense
from longdoc.attention.guard import mass_kept
from longdoc_stores.bounds_index import BoundsIndex
from longdoc_stores.kv_layer import TieredLayer
from longdoc_stores.kv_settings import LayerSettings
from longdoc_stores.sign_index import SignIndex

LAYERS, QUERY_HEADS, KEY_HEADS, WIDTH = 28, 28, 4, 128
GROUP = QUERY_HEADS // KEY_HEADS
SCALE = WIDTH**-0.5
TOPIC_TOKENS, TOPICS, STRENGTH = 128, 64, 9.5


def drawn(tokens: int, heads: tuple[int, int], device: str, dtype: torch.dtype, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """q [1, H, T, D], k and v [1, G, T, D] of the last T = `tokens`; see the module."""
    draw = torch.Generator(device).manual_seed(seed)
    topics = torch.nn.functional.normalize(torch.randn(TOPICS, WIDTH, generator=draw, device=device), dim=-1) * STRENGTH
    which = torch.randint(0, TOPICS, (-(-tokens // TOPIC_TOKENS),), generator=draw, device=device)
    about = topics[which].repeat_interleave(TOPIC_TOKENS, dim=0)[:tokens]
    made = []
    for count in (heads[0], heads[1]):
        rows = torch.randn(1, count, tokens, WIDTH, generator=draw, device=device)
        made.append((rows + about).to(dtype))
    return made[0], made[1], torch.randn(1, heads[1], tokens, WIDTH, generator=draw, device=device).to(dtype)


def timed(run: Callable[[], Any], times: int, device: str) -> float:
    """Median seconds of a call, after one that is not counted where there are several."""
    taken = []
    for number in range(times + (times > 1)):
        if device == "cuda":
            torch.cuda.synchronize()
        started = time.perf_counter()
        run()
        if device == "cuda":
            torch.cuda.synchronize()
        if number or times == 1:
            taken.append(time.perf_counter() - started)
    return median(taken)


def filled(tokens: int, heads: int, settings: LayerSettings, device: str, dtype: torch.dtype, chunk: int = 32_768) -> TieredLayer:
    """A layer that holds so many tokens, read in chunks."""
    layer = TieredLayer(settings, Antidiagonal(), None, True)
    draw = torch.Generator(device).manual_seed(0)
    for first in range(0, tokens, chunk):
        rows = [torch.randn(1, heads, min(chunk, tokens - first), WIDTH, generator=draw, device=device).to(dtype) for _ in range(2)]
        layer.update(*rows)
        layer.read_by_caller()
        layer.reserve(tokens - first)
    # One token more: what the last chunk left over leaves the hot tier now, as it does when an answer begins.
    layer.update(*(torch.zeros(1, heads, 1, WIDTH, device=device, dtype=dtype) for _ in range(2)))
    layer.read_by_caller()
    return layer


def memory(tokens: int, device: str, rows: list[list[Any]], figures: dict[str, Any]) -> None:
    """Bytes of all layers, by tier, from those of one; the index is that of a GPU."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    settings = LayerSettings(index="signs", hot_blocks=4 * 2048 // 16, audit=0)
    layer = filled(tokens, KEY_HEADS, settings, device, torch.bfloat16)
    q = torch.randn(1, QUERY_HEADS, 1, WIDTH, device=device).to(torch.bfloat16)
    layer.attend(q, SCALE, None)  # hot blocks are there from the first step on
    size = layer.nbytes
    dense = 2 * LAYERS * KEY_HEADS * WIDTH * 2 * tokens
    figures["memory"] = {tier: LAYERS * count for tier, count in size.items()} | {"bfloat16": dense, "tokens": tokens}
    figures["memory"]["peak_of_one_layer"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    rows.append(
        ["memory", f"{tokens:,} tokens", f"RAM {LAYERS * size['ram'] / 1e9:.2f} GB", f"device {LAYERS * size['device'] / 1e9:.2f} GB"]
    )
    rows.append(["", "bfloat16, all on the device", f"{dense / 1e9:.1f} GB", ""])


def prefill(length: int, device: str, rows: list[list[Any]], figures: dict[str, Any]) -> None:
    """The attention of a whole prefill of one key head, dense and by antidiagonal selection."""
    q, k, v = drawn(length, (GROUP, 1), device, torch.bfloat16)
    pattern = Antidiagonal()
    selection = pattern.select(q, k, SCALE)
    density = float(selection.density().mean())
    found = pattern.attend(q, k, v, SCALE)
    places = torch.linspace(0, length - 1, 64, device=device).long()
    kept = float(mass_kept(q, k, SCALE, found.lse, places).mean())
    choose = timed(lambda: pattern.select(q, k, SCALE), 3, device)
    sparse = timed(lambda: pattern.attend(q, k, v, SCALE), 3, device)
    dense = timed(lambda: attend_dense(q, k, v, SCALE), 1 if length > 65_536 and device == "cpu" else 3, device)
    figures.setdefault("prefill", []).append(
        {"length": length, "dense_s": dense, "sparse_s": sparse, "select_s": choose, "density": density, "mass_kept": kept}
    )
    rows.append(
        [f"prefill {length:,}", f"dense {dense:.2f} s", f"sparse {sparse:.2f} s ({choose:.2f} to choose)", f"{dense / sparse:.1f} x"]
    )
    rows.append(["", f"{100 * density:.1f} % of pairs read", f"mass kept {kept:.3f}", f"floor {density * dense:.2f} s"])


def decode(tokens: int, device: str, rows: list[list[Any]], figures: dict[str, Any]) -> None:
    """A step of one key head over all tokens, and over as many as it keeps."""
    settings = LayerSettings(audit=0)
    q = torch.randn(1, GROUP, 1, WIDTH, device=device).to(torch.bfloat16)
    layer = filled(tokens, 1, settings, device, torch.bfloat16)
    kept = settings.recent + settings.sinks + settings.top_k + settings.page
    few = filled(kept, 1, settings, device, torch.bfloat16, chunk=kept)
    pair = [0.0, 0.0]
    for number, each in enumerate((layer, few)):
        pair[number] = timed(lambda each=each: each.attend(q, SCALE, None), 50, device)  # type: ignore[misc]
    assert layer.old is not None
    index = timed(lambda: layer.old.index.estimate(q, SCALE), 50, device)  # type: ignore[union-attr]
    figures["decode"] = {"tokens": tokens, "step_ms": 1000 * pair[0], "kept_ms": 1000 * pair[1], "index_ms": 1000 * index}
    rows.append(
        [f"decode {tokens:,}", f"step {1000 * pair[0]:.2f} ms", f"kept alone {1000 * pair[1]:.2f} ms", f"{pair[0] / pair[1]:.1f} x"]
    )
    rows.append(["", f"index {1000 * index:.2f} ms", "", ""])


def index(tokens: int, device: str, rows: list[list[Any]], figures: dict[str, Any]) -> None:
    """What names blocks or tokens for one key head's 7 queries: seconds of one look-up, bytes a token."""
    import faiss

    draw = torch.Generator(device).manual_seed(0)
    keys = torch.randn(1, 1, tokens // 16 * 16, WIDTH, generator=draw, device=device)
    q = torch.randn(1, GROUP, 1, WIDTH, generator=draw, device=device)
    found: dict[str, float] = {}
    for name, made in (("bounds", BoundsIndex()), ("signs", SignIndex())):
        made.append(keys)
        found[name] = timed(lambda made=made: made.estimate(q, SCALE), 5, device)  # type: ignore[misc]
        rows.append([f"index {name}", f"{1000 * found[name]:.2f} ms", f"{made.nbytes / keys.shape[2]:.0f} B a token", ""])
    faiss.omp_set_num_threads(torch.get_num_threads())
    other = faiss.IndexRaBitQFastScan(WIDTH, faiss.METRIC_INNER_PRODUCT)
    array = keys[0, 0].cpu().numpy()
    other.train(array[:10_000])
    other.add(array)
    asked = q[0, :, 0].cpu().numpy()
    found["faiss"] = timed(lambda: other.search(asked, 2_048), 5, "cpu")
    rows.append(["index FAISS RaBitQ fast scan", f"{1000 * found['faiss']:.2f} ms", "top 2,048 tokens of each query", ""])
    figures["index_ms"] = {name: 1000 * seconds for name, seconds in found.items()}


def drawn_bars(figures: dict[str, Any]) -> list[tuple[str, str, float]]:
    """(group, name, seconds) of what was timed."""
    found = []
    for one in figures.get("prefill", []):
        group = f"prefill of {one['length']:,} tokens"
        floor = one["density"] * one["dense_s"]
        found += [(group, "dense", one["dense_s"]), (group, "antidiagonal", one["sparse_s"]), (group, "floor: pairs read", floor)]
    if "decode" in figures:
        one = figures["decode"]
        group = f"a step over {one['tokens']:,} tokens"
        found += [(group, "tiered cache", one["step_ms"] / 1000), (group, "floor: what it keeps, alone", one["kept_ms"] / 1000)]
    return found


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["memory", "prefill", "decode", "index", []], default=[])
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--lengths", type=int, nargs="+", default=[65_536, 131_072])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--plot", type=Path, help="an SVG of the times")
    options = parser.parse_args()
    parts = options.parts or ["memory", "prefill", "decode", "index"]
    rows: list[list[Any]] = []
    figures: dict[str, Any] = {"device": options.device, "threads": torch.get_num_threads()}
    with torch.no_grad():
        if "decode" in parts:
            decode(options.tokens, options.device, rows, figures)
        if "prefill" in parts:
            for length in options.lengths:
                prefill(length, options.device, rows, figures)
        if "index" in parts:
            index(options.tokens, options.device, rows, figures)
        if "memory" in parts:
            memory(options.tokens, options.device, rows, figures)
    if options.plot:
        options.plot.parent.mkdir(parents=True, exist_ok=True)
        options.plot.write_text(bars("Seconds, one key head of Qwen2.5-7B's shape", drawn_bars(figures)), encoding="utf-8")
    report("kv", ["what", "", "", ""], rows, **figures)


if __name__ == "__main__":
    main()
