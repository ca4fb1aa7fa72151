"""How much a sentence says of its document, learnt from papers with human summaries: a head on the encoder's vectors.

    salience = sigmoid(o . gelu(A x + a) + b)

x are numbers that tell where a sentence stands, how near its vector is to those of the whole and of its neighbours, and what it is made of
(the features of extractive summarisation since Edmundson, 1969, https://doi.org/10.1145/321510.321519), standardised. The vector itself is
left out: with it, papers that training had not seen were told apart less well.
Chosen and passed-over sentences weigh the same in training, so that 0.5 parts them.

It is plain numpy, so that a look-up need not load torch.

Axis legend: S sentences, C chunks, D vector size, F numbers of a sentence, H hidden units.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from longdoc.errors import StoreVersionError, UnreadableError
from longdoc.model.network import Floats, gelu
from longdoc.model.rescoring import standard
from longdoc.model.salience import salience
from longdoc.model.wording import leans_on_others, works_cited
from longdoc.types import Document

FILE = "salience.safetensors"
FORMAT = 1
"""Of the file, and of the numbers that are put in: raise it when either changes."""
PARTS = ("mean", "scale", "hidden", "hidden_bias", "output", "output_bias")
_SECTIONS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"introduction|motivation|overview",
        r"abstract|summary|conclusion|concluding",
        r"discussion|future|limitation",
        r"related|previous|prior|background|literature",
        r"experiment|evaluation|result|finding|analysis|performance",
        r"method|model|approach|algorithm|system|architecture|framework|implementation",
        r"data|corpus|corpora|material|resource|set-?up|setting|training|participants",
        r"reference|bibliograph|acknowledg|appendix",
    )
)
_CUES = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"\b(?:we|our)\b",
        r"\b(?:this|present|our) (?:paper|work|article|study|thesis|report|survey)\b|\bin this\b",
        r"\b(?:propose|present|introduce|describe|develop|investigate|explore|address|study|focus)(?:s|d|ed|es)?\b",
        r"\b(?:show|demonstrate|find|found|conclude|suggest|indicate|reveal|confirm|argue)(?:s|ed|n|d)?\b",
        r"\b(?:result|outperform|improve|achieve|accura|significant|better|best|state[- ]of[- ]the[- ]art|effective|reduc)\w*",
        r"\b(?:new|novel|first|unlike|contribut\w+)\b",
        r"\b(?:however|although|but|problem|difficult|challeng\w+|lack\w*)\b",
        r"\b(?:figure|fig|table|section|equation|eq|appendix|example|e\.g|i\.e|step|following|below|above)\b",
        r"\d",
        r"\d(?:\.\d+)? ?%|percent|per cent",
        r"\?\s*$",
        r"[.!?][\"')\]]*\s*$",
    )
)
_WORD = re.compile(r"[^\W\d_]{4,}")


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


def inputs(
    document: Document,
    sentences: npt.NDArray[np.int32],
    chunk_of_sentence: npt.NDArray[np.int32],
    vectors: npt.NDArray[np.floating],
    chunk_vectors: npt.NDArray[np.floating],
) -> Floats:
    """What the head sees of every sentence, [S, F]; `vectors` [S, D] and `chunk_vectors` [C, D] are of unit length or zero."""
    own, chunks = vectors.astype(np.float32), chunk_vectors.astype(np.float32)
    if not len(sentences):
        return np.zeros((0, 0), dtype=np.float32)
    texts = [document.text[start:end] for start, end in sentences.tolist()]
    headings = [document.heading_path(start) for start, _ in sentences.tolist()]
    centre = own.mean(axis=0)
    parts = [
        _near(own, chunks[chunk_of_sentence] if len(chunks) else np.zeros_like(own), centre),
        _placed(chunk_of_sentence, headings),
        _worded(texts),
        _in_order(salience(document, sentences, chunk_of_sentence, own)),
    ]
    return np.concatenate(parts, axis=1, dtype=np.float32)


def running(document: Document, sentences: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Which sentences [S] stand in running text: headings, tables and code are quoted by no summary."""
    starts = np.array([block.span.start for block in document.blocks], dtype=np.int64)
    prose = np.array([block.kind in ("paragraph", "list_item") for block in document.blocks], dtype=np.bool_)
    if not len(starts):
        return np.zeros(len(sentences), dtype=np.bool_)
    return np.asarray(prose[np.maximum(np.searchsorted(starts, sentences[:, 0], side="right") - 1, 0)])


def _near(own: Floats, chunks: Floats, centre: Floats) -> Floats:
    """Similarity to the document, the chunk, the sentences before and after, and the beginning; the first two by order, too."""
    follow = np.append((own[:-1] * own[1:]).sum(axis=1), np.float32(0.0))
    whole = own @ (centre / (np.linalg.norm(centre) or 1.0))
    lead = own[:3].mean(axis=0)
    start = own @ (lead / (np.linalg.norm(lead) or 1.0))
    chunk = (own * chunks).sum(axis=1)
    columns = [whole, chunk, follow, np.roll(follow, 1), start, _order(whole), _order(start)]
    return np.stack(columns, axis=1)


def _placed(chunk_of_sentence: npt.NDArray[np.int32], headings: list[tuple[str, ...]]) -> Floats:
    """Where in the document, its section and its chunk; how much there is of each; the kind of section."""
    count = len(headings)
    row = np.arange(count, dtype=np.float32)
    columns: list[Any] = [row / count, 1 / (1 + row), 1 / (count - row), np.full(count, np.log(count)), np.full(count, count < 20)]
    outer = [path[0] if path else "" for path in headings]
    for owner in (_runs(chunk_of_sentence.tolist()), _runs(headings), _runs(outer)):
        first = np.searchsorted(owner, owner)
        size = np.bincount(owner)[owner]
        columns += [1 / (1 + row - first), 1 / (first + size - row), np.log(size)]
    columns += [owner / (owner[-1] + 1), owner == 0, owner == owner[-1], [len(path) for path in headings]]
    kinds = {path: [pattern.search(" ".join(path)) is not None for pattern in _SECTIONS] for path in set(headings)}
    table = np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=1)
    return np.concatenate([table, np.array([kinds[path] for path in headings], dtype=np.float32)], axis=1)


def _worded(texts: list[str]) -> Floats:
    """Length, cue words, works cited, and how common the sentence's words are in the document (Luhn, 1958)."""
    words = [_WORD.findall(text.lower()) for text in texts]
    times = Counter(word for one in words for word in one)
    rows = []
    for text, own in zip(texts, words, strict=True):
        size = text.count(" ") + 1
        letters = sum(map(str.isalpha, text)) / max(1, len(text))
        common = [np.log(times[word]) for word in own]
        rows.append(
            [
                np.log(size),
                size < 8,
                size > 45,
                letters,
                min(3, works_cited(text)),
                leans_on_others(text),
                sum(common) / max(1, len(common)),
                max(common, default=0.0),
                len(common) / size,
                *(pattern.search(text) is not None for pattern in _CUES),
            ]
        )
    return np.array(rows, dtype=np.float32)


def _in_order(values: Floats) -> Floats:
    return np.stack([values, _order(values)], axis=1)


def _order(values: Floats) -> Floats:
    """From 0 for the lowest to 1 for the highest, by rank."""
    rank = np.empty(len(values), dtype=np.float32)
    rank[np.argsort(values, kind="stable")] = np.arange(len(values))
    return rank / np.float32(max(1, len(values) - 1))


def _runs(keys: Sequence[Hashable]) -> npt.NDArray[np.int64]:
    """The number of the run of equal keys that each stands in."""
    return np.cumsum([0, *(one != other for one, other in zip(keys[1:], keys[:-1], strict=True))], dtype=np.int64)
