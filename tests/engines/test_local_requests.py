"""Many requests to a checkpoint: each is answered as if it were alone, and what they share is read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from checkpoints import TEXT, checkpoint

from longdoc.engines.constrained import Constrained
from longdoc.engines.decoding import Rows
from longdoc.engines.local import LocalEngine, load_model
from longdoc.errors import ConfigError, EngineError
from longdoc.protocols import Request, Response
from longdoc_stores.kv_settings import LayerSettings

SETTINGS = LayerSettings(page=16, segment=64, sinks=16, top_k=256)
DOCUMENT = TEXT * 12
QUESTIONS = ("When does the lease end?", "What is the rent?", "May it be assigned?", "Which notice is needed, and how is it given?")
SCHEMA = {"type": "object", "properties": {"found": {"type": "boolean"}}, "required": ["found"], "additionalProperties": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.fixture(scope="module")
def engine(folder: Path) -> LocalEngine:
    return load_model(folder, chunk=256, settings=SETTINGS, device="cpu")


def about(document: str, question: str, **more: Any) -> Request:
    return Request(({"role": "user", "content": f"{document}\n\n{question}"},), **({"max_tokens": 16} | more))


MIXED = [
    about(DOCUMENT, QUESTIONS[0], max_tokens=24),
    about(DOCUMENT, QUESTIONS[1], temperature=1.2, seed=3, max_tokens=9),
    about(DOCUMENT, QUESTIONS[2], schema=SCHEMA, max_tokens=30),
    about(DOCUMENT, QUESTIONS[3], temperature=0.7, seed=4, schema=SCHEMA, max_tokens=30),
    about(DOCUMENT, QUESTIONS[1], temperature=1.2, seed=4, max_tokens=17),
]
"""On one document."""
APART = [replace(one, messages=({"role": "user", "content": f"{number} {TEXT * number} Rent?"},)) for number, one in enumerate(MIXED)]
"""On five."""


def alone(engine: LocalEngine, requests: Sequence[Request]) -> list[Response]:
    """What is answered when each is asked by itself."""
    return [dict(engine.generate([request]))[0] for request in requests]


def said(responses: Sequence[Response]) -> list[tuple[object, ...]]:
    return [(one.text, one.parsed, one.error, one.prompt_tokens, one.completion_tokens) for one in responses]


def ordered(found: dict[int, Response]) -> list[Response]:
    return [found[number] for number in range(len(found))]


@contextmanager
def tokens_read(engine: LocalEngine) -> Iterator[list[int]]:
    """Tokens of each pass through the model."""
    passes: list[int] = []
    hook = engine.model.get_input_embeddings().register_forward_hook(lambda module, given, out: passes.append(given[0].numel()))
    try:
        yield passes
    finally:
        hook.remove()


def common(engine: LocalEngine, requests: Sequence[Request]) -> int:
    """Token ids that all prompts begin with."""
    rows = [engine.tokenizer(f"<|user|>{one.messages[0]['content']}<|end|><|assistant|>")["input_ids"] for one in requests]
    return next(number for number, column in enumerate(zip(*rows, strict=False)) if len(set(column)) > 1)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("requests", [MIXED, APART], ids=["shared", "apart"])
def test_requests_are_answered_as_if_each_were_alone(folder: Path, engine: LocalEngine, requests: list[Request], batch: int) -> None:
    several = load_model(folder, chunk=100, batch=batch, settings=SETTINGS, device="cpu")
    found = ordered(dict(several.generate(requests)))
    expected = alone(engine, requests)
    assert said(found) == said(expected)
    assert [one.error for one in found] == [None] * 5
    assert [found[n].completion_tokens for n in (0, 1, 4)] == [24, 9, 17], "each as long as it may be"
    assert isinstance(found[2].parsed["found"], bool)
    assert found[1].text != found[4].text[: len(found[1].text)], "another seed"


def test_of_requests_that_share_a_prefix_the_first_alone_reads_it(engine: LocalEngine) -> None:
    with tokens_read(engine) as passes:
        found = dict(engine.generate([replace(one, max_tokens=1, schema=None) for one in MIXED]))
    prefix = common(engine, MIXED)
    assert prefix > 0.95 * found[0].prompt_tokens
    assert sorted(one.cached_tokens for one in found.values()) == [0, *[prefix] * 4]
    assert sum(passes) == sum(one.prompt_tokens - one.cached_tokens for one in found.values())


def test_41_questions_on_one_document_cost_less_than_1_3_times_the_reading_of_one(engine: LocalEngine) -> None:
    requests = [about(TEXT * 30, f"{number}. {QUESTIONS[number % 4]}", max_tokens=1) for number in range(41)]
    with tokens_read(engine) as one:
        alone(engine, requests[:1])
    with tokens_read(engine) as all_of_them:
        found = dict(engine.generate(requests))
    assert len(found) == 41
    assert sum(all_of_them) < 1.3 * sum(one)


def test_a_short_prompt_that_all_others_begin_with_does_not_part_them(engine: LocalEngine) -> None:
    rules, other = "Answer in one word. " * 40, "Interest is due. " * 200
    requests = [about(rules + document, question, max_tokens=4) for document in (DOCUMENT, other) for question in QUESTIONS]
    requests.insert(3, about(rules, "Rent?", max_tokens=4))
    found = ordered(dict(engine.generate(requests)))
    assert said(found) == said(alone(engine, requests))
    first, second = common(engine, [*requests[:3], requests[4]]), common(engine, requests[5:])
    assert sorted(one.cached_tokens for one in (*found[:3], found[4])) == [0, first, first, first]
    assert sorted(one.cached_tokens for one in found[5:]) == [0, second, second, second]
    assert found[3].cached_tokens == 0


def test_prompts_that_share_less_than_half_are_read_side_by_side(folder: Path) -> None:
    engine = load_model(folder, batch=2, settings=SETTINGS, device="cpu")
    requests = [
        about("Answer in one word. " * 40, document, max_tokens=4) for document in ("Rent is due. " * 300, "Notice is given. " * 300)
    ]
    found = ordered(dict(engine.generate(requests)))
    assert [one.cached_tokens for one in found] == [0, 0]
    assert said(found) == said(alone(engine, requests))


@pytest.mark.parametrize("text", ["", "a"])
def test_the_shortest_prompts_are_answered(tmp_path: Path, text: str) -> None:
    engine = load_model(checkpoint(tmp_path, template=False), settings=SETTINGS, device="cpu")
    requests = [Request(({"role": "user", "content": text},), max_tokens=4)] * 2
    assert engine.count_tokens(f"{text}\n") == 1 + len(text)
    found = ordered(dict(engine.generate(requests)))
    assert said(found) == said(alone(engine, requests))
    assert [one.error for one in found] == [None, None]


def test_the_same_request_twice_is_read_once_but_for_its_last_token(engine: LocalEngine) -> None:
    found = dict(engine.generate([MIXED[0], MIXED[0]]))
    assert said([found[0]]) == said([found[1]]) == said(alone(engine, MIXED[:1]))
    assert sorted(one.cached_tokens for one in found.values()) == [0, found[0].prompt_tokens - 1]


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("requests", [MIXED, APART], ids=["shared", "apart"])
def test_seconds_are_those_of_the_request(folder: Path, requests: list[Request], batch: int) -> None:
    engine = load_model(folder, batch=batch, settings=SETTINGS, device="cpu")
    for one in dict(engine.generate(requests)).values():
        assert one.first_token_seconds is not None
        assert 0 < one.first_token_seconds < one.seconds
    short, long = dict(
        engine.generate([replace(request, max_tokens=tokens) for request, tokens in zip(APART[:2], (1, 40), strict=True)])
    ).values()
    assert short.first_token_seconds == short.seconds, "the first token was the last"
    assert (short.seconds == long.first_token_seconds) == (batch == 3), "written side by side, or one after the other"


@pytest.mark.parametrize("requests", [MIXED, APART], ids=["shared", "apart"])
@pytest.mark.parametrize("batch", [1, 3])
def test_a_request_that_cannot_be_done_gives_its_error_and_others_go_on(folder: Path, requests: list[Request], batch: int) -> None:
    engine = load_model(folder, batch=batch, settings=SETTINGS, device="cpu")
    wrong = [
        replace(requests[0], adapter="tuned"),
        replace(requests[0], schema={"type": "array", "uniqueItems": True}),
        replace(requests[0], schema={"enum": [{1, 2}]}),
        replace(requests[0], max_tokens=0),
        replace(requests[0], temperature=-1.0),
        replace(requests[0], max_tokens=9000),
    ]
    found = ordered(dict(engine.generate([*wrong[:3], *requests, *wrong[3:]])))
    assert said(found[3:8]) == said(alone(engine, requests))
    told = (
        "adapter 'tuned': local:tiny takes one adapter when it is loaded",
        'the schema cannot be used: Unimplemented keys: ["uniqueItems"]',
        "the schema cannot be used: Object of type set is not JSON serializable",
        "max_tokens is 0 and temperature 0.0; they must be at least 1 and 0",
        "max_tokens is 24 and temperature -1.0; they must be at least 1 and 0",
        "local:tiny reads at most 8,192",
    )
    for one, sentence in zip([*found[:3], *found[8:]], told, strict=True):
        assert sentence in str(one.error)
        assert (one.text, one.completion_tokens) == ("", 0)


@pytest.mark.parametrize("requests", [MIXED, APART], ids=["shared", "apart"])
@pytest.mark.parametrize("batch", [1, 3])
def test_what_is_left_when_it_is_cancelled_says_so(folder: Path, requests: list[Request], batch: int) -> None:
    engine = load_model(folder, batch=batch, chunk=64, settings=SETTINGS, device="cpu")
    whole = [one.text for one in alone(engine, requests)]
    asked = iter(range(1 << 30))
    assert all(one.error is None for _, one in engine.generate(requests, cancelled=lambda: next(asked) < 0))
    total, cut = next(asked), set()
    for last in range(0, total, max(1, total // 12)):
        count = iter(range(1 << 30))
        found = ordered(dict(engine.generate(requests, cancelled=lambda count=count, last=last: next(count) == last)))  # type: ignore[misc]
        assert len(found) == 5
        for one, text in zip(found, whole, strict=True):
            assert (one.text, one.error) in ((text, None), ("", "cancelled"))
        cut.add(sum(one.error is not None for one in found))
    assert len(cut) > 1, "some were done before"
    assert max(cut) == 5, "none was, when it was cancelled at once"


def test_a_schema_cut_short_says_so(engine: LocalEngine) -> None:
    found = dict(engine.generate([replace(one, max_tokens=3) for one in MIXED[2:4]]))
    assert {one.error for one in found.values()} == {"the answer is no whole JSON after 3 tokens; raise max_tokens"}
    assert all(one.parsed is None and one.text for one in found.values())


def test_what_does_not_fit_together_is_answered_one_by_one(folder: Path) -> None:
    engine = load_model(folder, kv_budget=400_000, batch=3, chunk=64, settings=SETTINGS, device="cpu")
    requests = [replace(one, schema=None) for one in APART]
    with pytest.raises(ConfigError, match="kv_budget is 400,000 bytes"):
        engine.cache(max(len(engine.tokens_of(one)) for one in requests), 24, 2)
    assert said(ordered(dict(engine.generate(requests)))) == said(alone(engine, requests))


def test_of_requests_that_share_a_prefix_the_one_that_does_not_fit_fails_alone(folder: Path) -> None:
    engine = load_model(folder, kv_budget=1_000_000, ram_budget=1_000_000, chunk=64, settings=SETTINGS, device="cpu")
    requests = [about(DOCUMENT, question) for question in QUESTIONS[:3]]
    found = ordered(dict(engine.generate([requests[0], replace(requests[1], max_tokens=5000), requests[2]])))
    assert "ram_budget is 1,000,000 bytes" in str(found[1].error)
    assert said([found[0], found[2]]) == said(alone(engine, [requests[0], requests[2]]))


def test_damaged_weights_are_told_to_all_that_share_a_prefix(folder: Path) -> None:
    engine = load_model(folder, settings=SETTINGS, device="cpu")
    with torch.no_grad():
        engine.model.model.layers[1].mlp.up_proj.weight[3, 3] = torch.nan
    found = dict(engine.generate(MIXED))
    assert len(found) == 5
    assert all("layer 1 gives NaN or infinite numbers" in str(one.error) for one in found.values())


def test_without_a_chat_template_messages_are_joined_which_is_said(engine: LocalEngine, tmp_path: Path) -> None:
    plain = load_model(checkpoint(tmp_path / "plain", template=False), settings=SETTINGS, device="cpu")
    assert engine.notes == []
    assert [note.partition(",")[0] for note in plain.notes] == ["local:plain: its tokenizer has no chat template"]
    apart = Request(({"role": "system", "content": "Answer."}, {"role": "user", "content": TEXT}), max_tokens=8)
    joined = Request(({"role": "user", "content": f"Answer.\n\n{TEXT}"},), max_tokens=8)
    assert said(alone(plain, [apart])) == said(alone(plain, [joined]))


def test_a_chat_template_that_refuses_the_messages_fails_that_request_alone(folder: Path) -> None:
    engine = load_model(folder, settings=SETTINGS, device="cpu")
    engine.tokenizer.chat_template = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}" + engine.tokenizer.chat_template
    )
    system = Request(({"role": "system", "content": "Answer."}, {"role": "user", "content": TEXT}), max_tokens=8)
    found = dict(engine.generate([system, APART[0]]))
    assert found[0].error == "local:tiny: its chat template refuses the messages: no system role"
    assert (found[1].error, found[1].completion_tokens) == (None, 24)


def test_a_schema_that_grows_too_complex_says_so_without_the_tokens(engine: LocalEngine) -> None:
    from llguidance import LLMatcher, LLParserLimits
    from llguidance.hf import from_tokenizer

    grammar = LLMatcher.grammar_from_json_schema('{"type": "array", "items": {"type": "string"}}')
    matcher = LLMatcher(from_tokenizer(engine.tokenizer, n_vocab=368), grammar, limits=LLParserLimits(max_items_in_row=1), log_level=0)
    constrained = Constrained(matcher, 368)
    assert int(constrained.allowed(torch.zeros(1, 368)).isfinite().sum()) >= 1
    constrained.take(engine.tokenizer("[")["input_ids"][0])
    with pytest.raises(
        EngineError, match=r"^the schema is too complex to be kept to \(Parser Error: Current row has [^\n]*\); use one"
    ) as error:
        constrained.allowed(torch.zeros(1, 368))
    assert "\n" not in str(error.value)


def test_tokens_are_drawn_with_the_probability_that_the_temperature_gives_them(engine: LocalEngine) -> None:
    request, scores = about(TEXT, "?", temperature=2.0, seed=11), torch.tensor([[2.0, 0.0, 1.0, -torch.inf]])
    rows = Rows([request], engine.grammars, [], engine.device)
    drawn = torch.stack([rows.choose(torch.zeros(1, 1), scores).argmax() for _ in range(4000)])
    shares = torch.bincount(drawn, minlength=4) / 4000
    torch.testing.assert_close(shares, torch.softmax(scores[0] / 2.0, dim=0), atol=0.02, rtol=0)
    assert shares[3] == 0


def test_what_a_checkpoint_sets_for_its_own_draws_changes_nothing(folder: Path, engine: LocalEngine) -> None:
    other = load_model(folder, chunk=256, settings=SETTINGS, device="cpu")
    for name, value in (("do_sample", True), ("temperature", 0.1), ("top_p", 0.5), ("top_k", 3)):
        setattr(other.model.generation_config, name, value)
    assert said(alone(other, MIXED)) == said(alone(engine, MIXED))
