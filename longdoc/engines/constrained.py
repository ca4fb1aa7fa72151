"""Output that matches a JSON schema: at every step tokens that would break it cannot be chosen (llguidance)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longdoc.errors import ConfigError, MissingExtraError


class Constrained:
    """A logits processor of transformers for one row; `schema` is a JSON schema."""

    def __init__(self, tokenizer: Any, schema: Mapping[str, Any], vocabulary: int) -> None:
        try:
            import llguidance.hf
        except ImportError as error:
            raise MissingExtraError("output by a schema needs llguidance: pip install 'longdoc[local]'") from error
        grammar = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema), defaults={"whitespace_flexible": False})
        self._matcher = llguidance.LLMatcher(llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocabulary), grammar)
        if self._matcher.is_error():
            raise ConfigError(f"the schema cannot be used: {self._matcher.get_error()}")
        self._vocabulary = vocabulary
        self._seen: int | None = None

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Scores [1, V] with those of tokens that do not go on rightly at minus infinity."""
        if self._seen is not None:
            for token in input_ids[0, self._seen :].tolist():
                self._matcher.consume_token(token)
        self._seen = input_ids.shape[1]
        bits = np.unpackbits(np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8), bitorder="little")
        allowed = torch.from_numpy(bits[: self._vocabulary]).to(scores.device, torch.bool)
        return scores.masked_fill(~allowed, -torch.inf)
