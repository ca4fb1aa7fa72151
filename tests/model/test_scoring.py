from __future__ import annotations

import numpy as np
import pytest

from longdoc.model.clauses import Found
from longdoc.model.features import Sparse
from longdoc.model.measure import curve, outcomes
from longdoc.model.network import Network, bags
from longdoc.model.targets import NO, UNSURE, YES, Gold, mark, same, targets, words


def sparse(*rows: list[int]) -> Sparse:
    return Sparse(np.array([key for row in rows for key in row], dtype=np.uint32), np.cumsum([0] + [len(row) for row in rows]))


def network(draw: np.random.Generator, keys: int = 20, size: int = 6) -> Network:
    parts = [draw.normal(size=shape).astype(np.float32) for shape in ((keys, 4), (5, size + 4), (5,), (3, 5), (3,))]
    return Network(np.arange(0, 2 * keys, 2, dtype=np.uint32), *parts)


def obvious(net: Network, rows: Sparse, dense: np.ndarray) -> np.ndarray:
    """The network row by row, as its docstring has it."""
    result = []
    for row in range(rows.rows):
        own = [key for key in rows.keys[rows.starts[row] : rows.starts[row + 1]] if key in net.keys]
        embedded = np.zeros(4)
        for key in own:
            embedded += net.embedding[np.searchsorted(net.keys, key)] / np.sqrt(sum(other >> 24 == key >> 24 for other in own))
        hidden = net.hidden @ np.concatenate([dense[row].astype(float), embedded]) + net.hidden_bias
        hidden = 0.5 * hidden * (1 + np.tanh(np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)))
        result.append(net.output @ hidden + net.output_bias)
    return np.array(result)


def test_the_network_equals_its_obvious_twin() -> None:
    draw = np.random.default_rng(0)
    rows = sparse(*[sorted(draw.choice(60, draw.integers(0, 9), replace=False).tolist()) for _ in range(1100)])
    dense = draw.normal(size=(1100, 6)).astype(np.float16)
    net = network(draw)
    np.testing.assert_allclose(net.logits(rows, dense), obvious(net, rows, dense), atol=1e-4)


def test_unknown_keys_count_for_nothing() -> None:
    found = bags(sparse([2, 3, 4], [5]), np.array([2, 4, 8], dtype=np.uint32))
    assert found.index.tolist() == [0, 1]
    assert found.starts.tolist() == [0, 2, 2]
    assert found.weight == pytest.approx(0.5**0.5)
    assert bags(sparse([2, 3], []), np.zeros(0, dtype=np.uint32)).starts.tolist() == [0, 0, 0]


def test_half_of_all_words_in_common_is_the_same() -> None:
    assert same(words("The Term, is two: years."), words("the term is two years from now on"))
    assert not same(words("The term"), words("the term is two years"))
    assert not same(words(""), words(""))


def test_a_piece_of_a_passage_is_neither_yes_nor_no() -> None:
    text = "One two three four five six seven eight. Nine. Other words entirely."
    spans = np.array([[0, 40], [41, 46], [47, 68]])
    found = targets(text, spans, [Gold("term", 0, 46)], ["Term", "Law"])
    assert found.tolist() == [[YES, NO], [UNSURE, NO], [NO, NO]]


def test_a_passage_within_a_long_sentence_is_answered_by_the_sentence() -> None:
    text = "Nobody shall copy, lend or sell it, may (a) show it to advisers, or keep any of it once the work is done. Other words."
    piece = "(a) show it to advisers"
    passage = Gold("Advisers", text.index(piece), text.index(piece) + len(piece))
    spans = np.array([[0, text.index(" Other")], [text.index("Other"), len(text)]])
    assert targets(text, spans, [passage], ["Advisers"]).tolist() == [[UNSURE], [NO]]
    assert mark(text, [passage], spans, np.zeros((0, 2), dtype=int), ["Advisers"]).by_sentence.tolist() == [[YES], [NO]]
    short = np.array([[passage.start, passage.end]])
    assert mark(text, [passage], spans, short, ["Advisers"]).by_sentence.tolist() == [[UNSURE], [NO]]  # the short span is the answer


def test_the_curve_is_the_cuad_curve() -> None:
    text = "alpha beta gamma. delta epsilon. zeta eta theta. iota kappa."
    gold = [Gold("A", 0, 17), Gold("A", 18, 32)]
    found = [Found("A", 0, 17, 0.9), Found("A", 33, 48, 0.8), Found("A", 18, 32, 0.7), Found("A", 49, 60, 0.1)]
    result = curve([outcomes(text, gold, found)], ["A"])
    assert result.area == pytest.approx(0.5 * 1.0 + 0.5 * 2 / 3)
    assert result.precision_at_80 == pytest.approx(2 / 3)
    assert (result.best_f1, result.threshold, result.gold) == (pytest.approx(0.8), 0.7, 2)


def test_what_is_never_found_limits_the_curve() -> None:
    result = curve([outcomes("alpha beta. gamma.", [Gold("A", 0, 11), Gold("A", 12, 18)], [Found("A", 0, 11, 0.5)])], ["A"])
    assert (result.area, result.precision_at_80) == (pytest.approx(0.5), 0.0)
