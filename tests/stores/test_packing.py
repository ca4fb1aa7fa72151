from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from longdoc.errors import StoreDamagedError, StoreError, StoreVersionError, UnknownNameError
from longdoc.protocols import Packed, Part
from longdoc_stores.packing import (
    ALIGNMENT,
    dump_layout,
    error_bounds,
    layout_size,
    load_layout,
    pack,
    part,
    recode,
    unpack,
    unpack_into,
)

CODECS = ["exact", "int8", "int4"]
FLOATS = [torch.float32, torch.float16, torch.bfloat16]
OTHERS = [torch.uint8, torch.int32, torch.int64, torch.bool, torch.float64]
shapes = st.lists(st.integers(0, 70), max_size=3).map(tuple)


@st.composite
def named_tensors(draw: st.DrawFn) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors by name, and a codec that takes it for some of them."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    found, codecs = {}, {}
    for name in draw(st.lists(st.sampled_from(["states", "vector", "spans", "é", ""]), unique=True, max_size=4)):
        shape, dtype = draw(shapes), draw(st.sampled_from(FLOATS + OTHERS))
        found[name] = (torch.randn(shape, generator=generator) * 50).to(dtype)
        if dtype in FLOATS and len(shape) >= 2:
            codecs[name] = draw(st.sampled_from(CODECS))
    return found, codecs


def value(seed: int, codec: str = "exact", tokens: int = 9, width: int = 70) -> Packed:
    generator = torch.Generator().manual_seed(seed)
    return pack({"states": torch.randn(tokens, width, generator=generator), "spans": torch.arange(seed, seed + 4)}, {"states": codec})


@settings(max_examples=150, deadline=None)
@given(given_tensors=named_tensors())
def test_what_is_packed_comes_out_with_its_names_dtypes_and_shapes(given_tensors: tuple[dict[str, torch.Tensor], dict[str, str]]) -> None:
    tensors, codecs = given_tensors
    packed = pack(tensors, codecs)
    found = unpack(packed)
    assert list(found) == list(tensors)
    bounds = error_bounds(packed)
    for name, tensor in tensors.items():
        assert (found[name].dtype, found[name].shape) == (tensor.dtype, tensor.shape)
        if codecs.get(name, "exact") == "exact":
            assert torch.equal(found[name], tensor)
        else:
            rounding = (
                torch.finfo(tensor.dtype).eps * (tensor.double().abs() + bounds[name].double() + 1)
                if tensor.dtype != torch.float32
                else 0.0
            )
            assert bool(((found[name].double() - tensor.double()).abs() <= bounds[name].double() + rounding).all())
        assert torch.equal(part(packed, name), found[name])
    assert packed.nbytes == layout_size(packed.layout) == packed.data.shape[0]
    assert packed.nbytes % ALIGNMENT == 0
    assert load_layout(dump_layout(packed.layout)) == packed.layout


@settings(max_examples=60, deadline=None)
@given(given_tensors=named_tensors())
def test_the_same_tensors_make_the_same_bytes(given_tensors: tuple[dict[str, torch.Tensor], dict[str, str]]) -> None:
    tensors, codecs = given_tensors
    first = pack(tensors, codecs)
    litter = torch.full((first.nbytes + 1,), 255, dtype=torch.uint8)  # what the next buffer may find in its memory
    del litter
    spread = {name: tensor.clone().mT.contiguous().mT if tensor.dim() >= 2 else tensor.clone() for name, tensor in tensors.items()}
    assert torch.equal(pack(spread, codecs).data, first.data)


@settings(max_examples=60, deadline=None)
@given(given_tensors=named_tensors(), codec=st.sampled_from(["int8", "int4"]))
def test_recoding_equals_encoding_at_once_and_happens_once(
    given_tensors: tuple[dict[str, torch.Tensor], dict[str, str]], codec: str
) -> None:
    tensors, codecs = given_tensors
    wanted = {name: codec for name in codecs}
    recoded = recode(pack(tensors), wanted)
    at_once = pack(tensors, wanted)
    assert recoded.layout == at_once.layout
    assert torch.equal(recoded.data, at_once.data)
    for other in CODECS:
        again = recode(recoded, {name: other for name in tensors if name in codecs})
        assert again is recoded


def test_recoding_leaves_what_is_encoded_and_encodes_the_rest() -> None:
    tensors = {"a": torch.randn(5, 70), "b": torch.randn(7, 3), "c": torch.arange(3)}
    recoded = recode(pack(tensors, {"a": "int8"}), {"a": "int4", "b": "int4", "c": "exact"})
    assert torch.equal(recoded.data, pack(tensors, {"a": "int8", "b": "int4"}).data)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("tokens", [0, 1, 9])
@pytest.mark.parametrize("count", [1, 16, 37])
def test_values_unpacked_together_are_those_unpacked_one_by_one(codec: str, dtype: torch.dtype, tokens: int, count: int) -> None:
    values = [
        pack(
            {"states": torch.randn(tokens, 70).to(dtype), "spans": torch.arange(seed, seed + 4), "number": torch.tensor(seed)},
            {"states": codec},
        )
        for seed in range(count)
    ]
    outs = {
        "states": torch.full((count, tokens + 2, 70), 7, dtype=dtype),
        "spans": torch.empty(count, 4, dtype=torch.int64),
        "number": torch.empty(count, dtype=torch.int64),
    }
    unpack_into(values, {**outs, "states": outs["states"][:, :tokens]})
    one_by_one = [unpack(each) for each in values]
    assert torch.equal(outs["states"][:, :tokens], torch.stack([each["states"] for each in one_by_one]))
    assert bool((outs["states"][:, tokens:] == 7).all())
    for name in ("spans", "number"):
        assert torch.equal(outs[name], torch.stack([each[name] for each in one_by_one]))


def test_unpacking_a_part_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="nothing"):
        unpack_into([value(1)], {"nothing": torch.empty(1, 3)})


@pytest.mark.parametrize(("codec", "least"), [("int8", 3.9), ("int4", 7.0)])
def test_a_block_of_states_is_compressed_as_promised(codec: str, least: float) -> None:
    states = torch.randn(256, 384)
    assert states.nbytes / pack({"states": states}, {"states": codec}).nbytes >= least


def test_exact_parts_are_bit_for_bit_also_where_they_are_no_numbers() -> None:
    odd = torch.tensor([0x7FC00001, 0x7F800000, -0x80000000, 1], dtype=torch.int32).view(torch.float32)
    assert torch.equal(unpack(pack({"odd": odd}))["odd"].view(torch.int32), odd.view(torch.int32))


def test_values_that_are_not_numbers_are_refused_by_a_lossy_codec() -> None:
    with pytest.raises(StoreError, match="not a number"):
        pack({"states": torch.full((2, 2), float("nan"))}, {"states": "int8"})
    with pytest.raises(StoreError, match="not a number"):
        recode(pack({"states": torch.full((2, 2), float("inf"))}), {"states": "int4"})


def test_an_unknown_codec_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no codec 'zip'"):
        pack({"states": torch.ones(2, 2)}, {"states": "zip"})


def test_a_part_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="nothing"):
        part(value(1), "nothing")


def test_packing_copies() -> None:
    tensor = torch.zeros(4)
    packed = pack({"x": tensor})
    tensor.fill_(1)
    assert not unpack(packed)["x"].any()


def test_every_piece_begins_where_any_dtype_may_begin() -> None:
    tensors = {str(number): torch.ones(number, dtype=torch.uint8) for number in range(1, 20)} | {"last": torch.ones(3, dtype=torch.float64)}
    assert torch.equal(unpack(pack(tensors))["last"], tensors["last"])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[[]]",
        b"7",
        b'[["a","exact","float32"]]',
        b'[["a","int8","float32",[1]]]',
        b'[["a","exact","float32",["x"]]]',
        b'[["a","exact","float32",[-1]]]',
        b"\xff\xfe",
        b"null",
    ],
)
def test_a_layout_that_cannot_be_read_is_damage(data: bytes) -> None:
    with pytest.raises(StoreDamagedError, match="the layout of a stored value cannot be read"):
        load_layout(data)


@pytest.mark.parametrize("data", [b'[["a","zip","float32",[1]]]', b'[["a","exact","float33",[1]]]'])
def test_a_layout_with_what_is_not_known_here_is_of_a_newer_version(data: bytes) -> None:
    with pytest.raises(StoreVersionError, match=r"a value was stored by a newer longdoc or torch .no .*; upgrade them"):
        load_layout(data)


def test_a_layout_keeps_every_name() -> None:
    layout = (Part("é\n\"'\udcff", "exact", "float32", (1, 2)), Part("", "int8", "bfloat16", (3, 4, 5)))
    assert load_layout(dump_layout(layout)) == layout
