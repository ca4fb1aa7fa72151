"""How much a sentence says of its document, learnt from papers with human summaries: a head on numbers of each sentence.

    salience = sigmoid(o . gelu(A x + a) + b)

x are the numbers of salience_inputs.py, standardised. Chosen and passed-over sentences weigh the same in training, so that 0.5 parts them.

It is plain numpy, so that a look-up need not load torch.

Axis legend: S sentences, F numbers of a sentence, H hidden units.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from longdoc.errors import StoreVersionError, UnreadableError
from longdoc.model.network import Floats, gelu
from longdoc.model.rescoring import standard

FILE = "salience.safetensors"
FORMAT = 2
"""Of the file, and of the numbers that are put in: raise it when either changes."""
PARTS = ("mean", "scale", "hidden", "hidden_bias", "output", "output_bias")


@dataclass(frozen=True)
class SalienceHead:
    """mean and scale [F] standardise, hidden [H, F], output [H], output_bias [1]; `encoder` is whose vectors it reads."""

    mean: Floats
    scale: Floats
    hidden: Floats
    hidden_bias: Floats
    output: Floats
    output_bias: Floats
    encoder: str = ""
    fingerprint: str = ""

    def scores(self, inputs: Floats) -> Floats:
        """Salience [S] in 0..1 of sentences with these `inputs` [S, F]."""
        hidden = gelu(standard(inputs, self.mean, self.scale) @ self.hidden.T + self.hidden_bias)
        total = hidden @ self.output + self.output_bias
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(total, -30.0, 30.0))), dtype=np.float32)

    def save(self, path: Path, notes: Mapping[str, str]) -> None:
        """Write the weights with `notes` as metadata."""
        from safetensors.numpy import save_file

        content = {"format": FORMAT, "encoder": self.encoder, "notes": dict(notes)}
        # One key: safetensors writes several in an order that changes from run to run.
        save_file({part: getattr(self, part) for part in PARTS}, path, {"longdoc": json.dumps(content)})


def load_salience(path: Path) -> SalienceHead:
    """The head in a file that `save` wrote.

    Raises: UnreadableError if it is none; StoreVersionError if another version of longdoc wrote it.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            content = json.loads(file.metadata()["longdoc"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
        version, encoder = content["format"], str(content["encoder"])
        parts = [] if version != FORMAT else [arrays[part] for part in PARTS]
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UnreadableError(f"{path}: no salience weights ({error}); train them again with `longdoc train salience`") from error
    if version != FORMAT:
        raise StoreVersionError(
            f"{path}: has format {version}, this longdoc reads {FORMAT}; train the weights again with `longdoc train salience`"
        )
    own = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return replace(SalienceHead(*parts), encoder=encoder, fingerprint=own)
