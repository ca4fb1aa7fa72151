from __future__ import annotations

import pytest
import torch

from longdoc_stores.bounds_index import BoundsIndex
from longdoc_stores.sign_index import SignIndex


def rows(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def planted() -> tuple[torch.Tensor, torch.Tensor]:
    """Keys [1, 2, 4096, 64] of which every head's query [1, 4, 1, 64] finds five far above all others."""
    keys, q = rows(1, 2, 4096, 64), rows(1, 4, 1, 64, seed=1)
    for number, place in enumerate((17, 1000, 1001, 2222, 4095)):
        keys[:, :, place] += (1.2 + 0.1 * number) * q[:, ::2, 0]
    return keys, q


@pytest.mark.parametrize("kind", [BoundsIndex, SignIndex])
def test_the_blocks_of_the_largest_products_are_named_first(kind: type) -> None:
    keys, q = planted()
    index = kind(16)
    for part in keys.split((1024, 2048, 1024), dim=2):
        index.append(part)
    rank, mass = index.estimate(q[:, ::2].repeat_interleave(2, dim=1), 1.0)
    assert rank.shape == mass.shape == (1, 4, 1, 256)
    for head in range(4):
        best = set(rank[0, head, 0].topk(8).indices.tolist())
        assert {17 // 16, 1000 // 16, 2222 // 16, 4095 // 16} <= best


def test_no_product_is_past_the_bound_that_middle_and_width_give() -> None:
    keys, q = planted()
    index = BoundsIndex(16)
    index.append(keys)
    state = index.state()
    middle, half = state["ranges"].float().chunk(2, dim=3)
    bound = q[:, ::2] @ middle.transpose(-1, -2) + q[:, ::2].abs() @ half.transpose(-1, -2)
    largest = (q[:, ::2] @ keys.transpose(-1, -2)).unflatten(3, (-1, 16)).amax(dim=4)
    assert (bound > largest - 0.01 * largest.abs() - 0.2).all(), "but for the rounding of middle and width"


@pytest.mark.parametrize("kind", [BoundsIndex, SignIndex])
def test_an_index_comes_back_from_its_state_and_takes_the_order_of_a_batch(kind: type) -> None:
    keys, q = rows(2, 2, 256, 64), rows(2, 4, 3, 64, seed=1)
    index, again = kind(16), kind(16)
    index.append(keys)
    again.restore(index.state())
    again.append(keys)
    index.append(keys)
    for one, other in zip(index.estimate(q, 0.125), again.estimate(q, 0.125), strict=True):
        torch.testing.assert_close(one, other, atol=0, rtol=0)
    assert again.nbytes == index.nbytes
    expected = index.estimate(q, 0.125)[0]
    index.reorder(torch.tensor([1, 0]))
    torch.testing.assert_close(index.estimate(q.flip(0), 0.125)[0], expected.flip(0))
