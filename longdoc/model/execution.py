"""How the encoder's matrices are multiplied: bfloat16 where the device has instructions for it, float32 elsewhere.

Both take the same weights (rounded to int8 in the file) and differ in how activations are rounded; sums, softmax and norms are float32
inside the kernels of both. int8 activations were measured and left out (benchmarks/execution.py): torch's move the states too far, ONNX
Runtime's are half as fast as bfloat16 and would bring a second copy of the weights.
"""

from __future__ import annotations

import torch

from longdoc.errors import ConfigError
from longdoc.model.encoder import Encoder

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def choose(precision: str, device: torch.device) -> str:
    """`precision`, where "auto" becomes the fastest that the device has instructions for.

    Raises: ConfigError if there is no such precision.
    """
    if precision == "auto":
        return "bfloat16" if _has_bfloat16(device) else "float32"
    if precision not in PRECISIONS:
        raise ConfigError(f"no precision {precision!r}; known are auto, {', '.join(PRECISIONS)}")
    return precision


def prepared(encoder: Encoder, precision: str, device: torch.device) -> Encoder:
    """`encoder` on `device`, ready to run."""
    moved: Encoder = encoder.to(device, PRECISIONS[precision])
    return moved


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
