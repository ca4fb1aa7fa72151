"""The kernels against their twins: by Triton's interpreter on a CPU, natively where there is a GPU."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor

from longdoc.attention import kernels
from longdoc.attention.antidiagonal import Antidiagonal
from longdoc.attention.dense import attend_all, attend_masked
from longdoc.attention.merge import Attended
from longdoc.attention.pattern import SelectingPattern
from longdoc.attention.selection import Grid, Selection, everything
from longdoc.attention.sparse import attend_sparse
from longdoc_stores.sign_index import SignIndex

from .test_patterns import SELECTING, SHAPES, causal

triton = pytest.importorskip("triton", reason="triton is not installed (it is made for Linux only)")

from longdoc.attention.kernels import antidiagonal_scores, block_sparse, gathered_decode, sign_scores  # noqa: E402

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
TYPES = [torch.float32, torch.bfloat16 if DEVICE == "cuda" else torch.float16]  # the interpreter's products are wrong in bfloat16
CLOSE = {torch.float32: 3e-5 if DEVICE == "cuda" else 5e-6, torch.float16: 4e-3, torch.bfloat16: 3e-2}
EVERYTHING = torch.ones((), dtype=torch.bool, device=DEVICE)


@pytest.fixture(autouse=True, scope="module")
def _triton_is_what_the_device_needs() -> None:
    interpreted = type(triton.language.sum).__name__ == "InterpretedFunction"
    assert interpreted == (DEVICE == "cpu"), "triton was imported before TRITON_INTERPRET was set, see conftest.py"


def drawn(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(DEVICE, dtype)


def tensors(
    queries: int, keys: int, channels: tuple[int, int] = (16, 16), heads: int = 4, groups: int = 2, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor, Tensor]:
    """q, k, v for a batch of two, in the layout that models give: tokens before heads."""
    q = drawn(2, queries, heads, channels[0], seed=1, dtype=dtype)
    k, v = drawn(2, keys, groups, channels[0], seed=2, dtype=dtype), drawn(2, keys, groups, channels[1], seed=3, dtype=dtype)
    return q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)


def chosen(grid: Grid, heads: int = 4, columns: int = 0, share: float = 0.4) -> Selection:
    """A selection with nothing regular about it; the columns are in no order."""
    draw = torch.Generator().manual_seed(grid.keys)
    own = torch.arange(grid.first, grid.columns)[:, None] == torch.arange(grid.columns)
    blocks = (torch.rand(2, heads, grid.rows, grid.columns, generator=draw) < share) & grid.causal() | own
    if not columns:
        return Selection(grid, blocks.to(DEVICE))
    single = torch.rand(2, heads, grid.keys, generator=draw).argsort(dim=-1)[..., :columns]
    return Selection(grid, blocks.to(DEVICE), single.to(DEVICE))


def same(found: Attended, expected: Attended) -> None:
    close = CLOSE[found.out.dtype]
    assert found.lse.dtype == torch.float32
    torch.testing.assert_close(found.out, expected.out, atol=close, rtol=close)
    torch.testing.assert_close(found.lse, expected.lse, atol=min(close, 1e-3), rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pattern", SELECTING, ids=lambda pattern: pattern.name)
def test_block_sparse_equals_dense_attention_under_the_mask_of_a_pattern(pattern: SelectingPattern, shape: tuple[int, int]) -> None:
    q, k, v = tensors(*shape)
    selection = pattern.select(q, k, 0.3)
    same(block_sparse.attend(q, k, v, 0.3, selection), attend_masked(q, k, v, 0.3, selection.mask()))


@pytest.mark.parametrize("columns", [0, 70])
@pytest.mark.parametrize(("shape", "size"), [((300, 300), 64), ((130, 401), 128), ((90, 201), 24), ((290, 530), 256), ((1, 129), 64)])
def test_blocks_of_any_size_are_read_and_single_keys_beside_them(shape: tuple[int, int], size: int, columns: int) -> None:
    q, k, v = tensors(*shape, heads=2, groups=1)
    selection = chosen(Grid(*shape, size), heads=2, columns=columns)
    same(block_sparse.attend(q, k, v, 0.3, selection), attend_masked(q, k, v, 0.3, selection.mask()))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("channels", [(32, 16), (16, 64), (256, 128)])
def test_values_may_be_of_another_width_than_keys(channels: tuple[int, int], dtype: torch.dtype) -> None:
    q, k, v = tensors(37, 150, channels, heads=3, groups=1, dtype=dtype)
    selection = chosen(Grid(37, 150, 32), heads=3, columns=20)
    scale = channels[0] ** -0.5
    same(block_sparse.attend(q, k, v, scale, selection), attend_masked(q, k, v, scale, selection.mask()))


def test_a_selection_of_everything_is_dense_attention() -> None:
    q, k, v = tensors(70, 200)
    found = block_sparse.attend(q, k, v, 0.3, everything(Grid(70, 200, 32), 2, 4, DEVICE))
    same(found, attend_masked(q, k, v, 0.3, causal(70, 200).to(DEVICE)))


def test_large_scores_neither_overflow_nor_vanish() -> None:
    q, k, v = tensors(40, 90)
    selection = chosen(Grid(40, 90, 16), columns=5)
    for scale in (60.0, -60.0):
        found = block_sparse.attend(q, k, v, scale, selection)
        expected = attend_masked(q, k, v, scale, selection.mask())
        torch.testing.assert_close(found.lse, expected.lse, atol=1e-2, rtol=1e-5)
        torch.testing.assert_close(found.out, expected.out, atol=1e-2, rtol=1e-2)


def test_the_list_holds_the_blocks_before_each_row(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = Grid(90, 201, 24)
    blocks = chosen(grid).blocks
    for at_once in (1, 1 << 28):
        monkeypatch.setattr(block_sparse, "_MARKS", at_once)
        starts, index = block_sparse.listed(blocks, grid)
        rows = blocks.flatten(0, 2)
        for number, kept in enumerate(rows):
            own = grid.first + number % grid.rows
            expected = [block for block in torch.nonzero(kept).flatten().tolist() if block < own]
            assert index[starts[number] : starts[number + 1]].tolist() == expected


@pytest.mark.parametrize("memory", [101_376, 166_912, 232_448])
@pytest.mark.parametrize("channels", [16, 64, 128, 256])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_tiles_fit_into_the_memory_there_is(memory: int, channels: int, dtype: torch.dtype) -> None:
    tiles = block_sparse.tiles_for(128, channels, channels, dtype, memory)
    bytes_held = dtype.itemsize * channels * (tiles.queries + 2 * tiles.stages * tiles.keys)
    assert bytes_held <= memory
    assert block_sparse.tiles_for(16, channels, channels, dtype, memory).queries == 16


@pytest.mark.parametrize(("stride", "block"), [(4, 16), (8, 8), (2, 64)])
@pytest.mark.parametrize("shape", [(100, 100), (37, 100), (1, 100), (5, 5), (150, 170)])
def test_antidiagonal_sums_equal_those_of_the_pattern(shape: tuple[int, int], stride: int, block: int) -> None:
    q, k, _ = tensors(*shape, channels=(32, 16))
    pattern, grid = Antidiagonal(stride=stride, block=block), Grid(*shape, block)
    expected = torch.stack([pattern.mass(q[:, head], k[:, head // 2], 0.2, grid) for head in range(4)], dim=1)
    torch.testing.assert_close(antidiagonal_scores.mass(q, k, 0.2, grid, stride), expected, atol=1e-5, rtol=1e-5)


def test_antidiagonal_sums_in_pieces_and_of_half_the_bits_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    q, k, _ = tensors(90, 120, channels=(32, 16), heads=2, groups=1, dtype=TYPES[1])
    grid = Grid(90, 120, 32)
    whole = antidiagonal_scores.mass(q, k, 0.05, grid, 8)
    monkeypatch.setattr(antidiagonal_scores, "_LOGS", 2 * 4 * 4 * grid.columns)
    torch.testing.assert_close(antidiagonal_scores.mass(q, k, 0.05, grid, 8), whole, atol=1e-6, rtol=1e-6)
    expected = Antidiagonal(stride=8, block=32).mass(q[:, 1].float(), k[:, 0].float(), 0.05, grid)
    torch.testing.assert_close(whole[:, 1], expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(whole.sum(dim=3), torch.full_like(whole[..., 0], 4.0), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("queries", "keys"), [(1, 300), (3, 37), (1, 1), (35, 200)])
@pytest.mark.parametrize("channels", [(16, 16), (32, 128)])
def test_decoding_equals_attention_over_all_keys(queries: int, keys: int, channels: tuple[int, int]) -> None:
    q, k, v = tensors(queries, keys, channels)
    same(gathered_decode.attend(q, k, v, 0.3), attend_masked(q, k, v, 0.3, EVERYTHING.expand(queries, keys)))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_decoding_over_blocks_reads_the_tokens_of_those_alone(dtype: torch.dtype) -> None:
    q, k, v = tensors(2, 1000, (64, 64), dtype=dtype)
    draw = torch.Generator().manual_seed(0)
    for size, count in ((16, 20), (7, 143), (800, 1)):
        last = 1000 // size
        blocks = torch.stack([torch.randperm(last + 1, generator=draw)[:count] for _ in range(4)]).view(2, 2, count)
        ends = blocks[0, 0]  # its first is the last of the sequence, which is shorter than others
        ends[ends == last] = ends[0].item()
        ends[0] = last
        mask = torch.zeros(2, 2, (last + 1) * size, dtype=torch.bool)
        mask.scatter_(2, (blocks[..., None] * size + torch.arange(size)).flatten(2), True)
        mask = mask[..., :1000].repeat_interleave(2, dim=1)[:, :, None].to(DEVICE)
        same(gathered_decode.attend(q, k, v, 0.125, blocks.to(DEVICE), size), attend_masked(q, k, v, 0.125, mask))


@pytest.mark.parametrize(("width", "queries"), [(16, 1), (64, 3), (80, 9), (256, 1)])
def test_scores_of_signs_equal_those_of_the_index(width: int, queries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    index, q = SignIndex(), drawn(2, 8, queries, width, seed=5)
    index.append(3.0 * drawn(2, 2, 1, width, seed=7) + drawn(2, 2, 301, width, seed=6))
    monkeypatch.setattr(kernels, "DEVICES", frozenset())
    expected = index.scores(q)
    codes, factor = index._parts[0]
    index._parts = list(zip(codes.split(170, dim=2), factor.split(170, dim=2), strict=True))
    asked = counted(monkeypatch, sign_scores, "scores")
    monkeypatch.setattr(kernels, "DEVICES", {DEVICE})
    torch.testing.assert_close(index.scores(q), expected, atol=2e-5 * width**0.5, rtol=1e-5)
    assert asked == ["scores"]


def counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[str]:
    """Grows by `name` with every call of a function of `module`."""
    calls: list[str] = []
    original = getattr(module, name)

    def call(*given: Any, **named: Any) -> Any:
        calls.append(name)
        return original(*given, **named)

    monkeypatch.setattr(module, name, call)
    return calls


@pytest.mark.parametrize(("size", "kernel"), [(16, True), (24, False)])
def test_attention_goes_to_a_kernel_for_heads_that_it_takes(size: int, kernel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "DEVICES", {DEVICE})
    q, k, v = tensors(20, 60, (size, size))
    selection = chosen(Grid(20, 60, 16))
    asked = [counted(monkeypatch, module, "attend") for module in (block_sparse, gathered_decode)]
    same(attend_sparse(q, k, v, 0.3, selection), attend_masked(q, k, v, 0.3, selection.mask()))
    same(attend_all(q[:, :, :3], k, v, 0.3), attend_masked(q[:, :, :3], k, v, 0.3, EVERYTHING.expand(3, 60)))
    assert [bool(calls) for calls in asked] == [kernel, kernel]


def test_antidiagonal_selects_by_the_kernel_what_it_selects_without(monkeypatch: pytest.MonkeyPatch) -> None:
    q, k, _ = tensors(70, 100)
    pattern = Antidiagonal(stride=4, block=16, threshold=0.6, sinks=4)
    monkeypatch.setattr(kernels, "DEVICES", frozenset())
    expected = pattern.select(q, k, 0.3)
    monkeypatch.setattr(kernels, "DEVICES", {DEVICE})
    asked = counted(monkeypatch, antidiagonal_scores, "mass")
    assert torch.equal(pattern.select(q, k, 0.3).blocks, expected.blocks)
    assert len(asked) == 2, "once for each key head"
    Antidiagonal(stride=4, block=12, sinks=4).select(q, k, 0.3)
    assert len(asked) == 2, "three strides to a block are no power of two"


def test_kernels_are_not_used_where_they_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    q, k, v = tensors(3, 9)
    assert kernels.usable(q, k, v) == (DEVICE == "cuda")
    monkeypatch.setattr(kernels, "DEVICES", {DEVICE})
    assert kernels.usable(q, k, v)
    assert not kernels.usable(q, k, v.half()), "of two types"
    assert not kernels.usable(q.double()), "of a type there is no kernel for"
    assert not kernels.usable(q, k, v[..., :10]), "of a width there is no kernel for"
    wanting = q.clone().requires_grad_()
    assert not kernels.usable(wanting, k, v), "kernels give no gradients"
    with torch.no_grad():
        assert kernels.usable(wanting, k, v)


def test_attention_needs_no_triton() -> None:
    code = """
import sys
sys.modules["triton"] = None
import torch
from longdoc.attention import kernels
from longdoc.attention.dense import attend_dense
from longdoc.attention.selection import Grid, everything
from longdoc.attention.sparse import attend_sparse
kernels.DEVICES = {"cpu"}
q = torch.randn(1, 2, 40, 16)
assert not kernels.usable(q)
found = attend_sparse(q, q, q, 0.3, everything(Grid(40, 40, 16), 1, 2))
torch.testing.assert_close(found.out, attend_dense(q, q, q, 0.3).out)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
