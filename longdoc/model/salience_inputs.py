"""What the salience head sees of a sentence: numbers that tell where it stands, how near its vector is to those of the whole and of its
neighbours, and what it is made of (the features of extractive summarisation since Edmundson, 1969, https://doi.org/10.1145/321510.321519).

The vector itself is left out: with it, papers that training had not seen were told apart less well.

Axis legend: S sentences, C chunks, D vector size, F numbers of a sentence, K cues.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from longdoc.model.network import Floats
from longdoc.model.salience import salience
from longdoc.model.wording import leans_on_others, works_cited
from longdoc.types import Document

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
_ROLES = tuple(
    re.compile(pattern)
    for pattern in (
        # What the authors did, found and looked into.
        r"(?i)\bwe (?:\w+ )?(?:propose|introduce|present|develop|design|describe)\b",
        r"(?i)\bwe (?:\w+ )?(?:show|demonstrate|find|prove|observe|establish|provide)\b",
        r"(?i)\bwe (?:\w+ )?(?:study|investigate|explore|analy[sz]e|examine|consider|address|focus|revisit|tackle|aim)\b",
        # How the sentence begins.
        r"(?i)^(?:however|but|yet|despite|unfortunately|while|although)\b",
        r"(?i)^(?:moreover|furthermore|in addition|additionally|finally|also|further)\b",
        r"(?i)^(?:specifically|in particular|to this end|to address|motivated|inspired)\b",
        r"(?i)^(?:we|our|this|in this|here)\b",
        r"(?i)^in this (?:paper|work|article|study)\b",
        # What it speaks of.
        r"(?i)\bthis (?:paper|work|article|study)\b",
        r"(?i)\b(?:our|the proposed) (?:method|model|approach|algorithm|framework|results?|work|experiments?|contribution)\b",
        r"(?i)\b(?:model|method|approach|algorithm|framework|architecture|technique|network)s?\b",
        r"(?i)\b(?:experiments?|experimental|empirical(?:ly)?|evaluat\w+|benchmarks?|dataset)\b",
        r"(?i)\b(?:state[- ]of[- ]the[- ]art|outperform\w*)\b",
        r"(?i)\b(?:important|challenging|recent\w*|common\w*|often|typically|widely|popular|success\w*)\b",
        r"(?i)\b(?:new|novel)\b",
        r"(?i)\b(?:code|available|github)\b",
        r"\b(?:called|named|termed|dubbed)\b|\b[A-Z][A-Za-z]*[A-Z][A-Za-z]*\b|\([A-Z][\w-]+\)",
        # How it is built.
        r"(?i)\bto (?:improve|learn|address|generate|train|reduce|enable|solve)\b",
        r"(?i)\b(?:using|via|based on|through)\b|\bby \w+ing\b",
        r"(?i)\b(?:is|are|has|have)\b",
        r"(?i)\b(?:can|may|might|could)\b",
        r"(?i)\bwhich\b",
        r"(?i)\bthat\b",
        r",",
    )
)
_NEIGHBOURS = 4
"""The first of `_ROLES`, which also count where the sentence before or after plays them."""
_PROPOSES = re.compile(r"\b(?:propose[sd]?|introduces?|presents?|develop)\b", re.I)
_AUTHORS = re.compile(r"\bwe\b|\bthis (?:paper|work)\b", re.I)
_WORD = re.compile(r"[^\W\d_]{4,}")


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
        _roles(texts),
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


def _roles(texts: list[str]) -> Floats:
    """What the sentence and its neighbours do in the account of the work, how often that was done before, how long it is."""
    plays = np.array([[pattern.search(text) is not None for pattern in _ROLES] for text in texts], dtype=np.float32)  # [S, K]
    nothing = np.zeros((1, _NEIGHBOURS), dtype=np.float32)
    before = np.concatenate([nothing, plays[:-1, :_NEIGHBOURS]])
    after = np.concatenate([plays[1:, :_NEIGHBOURS], nothing])
    size = np.array([text.count(" ") + 1 for text in texts], dtype=np.float32)
    columns: list[Any] = [
        size / size.mean(),
        size > 30,
        size > 35,
        size < 12,
        size < 16,
        np.maximum(size - 20, 0),
        np.maximum(20 - size, 0),
    ]
    columns += [size == size.min(), size == size.max()]
    for pattern in (_PROPOSES, _AUTHORS):
        hits = np.array([pattern.search(text) is not None for text in texts], dtype=np.float32)
        told = np.cumsum(hits) - hits
        columns += [told == 0, np.minimum(told, 4), np.minimum(hits.sum() - hits - told, 4)]
    words = [set(_WORD.findall(text.lower())) for text in texts]
    holders = Counter(word for own in words for word in own)
    columns.append([sum(holders[word] - 1 for word in own) / max(1, len(own)) for own in words])
    columns.append([sum(holders[word] > 1 for word in own) for own in words])
    columns.append([len(own & words[0]) / max(1, len(own)) for own in words])
    table = np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=1)
    return np.concatenate([plays, before, after, table], axis=1)


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
