from __future__ import annotations

import pytest
import torch

from longdoc_stores.sign_index import SignIndex, hadamard


def rows(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_transform_is_that_of_the_matrix_and_undoes_itself() -> None:
    matrix = torch.tensor([[1.0]])
    for _ in range(4):
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
    values = rows(3, 16)
    torch.testing.assert_close(hadamard(values), values @ matrix)
    torch.testing.assert_close(hadamard(hadamard(values)) / 16, values)


@pytest.mark.parametrize("width", [64, 128, 80])
def test_estimates_are_near_the_products(width: int) -> None:
    keys, q = rows(2, 2, 500, width) + 3.0 * rows(2, 2, 1, width, seed=1), rows(2, 4, 3, width, seed=2)
    index = SignIndex()
    index.append(keys[:, :, :200])
    index.append(keys[:, :, 200:])
    exact = q @ keys.repeat_interleave(2, dim=1).transpose(-1, -2)
    found = index.scores(q)
    assert found.shape == exact.shape == (2, 4, 3, 500)
    error = (found - exact).std() / width**0.5
    assert float(error) < 0.8, "of a product's own spread"
    centred = [(tensor - tensor.mean(-1, keepdim=True)).flatten() for tensor in (found, exact)]
    assert float(torch.nn.functional.cosine_similarity(*centred, dim=0)) > 0.75
    assert abs(float((found - exact).mean())) < 0.1 * float(exact.std())


def test_a_query_along_a_key_is_estimated_exactly() -> None:
    keys = rows(1, 1, 50, 64)
    keys = torch.cat([keys, -keys], dim=2)  # the centre is nothing
    index = SignIndex()
    index.append(keys)
    own = index.scores(keys[:, :, 7:8])[0, 0, 0, 7]
    torch.testing.assert_close(own, keys[0, 0, 7].square().sum(), atol=0.05, rtol=1e-3)


def test_it_takes_a_bit_a_channel_and_two_bytes_a_key() -> None:
    index = SignIndex()
    index.append(rows(1, 2, 1000, 128).bfloat16())
    assert index.nbytes == 2 * 1000 * (128 // 8 + 2)
    assert index.length == 1000
