#!/usr/bin/env python3
"""Ways to run the shipped encoder's layers on this processor: how fast each is, and how far from float32 it ends.

    python benchmarks/execution.py [--data ../shared/data/cuad] [--threads 2] [--blocks 32] [--rounds 5]

All read the same full blocks of contracts, each block by itself. "cosine" is that of a token's last state with float32's, the mean over
tokens and the lowest. ONNX Runtime is measured where `pip install onnxruntime onnx onnxscript` has been run: as float32, and with weights
as int8 and activations rounded as they come, one scale a matrix (its dynamic quantisation).
"""

from __future__ import annotations

import argparse
import copy
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from common import SHARED, report
from search import read
from torch import Tensor, nn

from longdoc.model.blocks import make_tokenizer
from longdoc.model.encode import SHIPPED
from longdoc.model.encoder import NOTHING, Encoder, Layout
from longdoc.model.encoder_file import load

Run = Callable[[Tensor], Tensor]


class Blocks(nn.Module):  # type: ignore[misc]
    """The encoder over full blocks that do not see one another: ids [B, T] to states [B, T, 2 D], both kinds."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        for layer in encoder.layers:
            layer.far = None  # no neighbours, whose presence an exporter cannot follow

    def forward(self, ids: Tensor) -> Tensor:
        none = torch.full((ids.shape[0],), NOTHING, dtype=torch.int64)
        states: tuple[Tensor, Tensor] = self.encoder(Layout(ids, torch.ones_like(ids, dtype=torch.bool), none, none))
        return torch.cat(states, dim=-1)


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "cuad")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--blocks", type=int, default=32, help="blocks of 256 tokens that are read together")
    parser.add_argument("--rounds", type=int, default=5, help="the median counts")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = load(SHIPPED)
    tokenizer = make_tokenizer(model.vocabulary)
    size = arguments.blocks * model.encoder.config.block
    found: list[int] = []
    for row in read(arguments.data / "train.jsonl.gz"):
        found += tokenizer.encode(row["text"], add_special_tokens=False).ids
        if len(found) >= size:
            break
    ids = torch.tensor(found[:size]).view(arguments.blocks, -1)
    whole = Blocks(model.encoder).eval()
    with torch.inference_mode():
        truth = whole(ids).float()
    rows, figures = [], []
    for name, run in ways(whole, ids, arguments.threads):
        with torch.inference_mode():
            states = run(ids).float()
            seconds = sorted(timed(run, ids) for _ in range(arguments.rounds))[arguments.rounds // 2]
        cosine = nn.functional.cosine_similarity(states, truth, dim=-1)
        figure = {"way": name, "tokens_per_second": size / seconds, "cosine": float(cosine.mean()), "lowest": float(cosine.min())}
        figures.append(figure)
        rows.append([name, f"{size / seconds:,.0f}", f"{figure['cosine']:.4f}", f"{figure['lowest']:.3f}"])
    report("execution", ["way", "tokens/s", "cosine", "lowest"], rows, threads=arguments.threads, blocks=arguments.blocks, results=figures)


def timed(run: Run, ids: Tensor) -> float:
    began = time.perf_counter()
    run(ids)
    return time.perf_counter() - began


def ways(whole: Blocks, ids: Tensor, threads: int) -> list[tuple[str, Run]]:
    """Names, and what runs the encoder so."""
    found: list[tuple[str, Run]] = [("torch, float32", whole), ("torch, bfloat16", copy.deepcopy(whole).bfloat16())]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces that dynamic quantisation will move elsewhere
        quantised = torch.ao.quantization.quantize_dynamic(copy.deepcopy(whole), {nn.Linear}, torch.qint8)
    found.append(("torch, dynamic int8", quantised))
    try:
        import onnxruntime
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError:
        print("onnxruntime is not installed, so it is left out")
        return found
    folder = Path(tempfile.mkdtemp())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(whole, (ids,), folder / "float32.onnx", input_names=["ids"], output_names=["states"], dynamo=True)
    quantize_dynamic(folder / "float32.onnx", folder / "int8.onnx", per_channel=True, weight_type=QuantType.QInt8)
    for name in ("float32", "int8"):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), options)

        def run(ids: Tensor, session: onnxruntime.InferenceSession = session) -> Tensor:
            return torch.from_numpy(np.asarray(session.run(None, {"ids": ids.numpy()})[0]))

        found.append((f"ONNX Runtime, {'float32' if name == 'float32' else 'dynamic int8'}", run))
    return found


if __name__ == "__main__":
    main()
