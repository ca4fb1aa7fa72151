from __future__ import annotations

import pytest
import torch
from torch import Tensor

from longdoc import registry
from longdoc.attention.antidiagonal import Antidiagonal, top_mass
from longdoc.attention.auto import Auto
from longdoc.attention.block_local import BlockLocal
from longdoc.attention.dense import Dense, attend_all, attend_dense, attend_masked
from longdoc.attention.guard import Guard, mass_kept
from longdoc.attention.merge import Attended, merge
from longdoc.attention.pattern import Pattern, SelectingPattern
from longdoc.attention.performer import Performer
from longdoc.attention.retrieval import Retrieval
from longdoc.attention.selection import Grid, everything
from longdoc.attention.sparse import attend_sparse
from longdoc.attention.vertical_slash import VerticalSlash
from longdoc.attention.window_decay import WindowDecay
from longdoc.attention.window_global import WindowGlobal

SELECTING = [
    BlockLocal(block=16, sinks=5, shared=(40, 41, 90)),
    WindowGlobal(window=20, block=8, sinks=4, shared=(3, 50)),
    Antidiagonal(stride=4, block=16, threshold=0.6, sinks=4),
    VerticalSlash(vertical=9, slash=5, sample=8, block=16, sinks=4),
    Retrieval(top=32, block=8, recent=8, sinks=4),
]
SHAPES = [(100, 100), (37, 100), (1, 100), (16, 96), (5, 5)]


def tensors(queries: int, keys: int, batch: int = 2, heads: int = 4, groups: int = 2, size: int = 16, seed: int = 0) -> list[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    shapes = [(batch, heads, queries, size), (batch, groups, keys, size), (batch, groups, keys, size)]
    return [torch.randn(shape, generator=draw) for shape in shapes]


def causal(queries: int, keys: int) -> Tensor:
    return torch.arange(keys) <= torch.arange(keys - queries, keys)[:, None]


def same(one: Attended, other: Attended, atol: float = 2e-6) -> None:
    torch.testing.assert_close(one.out, other.out, atol=atol, rtol=1e-5)
    torch.testing.assert_close(one.lse, other.lse, atol=5 * atol, rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_dense_attention_in_pieces_is_dense_attention(shape: tuple[int, int]) -> None:
    q, k, v = tensors(*shape)
    same(attend_dense(q, k, v, 0.3), attend_masked(q, k, v, 0.3, causal(*shape)))


def test_dense_attention_takes_values_of_another_width_than_keys() -> None:
    q, k, v = tensors(30, 50)
    same(attend_dense(q, k, v[..., :10], 0.3), attend_masked(q, k, v[..., :10], 0.3, causal(30, 50)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pattern", SELECTING, ids=lambda pattern: pattern.name)
def test_a_pattern_equals_dense_attention_under_its_mask(pattern: SelectingPattern, shape: tuple[int, int]) -> None:
    q, k, v = tensors(*shape)
    selection = pattern.select(q, k, 0.3)
    mask = selection.mask()
    assert not (mask & ~causal(*shape)).any()
    assert mask[..., torch.arange(shape[0]), torch.arange(shape[1] - shape[0], shape[1])].all(), "a query reads its own key"
    assert mask[..., 0].all(), "the first key is a sink"
    same(pattern.attend(q, k, v, 0.3), attend_masked(q, k, v, 0.3, mask))
    assert selection.density().shape == (2, 4)
    torch.testing.assert_close(selection.density(), mask.sum(dim=(2, 3)) / causal(*shape).sum())


@pytest.mark.parametrize(("queries", "keys"), [(100, 96), (16, 64), (21, 128), (37, 160)])
def test_antidiagonal_reads_keys_before_all_queries_too(queries: int, keys: int) -> None:
    pattern = Antidiagonal(stride=4, block=16, threshold=0.6, sinks=4)
    q, k, v = tensors(queries, keys + queries)
    before = k[:, :, :keys], v[:, :, :keys]
    found = pattern.attend_before(q, *before, 0.3)
    grid = Grid(queries, keys + queries, 16)
    masses = [pattern.mass(q[:, head], before[0][:, head // 2], 0.3, grid, own=False) for head in range(4)]
    blocks = torch.stack([top_mass(mass, 0.6) for mass in masses], dim=1)
    blocks[..., 0] = True
    assert not blocks[..., keys // 16 :].any()
    rows = torch.arange(queries) // 16
    mask = blocks[:, :, rows][:, :, :, torch.arange(keys) // 16]
    assert 0.3 < float(mask.float().mean()) < 0.95
    same(found, attend_masked(q, *before, 0.3, mask))
    everything = Antidiagonal(stride=4, block=16, threshold=1.1, sinks=4)
    same(everything.attend_before(q, *before, 0.3), attend_all(q, *before, 0.3))
    kept = mass_kept(q, before[0], 0.3, found.lse, torch.arange(queries), causal=False)
    torch.testing.assert_close(kept, torch.exp(found.lse - attend_all(q, *before, 0.3).lse))
    checked, _ = Guard(target=1.0, samples=queries).check(q, *before, 0.3, found, causal=False)
    same(checked, attend_all(q, *before, 0.3))


@pytest.mark.parametrize("shape", SHAPES)
def test_everything_selected_is_dense_attention(shape: tuple[int, int]) -> None:
    q, k, v = tensors(*shape)
    same(attend_sparse(q, k, v, 0.3, everything(Grid(*shape, 16), 2, 4)), attend_dense(q, k, v, 0.3))


@pytest.mark.parametrize("pattern", [*SELECTING, WindowDecay(window=24, pool=4, block=8)], ids=lambda pattern: pattern.name)
def test_a_prefill_in_pieces_reads_what_its_pattern_says_of_the_pieces(pattern: Pattern) -> None:
    q, k, v = tensors(96, 96)
    whole = pattern.attend(q, k, v, 0.3)
    parts = [pattern.attend(q[:, :, a:b], k[:, :, :b], v[:, :, :b], 0.3) for a, b in ((0, 48), (48, 96))]
    if pattern.name in ("vertical_slash",):  # it looks at the last queries of a call
        assert parts[1].out.shape == (2, 4, 48, 16)
        return
    same(Attended(torch.cat([part.out for part in parts], dim=2), torch.cat([part.lse for part in parts], dim=2)), whole)


def test_block_local_reads_its_block_the_one_before_and_global_keys() -> None:
    q, k, _ = tensors(64, 64)
    mask = BlockLocal(block=16, sinks=2, shared=(20,)).select(q, k, 1.0).mask()[0, 0]
    assert torch.nonzero(mask[55]).flatten().tolist() == [0, 1, 20, *range(32, 56)]
    assert torch.nonzero(mask[18]).flatten().tolist() == list(range(19))


def test_a_window_holds_at_least_so_many_keys() -> None:
    q, k, _ = tensors(64, 64)
    mask = WindowGlobal(window=20, block=8, sinks=1).select(q, k, 1.0).mask()[0, 0]
    for place in range(40, 64):
        assert mask[place, place - 20 : place + 1].all()
    assert mask[63].sum() <= 1 + 24 + 8


def test_antidiagonal_finds_the_block_that_holds_what_a_query_looks_for() -> None:
    q, k, v = tensors(256, 256, heads=2, groups=1)
    q, k = 0.1 * q, 0.1 * k
    needle = torch.randn(16)
    k[:, :, 70:80] += 4 * needle  # ten keys that the last sixteen queries look for
    q[:, :, 240:] += 4 * needle
    pattern = Antidiagonal(stride=4, block=16, threshold=0.8, local=0, sinks=1)
    kept = pattern.select(q, k, 0.25).blocks[0, 0]
    assert kept[15, 4]
    assert int(kept[15].sum()) <= 4
    assert float(pattern.select(q, k, 0.25).density().max()) < 0.9
    exact = attend_dense(q, k, v, 0.25)
    torch.testing.assert_close(pattern.attend(q, k, v, 0.25).out[:, :, 240:], exact.out[:, :, 240:], atol=1e-3, rtol=1e-3)


def test_the_sums_of_antidiagonals_are_those_of_the_paper() -> None:
    q, k, _ = tensors(32, 32, batch=1, heads=1, groups=1)
    pattern = Antidiagonal(stride=4, block=8)
    scores = q[0, 0] @ k[0, 0].T * 0.5 / 4
    groups = torch.stack(
        [torch.stack([scores[4 * i : 4 * i + 4, 4 * j : 4 * j + 4].flip(0).diagonal().sum() for j in range(8)]) for i in range(8)]
    )
    shares = torch.softmax(groups.masked_fill(~causal(8, 8), -torch.inf), dim=-1)
    expected = shares.unflatten(0, (4, 2)).sum(1).unflatten(1, (4, 2)).sum(2)
    torch.testing.assert_close(pattern.mass(q[:, 0], k[:, 0], 0.5, Grid(32, 32, 8))[0], expected)


def test_top_mass_takes_the_fewest_blocks_that_hold_enough() -> None:
    mass = torch.tensor([[0.5, 0.1, 0.3, 0.1], [0.0, 0.0, 1.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
    assert top_mass(mass, 0.75).tolist() == [[True, False, True, False], [False, False, True, False], [True, True, True, False]]


def test_vertical_slash_finds_columns_and_diagonals() -> None:
    q, k, _ = tensors(128, 128, batch=1, heads=1, groups=1)
    q, k = 0.01 * q, 0.01 * k
    q[..., 0] = 3.0
    k[:, :, 33, 0] = 5.0  # a key that all read
    for first, speed in ((1, 0.9), (3, 0.31)):  # the key 50 before, and no other, turns with the query
        turn = torch.arange(128) * speed
        q[..., first], q[..., first + 1] = 3 * torch.cos(turn), 3 * torch.sin(turn)
        k[..., first], k[..., first + 1] = 3 * torch.cos(turn + 50 * speed), 3 * torch.sin(turn + 50 * speed)
    selection = VerticalSlash(vertical=1, slash=1, sample=16, block=8, local=0, sinks=1).select(q, k, 1.0)
    assert selection.columns is not None
    assert selection.columns.tolist() == [[[33]]]
    mask = selection.mask()[0, 0]
    for place in range(60, 128):
        assert mask[place, 33]
        assert mask[place, place - 50]
    assert float(selection.density()) < 0.5


def test_retrieval_reads_the_blocks_with_the_most_mass() -> None:
    q, k, v = tensors(1, 400, heads=4, groups=2)
    pattern = Retrieval(top=64, block=16, recent=16, sinks=1)
    mask = pattern.select(q, k, 1.0).mask()
    assert torch.equal(mask[:, 0], mask[:, 1]), "heads that share keys read the same"
    kept = mass_kept(q, k, 1.0, pattern.attend(q, k, v, 1.0).lse, torch.tensor([0]))[..., 0]
    torch.testing.assert_close(kept, (torch.softmax(attend_scores(q, k), -1) * mask[:, :, 0]).sum(-1), atol=1e-4, rtol=1e-4)
    window = WindowGlobal(window=96, block=16, sinks=1).attend(q, k, v, 1.0)
    assert float(kept.mean()) > 1.5 * float(mass_kept(q, k, 1.0, window.lse, torch.tensor([0])).mean())


def attend_scores(q: Tensor, k: Tensor) -> Tensor:
    return (q @ k.repeat_interleave(2, dim=1).transpose(-1, -2))[:, :, 0]


@pytest.mark.parametrize("shape", SHAPES)
def test_window_decay_equals_its_dense_twin(shape: tuple[int, int]) -> None:
    q, k, v = tensors(*shape, heads=2, groups=2)
    pattern = WindowDecay(window=24, pool=4, block=8, decay=0.7)
    expected = []
    for number in range(shape[0]):
        place = shape[1] - shape[0] + number
        begin = pattern.begin(place // 8 * 8)
        pools = begin // 4
        means = [tensor[:, :, :begin].unflatten(2, (pools, 4)).mean(3) if pools else tensor[:, :, :0] for tensor in (k, v)]
        keys, values = (torch.cat([mean, own[:, :, begin : place + 1]], dim=2) for mean, own in zip(means, (k, v), strict=True))
        bias = torch.cat([pattern.penalty(torch.tensor([place]), pools)[0], torch.zeros(place + 1 - begin)])
        shares = torch.softmax(q[:, :, number, None] @ keys.transpose(-1, -2) * 0.3 + bias, dim=-1)
        expected.append(shares @ values)
    torch.testing.assert_close(pattern.attend(q, k, v, 0.3).out, torch.cat(expected, dim=2), atol=2e-6, rtol=1e-5)


def test_without_decay_means_of_equal_keys_are_the_keys() -> None:
    q, k, v = tensors(40, 40)
    k, v = (tensor[:, :, ::4].repeat_interleave(4, dim=2) for tensor in (k, v))
    same(WindowDecay(window=8, pool=4, block=4, decay=0.0).attend(q, k, v, 0.3), attend_dense(q, k, v, 0.3))


@pytest.mark.parametrize("shape", SHAPES)
def test_performer_equals_its_features_dense(shape: tuple[int, int]) -> None:
    q, k, v = tensors(*shape, heads=2, groups=2)
    pattern = Performer(features=40, block=7)
    weight = pattern.directions(16)

    def features(x: Tensor) -> Tensor:
        scaled = x * 0.3**0.5
        return torch.exp(scaled @ weight.T - scaled.square().sum(-1, keepdim=True) / 2) / 40**0.5

    scores = (features(q) @ features(k).transpose(-1, -2)) * causal(*shape)
    found = pattern.attend(q, k, v, 0.3)
    torch.testing.assert_close(found.out, scores / scores.sum(-1, keepdim=True) @ v, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.lse, scores.sum(-1).log(), atol=1e-4, rtol=1e-4)


def test_performer_comes_near_softmax_with_many_features() -> None:
    q, k, v = (0.7 * tensor for tensor in tensors(60, 60))
    exact = attend_dense(q, k, v, 0.25).out
    errors = [float((Performer(features=count).attend(q, k, v, 0.25).out - exact).abs().mean()) for count in (16, 4096)]
    assert errors[1] < 0.2 * float(exact.abs().mean())
    assert errors[1] < errors[0] / 3


def test_what_is_merged_from_parts_is_the_whole() -> None:
    q, k, v = tensors(10, 90)
    mask = causal(10, 90)
    left = torch.zeros_like(mask)
    left[:, ::3] = True
    parts = [attend_masked(q, k, v, 0.3, mask & part) for part in (left, ~left)]
    same(merge(*parts), attend_masked(q, k, v, 0.3, mask))
    nothing = Attended(torch.zeros_like(parts[0].out), torch.full_like(parts[0].lse, -torch.inf))
    same(merge(nothing, parts[0]), parts[0])
    assert not merge(nothing, nothing).out.any()


def test_a_head_that_misses_the_target_is_read_densely() -> None:
    q, k, v = tensors(64, 256, batch=1)
    q[:, 0] = 0.0  # reads all keys alike: no few of them will do
    k[:, 0, 0] = 30 * torch.nn.functional.normalize(q[:, 1].mean(1), dim=-1)
    q[:, 1] = q[:, 1].mean(1, keepdim=True)  # reads the first key
    found = WindowGlobal(window=32, block=16, sinks=1).attend(q, k, v, 1.0)
    checked, kept = Guard(target=0.95, samples=8).check(q, k, v, 1.0, found)
    exact = attend_dense(q, k, v, 1.0)
    assert float(kept[0, 0]) < 0.5
    assert float(kept[0, 1]) > 0.95
    same(Attended(checked.out[:, 0], checked.lse[:, 0]), Attended(exact.out[:, 0], exact.lse[:, 0]), atol=1e-5)
    assert torch.equal(checked.out[:, 1], found.out[:, 1])
    assert Guard(samples=8).check(q, k, v, 1.0, exact)[1].flatten().tolist() == pytest.approx([1.0] * 4, abs=1e-4)


def test_the_guard_looks_at_queries_all_along() -> None:
    assert Guard(samples=4).places(100).tolist() == [24, 49, 74, 99]
    assert Guard(samples=4).places(2).tolist() == [0, 1]
    assert Guard(samples=4).places(1).tolist() == [0]


def test_auto_is_dense_as_long_as_that_is_affordable() -> None:
    auto = Auto()
    names = [auto.choose(*shape).name for shape in ((65_536, 65_536), (1, 65_536), (4096, 65_537), (1, 65_537), (16, 1_000_000))]
    assert names == ["dense", "dense", "antidiagonal", "retrieval", "retrieval"]
    q, k, v = tensors(30, 90)
    same(Auto(dense=50, prefill=SELECTING[0]).attend(q, k, v, 0.3), SELECTING[0].attend(q, k, v, 0.3))
    same(Auto(dense=90).attend(q, k, v, 0.3), Dense().attend(q, k, v, 0.3))


def test_patterns_are_found_by_their_names() -> None:
    for name in registry.known("patterns"):
        assert registry.load("patterns", name)().name == name
