from __future__ import annotations

import subprocess
import sys

import numpy as np

from longdoc.model.features import HEADING, NEXT, ONE, PREVIOUS, Sparse, sentence_features, span_features
from longdoc.model.sentences import split

TEXT = "TERM\n\nThe term is two years. Either party may end it.\n\nLAW\n\nThe law of Ohio governs."


def keys(sparse: Sparse, row: int, group: int) -> set[int]:
    own = sparse.keys[sparse.starts[row] : sparse.starts[row + 1]]
    return set(own[own >> 24 == group].tolist())


def test_a_row_holds_each_key_once_in_order(make_document) -> None:
    document = make_document(TEXT)
    sparse = sentence_features(document, split(document))
    assert sparse.rows == 5
    for row in range(sparse.rows):
        own = sparse.keys[sparse.starts[row] : sparse.starts[row + 1]].astype(np.int64)
        assert (np.diff(own) > 0).all()


def test_the_same_sentence_has_the_same_words_wherever_it_stands(make_document) -> None:
    one, other = make_document(TEXT), make_document("Before it. The term is two years. After it.")
    first, second = sentence_features(one, split(one)), sentence_features(other, split(other))
    assert keys(first, 1, ONE) == keys(second, 1, ONE)
    assert keys(first, 1, PREVIOUS) != keys(second, 1, PREVIOUS)


def test_neighbours_and_headings_are_told_apart_from_own_words(make_document) -> None:
    document = make_document(TEXT)
    sparse = sentence_features(document, split(document))
    assert len(keys(sparse, 1, NEXT)) == len(keys(sparse, 2, ONE)) + len([k for k in keys(sparse, 2, 1)])
    assert keys(sparse, 1, HEADING) == keys(sparse, 2, HEADING) != keys(sparse, 4, HEADING)
    assert not keys(sparse, 0, PREVIOUS)
    assert not keys(sparse, 4, NEXT)


def test_words_never_pair_across_a_sentence_end(make_document) -> None:
    apart, joined = make_document("It ends. Now go."), make_document("It ends now.")
    pairs = [keys(sentence_features(one, split(one)), 0, 1) for one in (apart, joined)]
    assert len(pairs[0] - pairs[1]) == 1  # "ends ." is only in the first, "ends now" only in the second


def test_capitals_that_grow_when_lowered_keep_offsets_true(make_document) -> None:
    document = make_document("İİİİ word. Another sentence here.")
    plain = make_document("IIII word. Another sentence here.")
    assert keys(sentence_features(document, split(document)), 1, ONE) == keys(sentence_features(plain, split(plain)), 1, ONE)


def test_hashes_are_the_same_in_another_process(make_document) -> None:
    code = (
        "from longdoc.model.features import _Words; import numpy as np;"
        "print(_Words('The term is 2 years').grams(np.array([[0, 19]]))[1].tolist())"
    )
    outputs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert "[" in outputs.pop()


def test_no_rows_and_no_words_are_fine(make_document) -> None:
    empty = make_document("")
    assert sentence_features(empty, split(empty)).rows == 0
    dashes = make_document("— — —")
    assert sentence_features(dashes, split(dashes)).rows == 1
    assert span_features(dashes, np.zeros((0, 2), dtype=np.int64), ()).rows == 0


def test_a_span_knows_the_words_beside_it(make_document) -> None:
    document = make_document("made by and between Acme Inc. and Beta LLC, whereas Acme Inc. sells")
    spans = np.array([[20, 29], [52, 61]])
    sparse = span_features(document, spans, ("name", "name"))
    assert keys(sparse, 0, ONE) == keys(sparse, 1, ONE)
    assert keys(sparse, 0, 8) != keys(sparse, 1, 8)
