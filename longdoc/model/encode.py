"""One pass of the shipped encoder over a document: vectors of chunks and sentences, clause scores of sentences and short spans.

A vector is the mean of the states that its tokens have in their blocks, late chunking (https://arxiv.org/abs/2409.04701), so that
no text is read twice.

Axis legend: C chunks, S sentences, R spans, N tokens, D vector size, L labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from longdoc.model.blocks import Blocks, Landmarks, batches, make_tokenizer, pack, separate, token_ranges, tokenise
from longdoc.model.encoder import Encoder, stream
from longdoc.model.encoder_file import FILE, load
from longdoc.model.execution import choose, prepared
from longdoc.model.heads import ClauseHeads, Means, VectorHead
from longdoc.model.sentences import split_text
from longdoc.types import Document

GROUP = 32
"""Blocks that are in memory together."""
_TAIL = 512
"""Tokens that stay in hand for spans that began among them."""
SHIPPED = Path(str(files("longdoc.model").joinpath("weights"))) / FILE

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scores:
    """Scores (logits) for one label set: of sentences [S, L] for all its labels, of spans [R, L'] for its span labels."""

    sentences: Floats
    spans: Floats


@dataclass(frozen=True)
class Encoded:
    """chunk_vectors [C, D] and sentence_vectors [S, D] of unit length, scores by label set, tokens of text read."""

    chunk_vectors: Floats
    sentence_vectors: Floats
    scores: Mapping[str, Scores]
    tokens: int


class DocumentEncoder:
    """The encoder as it runs: `path` its weights, `threads` the cores that it takes, `precision` as in execution.choose.

    Raises: UnreadableError, StoreVersionError for weights that cannot be used; ConfigError for a precision that cannot be had.
    """

    def __init__(self, path: Path = SHIPPED, *, threads: int | None = None, device: str | None = None, precision: str = "auto") -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.precision = choose(precision, self.device)
        model = load(path)
        self.fingerprint = model.fingerprint
        self._config = model.encoder.config
        self._encoder = prepared(model.encoder, self.precision, self.device)
        self._vectors = model.vectors.to(self.device)
        self._clauses: dict[str, ClauseHeads] = {name: heads.to(self.device) for name, heads in model.clauses.items()}
        self._vocabulary = model.vocabulary

    @property
    def label_sets(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Labels, and labels that short spans answer, by label set."""
        return {name: (heads.labels, heads.span_labels) for name, heads in self._clauses.items()}

    @property
    def width(self) -> int:
        """Numbers of a state, and of a vector."""
        return self._config.width

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer of the weights: WordPiece over lower-cased words, as BERT's."""
        return make_tokenizer(self._vocabulary)

    def encode(self, texts: Sequence[str]) -> Floats:
        """Vectors [len(texts), D] of unit length."""
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]
        return text_vectors(self._encoder, self._vectors, ids, self._marks, self.device)

    def read(
        self,
        document: Document,
        chunks: Integers,
        sentences: Integers,
        spans: Integers,
        progress: Callable[[int], None] | None = None,
    ) -> Encoded:
        """Read a document once: `chunks` [C, 2], `sentences` [S, 2], `spans` [R, 2] are spans of its text in order.

        A sentence without a token in any chunk gets the vector of nothing, all zeros.
        """
        tokens = tokenise(self.tokenizer, document.text, chunks, sentences)
        blocks = pack(tokens, self._config, self._marks, Landmarks(self.tokenizer, document))
        reading = _Pass(self._clauses, self._vectors, (len(chunks), len(sentences)), token_ranges(tokens.spans, spans))
        with torch.inference_mode():
            done = 0
            for end, states, meaning in self._stream(blocks):
                reading.take(states, meaning, tokens.sentence[done:end], tokens.chunk[done:end])
                if progress:
                    progress(end - done)
                done = end
            return reading.result()

    def states(self, text: str) -> Iterator[tuple[Integers, Floats]]:
        """Spans [N, 2] and states [N, D], those for vectors, of the tokens of a text, a group of blocks at a time."""
        tokens = tokenise(self.tokenizer, text, np.array([[0, len(text)]]), np.array(split_text(text), dtype=np.int64).reshape(-1, 2))
        done = 0
        with torch.inference_mode():
            for end, _, states in self._stream(pack(tokens, self._config, self._marks, lambda _: ())):
                yield tokens.spans[done:end], states.cpu().numpy()
                done = end

    def _stream(self, blocks: Blocks) -> Iterator[tuple[int, Tensor, Tensor]]:
        """(number of tokens so far, states [N, D] of the next tokens for clauses, and for vectors)."""
        done = 0
        for first, *kinds in stream(self._encoder, blocks.layout().to(self.device), GROUP) if len(blocks.place) else ():
            rows = flat_places(blocks, done, first, kinds[0])
            states, meaning = (kind.float().flatten(0, 1)[rows] for kind in kinds)
            done += len(rows)
            yield done, states, meaning

    @cached_property
    def _marks(self) -> tuple[int, int]:
        return self._vocabulary.index("[CLS]"), self._vocabulary.index("[SEP]")


def text_vectors(
    encoder: Encoder, head: VectorHead, texts: Sequence[Sequence[int]], marks: tuple[int, int], device: torch.device
) -> Floats:
    """Vectors [len(texts), D] of unit length of texts by themselves, given as token ids; that of nothing is zero."""
    config = encoder.config
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    result = np.zeros((len(texts), config.width), dtype=np.float32)
    for some in batches([len(texts[index]) + 2 for index in order], GROUP * config.block):
        chosen = order[some]
        blocks, owner = separate([texts[index] for index in chosen], config, marks)
        if not len(owner):
            continue
        means = Means(len(chosen), config.width, device)
        with torch.inference_mode():
            states = encoder.meaning(blocks.layout().to(device)).float().flatten(0, 1)
            means.add(states[torch.from_numpy(blocks.place).to(device)], torch.from_numpy(owner).to(device))
            result[chosen] = head(means.result()).cpu().numpy()
    return result


def flat_places(blocks: Blocks, done: int, first: int, states: Tensor) -> Tensor:
    """Where the tokens of the text from number `done` on stand in `states` [G, T, D] of the blocks from number `first`, flattened.

    A group may be narrower than the layout: it is cut to its longest block.
    """
    width = blocks.ids.shape[1]
    place = blocks.place[done : int(np.searchsorted(blocks.place, (first + len(states)) * width))]
    return torch.from_numpy((place // width - first) * states.shape[1] + place % width).to(states.device)


class _Pass:
    """What is gathered while a document streams by; it grows with what comes out, not with the states."""

    def __init__(self, clauses: Mapping[str, ClauseHeads], vectors: VectorHead, sizes: tuple[int, int], spans: Integers) -> None:
        chunks, sentences = sizes
        weight = vectors.turn.weight
        self._clauses, self._vectors, self._spans = clauses, vectors, spans
        self._chunks = Means(chunks, len(weight), weight.device)
        self._sentences = Means(sentences, len(weight), weight.device)
        self._meanings = Means(sentences, len(weight), weight.device)
        self._sums = {name: heads.nothing(sentences) for name, heads in clauses.items()}
        self._span_scores = {name: np.zeros((len(spans), len(heads.span_labels)), np.float32) for name, heads in clauses.items()}
        self._kept = torch.zeros(0, len(weight), device=weight.device)
        self._done = self._scored = 0

    def take(self, states: Tensor, meaning: Tensor, sentence: Integers, chunk: Integers) -> None:
        """The next tokens of the document: their states [N, D], for clauses and for vectors, and what holds them [N]."""
        own, of = (torch.from_numpy(array).to(states.device) for array in (sentence, chunk))
        self._chunks.add(meaning, of)
        inside = own >= 0
        held, own = states[inside], own[inside]
        self._sentences.add(held, own)
        self._meanings.add(meaning[inside], own)
        for name, heads in self._clauses.items():
            self._sums[name] = heads.add(self._sums[name], held, own)
        kept = torch.cat([self._kept, states])
        self._done += len(states)
        self._score_spans(kept, self._done)
        self._kept = kept[-_TAIL:].clone()

    def result(self) -> Encoded:
        """All of it."""
        self._score_spans(self._kept, self._done + 1)
        means = self._sentences.result()
        return Encoded(
            chunk_vectors=self._vectors(self._chunks.result()).cpu().numpy(),
            sentence_vectors=self._vectors(self._meanings.result()).cpu().numpy(),
            scores={
                name: Scores(heads.sentences(self._sums[name], means).cpu().numpy(), self._span_scores[name])
                for name, heads in self._clauses.items()
            },
            tokens=self._done,
        )

    def _score_spans(self, kept: Tensor, before: int) -> None:
        """Score the spans, from the first that has no score, that end before token `before`, with a token to follow."""
        last = self._scored
        while last < len(self._spans) and self._spans[last, 1] < before:
            last += 1
        if last > self._scored and len(kept):
            base = self._done - len(kept)
            ranges = torch.from_numpy(np.maximum(self._spans[self._scored : last] - base, 0)).to(kept.device)
            for name, heads in self._clauses.items():
                self._span_scores[name][self._scored : last] = heads.spans(kept, ranges).cpu().numpy()
        self._scored = last
