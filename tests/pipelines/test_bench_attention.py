"""Attention patterns compared: what is known of planted tensors, and where tensors come from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from decoders import decoder
from torch import Tensor

from longdoc.attention.antidiagonal import Antidiagonal
from longdoc.attention.auto import Auto
from longdoc.attention.block_local import BlockLocal
from longdoc.attention.dense import Dense
from longdoc.attention.guard import Guard
from longdoc.attention.performer import Performer
from longdoc.attention.retrieval import Retrieval
from longdoc.attention.vertical_slash import VerticalSlash
from longdoc.errors import ConfigError, UnknownNameError, UsageError
from longdoc.model.blocks import Landmarks, make_tokenizer, pack, tokenise
from longdoc.model.encoder import Encoder, EncoderConfig
from longdoc.model.encoder_file import FILE, Model, save
from longdoc.model.heads import VectorHead
from longdoc.model.sentences import split
from longdoc.types import Chunk, Document, Span
from longdoc_pipelines.attention_sources import DrawnSource, EncoderSource, LayerTensors, Visit
from longdoc_pipelines.bench_attention import SAMPLES, TIERED, Row, compare_attention, density_of, wanted_patterns

LENGTH = 2048
TEXT = "Words. " + " ".join(f"w{number % 50}" + (". " if number % 9 == 0 else "") for number in range(400))


@dataclass(frozen=True)
class Planted:
    """One layer with one head: all scores are 0 but those of the keys at `needles`, which are `score`."""

    needles: tuple[int, ...]
    score: float
    tokens: int = LENGTH
    layers: int = 1
    description: str = "planted"

    def each(self, length: int, wanted: Collection[int], visit: Visit) -> None:
        q, k = torch.zeros(1, 1, length, 16), torch.zeros(1, 1, length, 16)
        q[..., 0] = 1.0
        k[:, :, list(self.needles), 0] = self.score
        visit(LayerTensors(0, q, k, torch.randn(1, 1, length, 16, generator=torch.Generator().manual_seed(0)), 1.0))


def rows_of(rows: tuple[Row, ...]) -> dict[tuple[str, str], Row]:
    return {(row.pattern, row.queries): row for row in rows}


@pytest.fixture(scope="module")
def drawn() -> dict[tuple[str, str], Row]:
    """All patterns on drawn tensors."""
    return rows_of(compare_attention(DrawnSource(heads=2, key_heads=1, size=32), length=LENGTH, top_k=256, runs=2).rows)


def test_all_patterns_are_compared_those_that_find_keys_as_decoding_steps(drawn: dict[tuple[str, str], Row]) -> None:
    assert {name for name, _ in drawn} == set(wanted_patterns())
    assert {name for name, queries in drawn if queries == "decode"} == {"dense", "retrieval", TIERED}
    assert all(len(row.seconds) == 2 and row.times_dense > 0 for row in drawn.values())


@pytest.mark.parametrize("queries", ["prefill", "decode"])
def test_dense_attention_keeps_all_mass_without_error(drawn: dict[tuple[str, str], Row], queries: str) -> None:
    row = drawn["dense", queries]
    assert (row.mass_kept, row.lowest_head) == pytest.approx((1.0, 1.0), abs=1e-5)
    assert (row.error, row.density, row.times_dense, row.recall) == (0.0, 1.0, 1.0, None)


def test_what_chooses_no_keys_has_an_error_alone(drawn: dict[tuple[str, str], Row]) -> None:
    for name in ("performer", "window_decay"):
        row = drawn[name, "prefill"]
        assert (row.mass_kept, row.lowest_head, row.density) == (None, None, None)
        assert row.error is not None
    assert drawn["performer", "prefill"].error > 0.1  # type: ignore[operator]


def test_what_keeps_less_mass_is_further_off(drawn: dict[tuple[str, str], Row]) -> None:
    kept = [row for row in drawn.values() if row.queries == "prefill" and row.mass_kept is not None and row.mass_kept < 0.999]
    assert len(kept) >= 2
    by_mass = [row.pattern for row in sorted(kept, key=lambda row: -(row.mass_kept or 0.0))]
    assert by_mass == [row.pattern for row in sorted(kept, key=lambda row: row.error or 0.0)]


def test_the_tiered_cache_estimates_what_it_does_not_read(drawn: dict[tuple[str, str], Row]) -> None:
    tiered, exact = drawn[TIERED, "decode"], drawn["retrieval", "decode"]
    assert tiered.mass_kept == pytest.approx(exact.mass_kept, abs=0.1)
    assert tiered.error is not None
    assert exact.error is not None
    assert tiered.error < 0.7 * exact.error


@pytest.mark.parametrize(
    "pattern",
    [
        BlockLocal(block=16, sinks=5, shared=(40, 90)),
        Antidiagonal(stride=4, block=16, threshold=0.6, sinks=4),
        VerticalSlash(vertical=9, slash=5, sample=8, block=16, sinks=4),
        Retrieval(top=32, block=8, recent=8, sinks=4),
    ],
    ids=lambda pattern: pattern.name,
)
@pytest.mark.parametrize("queries", [100, 37, 1])
def test_density_is_the_share_of_causal_pairs_under_the_mask(
    pattern: BlockLocal | Antidiagonal | VerticalSlash | Retrieval, queries: int
) -> None:
    draw = torch.Generator().manual_seed(1)
    q, k = torch.randn(1, 4, queries, 16, generator=draw), torch.randn(1, 2, 100, 16, generator=draw)
    causal = torch.arange(100) <= torch.arange(100 - queries, 100)[:, None]
    expected = pattern.select(q, k, 0.3).mask()[0][:, causal].float().mean(dim=1)
    torch.testing.assert_close(density_of(pattern, q, k, 0.3), expected)


def test_the_density_of_a_long_context_is_counted_by_blocks() -> None:
    length = 1 << 17
    q = torch.zeros(1, 1, length, 1)
    place = torch.arange(length)
    begin = (place // 512 - 1).clamp(min=0) * 512
    pairs = (place + 1 - begin + begin.clamp(max=128)).sum()  # a mask would take 16 GiB
    assert density_of(BlockLocal(), q, q, 1.0).tolist() == pytest.approx([float(pairs / (place + 1).sum())])  # type: ignore[union-attr]


def test_density_is_that_of_the_pattern_that_auto_picks_and_none_without_keys() -> None:
    q, k = torch.randn(1, 2, 64, 16), torch.randn(1, 2, 64, 16)
    local = BlockLocal(block=16, sinks=2)
    assert torch.equal(density_of(Auto(dense=10, prefill=local), q, k, 1.0), local.select(q, k, 1.0).density()[0])  # type: ignore[arg-type]
    assert density_of(Auto(), q, k, 1.0).tolist() == [1.0, 1.0]  # type: ignore[union-attr]
    assert density_of(Dense(), q, k, 1.0).tolist() == [1.0, 1.0]  # type: ignore[union-attr]
    assert density_of(Performer(), q, k, 1.0) is None


def test_the_mass_of_a_needle_that_a_pattern_does_not_read_is_missing() -> None:
    needle, weight = 300, 50.0
    row = rows_of(compare_attention(Planted((needle,), Tensor([weight]).log().item()), patterns=["block_local"], runs=1).rows)[
        "block_local", "prefill"
    ]
    pairs, kept = 0, []
    for place in range(LENGTH):
        begin = max(0, place // 512 - 1) * 512
        read = set(range(begin, place + 1)) | set(range(min(128, place + 1)))
        pairs += len(read)
        if place in Guard(samples=SAMPLES).places(LENGTH):
            whole = place + 1 + (weight - 1) * (place >= needle)
            kept.append((len(read) + (weight - 1) * (needle in read)) / whole)
    assert row.mass_kept == pytest.approx(sum(kept) / len(kept), abs=1e-5)
    assert row.density == pytest.approx(pairs / (LENGTH * (LENGTH + 1) / 2), abs=1e-6)


@pytest.mark.parametrize("name", ["retrieval", TIERED])
def test_a_needle_is_found_by_what_searches_for_it(name: str) -> None:
    weight = 5000.0
    source = Planted((777,), Tensor([weight]).log().item())
    row = rows_of(compare_attention(source, patterns=[name], top_k=256, runs=1).rows)[name, "decode"]
    assert row.density is not None
    keys = LENGTH - 7.5  # of the last sixteen tokens, on average
    assert row.density < 0.5
    assert row.mass_kept == pytest.approx((row.density * keys - 1 + weight) / (keys - 1 + weight), abs=2e-4)


def test_the_index_recalls_the_best_blocks() -> None:
    needles = tuple(range(200, 200 + 16 * 80, 80))
    row = rows_of(compare_attention(Planted(needles, 6.0), patterns=[TIERED], top_k=256, runs=1).rows)[TIERED, "decode"]
    assert row.recall == 1.0


def test_where_all_is_read_there_is_nothing_to_recall() -> None:
    row = rows_of(compare_attention(Planted((300,), 3.0), patterns=[TIERED], top_k=4096, runs=1).rows)[TIERED, "decode"]
    assert (row.density, row.recall) == (1.0, None)
    assert row.mass_kept == pytest.approx(1.0, abs=1e-5)


def test_patterns_that_decode_alone_need_no_prefill() -> None:
    found = compare_attention(DrawnSource(layers=1, heads=2, key_heads=1, size=16), length=256, patterns=["retrieval"], runs=1)
    assert [(row.pattern, row.queries) for row in found.rows] == [("dense", "decode"), ("retrieval", "decode")]
    assert (found.tokens, found.layers, found.heads, found.key_heads, found.head_size) == (256, (0,), 2, 1, 16)


def test_drawn_tensors_are_the_same_each_time() -> None:
    found: list[LayerTensors] = []
    for _ in range(2):
        DrawnSource().each(300, [1], found.append)
    assert torch.equal(found[0].q, found[1].q)
    assert (found[0].q.shape, found[0].k.shape, found[0].number) == ((1, 8, 300, 64), (1, 2, 300, 64), 1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"patterns": ["dens"]}, "no pattern 'dens'. Known: antidiagonal, auto"),
        ({"length": 100}, "100 tokens is too short to compare; 256 are the least"),
        ({"length": 5000}, "5,000 tokens are needed, there are 2,048"),
        ({"layers": [0, 1]}, "no layer 1; there are 1, counted from 0"),
    ],
)
def test_what_cannot_be_compared_is_told(options: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told) as error:
        compare_attention(Planted((1,), 1.0), runs=1, **options)  # type: ignore[arg-type]
    assert isinstance(error.value, UnknownNameError) == ("patterns" in options)


def test_a_text_that_is_too_short_is_told() -> None:
    with pytest.raises(UsageError, match="256 tokens are needed, there are 90"):
        compare_attention(Planted((1,), 1.0, tokens=90))


def document() -> tuple[Document, list[Chunk]]:
    made = Document(id="one", path="one.txt", text=TEXT, format="txt", title="w7")
    half = TEXT.index(".", 900) + 1
    return made, [Chunk(document_id="one", index=n, span=Span(start=a, end=b)) for n, (a, b) in enumerate(((0, half), (half, len(TEXT))))]


def test_the_encoder_source_gives_the_projections_of_the_tokens_of_the_text(tmp_path: Path) -> None:
    words = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", *(f"w{number}" for number in range(60)))
    config = EncoderConfig(len(words), width=32, layers=3, heads=4, hidden=64, block=64, positions=64, near=(1, 2), landmarks=4)
    torch.manual_seed(0)
    encoder = Encoder(config).eval().requires_grad_(False)
    save(tmp_path / FILE, Model(encoder, VectorHead(32), {}, words))
    made, chunks = document()
    source = EncoderSource(tmp_path, [(made, chunks)])
    found: list[LayerTensors] = []
    with torch.inference_mode():
        source.each(300, [0, 2], found.append)
    assert [layer.number for layer in found] == [0, 2]

    tokenizer = make_tokenizer(words)
    spans = torch.tensor([(chunk.span.start, chunk.span.end) for chunk in chunks]).numpy()
    tokens = tokenise(tokenizer, TEXT, spans, split(made).astype("int64"))
    assert source.tokens == len(tokens.ids) > 400
    cut = type(tokens)(tokens.ids[:300], tokens.spans[:300], tokens.sentence[:300], tokens.chunk[:300])
    blocks = pack(cut, config, (2, 3), Landmarks(tokenizer, made))
    seen: list[Tensor] = []
    encoder.layers[2].qkv.register_forward_hook(lambda module, given, out: seen.append(out))
    encoder(blocks.layout())
    q, k, v = seen[0].flatten(0, 1)[torch.from_numpy(blocks.place)].view(300, 3, 4, 8).permute(1, 2, 0, 3)
    for mine, expected in ((found[1].q, q), (found[1].k, k), (found[1].v, v)):
        torch.testing.assert_close(mine[0], expected, atol=0.05, rtol=0.05)  # the file holds int8
    assert found[1].scale == 8**-0.5


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny decoder with its tokenizer, as transformers saves them."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("checkpoint")
    decoder("qwen3").save_pretrained(folder)
    words = Tokenizer(models.WordLevel({"[UNK]": 0, ".": 1} | {f"w{number}": number + 2 for number in range(60)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]").save_pretrained(folder)
    return folder


def test_the_checkpoint_source_gives_what_attention_is_given(checkpoint: Path) -> None:
    from transformers import AutoModelForCausalLM, DynamicCache
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    from longdoc.attention.function import NAME, attention
    from longdoc_pipelines.attention_checkpoint import CheckpointSource

    source = CheckpointSource(checkpoint, [("one.txt", TEXT)])
    found: list[LayerTensors] = []
    with torch.inference_mode():
        source.each(300, [0, 1], found.append)
    model = AutoModelForCausalLM.from_pretrained(checkpoint)
    cache = DynamicCache(config=model.config)
    with torch.inference_mode():
        model(torch.tensor([source._ids[:300]]), past_key_values=cache)
    assert [layer.number for layer in found] == [0, 1]
    for layer, kept in zip(found, cache.layers, strict=True):
        torch.testing.assert_close(layer.k, kept.keys, atol=1e-3, rtol=1e-3)
        torch.testing.assert_close(layer.v, kept.values, atol=1e-3, rtol=1e-3)
        assert (layer.q.shape, layer.scale) == ((1, 4, 300, 16), 0.25)
    assert ALL_ATTENTION_FUNCTIONS[NAME] is attention


def test_a_checkpoint_is_compared_on(checkpoint: Path) -> None:
    from longdoc_pipelines.attention_checkpoint import CheckpointSource

    found = compare_attention(CheckpointSource(checkpoint, [("a.txt", TEXT), ("b.txt", TEXT)]), length=300, patterns=[TIERED], runs=1)
    assert (found.tokens, found.layers, found.heads, found.key_heads) == (300, (0, 1), 4, 2)
    assert "a.txt and 1 other" in found.source


def test_more_tokens_than_a_checkpoint_has_positions_for_are_refused(checkpoint: Path) -> None:
    from longdoc_pipelines.attention_checkpoint import CheckpointSource

    source = CheckpointSource(checkpoint, [("one.txt", TEXT * 12)])
    with pytest.raises(UsageError, match=r"4,500 tokens are asked for, .* has positions for 4,096"):
        compare_attention(source, length=4500)


def test_a_folder_that_is_no_checkpoint_is_told(tmp_path: Path) -> None:
    from longdoc_pipelines.attention_checkpoint import CheckpointSource

    with pytest.raises(ConfigError, match=r"no checkpoint of transformers \(config.json is missing\)"):
        CheckpointSource(tmp_path, [("one.txt", TEXT)])
    (tmp_path / "config.json").write_text('{"model_type": "abacus"}')
    with pytest.raises(ConfigError, match="not a checkpoint that transformers loads"):
        CheckpointSource(tmp_path, [("one.txt", TEXT)])
