"""How fast the shipped encoder reads, in how much memory, and how long a question-answering reader takes for the same contracts.

    python benchmarks/encoder.py [--lengths 10000 100000 1000000] [--threads 2] [--runs 5] [--contracts 5] [--windows 24] [--questions 2]

Texts of so many word pieces are made of CUAD's training contracts, one after the other, and parsed beforehand. Every length is read in
a process of its own: `EmbeddedReader.read` is "encoder and heads", `extract` of the 41 CUAD labels is the look-up afterwards. Memory is
that of the whole process, once the model is loaded and at its peak while it reads. Texts of up to 100,000 tokens are read several times
and the median counts. "Tokens" are those that the reader says it read: page headers are left out. The bars: a million tokens in 100 s
and 2 GiB, at most 10.5 times as long as 100,000.

The competitor is a reader as in CUAD's paper (https://arxiv.org/abs/2103.06268): of the size of RoBERTa-base, asked about every label
in every window of 512 tokens. Random weights take the same time as trained ones. Windows overlap by 128 tokens; CUAD's own script
steps by 256, which makes more of them. It is timed on a sample of full windows, and its time for the contracts is that time by token, so
that a contract's last, shorter window costs less; tokens are counted as MiniLM's word pieces. longdoc reads the same validation contracts
in the same run, parsing and look-up included. bfloat16 runs where torch says that the processor has it.
"""

from __future__ import annotations

import argparse
import csv
import json
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from common import SHARED, report
from original_minilm import tokenizer
from search import read

DATA = SHARED / "data" / "cuad"
WINDOW = 512
MARKS = 4
"""RoBERTa's own tokens around a question and a text."""
QUESTION = 'Highlight the parts (if any) of this contract related to "{label}" that should be reviewed by a lawyer. Details: {description}'
BATCH = 4
"""Windows that the competitor reads at a time; 1 and 8 were slower."""
WARM_UP = 10_000
"""Characters that are read before anything is timed."""
SEVERAL_RUNS = 100_000
"""Tokens of the longest text that is read more than once."""
MILLION, TENTH = 1_000_000, 100_000
BAR_SECONDS, BAR_BYTES, BAR_RATIO = 100.0, 2 << 30, 10.5

Figures = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--lengths", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], help="tokens of the texts")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5, help="of each text of up to 100,000 tokens")
    parser.add_argument("--contracts", type=int, default=5, help="validation contracts that both read; 0: no competitor")
    parser.add_argument("--windows", type=int, default=24, help="windows on which the competitor is timed")
    parser.add_argument("--questions", type=int, default=2, help="questions asked of each of them")
    parser.add_argument("--overlap", type=int, default=128, help="tokens that two windows share")
    parser.add_argument("--measure", choices=list(MEASURES), help=argparse.SUPPRESS)
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(MEASURES[arguments.measure](**pickle.loads(arguments.job.read_bytes()))))
        return
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        rows, figures = lengths(arguments, scratch)
        if arguments.contracts:
            more, figures["competitor"] = against_roberta(arguments, scratch)
            rows += more
    columns = ["", "tokens", "seconds", "spread", "tokens/s", "peak MiB", "above the model", "bar"]
    report("encoder", columns, rows, threads=arguments.threads, **figures)


def lengths(arguments: argparse.Namespace, scratch: Path) -> tuple[list[list[Any]], Figures]:
    """Rows and figures of the texts, each read in a process of its own."""
    rows: list[list[Any]] = []
    every: dict[int, Figures] = {}
    wanted = sorted(arguments.lengths)
    text, ends = joined(arguments.data / "train.jsonl.gz", wanted)
    for length, end in zip(wanted, ends, strict=True):
        print(f"reading {length:,} tokens", file=sys.stderr)
        runs = arguments.runs if length <= SEVERAL_RUNS else 1
        found = every[length] = reading([text[:end]], arguments.threads, runs, scratch)
        spread = f"{min(found['read_seconds']):.2f}-{max(found['read_seconds']):.2f}, {runs} runs"
        memory = [f"{found['peak_bytes'] / 2**20:.0f}", f"{(found['peak_bytes'] - found['loaded_bytes']) / 2**20:.0f}"]
        bar = f"{BAR_SECONDS:.0f} s, {BAR_BYTES >> 20} MiB" if length == MILLION else ""
        speed = f"{found['tokens'] / found['seconds']:.0f}"
        rows.append(["encoder and heads", found["tokens"], f"{found['seconds']:.2f}", spread, speed, *memory, bar])
        rows.append(["look-up of clauses", found["tokens"], f"{found['extract_seconds']:.2f}", "", "", "", "", ""])
    figures: Figures = {"lengths": {str(length): found for length, found in every.items()}, "bars_met": {}}
    if MILLION in every:
        figures["bars_met"]["seconds"] = every[MILLION]["seconds"] <= BAR_SECONDS
        figures["bars_met"]["memory"] = every[MILLION]["peak_bytes"] <= BAR_BYTES
    if len(wanted) > 1:
        longest, before = wanted[-1], wanted[-2]
        ratio = every[longest]["seconds"] / every[before]["seconds"]
        barred = (longest, before) == (MILLION, TENTH)
        rows.append([f"time({longest:,}) / time({before:,})", "", f"{ratio:.2f}", "", "", "", "", BAR_RATIO if barred else ""])
        figures["time_ratio"] = {"longest": longest, "before": before, "value": round(ratio, 3)}
        if barred:
            figures["bars_met"]["time_ratio"] = ratio <= BAR_RATIO
    return rows, figures


def against_roberta(arguments: argparse.Namespace, scratch: Path) -> tuple[list[list[Any]], Figures]:
    """Rows and figures of the same contracts, read by longdoc and by a reader that is asked a question of every window."""
    texts = [row["text"] for _, row in zip(range(arguments.contracts), read(arguments.data / "validation.jsonl.gz"), strict=False)]
    pieces = tokenizer()
    print(f"longdoc reads {len(texts)} contracts", file=sys.stderr)
    ours = reading(texts, arguments.threads, 1, scratch)
    seconds = ours["parse_seconds"] + ours["seconds"] + ours["extract_seconds"]
    with (arguments.data / "labels.csv").open(encoding="utf-8", newline="") as lines:
        questions = [len(pieces.encode(QUESTION.format(**row), add_special_tokens=False)) for row in csv.DictReader(lines)]
    contracts = [len(pieces.encode(text, add_special_tokens=False)) for text in texts]
    sizes = [size for tokens in contracts for question in questions for size in windows(tokens, question, arguments.overlap)]
    speed = f"{sum(contracts) / seconds:.0f}"
    rows: list[list[Any]] = [[f"longdoc, clauses of {len(texts)} contracts", sum(contracts), f"{seconds:.2f}", "", speed, "", "", ""]]
    figures: Figures = {
        "contracts": len(texts),
        "tokens": sum(contracts),
        "questions": len(questions),
        "windows": len(sizes),
        "window_tokens": sum(sizes),
        "overlap": arguments.overlap,
        "longdoc_seconds": round(seconds, 3),
        "longdoc": ours,
    }
    for dtype in ("float32", "bfloat16"):
        print(f"RoBERTa-base in {dtype}", file=sys.stderr)
        sample = arguments.windows * arguments.questions
        theirs = measured("roberta", {"dtype": dtype, "windows": sample, "threads": arguments.threads}, scratch)
        figures[dtype] = theirs
        if not theirs:
            continue
        needed = theirs["seconds_a_window"] / WINDOW * sum(sizes)
        ratio = needed / seconds
        figures[dtype] |= {"seconds": round(needed, 1), "ratio": round(ratio, 1)}
        spread = f"{theirs['fastest']:.2f}-{theirs['slowest']:.2f} a window, {theirs['windows']} windows"
        what = f"RoBERTa-base, {dtype}, {len(sizes)} windows of the same"
        memory = f"{theirs['peak_bytes'] / 2**20:.0f}"
        rows.append([what, sum(contracts), f"{needed:.0f}", spread, f"{sum(contracts) / needed:.1f}", memory, "", ""])
        rows.append([f"ratio of times, {dtype}", "", f"{ratio:.1f}", "", "", "", "", ""])
    return rows, figures


def joined(path: Path, lengths: Sequence[int]) -> tuple[str, list[int]]:
    """Contracts, one after the other, as many as the longest needs; and where in them each length (ascending) is reached."""
    pieces, tokens, characters = tokenizer(), 0, 0
    texts: list[str] = []
    ends: list[int] = []
    for row in read(path):
        if len(ends) == len(lengths):
            break
        offsets = pieces.encode(row["text"], add_special_tokens=False).offsets
        while len(ends) < len(lengths) and lengths[len(ends)] <= tokens + len(offsets):
            ends.append(characters + offsets[lengths[len(ends)] - tokens - 1][1])
        texts.append(row["text"] + "\n\n")
        tokens, characters = tokens + len(offsets), characters + len(texts[-1])
    if len(ends) < len(lengths):
        sys.exit(f"{path} holds {tokens:,} tokens, not {lengths[-1]:,}; ask for fewer with --lengths")
    return "".join(texts), ends


def windows(tokens: int, question: int, overlap: int) -> list[int]:
    """The sizes of a text's windows: each holds a question, the model's marks and as much of the text as there is room for."""
    room = WINDOW - MARKS - question
    if overlap >= room:
        sys.exit(f"windows that hold {room} tokens of text cannot overlap by {overlap}; ask for less with --overlap")
    starts = range(0, max(1, tokens - overlap), room - overlap)
    return [question + MARKS + min(room, tokens - start) for start in starts]


def reading(texts: Sequence[str], threads: int, runs: int, scratch: Path) -> Figures:
    """How the texts are read, in a process of its own; they are parsed in this one, so that the peak is that of reading."""
    started = time.perf_counter()
    parsed = [parse(text) for text in texts]
    seconds = time.perf_counter() - started
    job = {"parsed": parsed, "warm_up": parse(texts[0][:WARM_UP]), "threads": threads, "runs": runs}
    return {"parse_seconds": round(seconds, 3)} | measured("read", job, scratch)


def parse(text: str) -> Any:
    from longdoc.ingest import parse_bytes

    return parse_bytes(text.encode(), "contracts.txt", domain="legal")


def measured(what: str, job: Figures, scratch: Path) -> Figures:
    """What a process of its own finds."""
    file = scratch / "job.pickle"
    file.write_bytes(pickle.dumps(job))
    command = [sys.executable, __file__, "--measure", what, "--job", str(file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def measure_reading(parsed: Sequence[Any], warm_up: Any, threads: int, runs: int) -> Figures:
    """Seconds and bytes of reading the documents one after the other, in this process."""
    import psutil

    from longdoc.labels import load_labels
    from longdoc.model.reader import EmbeddedReader
    from longdoc.protocols import Source

    reader, labels = EmbeddedReader(threads=threads), load_labels("cuad")
    reader.embed(["The model is loaded when it is first needed."])
    loaded = psutil.Process().memory_info().rss
    reader.extract(Source(warm_up.document, reader.read(warm_up.document, warm_up.chunks), warm_up.chunks), labels)
    seconds: list[float] = []
    readings: list[Any] = []
    for _ in range(runs):
        readings.clear()
        started = time.perf_counter()
        readings += [reader.read(one.document, one.chunks) for one in parsed]
        seconds.append(round(time.perf_counter() - started, 3))
    peak = peak_bytes()
    started = time.perf_counter()
    clauses = [reader.extract(Source(one.document, reading, ()), labels) for one, reading in zip(parsed, readings, strict=True)]
    return {
        "tokens": sum(reading.tokens for reading in readings),
        "seconds": statistics.median(seconds),
        "read_seconds": seconds,
        "extract_seconds": round(time.perf_counter() - started, 3),
        "clauses": sum(map(len, clauses)),
        "loaded_bytes": loaded,
        "peak_bytes": peak,
        "peak_bytes_with_look_up": peak_bytes(),
    }


def measure_roberta(dtype: str, windows: int, threads: int) -> Figures:
    """Seconds a full window takes; nothing where the processor has no such numbers."""
    import torch
    from transformers import RobertaConfig, RobertaForQuestionAnswering

    if dtype == "bfloat16" and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return {}
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    config = RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5)
    model = RobertaForQuestionAnswering(config).to(getattr(torch, dtype)).eval()
    ids = torch.randint(5, config.vocab_size, (windows, WINDOW))
    with torch.inference_mode():
        model(ids[:BATCH])
        spent: list[float] = []
        for batch in ids.split(BATCH):
            started = time.perf_counter()
            model(batch)
            spent.append(time.perf_counter() - started)
    speeds = [seconds / len(batch) for seconds, batch in zip(spent, ids.split(BATCH), strict=True)]
    return {
        "windows": windows,
        "seconds_a_window": round(sum(spent) / windows, 4),
        "fastest": round(min(speeds), 4),
        "slowest": round(max(speeds), 4),
        "parameters": sum(weights.numel() for weights in model.parameters()),
        "peak_bytes": peak_bytes(),
    }


MEASURES: dict[str, Callable[..., Figures]] = {"read": measure_reading, "roberta": measure_roberta}


def peak_bytes() -> int:
    """The peak resident set of this process; `ru_maxrss` would count what its parent held before it began."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
