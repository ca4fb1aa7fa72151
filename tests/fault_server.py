"""A server on this machine that speaks as much of OpenAI's API as `vllm serve` is asked for, and goes wrong on demand.

    def faults(number: int, body: dict) -> Fault | None:      # number: which attempt this is, from 0
        return Fault(status=429, headers={"Retry-After": "2"}) if number == 0 else None

    with FaultServer(lambda body: '{"n": 3}', faults=faults) as server:
        engine = OpenAIEngine(model=None, base_url=server.url)

It answers /v1/models, /v1/chat/completions (streamed) and /tokenize; a token is a word or a sign. It keeps what it was asked, in order
(`bodies`, `keys`), what it has finished (`finished`), how many were open at once (`most_open`) and how many streams the other side
closed early (`abandoned`). Like vLLM it remembers the prompts it has read: `usage` tells how many tokens of one were known.
"""

from __future__ import annotations

import json
import re
import select
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Body = dict[str, Any]
PATIENCE = 30.0
"""Seconds after which a test that waits has failed."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one attempt; only one of these at a time, if not said otherwise.

    status    an HTTP error with `message`, `code` and `headers`, or with the body `raw`
    hang      not a byte is sent: "before" the headers, or "within" the answer, after its first token
    cut       the answer ends half way: "torn" the connection breaks, "clean" it ends as if all were well
    garbled   an event that is no JSON
    error     the error is sent as an event within the stream, with `status` as its code
    drop      the connection is closed without an answer
    answer    this answer, instead of the right one
    finish    the answer ends for this reason
    usage     whether tokens are counted
    hold      the answer's first token waits for it (with `answer` and `finish`)
    whole     the answer comes as one event
    """

    status: int | None = None
    message: str = "injected"
    code: str | int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: Body | None = None
    hang: str | None = None
    cut: str | None = None
    garbled: bool = False
    error: bool = False
    drop: bool = False
    answer: str | None = None
    finish: str = "stop"
    usage: bool = True
    hold: threading.Event | None = None
    whole: bool = False


class FaultServer:
    """See the module. `answer` gives the text for a request's body; `key` is the only one that it takes, and it repeats a wrong one;
    `models` are cards as /v1/models lists them; without `counts` there is no /tokenize."""

    def __init__(
        self,
        answer: Callable[[Body], str] = lambda body: "yes",
        *,
        faults: Callable[[int, Body], Fault | None] = lambda number, body: None,
        models: list[Body] | None = None,
        context_length: int = 8192,
        key: str | None = None,
        counts: bool = True,
    ) -> None:
        self.answer, self.faults, self.key, self.counts = answer, faults, key, counts
        self.models = models if models is not None else [{"id": "tiny", "object": "model", "max_model_len": context_length}]
        self.context_length = context_length
        self.bodies: list[Body] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        self.finished: list[int] = []
        self.open = self.most_open = self.abandoned = self.connections = 0
        self.changed = threading.Condition()
        self._closing = threading.Event()
        self._read: list[list[str]] = []
        self._sockets = set[socket.socket]()

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="fault server")
        self._thread.start()
        self.root = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{self.root}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close it, with all connections."""
        self._closing.set()
        self._server.shutdown()
        with self.changed:
            for each in self._sockets:
                _shut(each)
        self._thread.join()
        self._server.server_close()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds; it is looked at whenever something has changed."""
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE), "it never came to be"

    def prompts(self) -> list[str]:
        """The last message of each request, in order."""
        return [body["messages"][-1]["content"] for body in self.bodies]


def count(text: str) -> int:
    """Tokens of `text`, as the server counts them."""
    return len(_tokens(text))


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing is printed: that the other side goes away is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: FaultServer

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.owner.changed:
            self.owner._sockets.add(self.connection)
            self.owner.connections += 1
            if self.owner._closing.is_set():
                _shut(self.connection)

    def finish(self) -> None:
        with self.owner.changed:
            self.owner._sockets.discard(self.connection)
        try:
            super().finish()
        except OSError:
            return  # the other side has gone, with bytes still to be sent

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        if self._welcome():
            if self.path == "/v1/models":
                self._json(200, {"object": "list", "data": self.owner.models})
            else:
                self._json(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._welcome():
            return
        if self.path == "/tokenize" and self.owner.counts:
            tokens = list(range(count(body["prompt"])))
            self._json(200, {"count": len(tokens), "max_model_len": self.owner.context_length, "tokens": tokens})
        elif self.path == "/v1/chat/completions":
            self._chat(body)
        else:
            self._json(404, {"detail": "Not Found"})

    def _welcome(self) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with self.owner.changed:
            self.owner.paths.append(self.path)
            self.owner.keys.append(given)
        if self.owner.key is None or given == self.owner.key:
            return True
        self._json(401, {"error": {"message": f"Incorrect API key provided: {given}.", "code": "invalid_api_key"}})
        return False

    def _chat(self, body: Body) -> None:
        owner = self.owner
        with owner.changed:
            number = len(owner.bodies)
            owner.bodies.append(body)
            owner.open += 1
            owner.most_open = max(owner.most_open, owner.open)
            owner.changed.notify_all()
        try:
            self._reply(body, owner.faults(number, body) or Fault())
            ended = "finished"
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
            ended = "abandoned"
        with owner.changed:
            owner.open -= 1
            if ended == "finished":
                owner.finished.append(number)
            else:
                owner.abandoned += 1
            owner.changed.notify_all()

    def _reply(self, body: Body, fault: Fault) -> None:
        if body["model"] not in [card["id"] for card in self.owner.models]:
            message = f"The model `{body['model']}` does not exist."
            self._json(404, {"error": {"message": message, "type": "NotFoundError", "param": "model", "code": 404}})
        elif fault.hang == "before":
            self._wait_for_the_other_side()
        elif fault.drop:
            self._break()
        elif fault.status is not None and not fault.error:
            said = {"error": {"message": fault.message, "code": fault.code or fault.status}}
            self._json(fault.status, said if fault.raw is None else fault.raw, fault.headers)
        else:
            self._stream(body, fault)

    def _stream(self, body: Body, fault: Fault) -> None:
        text = self.owner.answer(body) if fault.answer is None else fault.answer
        pieces = [text] if fault.whole else [text[first : first + 4096] for first in range(0, len(text), 4096)] or [""]
        if len(pieces) == 1 and not fault.whole:
            pieces = [text[: len(text) // 2], text[len(text) // 2 :]]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        if fault.hold is not None:
            self._wait(fault.hold)
        prompt, known = self._remember(body)
        self._event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]})
        for place, piece in enumerate(pieces):
            if place == 1 and (fault.cut or fault.garbled or fault.hang or fault.error):
                break
            self._event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
        if fault.hang:
            self._wait_for_the_other_side()
        if fault.cut == "torn":
            self._break()
            return
        if fault.garbled:
            self._chunk(b'data: {"choices": [{"delta": {"cont\n\n')
        elif fault.error:
            self._event({"error": {"message": fault.message, "type": "InternalServerError", "code": fault.status or 500}})
        elif not fault.cut:
            self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": fault.finish}]})
            if fault.usage and body.get("stream_options", {}).get("include_usage"):
                usage = {"prompt_tokens": prompt, "completion_tokens": count(text), "prompt_tokens_details": {"cached_tokens": known}}
                self._event({"choices": [], "usage": usage})
            self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _remember(self, body: Body) -> tuple[int, int]:
        tokens = _tokens(" ".join(message["content"] for message in body["messages"]))
        with self.owner.changed:
            known = 0
            for other in self.owner._read:
                same = next(
                    (place for place, (a, b) in enumerate(zip(tokens, other, strict=False)) if a != b), min(len(tokens), len(other))
                )
                known = max(known, same)
            self.owner._read.append(tokens)
        return len(tokens), known

    def _event(self, event: Body) -> None:
        self._chunk(b"data: " + json.dumps({"id": "chatcmpl-1", "object": "chat.completion.chunk", **event}).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _json(self, status: int, body: Body, headers: Mapping[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _break(self) -> None:
        self.close_connection = True
        _shut(self.connection)

    def _wait(self, event: threading.Event) -> None:
        while not event.wait(0.01):
            self._look()

    def _wait_for_the_other_side(self) -> None:
        while True:
            self._look()
            self.owner._closing.wait(0.01)

    def _look(self) -> None:
        if self.owner._closing.is_set():
            raise ConnectionResetError("the server closes")
        readable, _, _ = select.select([self.connection], [], [], 0)
        if readable and not self.connection.recv(1, socket.MSG_PEEK):
            raise ConnectionResetError("the other side has gone")
