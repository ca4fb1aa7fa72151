"""Which sentences and spans carry a label: those whose words are half the same as a gold passage's, as CUAD judges answers.

Word sets and the limit of one half are those of the CUAD evaluation (https://arxiv.org/abs/2103.06268, section 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAME = 0.5
YES, NO, UNSURE = 1, 0, -1
"""UNSURE is a piece of a gold passage that is not enough of it to be an answer, or holds one; nothing is learnt from it."""
HOLDS = 0.8
"""A sentence that holds this share of a passage that nothing answers by its words is the answer: the passage is a part of it."""

SPAN_GAIN = 0.1
"""A label is also sought among short spans if they reach this share of its passages and no sentence does."""

Targets = npt.NDArray[np.int8]
_MARKS = str.maketrans({".": None, ",": None, ";": None, ":": None, "/": " "})


@dataclass(frozen=True)
class Gold:
    """A passage that a person marked: label, start and end in the document's text."""

    label: str
    start: int
    end: int


def words(text: str) -> frozenset[str]:
    """The words by which passages are compared."""
    return frozenset(text.translate(_MARKS).lower().split())


def same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether at least half of all words of both are common to both."""
    shared = len(one & other)
    return shared > 0 and shared >= SAME * (len(one) + len(other) - shared)


def targets(text: str, spans: npt.NDArray[np.int64], gold: Iterable[Gold], labels: Sequence[str]) -> Targets:
    """YES, NO or UNSURE [R, L] for every span and label."""
    column = {label.casefold(): index for index, label in enumerate(labels)}
    result = np.zeros((len(spans), len(labels)), dtype=np.int8)
    have = [words(text[start:end]) for start, end in spans.tolist()]
    for passage in gold:
        label = column.get(passage.label.casefold())
        want = words(text[passage.start : passage.end])
        if label is None or not want:
            continue
        overlap = np.minimum(spans[:, 1], passage.end) - np.maximum(spans[:, 0], passage.start)
        shorter = np.minimum(spans[:, 1] - spans[:, 0], passage.end - passage.start)
        partly = (overlap >= 0.5 * shorter) & (result[:, label] == NO)
        result[partly, label] = UNSURE
        for row, own in enumerate(have):
            if same(own, want):
                result[row, label] = YES
    return result


@dataclass(frozen=True)
class Marked:
    """A text's sentences [S, 2] and short spans [R, 2], and the labels [S, L] and [R, L] that people gave them."""

    text: str
    gold: tuple[Gold, ...]
    sentences: npt.NDArray[np.int64]
    spans: npt.NDArray[np.int64]
    by_sentence: Targets
    by_span: Targets


def mark(
    text: str, gold: Iterable[Gold], sentences: npt.NDArray[np.integer], spans: npt.NDArray[np.integer], labels: Sequence[str]
) -> Marked:
    """`text` as it is learnt from; a sentence also answers a passage that it holds and that nothing answers by its words."""
    passages, of_sentences, of_spans = tuple(gold), sentences.astype(np.int64), spans.astype(np.int64)
    by_sentence, by_span = (targets(text, rows, passages, labels) for rows in (of_sentences, of_spans))
    column = {label.casefold(): index for index, label in enumerate(labels)}
    have = {words(text[start:end]) for start, end in (*of_sentences.tolist(), *of_spans.tolist())}
    for passage in passages:
        label, want = column.get(passage.label.casefold()), words(text[passage.start : passage.end])
        if label is not None and len(of_sentences) and not any(same(own, want) for own in have):
            overlap = np.minimum(of_sentences[:, 1], passage.end) - np.maximum(of_sentences[:, 0], passage.start)
            if overlap.max() >= HOLDS * (passage.end - passage.start):
                by_sentence[overlap.argmax(), label] = YES
    return Marked(text, passages, of_sentences, of_spans, by_sentence, by_span)


def short_labels(marked: Iterable[Marked], labels: Sequence[str]) -> list[int]:
    """Places of the labels that short spans answer and sentences do not, in a share SPAN_GAIN of their passages or more."""
    total, gained = np.zeros(len(labels)), np.zeros(len(labels))
    for one in marked:
        for column, label in enumerate(labels):
            sentences = [words(one.text[start:end]) for start, end in one.sentences[one.by_sentence[:, column] == YES].tolist()]
            spans = [words(one.text[start:end]) for start, end in one.spans[one.by_span[:, column] == YES].tolist()]
            for passage in one.gold:
                if passage.label.casefold() == label.casefold():
                    want = words(one.text[passage.start : passage.end])
                    total[column] += 1
                    missed = not any(same(own, want) for own in sentences)
                    gained[column] += missed and any(same(own, want) for own in spans)
    return [column for column in range(len(labels)) if total[column] and gained[column] / total[column] >= SPAN_GAIN]
