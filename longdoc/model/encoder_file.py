"""The encoder's weights in one file: matrices as int8 with a scale a row, the rest as float32, vocabulary and shape as metadata.

    W[i, j] is about scale[i] * Q[i, j],   scale[i] = max_j |W[i, j]| / 127,   error at most scale[i] / 2

The file is what runs: training ends by rounding to it, and every figure is of the rounded weights.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from longdoc.errors import StoreVersionError, UnreadableError
from longdoc.model.encoder import Encoder, EncoderConfig
from longdoc.model.heads import ClauseHeads, VectorHead

FILE = "encoder.safetensors"
FORMAT = 1
_LARGE = 1 << 14
"""Numbers of a matrix from which it is kept as int8."""


@dataclass
class Model:
    """An encoder with its heads: vectors, and clauses by the name of their label set."""

    encoder: Encoder
    vectors: VectorHead
    clauses: dict[str, ClauseHeads]
    vocabulary: tuple[str, ...]
    notes: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""

    def parts(self) -> dict[str, nn.Module]:
        """The modules by the name that their weights have in the file."""
        return {"encoder": self.encoder, "vectors": self.vectors} | {f"clauses.{name}": heads for name, heads in self.clauses.items()}

    def eval(self) -> Model:
        """The same, to be run."""
        for part in self.parts().values():
            part.eval().requires_grad_(False)
        return self


def save(path: Path, model: Model) -> None:
    """Write `model` to `path`."""
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    for name, part in model.parts().items():
        for key, value in part.state_dict().items():
            value = value.detach().float().cpu().contiguous()
            if value.ndim == 2 and value.numel() >= _LARGE:
                tensors[f"{name}.{key}"], tensors[f"{name}.{key}.scale"] = rounded(value)
            else:
                tensors[f"{name}.{key}"] = value
    content = {
        "format": FORMAT,
        "config": asdict(model.encoder.config),
        "clauses": {name: [list(heads.labels), list(heads.span_labels)] for name, heads in model.clauses.items()},
        "vocabulary": list(model.vocabulary),
        "notes": dict(model.notes),
    }
    # One key: safetensors writes several in an order that changes from run to run.
    save_file(tensors, path, {"longdoc": json.dumps(content, ensure_ascii=False)})


def load(path: Path) -> Model:
    """The model in `path`.

    Raises: UnreadableError if it is no file of an encoder; StoreVersionError if another version of longdoc wrote it.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            content = json.loads(file.metadata()["longdoc"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - a method, not a mapping
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UnreadableError(f"{path}: no weights of a longdoc encoder ({error!r})") from error
    if content.get("format") != FORMAT:
        raise StoreVersionError(f"{path}: has format {content.get('format')}, this longdoc reads {FORMAT}; train the model again")
    shape = content["config"]
    encoder = Encoder(EncoderConfig(**{"forked": False} | shape | {"near": tuple(shape["near"])}))
    clauses = {name: ClauseHeads(tuple(labels), tuple(spans), encoder.config.width) for name, (labels, spans) in content["clauses"].items()}
    model = Model(encoder, VectorHead(encoder.config.width), clauses, tuple(content["vocabulary"]), content["notes"])
    try:
        for name, part in model.parts().items():
            part.load_state_dict({key: _whole(tensors, f"{name}.{key}") for key in part.state_dict()})
    except (KeyError, RuntimeError) as error:
        raise UnreadableError(f"{path}: its tensors do not fit the shape that it states ({error})") from error
    model.fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return model.eval()


def rounded(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """int8 [I, J] and scale [I, 1] float32 of a matrix [I, J]."""
    scale = matrix.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / 127.0
    return torch.round(matrix / scale).to(torch.int8), scale


def _whole(tensors: Mapping[str, Tensor], name: str) -> Tensor:
    scale = tensors.get(f"{name}.scale")
    return tensors[name].float() if scale is None else tensors[name].float() * scale
