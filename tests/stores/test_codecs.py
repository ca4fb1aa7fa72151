from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from longdoc.errors import StoreError, UnknownNameError
from longdoc_stores.codecs import codec, dtype_named

LOSSY = ["int8", "int4"]
DTYPES = [torch.float32, torch.float16, torch.bfloat16]
SCALES = [0.0, 1e-30, 1e-8, 1e-4, 1.0, 300.0, 60_000.0]


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    """Tensors [..., T, D]: noise of any size about any centre, constant channels and tokens, outliers, and values of any kind."""
    shape = (*draw(st.lists(st.integers(1, 3), max_size=2)), draw(st.integers(1, 9)), draw(st.integers(1, 140)))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size, centre = draw(st.sampled_from(SCALES)), draw(st.sampled_from([0.0, -1e-7, 1e-3, 7.3, -40_000.0]))
    values = np.clip(generator.normal(size=shape) * size + centre, -60_000, 60_000).astype(np.float32)
    if draw(st.booleans()):
        values[..., generator.random(shape[-1]) < 0.3] = draw(st.floats(-60_000, 60_000, width=32))
    if draw(st.booleans()):
        values[..., generator.random(shape[-2]) < 0.3, :] = draw(st.floats(-60_000, 60_000, width=32))
    if draw(st.booleans()):
        values[generator.random(shape) < 0.02] = draw(st.sampled_from([60_000.0, -60_000.0, 1e-40, 100.0]))
    if draw(st.booleans()):
        odd = draw(arrays.arrays(np.float32, (shape[-2], shape[-1]), elements=st.floats(-60_000, 60_000, width=32)))
        values[...] = odd
    return torch.from_numpy(values)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", LOSSY)
@settings(max_examples=120, deadline=None)
@given(values=tensors())
@example(values=torch.tensor([[65504.0, -65504.0, 0.0]]).expand(3, 3))
@example(values=torch.full((2, 65), 1 / 3))
@example(values=torch.tensor([[-65504.0], [65504.0]]))
@example(values=torch.tensor([[1e-45], [-1e-45]]))
@example(values=torch.tensor([[65504.0, 65503.9], [65503.8, 65503.7]]))
def test_no_value_is_further_off_than_the_stated_bound(name: str, dtype: torch.dtype, values: torch.Tensor) -> None:
    given_values = values.to(dtype)
    if dtype == torch.bfloat16:
        given_values = given_values.clamp(-65_280, 65_280)  # 65504 is rounded to beyond what may be encoded
    coder, shape = codec(name), tuple(values.shape)
    pieces = coder.encode(given_values)
    decoded = coder.decode(pieces, shape, torch.float32)
    off = (decoded.double() - given_values.double()).abs()
    bound = coder.error_bound(pieces, shape).double().expand(shape)
    assert bool((off <= bound).all()), (off - bound).max()


@pytest.mark.parametrize("name", LOSSY)
@settings(max_examples=60, deadline=None)
@given(values=tensors())
def test_the_bound_is_little_more_than_half_a_step_of_the_range(name: str, values: torch.Tensor) -> None:
    coder, shape = codec(name), tuple(values.shape)
    bound = coder.error_bound(coder.encode(values), shape).expand(shape)
    if name == "int8":
        spread, levels = values.amax(-2, keepdim=True) - values.amin(-2, keepdim=True), 255
    else:
        groups = values.split(64, dim=-1)
        spread, levels = torch.cat([(part.amax(-1, keepdim=True) - part.amin(-1, keepdim=True)).expand_as(part) for part in groups], -1), 15
    size = values.abs().amax()
    # The zero is rounded by at most 2**-10 of its size, the scale by 2**-10 of its own; below, float16 has steps of 2**-24.
    assert bool((bound <= (spread / levels / 2 + size * 2**-10) * 1.01 + 2**-23).all())


@pytest.mark.parametrize("name", ["exact", *LOSSY])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 384), (5, 63), (5, 64), (5, 65), (2, 3, 4, 130), (0, 384), (0, 65), (3, 0), (2, 0, 7), (0, 0)]
)
def test_pieces_are_as_announced_and_decode_to_shape_and_dtype(name: str, dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    coder = codec(name)
    pieces = coder.encode(torch.randn(shape).to(dtype))
    announced = coder.pieces(shape, dtype)
    assert {key: (piece.dtype, tuple(piece.shape)) for key, piece in pieces.items()} == announced
    sizes = [kind.itemsize for kind, _ in announced.values()]
    assert sizes == sorted(sizes, reverse=True)
    decoded = coder.decode(pieces, shape, dtype)
    assert (decoded.dtype, tuple(decoded.shape)) == (dtype, shape)


@pytest.mark.parametrize("name", LOSSY)
def test_values_that_float16_holds_and_that_do_not_vary_come_back_exactly(name: str) -> None:
    values = torch.tensor([0.0, 1.0, -2.5, 1024.0]).repeat_interleave(64).expand(6, 256)
    coder = codec(name)
    assert torch.equal(coder.decode(coder.encode(values), (6, 256), torch.float32), values)


@pytest.mark.parametrize("name", LOSSY)
def test_a_batch_decodes_to_what_its_values_decode_to(name: str) -> None:
    coder = codec(name)
    values = torch.randn(4, 9, 70)
    each = [coder.encode(value) for value in values]
    batch = {key: torch.stack([pieces[key] for pieces in each]) for key in each[0]}
    decoded = coder.decode(batch, (9, 70), torch.float32)
    assert torch.equal(decoded, torch.stack([coder.decode(pieces, (9, 70), torch.float32) for pieces in each]))


@pytest.mark.parametrize("name", ["exact", *LOSSY])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_decoding_into_a_tensor_gives_what_decoding_gives(name: str, dtype: torch.dtype) -> None:
    coder = codec(name)
    pieces = coder.encode(torch.randn(9, 70).to(dtype))
    out = torch.full((11, 70), 7, dtype=dtype)
    coder.decode_into(pieces, out[1:10])
    assert torch.equal(out[1:10], coder.decode(pieces, (9, 70), dtype))
    assert bool((out[[0, 10]] == 7).all())


@pytest.mark.parametrize("name", LOSSY)
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 65_520.0, -1e30])
@pytest.mark.parametrize("place", [(0, 0), (3, 69), (2, 64)])
def test_what_is_no_number_or_too_large_is_refused(name: str, bad: float, place: tuple[int, int]) -> None:
    values = torch.randn(4, 70)
    values[place] = bad
    with pytest.raises(StoreError, match=r"not a number or beyond .-65504; keep such tensors with codec 'exact'"):
        codec(name).encode(values)


@pytest.mark.parametrize("name", LOSSY)
@pytest.mark.parametrize(
    "tensor", [torch.ones(3), torch.tensor(1.0), torch.ones(3, 3, dtype=torch.int64)], ids=["vector", "scalar", "integers"]
)
def test_what_a_codec_does_not_take_is_refused(name: str, tensor: torch.Tensor) -> None:
    with pytest.raises(StoreError, match=f"codec '{name}' takes floating point tensors"):
        codec(name).encode(tensor)


def test_the_tensor_that_is_encoded_is_not_changed() -> None:
    values = torch.randn(5, 70)
    before = values.clone()
    for name in LOSSY:
        codec(name).encode(values)
    assert torch.equal(values, before)


def test_an_unknown_codec_names_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="no codec 'zip'; known: exact, int8, int4"):
        codec("zip")


@pytest.mark.parametrize("name", ["nothing", "Tensor", "float33"])
def test_an_unknown_dtype_is_refused(name: str) -> None:
    with pytest.raises(StoreError, match=f"no tensor dtype '{name}'"):
        dtype_named(name)


def test_many_values_that_are_decoded_in_pieces_are_those_of_each_row_alone() -> None:
    values = torch.randn(3, 50, 40, 64)
    int8 = codec("int8")
    pieces = int8.encode(values)
    found = int8.decode(pieces, tuple(values.shape), torch.bfloat16)
    rows = [int8.decode({name: piece[row] for name, piece in pieces.items()}, tuple(values.shape[1:]), torch.bfloat16) for row in range(3)]
    assert values.numel() > 1 << 18 >= values[0].numel()
    assert torch.equal(found, torch.stack(rows))
