from __future__ import annotations

import pytest
import torch

from longdoc.model.heads import ClauseHeads, Means, VectorHead

LABELS, SHORT = ("a", "b", "c"), ("b",)


@pytest.fixture
def heads() -> ClauseHeads:
    torch.manual_seed(0)
    made = ClauseHeads(LABELS, SHORT, 8, hidden=4)
    for weight in made.parameters():
        torch.nn.init.normal_(weight)
    return made.eval().requires_grad_(False)


def obvious(heads: ClauseHeads, states: torch.Tensor) -> torch.Tensor:
    """The scores of one sentence."""
    attention = torch.softmax(heads.look(states), dim=0)
    return (attention * heads.token(states)).sum(0) + heads.mean.weight @ states.mean(0)


def test_scores_of_sentences_equal_their_obvious_twin_in_one_piece_or_many(heads: ClauseHeads) -> None:
    torch.manual_seed(1)
    states, sentence = torch.randn(12, 8), torch.tensor([0] * 5 + [1] * 1 + [2] * 6)
    for pieces in ([12], [3, 9], [1] * 12):
        sums, means, start = heads.nothing(3), Means(3, 8), 0
        for length in pieces:
            part = slice(start, start + length)
            sums = heads.add(sums, states[part], sentence[part])
            means.add(states[part], sentence[part])
            start += length
        scores = heads.sentences(sums, means.result())
        expected = torch.stack([obvious(heads, states[sentence == number]) for number in range(3)])
        torch.testing.assert_close(scores, expected, atol=1e-4, rtol=1e-4)


def test_scores_of_spans_equal_their_obvious_twin(heads: ClauseHeads) -> None:
    torch.manual_seed(2)
    states, spans = torch.randn(10, 8), [(0, 1), (2, 6), (7, 10)]
    scores = heads.spans(states, torch.tensor(spans))
    for score, (start, end) in zip(scores, spans, strict=True):
        inside = torch.cat([states[start:end].mean(0), states[max(0, start - 1)], states[min(9, end)]])
        torch.testing.assert_close(score, heads.span_score(torch.nn.functional.gelu(heads.span_hidden(inside))), atol=1e-5, rtol=1e-4)


def test_a_vector_starts_as_the_mean_state_and_that_of_nothing_is_zero() -> None:
    means = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    torch.testing.assert_close(VectorHead(2)(means), torch.tensor([[0.6, 0.8], [0.0, 0.0]]))


def test_a_label_set_without_short_spans_has_no_span_scores() -> None:
    heads = ClauseHeads(LABELS, (), 8, hidden=4).eval()
    assert heads.spans(torch.randn(6, 8), torch.tensor([(0, 2), (3, 4)])).shape == (2, 0)
    again = ClauseHeads(LABELS, (), 8, hidden=4)
    again.load_state_dict(heads.state_dict())
