from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from checkpoints import TEXT
from vllm_samples import CLAUSE, asked, expected

from longdoc.engines.vllm import VllmEngine, engine_arguments
from longdoc.errors import ConfigError, EngineError
from longdoc.protocols import Engine

pytestmark = [pytest.mark.vllm, pytest.mark.filterwarnings("ignore")]  # the warnings are vLLM's own

OPTIONS: dict[str, Any] = {"enforce_eager": True, "max_num_seqs": 64, "gpu_memory_utilization": 0.1}
DATES = {"type": "array", "items": {"enum": ["March", "June"]}, "minItems": 2, "maxItems": 3}


@pytest.fixture(scope="module")
def engine(folder: Path, adapter: Path) -> Iterator[VllmEngine]:
    engine = VllmEngine(model=folder, adapters={"tenants": adapter}, dtype="float32", options=OPTIONS)
    yield engine
    engine.close()


def test_it_writes_what_transformers_writes_and_says_what_it_took(engine: VllmEngine, folder: Path) -> None:
    assert isinstance(engine, Engine)
    assert (engine.name, engine.context_length) == ("vllm:tiny", 32_768)
    texts = ["Rent?", TEXT, TEXT * 3 + "When does it end?"]
    found = dict(engine.generate([asked(text) for text in texts]))
    assert sorted(found) == [0, 1, 2]
    for index, text in enumerate(texts):
        answer = found[index]
        assert answer.error is None
        assert answer.text == expected(folder, text, 12)
        assert answer.prompt_tokens == engine.count_tokens(f"<|user|>{text}<|end|><|assistant|>")
        assert 0 < answer.completion_tokens <= 12
        assert answer.first_token_seconds is not None
        assert 0 < answer.first_token_seconds <= answer.seconds


def test_output_of_a_model_that_knows_nothing_keeps_to_each_requests_schema(engine: VllmEngine) -> None:
    schemas: list[dict[str, Any] | None] = [CLAUSE, DATES, None, CLAUSE, DATES]
    requests = [
        asked(f"{TEXT}{number}", schema=schema, max_tokens=64, temperature=1.0, seed=number) for number, schema in enumerate(schemas)
    ]
    found = dict(engine.generate(requests))
    assert [found[index].error for index in range(5)] == [None] * 5
    for index, schema in enumerate(schemas):
        if schema is None:
            assert found[index].parsed is None
        else:
            jsonschema.validate(found[index].parsed, schema)
    cut = dict(engine.generate([asked(TEXT, schema=CLAUSE, max_tokens=3)]))[0]
    assert (cut.parsed, cut.error) == (None, "the answer is no whole JSON after 3 tokens; raise max_tokens")


def test_forty_one_questions_on_a_document_cost_under_one_and_a_third_of_reading_it(engine: VllmEngine) -> None:
    document = "A lease between Kestrel and Hallmere. " + TEXT * 200
    found = dict(engine.generate([asked(f"{document}\n\nQuestion {number}: rent?", max_tokens=4) for number in range(41)]))
    assert {answer.error for answer in found.values()} == {None}
    one = max(answer.prompt_tokens for answer in found.values())
    read = sum(answer.prompt_tokens - answer.cached_tokens for answer in found.values())
    assert one > 16_000
    assert one <= read < 1.3 * one, (read, one)
    assert sum(answer.cached_tokens == 0 for answer in found.values()) == 1


def test_documents_that_are_too_many_for_the_cache_are_each_read_once(folder: Path) -> None:
    engine = VllmEngine(model=folder, context_length=4096, dtype="float32", options=OPTIONS | {"num_gpu_blocks_override": 40})
    documents = [f"Lease {number} of Hallmere. {TEXT * 30}" for number in range(6)]
    requests = [asked(f"{document}\n\nQuestion {number}: rent?", max_tokens=8) for number in range(6) for document in documents]
    found = dict(engine.generate(requests))
    engine.close()
    assert {answer.error for answer in found.values()} == {None}
    each = sum(found[index].prompt_tokens for index in range(6))
    assert each > 2 * 40 * 128  # tokens of a block on a CPU
    read = sum(answer.prompt_tokens - answer.cached_tokens for answer in found.values())
    assert each <= read < 1.3 * each, (read, each)


def test_an_adapter_answers_the_requests_that_name_it(engine: VllmEngine, folder: Path, adapter: Path) -> None:
    found = dict(engine.generate([asked(TEXT), asked(TEXT, adapter="tenants"), asked(TEXT, adapter="landlords")]))
    assert found[0].text == expected(folder, TEXT, 12)
    assert found[1].text == expected(folder, TEXT, 12, adapter)
    assert found[0].text != found[1].text
    assert found[2].error is not None
    assert "no adapter 'landlords'. Known: tenants" in found[2].error


def test_once_cancelled_the_rest_is_given_up_and_the_engine_goes_on_later(engine: VllmEngine) -> None:
    requests = [asked(f"{number} {TEXT}", max_tokens=2 if number == 1 else 20_000) for number in range(4)]
    done: list[int] = []
    errors = {}
    for index, answer in engine.generate(requests, cancelled=lambda: bool(done)):
        done.append(index)
        errors[index] = answer.error
    assert done[0] == 1
    assert errors == {0: "cancelled", 1: None, 2: "cancelled", 3: "cancelled"}
    assert dict(engine.generate(requests[1:2]))[0].error is None
    assert [answer.error for _, answer in engine.generate(requests, cancelled=lambda: True)] == ["cancelled"] * 4


def test_a_request_that_cannot_be_answered_says_why_and_others_go_on(engine: VllmEngine) -> None:
    requests = [
        asked(TEXT * 500),
        asked(TEXT, schema={"type": "oblong"}),
        asked(TEXT, schema={"type": "string", "pattern": "(?<=a)b"}),
        asked(TEXT, max_tokens=0),
        asked(TEXT),
    ]
    found = dict(engine.generate(requests))
    tokens = engine.count_tokens(f"<|user|>{TEXT * 500}<|end|><|assistant|>")
    said = [
        f"the prompt has {tokens:,} tokens and 12 more are wanted",
        "the schema cannot be used",
        "look-behind, is not supported",
        "max_tokens",
    ]
    for index, part in enumerate(said):
        assert part in str(found[index].error), found[index]
    assert "reads at most 32,768" in str(found[0].error)
    assert found[4].error is None


def test_sampling_is_the_same_for_the_same_seed_alone(engine: VllmEngine) -> None:
    found = dict(engine.generate([asked(TEXT, temperature=1.5, seed=seed, max_tokens=16) for seed in (1, 1, 2)]))
    assert found[0].text == found[1].text != found[2].text


def test_threads_share_it_and_each_gets_its_own_answers(engine: VllmEngine) -> None:
    lists = [[asked(f"{name} {number} {TEXT}") for number in range(4)] for name in ("Lease", "Licence")]
    alone = [[dict(engine.generate([request]))[0].text for request in requests] for requests in lists]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda requests: dict(engine.generate(requests)), lists))
    assert [[found[index].text for index in range(4)] for found in together] == alone
    inside = []
    for _, answer in engine.generate(lists[0]):
        inside.append((answer.text, dict(engine.generate(lists[1][:1]))[0].text))
    assert sorted(inside) == sorted((text, alone[1][0]) for text in alone[0])


def test_a_run_whose_vllm_dies_ends_with_an_error_and_not_in_waiting(folder: Path) -> None:
    others = {process.pid for process in active_children()}
    engine = VllmEngine(model=folder, dtype="float32", options=OPTIONS | {"num_gpu_blocks_override": 40})
    assert engine.context_length < 40 * 128, "what there is room for, not the model's own"
    answers = engine.generate([asked(TEXT, max_tokens=2), asked(TEXT, max_tokens=4_000)])
    assert next(answers)[1].error is None
    for process in active_children():
        if process.name.startswith("EngineCore") and process.pid not in others:
            process.kill()
    with pytest.raises(EngineError, match="vllm:tiny: vLLM broke down"):
        list(answers)
    with pytest.raises(EngineError, match="vllm:tiny: vLLM broke down"):
        list(engine.generate([asked(TEXT)]))
    engine.close()


def test_a_setting_that_vllm_refuses_is_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"vLLM refuses the settings: .*max_model_len \(1000000\) is greater"):
        VllmEngine(model=folder, context_length=1_000_000, options=OPTIONS)
    with pytest.raises(ConfigError, match=r"vLLM refuses the settings: .*'colour'"):
        VllmEngine(model=folder, options=OPTIONS | {"colour": "blue"})


def test_keys_and_values_go_to_ram_by_vllms_own_connector_where_there_is_a_gpu(folder: Path) -> None:
    from vllm import EngineArgs

    arguments = engine_arguments(folder, context_length=4096, adapters={}, kv_offload="256MiB", dtype="float32", options={})
    made = EngineArgs(**arguments).create_engine_config()
    assert made.cache_config.enable_prefix_caching
    assert made.kv_transfer_config is not None
    assert made.kv_transfer_config.kv_connector == "OffloadingConnector"
    assert made.kv_transfer_config.kv_connector_extra_config["cpu_bytes_to_use"] == 256 << 20
    with pytest.raises(ConfigError, match="kv_offload is '256MiB', but this vLLM runs on a CPU"):
        VllmEngine(model=folder, kv_offload="256MiB")
