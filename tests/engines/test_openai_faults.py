"""What a healthy server does not do: each request still has one response, or the run says why it ends."""

from __future__ import annotations

import logging
import socket
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fault_server import Body, Fault, FaultServer

from longdoc.engines.openai import OpenAIEngine
from longdoc.engines.retries import Clock
from longdoc.errors import ConfigError, EngineError
from longdoc.protocols import Request, Response

KEY = "sk-very-secret-1234567890"


def ask(text: str, **more: Any) -> Request:
    return Request(({"role": "user", "content": text},), **more)


class FakeTime:
    """Waits that take no time, and are remembered."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []
        self.clock = Clock(self.sleep, lambda: self.seconds, lambda: 0.0, lambda: 0.0)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


def opened(server: FaultServer, time: FakeTime, **more: Any) -> OpenAIEngine:
    return OpenAIEngine(**{"model": None, "base_url": server.url, "clock": time.clock, **more})


def only(engine: OpenAIEngine, request: Request | None = None) -> Response:
    try:
        ((index, response),) = engine.generate([request or ask("How is it?")])
    finally:
        engine.close()
    assert index == 0
    return response


def first(*faults: Fault) -> Callable[[int, Body], Fault | None]:
    """`faults`, one an attempt, then none."""
    return lambda number, body: faults[number] if number < len(faults) else None


PASSING = {
    "408": Fault(status=408),
    "409": Fault(status=409),
    "429": Fault(status=429),
    "500": Fault(status=500),
    "503": Fault(status=503),
    "drop": Fault(drop=True),
    "torn": Fault(cut="torn"),
    "clean": Fault(cut="clean"),
    "garbled": Fault(garbled=True),
    "error": Fault(error=True),
    "empty": Fault(answer=""),
    "blank": Fault(answer=" \n"),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_tried_again(fault: Fault, time: FakeTime) -> None:
    with FaultServer(faults=first(fault, fault)) as server:
        response = only(opened(server, time))
    assert (response.text, response.error) == ("yes", None)
    assert len(server.bodies) == 3
    assert time.waits == [0.25, 0.5]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(status=500, message="out of memory"), "500: out of memory"),
        (Fault(drop=True), "the connection broke"),
        (Fault(cut="torn"), "the connection broke"),
        (Fault(cut="clean"), "the stream was cut before the answer was whole"),
        (Fault(garbled=True), "the stream holds what is no JSON"),
        (Fault(error=True, message="engine died"), "500: engine died"),
        (Fault(answer=""), "the answer is empty"),
    ],
)
def test_what_does_not_pass_is_an_error_that_names_the_last_failure(fault: Fault, reason: str, time: FakeTime) -> None:
    with FaultServer(faults=lambda number, body: fault) as server:
        response = only(opened(server, time, attempts=3))
    assert response.error is not None
    assert response.error.startswith(f"openai:tiny: {reason}")
    assert response.error.endswith("(attempt 3 of 3)")
    assert len(server.bodies) == 3


@pytest.mark.parametrize("hang", ["before", "within"])
def test_a_server_that_hangs_is_left_and_asked_again(hang: str, time: FakeTime) -> None:
    with FaultServer(faults=first(Fault(hang=hang))) as server:
        response = only(opened(server, time, timeout=0.3))
        server.wait_for(lambda: server.abandoned == 1)
    assert response.text == "yes"
    with FaultServer(faults=lambda number, body: Fault(hang=hang)) as server:
        response = only(opened(server, time, timeout=0.1, attempts=2))
    assert response.error == "openai:tiny: no byte came for 0.1 s (attempt 2 of 2)"


def test_a_request_that_hangs_ends_at_its_deadline(time: FakeTime) -> None:
    with FaultServer(faults=lambda number, body: Fault(hang="within")) as server:
        response = only(opened(server, time, deadline=0.2))
        server.wait_for(lambda: server.abandoned == 1)
    assert response.error == "openai:tiny: no answer within the deadline of 0.2 s"


@pytest.mark.parametrize("asked", ["7", "Thu, 01 Jan 1970 00:00:07 GMT"])
def test_the_time_that_a_server_asks_for_is_waited(asked: str, time: FakeTime) -> None:
    with FaultServer(faults=first(Fault(status=429, headers={"Retry-After": asked}))) as server:
        assert only(opened(server, time)).text == "yes"
    assert time.waits == [7.0]


def test_a_time_past_the_deadline_is_not_waited(time: FakeTime) -> None:
    with FaultServer(faults=first(Fault(status=429, message="busy", headers={"Retry-After": "90"}))) as server:
        response = only(opened(server, time, deadline=60.0))
    assert response.error is not None
    assert "429: busy (attempt 1 of 8); the next attempt would come in 90.0 s, past the deadline of 60.0 s" in response.error
    assert time.waits == []


def test_a_server_failing_one_request_in_five_answers_every_request_once(time: FakeTime) -> None:
    varied = [*PASSING.values(), Fault(hang="before"), Fault(hang="within")]

    def faults(number: int, body: Body) -> Fault | None:
        return varied[number // 5 % len(varied)] if number % 5 == 4 else None

    with FaultServer(lambda body: f"re: {body['messages'][0]['content']}", faults=faults) as server:
        engine = opened(server, time, timeout=0.5, attempts=12)
        found = list(engine.generate([ask(f"case {number}") for number in range(200)]))
        engine.close()
    assert sorted(index for index, _ in found) == list(range(200))
    assert {index: (response.text, response.error) for index, response in found} == {
        number: (f"re: case {number}", None) for number in range(200)
    }
    attempts = Counter(server.prompts())
    assert sum(attempts.values()) == 200 + len(server.bodies) // 5, "asked again only where it failed"


def test_one_that_fails_for_good_does_not_stop_the_others(time: FakeTime) -> None:
    with FaultServer(faults=lambda number, body: Fault(status=500) if "bad" in body["messages"][0]["content"] else None) as server:
        engine = opened(server, time)
        found = dict(engine.generate([ask("good 1"), ask("bad"), ask("good 2")]))
        engine.close()
    assert [found[index].error is None for index in range(3)] == [True, False, True]


@pytest.mark.parametrize("whole", [True, False])
def test_an_answer_of_ten_megabytes_is_cut_off(whole: bool, time: FakeTime) -> None:
    with FaultServer(faults=lambda number, body: Fault(answer="x" * 10_000_000, whole=whole)) as server:
        response = only(opened(server, time))
        server.wait_for(lambda: server.abandoned == 1)
    assert response.error is not None
    assert "and was cut off there; ask for a shorter one" in response.error
    assert response.text == ""
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "This model's maximum context length is 8192 tokens. However, you requested 1024 output tokens and your prompt contains at "
            "least 7169 input tokens, for a total of at least 8193 tokens. Please reduce the length of the input prompt.",
            "the prompt takes 7,169 tokens and 1,024 more are wanted; the model's context is 8,192",
        ),
        (
            "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the "
            "completion).",
            "the prompt takes 4,000 tokens and 1,000 more are wanted; the model's context is 4,096",
        ),
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 900. This model's maximum context length is 128 tokens and your request "
            "has 26 input tokens (900 > 128 - 26).",
            "the prompt takes 26 tokens and 900 more are wanted; the model's context is 128",
        ),
        (
            "The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
            "the prompt takes 9,000 tokens; the model's context is 8,192",
        ),
        (
            "request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it",
            "the prompt takes 9,000 tokens; the model's context is 8,192",
        ),
        (
            "This model's maximum context length is 8192 tokens. However, your prompt contains 510028 characters (more than 106496 "
            "characters, which is the upper bound for 8192 input tokens).",
            "the prompt takes 510,028 characters; the model's context is 8,192",
        ),
        (
            "max_tokens=9000 cannot be greater than max_model_len=8192. Please request fewer output tokens.",
            "an answer of 9,000 tokens is wanted; the model's context is 8,192",
        ),
        ("the input exceeds the context window", "the request is too long; the model's context does not hold it"),
    ],
)
def test_a_prompt_longer_than_the_context_is_an_error_with_both_numbers(message: str, told: str, time: FakeTime) -> None:
    with FaultServer(faults=lambda number, body: Fault(status=400, message=message)) as server:
        response = only(opened(server, time))
    assert response.error is not None
    assert response.error.startswith(f"openai:tiny: {told} (400: {message[:20]}")
    assert "--max-model-len" in response.error
    assert len(server.bodies) == 1, "not asked again"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"error": {"message": "no seeds"}}, "no seeds"),
        ({"error": "no seeds"}, "no seeds"),
        ({"detail": "no seeds"}, "no seeds"),
        ({"message": "no seeds"}, "no seeds"),
        ({}, "Bad Request"),
    ],
)
def test_what_a_server_says_is_found_in_whatever_form(raw: Body, told: str, time: FakeTime) -> None:
    with FaultServer(faults=lambda number, body: Fault(status=400, raw=raw)) as server:
        assert only(opened(server, time)).error == f"openai:tiny: the server refuses the request (400: {told})"


def test_a_request_that_is_refused_is_not_asked_again(time: FakeTime) -> None:
    with FaultServer(faults=lambda number, body: Fault(status=400, message="no such thing")) as server:
        response = only(opened(server, time))
    assert response.error == "openai:tiny: the server refuses the request (400: no such thing)"
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    "message", ["As of now there is no default, so you must provide a chat template", "tokenizer has no chat_template"]
)
def test_without_a_chat_template_the_run_ends_and_says_what_to_serve(message: str, time: FakeTime) -> None:
    said = r"has no chat template \(400: .*start the server with `--chat-template FILE`"
    fault = Fault(status=400, message=message)
    with FaultServer(faults=lambda number, body: fault) as server, pytest.raises(EngineError, match=said):
        only(opened(server, time))


def test_a_chat_template_that_objects_is_the_error_of_its_request(time: FakeTime) -> None:
    message = "chat template: conversation roles must alternate"
    with FaultServer(faults=lambda number, body: Fault(status=400, message=message)) as server:
        assert only(opened(server, time)).error == f"openai:tiny: the server refuses the request (400: {message})"


@pytest.mark.parametrize("known", [True, False])
def test_a_wrong_key_ends_the_run_and_is_not_shown(known: bool, time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with FaultServer(key="another") as server, pytest.raises(EngineError, match="set the environment variable OPENAI_API_KEY") as caught:
        only(opened(server, time, **({"model": "tiny", "context_length": 100} if known else {})))
    assert "Incorrect API key provided: ***." in str(caught.value)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    error: BaseException | None = caught.value
    while error is not None:
        assert KEY not in repr(error)
        error = error.__context__


def test_the_key_of_the_environment_is_sent_and_neither_logged_nor_shown(
    time: FakeTime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\n")
    echo = Fault(status=400, message=f"bad header: Bearer {KEY}")
    with caplog.at_level(logging.DEBUG), FaultServer(key=KEY, faults=first(echo)) as server:
        engine = opened(server, time)
        shown = repr(engine)
        refused = only(engine)
        assert only(opened(server, time)).text == "yes"
    assert refused.error == "openai:tiny: the server refuses the request (400: bad header: Bearer ***)"
    assert set(server.keys) == {KEY}
    assert KEY not in shown
    assert KEY not in caplog.text


def test_without_a_key_none_is_sent(time: FakeTime) -> None:
    with FaultServer() as server:
        only(opened(server, time))
    assert set(server.keys) == {"none"}


def test_a_key_that_can_be_none_is_refused_without_being_shown(time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret\nsk-other")
    with FaultServer() as server, pytest.raises(ConfigError, match="OPENAI_API_KEY holds characters that no key has") as caught:
        opened(server, time)
    assert "sk-" not in str(caught.value)


def test_a_model_that_is_not_there_ends_the_run_and_those_that_are_get_listed(time: FakeTime) -> None:
    cards = [{"id": "tiny"}, {"id": "other"}]
    with FaultServer(models=cards) as server:
        with pytest.raises(EngineError, match=r"has no model 'huge' \(404: .*\); it has: other, tiny"):
            only(opened(server, time, model="huge", context_length=100))
        with pytest.raises(EngineError, match=r"has no adapter 'legal' .*; it has: other, tiny; .*--lora-modules"):
            only(opened(server, time, model="tiny", context_length=100), ask("a", adapter="legal"))


def test_an_address_without_v1_is_asked_about(time: FakeTime) -> None:
    with FaultServer() as server:
        with pytest.raises(EngineError, match=r"has no list of models \(404: Not Found\): does --base-url end in /v1\?"):
            opened(server, time, base_url=server.root)
        with pytest.raises(EngineError, match=r"answers 404: Not Found: does --base-url end in /v1\?"):
            only(opened(server, time, base_url=server.root, model="tiny", context_length=100))


def test_where_nothing_listens_it_says_how_to_start_a_server(time: FakeTime) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        said = rf"no server answers at {url} \(.*\): start one with `vllm serve MODEL`, or check --base-url"
        with pytest.raises(EngineError, match=said):
            OpenAIEngine(model=None, base_url=url, clock=time.clock)
        with pytest.raises(EngineError, match=said):
            only(OpenAIEngine(model="m", base_url=url, context_length=100, clock=time.clock))
    assert time.waits == []


def test_a_server_that_goes_away_for_good_ends_the_run(time: FakeTime) -> None:
    with FaultServer() as server:
        engine = opened(server, time)
        assert [response.text for _, response in engine.generate([ask("a")])] == ["yes"]
    with pytest.raises(EngineError, match=r"no server answers at http.* any more \(.*\(attempt 8 of 8\); start it again"):
        only(engine)
    assert time.waits == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0]


def test_text_is_not_sent_on_to_where_a_server_points(time: FakeTime) -> None:
    with FaultServer() as elsewhere:
        moved = Fault(status=307, headers={"Location": f"{elsewhere.url}/chat/completions"})
        with FaultServer(faults=lambda number, body: moved) as server, pytest.raises(EngineError, match="sends requests on to http://127"):
            only(opened(server, time))
    assert elsewhere.paths == []


def test_a_key_without_credit_ends_the_run(time: FakeTime) -> None:
    broke = Fault(status=429, code="insufficient_quota", message="You exceeded your current quota")
    with FaultServer(faults=lambda number, body: broke) as server, pytest.raises(EngineError, match="has no credit left"):
        only(opened(server, time))
    assert len(server.bodies) == 1
