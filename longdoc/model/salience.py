"""How much a sentence says of its document, before any topic is asked for: central, early, of a good length, with figures.

Centrality is the similarity to the mean of the document's sentences, as in centroid summarisation (Radev et al., 2004,
https://doi.org/10.1016/j.ipm.2003.10.006), here on sentence vectors. It is a rule made by hand; research papers have a trained head instead
(salience_head.py).
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from longdoc.types import Document

_FIGURE = re.compile(r"[0-9]")
_FEWEST, _MOST = 6, 60
"""Words of a sentence that is worth quoting; outside of them salience falls off."""


def salience(
    document: Document, sentences: npt.NDArray[np.int32], chunk_of_sentence: npt.NDArray[np.int32], vectors: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """A score [S] in 0..1 per sentence; `vectors` [S, D] are of unit length."""
    if not len(sentences):
        return np.zeros(0, dtype=np.float32)
    texts = [document.text[start:end] for start, end in sentences.tolist()]
    words = np.array([text.count(" ") + 1 for text in texts], dtype=np.float32)
    length = np.minimum(1.0, words / _FEWEST) * np.minimum(1.0, _MOST / words)
    central = _standardised(vectors @ vectors.mean(axis=0))
    leads = np.concatenate([[True], chunk_of_sentence[1:] != chunk_of_sentence[:-1]])
    early = 1.0 - sentences[:, 0] / max(1, len(document.text))
    figures = np.array([_FIGURE.search(text) is not None for text in texts])
    score = length * (0.55 * central + 0.2 * early + 0.15 * leads + 0.1 * figures)
    return np.asarray(np.clip(score, 0.0, 1.0), dtype=np.float32)


def _standardised(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """From 0 for the lowest to 1 for the highest."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.full_like(values, 0.5)
