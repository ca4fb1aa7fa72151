"""Labels that nothing was trained on: sentences that fit a label's description, its examples and the headings it usually has.

    score = sigmoid(bias + w . [similarity to the description, similarity to the nearest example, heading, shared words, a phrase])

A sentence that only looks like a passage of its label (by one of its `not_phrases`, by a heading of `never_in`, or without any phrase
where one is needed) has a phrase of -1 and scores 0.01 at most: it stays a candidate, so that "nothing found" can name the nearest.

The first four weights and the bias were fitted once, on 120 contracts of CUAD's training part and all labels together as if they were
unknown (best F1 35 at a score of 0.15), and hold for all labels; that of the label's phrases was set by eye on research papers, whose
labels share few words with what they mean. A score says less than a trained one, and its Clause says "matched".

Axis legend: S sentences, L labels, D vector size.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from longdoc.labels import Label, LabelSet
from longdoc.model.values import read_value
from longdoc.model.wording import set_phrases_only
from longdoc.protocols import Reading
from longdoc.types import Clause, Document, Section, Span

MOST = 50
"""Candidates a label and document."""
WEIGHTS = (4.7, 4.2, 1.5, 6.9, 4.0)
BIAS = -9.6
DEFAULT_SCORE = 0.15
"""What a person would want to see, for labels without training."""
LONGEST_HEADING = 12
"""Words of a heading that tells what stands under it: the title of a whole paper does not."""
LOOKALIKE = 0.01
"""The highest score of a sentence that only looks like a passage of a label."""

Floats = npt.NDArray[np.float32]
_WORD = re.compile(r"[a-z]{3,}")
_STOP_WORDS = (
    "the and for that this with are was were its their them they his her from into such any all not has have had been being which who whom "
    "whose will would shall may can could should must each other than then there these those but nor between under upon over out our your "
    "you one two what when where how does did more most some only own same very about after before during through against"
)
_STOP = frozenset(_STOP_WORDS.split())


class Embedder(Protocol):
    """What matching needs of a reader."""

    def embed(self, texts: Sequence[str]) -> Floats:
        """Vectors of unit length."""
        ...


@dataclass(frozen=True)
class Evidence:
    """Per sentence and label, each [S, L] in 0..1 or nearly so; `phrase` is -1 where something speaks against the label."""

    description: Floats
    example: Floats
    heading: Floats
    words: Floats
    phrase: Floats

    def scores(self) -> Floats:
        """Probabilities [S, L]."""
        parts = (self.description, self.example, self.heading, self.words, np.maximum(self.phrase, 0))
        total = sum(weight * part for weight, part in zip(WEIGHTS, parts, strict=True)) + BIAS
        scores = np.asarray(1.0 / (1.0 + np.exp(-total)), dtype=np.float32)
        return np.where(self.phrase < 0, np.minimum(scores, np.float32(LOOKALIKE)), scores)


def match(reader: Embedder, document: Document, reading: Reading, labels: LabelSet) -> list[Clause]:
    """The sentences that fit each label best, at most 50 a label, best first."""
    rows = readable(document, reading)
    if not len(rows):
        return []
    scores = evidence(reader, document, reading, labels.labels, rows).scores()
    clauses = []
    for column, label in enumerate(labels.labels):
        for row in np.argsort(-scores[:, column], kind="stable")[:MOST]:
            start, end = reading.sentences[rows[row]].tolist()
            span = Span(start=start, end=end)
            clauses.append(
                Clause(
                    label=label.name,
                    score=float(scores[row, column]),
                    citation=document.cite(span),
                    value=read_value(document, span, label.answer, label.name),
                    method="matched",
                )
            )
    return clauses


def readable(document: Document, reading: Reading) -> npt.NDArray[np.int64]:
    """Rows of the sentences that could be a passage: no headings, references or certifications, at least four words."""
    starts = np.array([block.span.start for block in document.blocks], dtype=np.int64)
    kinds = [block.kind for block in document.blocks]
    holder = np.searchsorted(starts, reading.sentences[:, 0], side="right") - 1
    kept = [
        row
        for row, (start, end) in enumerate(reading.sentences.tolist())
        if kinds[holder[row]] != "heading"
        and sum(any(map(str.isalnum, word)) for word in document.text[start:end].split()) >= 4
        and not set_phrases_only(document.heading_path(start))
    ]
    return np.array(kept, dtype=np.int64)


def evidence(reader: Embedder, document: Document, reading: Reading, labels: Sequence[Label], rows: npt.NDArray[np.int64]) -> Evidence:
    """What speaks for each of the labels in each of the sentences `rows`."""
    vectors = reading.sentence_vectors[rows].astype(np.float32)
    texts = [text for label in labels for text in (f"{label.name}: {label.description}", *label.examples)]
    near = vectors @ reader.embed(texts).T
    description, example = [], []
    column = 0
    for label in labels:
        described, examples = near[:, column], near[:, column + 1 : column + 1 + len(label.examples)]
        description.append(described)
        example.append(examples.max(axis=1) if len(label.examples) else described)
        column += 1 + len(label.examples)
    sentences = [document.text[start:end] for start, end in reading.sentences[rows].tolist()]
    headings = [document.heading_path(int(start)) for start in reading.sentences[rows, 0]]
    by_vectors = np.stack(description, axis=1), np.stack(example, axis=1)
    phrases = _phrases(sentences, headings, labels)
    phrases[_headings(headings, [label.never_in for label in labels]) > 0] = -1
    usual = _headings(headings, [(*label.usually_in, label.name) for label in labels])
    return Evidence(*by_vectors, usual, _shared_words(sentences, labels), phrases)


def usual_sections(document: Document, label: Label) -> list[Section]:
    """The sections whose own heading, in no more than 12 words, holds all words of one of those that the label is usually in."""
    usual = [words for words in map(_stems, (*label.usually_in, label.name)) if words]
    short = (section for section in document.sections if len(section.title.split()) <= LONGEST_HEADING)
    return [section for section in short if any(words <= _stems(section.title) for words in usual)]


def _headings(paths: Sequence[tuple[str, ...]], listed: Sequence[Sequence[str]]) -> Floats:
    """For each list of headings: 1 where the innermost heading holds all words of one of them, 0.6 where a heading above does."""
    known: dict[tuple[str, ...], Floats] = {}
    usual = [[_stems(name) for name in headings] for headings in listed]
    for path in set(paths):
        row = np.zeros(len(listed), dtype=np.float32)
        for depth, heading in enumerate(reversed(path)):
            words = _stems(heading)
            for column, names in enumerate(usual):
                if any(name and name <= words for name in names):
                    row[column] = max(row[column], 1.0 if depth == 0 else 0.6)
        known[path] = row
    return np.stack([known[path] for path in paths])


def _shared_words(sentences: Sequence[str], labels: Sequence[Label]) -> Floats:
    """The share of a label's words that a sentence has, rare ones (in this document) counting more."""
    have = [_stems(sentence) for sentence in sentences]
    common = Counter(word for words in have for word in words)
    total = len(sentences)
    result = np.zeros((total, len(labels)), dtype=np.float32)
    for column, label in enumerate(labels):
        wanted = [_stems(text) for text in (f"{label.name} {label.description}", *label.examples)]
        for words in wanted:
            weights = {word: float(np.log((total + 1) / (common[word] + 0.5))) for word in words if word in common}
            whole = sum(weights.values()) + sum(1.0 for word in words if word not in common)
            if whole <= 0:
                continue
            for row, own in enumerate(have):
                share = sum(weight for word, weight in weights.items() if word in own) / whole
                result[row, column] = max(result[row, column], share)
    return result


def _phrases(sentences: Sequence[str], headings: Sequence[tuple[str, ...]], labels: Sequence[Label]) -> Floats:
    """1 where a sentence has one of a label's phrases, -1 where it has one of its `not_phrases` or lacks one that is needed, else 0."""
    plain = [sentence.replace("’", "'") for sentence in sentences]
    result = np.zeros((len(plain), len(labels)), dtype=np.float32)
    for column, label in enumerate(labels):
        if label.phrases:
            given = _found(plain, headings, label.phrases)
            result[:, column] = np.where(given, 1, -1) if label.needs_phrase else given
        if label.not_phrases:
            result[_found(plain, headings, label.not_phrases), column] = -1
    return result


def _found(sentences: Sequence[str], headings: Sequence[tuple[str, ...]], phrases: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which sentences have one of the phrases, each under its heading if it names one."""
    by_heading: dict[str, list[str]] = {}
    for phrase in phrases:
        words, _, heading = phrase.partition(" @ ")
        by_heading.setdefault(heading, []).append(_pattern(words))
    found = np.zeros(len(sentences), dtype=np.bool_)
    for heading, patterns in by_heading.items():
        pattern = re.compile("|".join(patterns), re.IGNORECASE)
        under = np.ones(len(sentences), dtype=np.bool_) if not heading else _headings(headings, [(heading,)])[:, 0] > 0
        for row in np.flatnonzero(under & ~found).tolist():
            found[row] = pattern.search(sentences[row]) is not None
    return found


def _pattern(phrase: str) -> str:
    """A phrase as a regular expression; see Label."""
    parts = []
    for word in phrase.split():
        if word == "*":
            parts.append(r"(?:\S+\s+){0,3}")
        else:
            ending = r"\w*" if word.endswith("*") else ""
            parts.append(re.escape(word.removesuffix("*")) + ending + (r"\b" if word[-1].isalnum() else "") + r"\s*")
    return r"(?<!\w)" + "".join(parts)


def _stems(text: str) -> frozenset[str]:
    """Words without common ones and without a plural's s."""
    return frozenset(
        word[:-1] if word.endswith("s") and not word.endswith("ss") else word for word in _WORD.findall(text.lower()) if word not in _STOP
    )
