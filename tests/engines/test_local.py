from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from checkpoints import TEXT, checkpoint

from longdoc.engines.budgets import Shape, plan, size
from longdoc.engines.local import LocalEngine, load_model
from longdoc.errors import (
    ConfigError,
    DamagedError,
    EngineError,
    LimitError,
    NotFoundError,
    StoreFullError,
    UnknownNameError,
    UnsupportedError,
    UsageError,
)
from longdoc.protocols import Engine, Progress, Request
from longdoc_stores.kv_settings import LayerSettings

SETTINGS = LayerSettings(page=16, segment=64, sinks=16, top_k=256)
DOCUMENT = TEXT * 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.fixture(scope="module")
def engine(folder: Path) -> LocalEngine:
    return load_model(folder, chunk=256, settings=SETTINGS, device="cpu")


def small(folder: Path, **more: Any) -> LocalEngine:
    """An engine on whose device 300 tokens of this model's do not fit."""
    return load_model(folder, kv_budget=1_000_000, chunk=64, settings=SETTINGS, device="cpu", attention="antidiagonal", **more)


def expected(folder: Path, prompt: str, count: int) -> str:
    """What transformers writes by itself."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")["input_ids"]
    out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=count, do_sample=False)
    return str(tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True))


def rendered(document: str, question: str) -> str:
    return f"<|user|>{document}\n\n{question}<|end|><|assistant|>"


def test_it_answers_as_transformers_does_and_again_after_other_questions(engine: LocalEngine, folder: Path) -> None:
    assert isinstance(engine, Engine)
    assert (engine.name, engine.context_length) == ("local:tiny", 8192)
    context = engine.read(DOCUMENT)
    assert context.document == DOCUMENT
    for question in ("When does the lease end?", "What is the rent?", "When does the lease end?"):
        answer = context.ask(question, max_tokens=24)
        assert answer.text == expected(folder, rendered(DOCUMENT, question), 24)
        assert answer.prompt_tokens == engine.count_tokens(rendered(DOCUMENT, question))
        assert 0 < answer.completion_tokens <= 24
    figures = context.figures()
    assert figures.read_seconds > 0
    assert figures.first_token_seconds is not None
    assert figures.nbytes["ram"] == 0, "all fits the device's budget"


def test_without_a_chat_template_the_question_follows_the_document(tmp_path: Path) -> None:
    engine = load_model(checkpoint(tmp_path, template=False), settings=SETTINGS, device="cpu")
    answer = engine.read(TEXT).ask("Rent?", max_tokens=12)
    assert answer.text == expected(tmp_path, f"{TEXT}\n\nRent?\n", 12)


def test_what_was_saved_answers_the_same_and_keeps_its_notes(folder: Path, tmp_path: Path) -> None:
    engine = small(folder)
    context = engine.read(DOCUMENT, notes={"path": "lease.pdf"}, room=200)
    assert context.cache.nbytes["ram"] > 0
    first = context.ask("When does the lease end?", max_tokens=24, explain=True)
    context.save(tmp_path / "lease.context")
    again = small(folder).open(tmp_path / "lease.context")
    assert again.notes == {"path": "lease.pdf"}
    assert again.document == DOCUMENT
    assert again.ask("When does the lease end?", max_tokens=24, explain=True).text == first.text
    assert again.attention == context.attention
    other = load_model(checkpoint(tmp_path / "other", seed=1), settings=SETTINGS, device="cpu")
    with pytest.raises(UsageError, match="made with another model"):
        other.open(tmp_path / "lease.context")


def test_it_says_where_an_answer_looked(folder: Path) -> None:
    context = small(folder).read(DOCUMENT, room=200)
    context.ask("When does the lease end?", max_tokens=24)
    assert context.attention == ()
    context.ask("When does the lease end?", max_tokens=24, explain=True)
    looked = context.attention
    assert 1 < len(looked) <= 10
    assert [one.share for one in looked] == sorted((one.share for one in looked), reverse=True)
    assert all(0 <= one.start < one.end <= len(DOCUMENT) for one in looked)
    assert 0.0 < sum(one.share for one in looked) < 1.0
    assert context.figures().gathered > 0


def test_output_keeps_to_a_schema(engine: LocalEngine) -> None:
    schema = {
        "type": "object",
        "properties": {"found": {"type": "boolean"}, "kind": {"enum": ["lease", "licence"]}},
        "required": ["found", "kind"],
        "additionalProperties": False,
    }
    answer = engine.read(TEXT).ask("Is it a lease?", schema=schema, max_tokens=64)
    assert answer.error is None
    assert set(answer.parsed) == {"found", "kind"}
    assert isinstance(answer.parsed["found"], bool)
    assert answer.parsed["kind"] in ("lease", "licence")
    cut = engine.read(TEXT).ask("Is it a lease?", schema=schema, max_tokens=3)
    assert cut.parsed is None
    assert cut.error == "the answer is no whole JSON after 3 tokens; raise max_tokens"
    with pytest.raises(ConfigError, match="the schema cannot be used"):
        engine.read(TEXT).ask("?", schema={"type": "oblong"})


@pytest.mark.parametrize("batch", [1, 3])
def test_requests_of_different_lengths_are_answered_in_order(folder: Path, batch: int) -> None:
    engine = load_model(folder, chunk=100, batch=batch, settings=SETTINGS, device="cpu")
    texts = [TEXT, TEXT * 3 + "Rent?", "Hello."]
    schema = {"enum": ["yes", "no"]}
    requests = [Request(({"role": "user", "content": text},), max_tokens=10) for text in texts]
    requests[2] = Request(requests[2].messages, schema=schema, max_tokens=10)
    found = dict(engine.generate(requests))
    assert sorted(found) == [0, 1, 2]
    for number in (0, 1):
        assert found[number].text == expected(folder, f"<|user|>{texts[number]}<|end|><|assistant|>", 10)
    assert found[2].parsed in ("yes", "no")
    assert found[0].prompt_tokens < found[1].prompt_tokens


def test_a_request_that_fails_gives_its_error_and_others_go_on(engine: LocalEngine) -> None:
    requests = [Request(({"role": "user", "content": text},), max_tokens=4) for text in (TEXT * 400, TEXT)]
    found = dict(engine.generate(requests))
    assert found[0].error is not None
    assert "reads at most 8,192" in found[0].error
    assert found[1].error is None
    assert found[1].completion_tokens > 0


def test_sampling_is_the_same_for_the_same_seed_alone(engine: LocalEngine) -> None:
    context = engine.read(TEXT)
    texts = [context.ask("Rent?", temperature=1.5, seed=seed, max_tokens=16).text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_reading_tells_how_far_it_is_and_can_be_stopped(engine: LocalEngine) -> None:
    told: list[Progress] = []
    context = engine.read(DOCUMENT, progress=told.append)
    assert [one.done for one in told][-1] == told[-1].total == context.tokens
    assert [one.done for one in told][:2] == [256, 512]
    with pytest.raises(EngineError, match="cancelled after 512 of"):
        engine.read(DOCUMENT, progress=told.append, cancelled=lambda: told[-1].done == 512)
    count = iter(range(100))
    assert context.ask("Rent?", max_tokens=50, cancelled=lambda: next(count) > 3).completion_tokens < 10


@pytest.mark.parametrize("weights", ["int8", "int4"])
def test_quantised_weights_answer_nearly_the_same(folder: Path, weights: str) -> None:
    whole, small = load_model(folder, device="cpu").model, load_model(folder, weights=weights, device="cpu").model
    ids = torch.arange(5, 105)[None]
    with torch.no_grad():
        expected, found = (model(ids).logits for model in (whole, small))
    apart = float((found - expected).norm() / expected.norm())
    assert 0.0 < apart < {"int8": 0.02, "int4": 0.25}[weights]


def test_quantised_weights_need_no_compiler(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimum.quanto.library.extensions.extension.load", None)
    with torch.no_grad():
        assert load_model(folder, weights="int4", device="cpu").model(torch.arange(5, 9)[None]).logits.isfinite().all()


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
def test_an_adapter_changes_what_is_written(folder: Path, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    tuned = get_peft_model(
        AutoModelForCausalLM.from_pretrained(folder), LoraConfig(r=4, target_modules=["q_proj"], init_lora_weights=False)
    )
    tuned.save_pretrained(tmp_path / "adapter")
    plain, adapted = load_model(folder, device="cpu").model, load_model(folder, adapter=tmp_path / "adapter", device="cpu").model
    ids = torch.arange(5, 105)[None]
    with torch.no_grad():
        torch.testing.assert_close(adapted(ids).logits, tuned.eval()(ids).logits, atol=1e-4, rtol=1e-4)
        assert float((adapted(ids).logits - plain(ids).logits).abs().max()) > 0.01
    with pytest.raises(NotFoundError, match=r"no adapter_config\.json there"):
        load_model(folder, adapter=tmp_path)


def test_a_context_past_the_models_limit_is_refused_with_both_numbers(engine: LocalEngine) -> None:
    with pytest.raises(LimitError, match=r"local:tiny reads at most 8,192: read the document in parts.*YaRN.*factor of \d"):
        engine.read(TEXT * 400)


def test_budgets_that_are_too_small_are_refused_before_the_first_token(folder: Path) -> None:
    told: list[Progress] = []
    with pytest.raises(ConfigError, match=r"kv_budget is 200,000 bytes; [\d,]+ tokens of this model need at least [\d,]+ on the device"):
        load_model(folder, kv_budget=200_000, chunk=64, settings=SETTINGS).read(DOCUMENT, progress=told.append)
    with pytest.raises(StoreFullError, match=r"ram_budget is 1,000 bytes; [\d,]+ tokens of this model need [\d,]+: raise it, or name a"):
        small(folder, ram_budget=1_000).read(DOCUMENT, room=200, progress=told.append)
    assert told == []


def test_what_ram_does_not_hold_goes_to_the_folder_that_is_named(folder: Path, tmp_path: Path) -> None:
    one, other = small(folder), small(folder, ram_budget=10_000, spill=tmp_path)
    contexts = [engine.read(DOCUMENT, room=200) for engine in (one, other)]
    assert contexts[1].cache.nbytes["disk"] > 0
    assert contexts[0].ask("Rent?", max_tokens=20).text == contexts[1].ask("Rent?", max_tokens=20).text


def test_numbers_that_are_none_are_reported_with_their_layer(folder: Path) -> None:
    engine = load_model(folder, settings=SETTINGS, device="cpu")
    with torch.no_grad():
        engine.model.model.layers[1].mlp.up_proj.weight[3, 3] = torch.nan
    with pytest.raises(EngineError, match=r"layer 1 gives NaN or infinite numbers for tokens 0 to"):
        engine.read(TEXT)


def test_a_folder_that_is_no_checkpoint_says_what_is_missing(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such folder"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(UnsupportedError, match=r"no config\.json there"):
        load_model(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(NotFoundError, match="no weights there"):
        load_model(tmp_path)
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(b"")
    with pytest.raises(NotFoundError, match=r"1 of 2 shards are missing \(model-00002-of-00002\.safetensors\)"):
        load_model(tmp_path)
    (tmp_path / "model.safetensors.index.json").unlink()
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:5000])
    with pytest.raises(DamagedError, match="its weights cannot be read"):
        load_model(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config | {"model_type": "mystery"}))
    with pytest.raises(UnsupportedError, match="the architecture 'mystery' is not known to transformers 5"):
        load_model(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit"}))
    with pytest.raises(UnsupportedError, match="'vit' is no decoder that writes text"):
        load_model(tmp_path)


def test_settings_that_make_no_sense_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="dtype 'float13': not one of auto, float32"):
        load_model(folder, dtype="float13")
    with pytest.raises(ConfigError, match="weights 'int3': not one of int8, int4"):
        load_model(folder, weights="int3")
    with pytest.raises(UnknownNameError, match="no pattern 'diagonal'"):
        load_model(folder, attention="diagonal")
    with pytest.raises(ConfigError, match="'much' is no number of bytes"):
        load_model(folder, kv_budget="much")


def test_a_million_tokens_of_a_seven_billion_model_fit_22_gigabytes_and_4_on_a_gpu() -> None:
    shape = Shape(layers=28, heads=4, key=128, value=128, itemsize=2)
    made = plan(1_000_000, 16_384, shape, LayerSettings(), "cuda", kv=size("4GB"), ram=size("22GB"), spill=False)
    assert shape.hot * 1_000_000 == pytest.approx(57.3e9, rel=0.001)
    assert made.history < 22e9
    assert made.device < 4e9
    assert made.recent == 10_000


def test_a_folder_whose_tokenizer_is_missing_is_refused(tmp_path: Path) -> None:
    checkpoint(tmp_path / "tiny")
    (tmp_path / "tiny" / "tokenizer.json").unlink()
    with pytest.raises(UnsupportedError, match=r"its tokenizer knows no words \(is tokenizer.json there"):
        load_model(tmp_path / "tiny")
