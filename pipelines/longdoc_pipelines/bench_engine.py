"""How fast a language model answers: requests in turn and all at once, each with a document of its own and all about one.

Documents are drawn: English sentences of no meaning, never the same twice, so that an engine that keeps what it has read finds again only
what is shared on purpose. A round asks every mode once, so that all are measured under the same conditions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from random import Random
from typing import Literal

from longdoc.engines.metrics import EngineFigures, Metered, Spread
from longdoc.errors import EngineError, UsageError
from longdoc.protocols import Engine, Progress, Request
from longdoc_pipelines.machine import Machine, this_machine

Asked = Literal["in turn", "at once"]
Prefix = Literal["own", "shared"]

ASKED: tuple[Asked, ...] = ("in turn", "at once")
PREFIXES: tuple[Prefix, ...] = ("own", "shared")
_AROUND = 128
"""Tokens that a question and a chat template may take, at most."""
_WARMING = 2
"""Requests of a mode that are asked before anything is measured."""
_CLOSE, _TRIES = 0.02, 4
"""How near a document's length must be to what is wanted, and how often it is measured."""

_SENTENCES = (
    "The {party} shall pay {amount} dollars to the {other} within {days} days of the {event}.",
    "Nothing in Section {section} limits what the {party} owes for {matter} that began before the {event}.",
    "If the {event} does not take place by day {days}, either party may end the part of this agreement that concerns {matter}.",
    "The {other} keeps records of {matter} for {days} months and shows them to the {party} when it asks.",
    "In year {section} revenue from {matter} was {amount} dollars, {days} percent more than in the year before.",
    "A notice about {matter} is given in writing and takes effect {days} days after the {other} has received it.",
    "Of {amount} samples {days} showed {matter}, which the method of Section {section} does not explain.",
    "The {party} may not assign {matter} without the consent of the {other}, which is not withheld without a reason.",
)
_WORDS = {
    "party": ("Tenant", "Supplier", "Licensee", "Borrower", "Author", "Contractor"),
    "other": ("Landlord", "Customer", "Licensor", "Lender", "Publisher", "Client"),
    "event": ("closing", "first delivery", "end of the term", "annual review", "change of control", "audit"),
    "matter": ("storage", "late interest", "repairs", "confidential drawings", "insurance", "spare parts", "travel", "training data"),
}
_QUESTIONS = (
    "Which payments are due, to whom, and when? List them all.",
    "What may a party not do without consent? Explain at length.",
    "Which records are kept, and for how long? Tell of each.",
    "What ends the agreement? Give every case with its section.",
)


@dataclass(frozen=True, slots=True)
class Workload:
    """What is asked: `requests` a round and mode, about documents of `length` tokens, for answers of at most `write` tokens; `rounds`.

    Raises: UsageError for a number that makes no sense.
    """

    requests: int = 8
    length: int = 1_024
    write: int = 64
    rounds: int = 3

    def __post_init__(self) -> None:
        for name, least in (("requests", 2), ("length", 64), ("write", 1), ("rounds", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} is {getattr(self, name):,}; {least:,} is the least that can be measured")

    @property
    def asked(self) -> int:
        """Requests in all, those before anything is measured among them."""
        return len(ASKED) * len(PREFIXES) * (_WARMING + self.rounds * self.requests)

    @property
    def dearest(self) -> int:
        """Tokens that it may take in all, of prompts and answers."""
        return self.asked * (self.length + _AROUND + self.write)


@dataclass(frozen=True)
class EngineRow:
    """A mode: what the engine did (`figures`); `error` of the first request that failed; seconds from when requests were asked until each
    answer was there, waiting included; tokens of prompts and of answers a second, a number a round."""

    asked: Asked
    prefix: Prefix
    figures: EngineFigures
    error: str | None
    answered: Spread | None
    tokens_in: tuple[float, ...]
    tokens_out: tuple[float, ...]


@dataclass(frozen=True)
class EngineSpeed:
    """Modes of an engine under a workload; `length` are the tokens that its documents have."""

    engine: str
    workload: Workload
    length: int
    rows: tuple[EngineRow, ...]
    machine: Machine


def bench_engine(
    engine: Engine,
    workload: Workload = Workload(),
    *,
    adapter: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> EngineSpeed:
    """Ask `engine`, which is not closed, with a LoRA `adapter` if one is named.

    Raises: UsageError if the engine cannot read that much; EngineError if it answers nothing, or cannot be asked.
    """
    most = workload.length + _AROUND + workload.write
    if most > engine.context_length:
        raise UsageError(
            f"a document of {workload.length:,} tokens, its question and an answer of {workload.write:,} may take {most:,}; {engine.name} "
            f"reads at most {engine.context_length:,}: ask for less"
        )
    drawing = _Drawing(engine, workload, adapter)
    modes = [_Mode(asked, prefix, engine) for asked, prefix in product(ASKED, PREFIXES)]
    done = 0

    def told(requests: int) -> None:
        nonlocal done
        done += requests
        if progress is not None:
            progress(Progress("ask", done, workload.asked, "requests"))

    for mode in modes:
        warming = _Mode(mode.asked, mode.prefix, engine)
        warming.ask(drawing.requests(mode.prefix, _WARMING), told)
        if not warming.seconds:
            raise EngineError(f"{engine.name} answers nothing: {warming.error}")
    for _ in range(workload.rounds):
        for mode in modes:
            mode.ask(drawing.requests(mode.prefix, workload.requests), told)
    return EngineSpeed(engine.name, workload, drawing.length, tuple(mode.row() for mode in modes), this_machine())


@dataclass
class _Mode:
    asked: Asked
    prefix: Prefix
    engine: Engine
    error: str | None = None
    seconds: list[float] = field(default_factory=list)
    rates: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._metered = Metered(self.engine)

    def ask(self, requests: Sequence[Request], told: Callable[[int], None]) -> None:
        """One round."""
        before = self._metered.figures()
        for some in [requests] if self.asked == "at once" else [[request] for request in requests]:
            started = time.perf_counter()
            for _, response in self._metered.generate(some):
                if response.error is None:
                    self.seconds.append(time.perf_counter() - started)
                else:
                    self.error = self.error or response.error
                told(1)
        after = self._metered.figures()
        seconds = after.seconds - before.seconds
        read, written = after.prompt_tokens - before.prompt_tokens, after.completion_tokens - before.completion_tokens
        self.rates.append((read / seconds, written / seconds))

    def row(self) -> EngineRow:
        """What was measured."""
        read, written = zip(*self.rates, strict=True)
        return EngineRow(self.asked, self.prefix, self._metered.figures(), self.error, Spread.of(self.seconds), read, written)


class _Drawing:
    """Draws requests; `length` are the tokens of a document, as near as it can be had to what is wanted."""

    def __init__(self, engine: Engine, workload: Workload, adapter: str | None) -> None:
        self._workload, self._adapter = workload, adapter
        self._drawn = 0
        self._characters = 4 * workload.length
        for _ in range(_TRIES):
            self.length = engine.count_tokens(self._document())
            if abs(self.length - workload.length) <= _CLOSE * workload.length:
                break
            self._characters = round(self._characters * workload.length / self.length)

    def requests(self, prefix: Prefix, count: int) -> list[Request]:
        """For a round: about one document, or each about its own."""
        documents = [self._document()] * count if prefix == "shared" else [self._document() for _ in range(count)]
        asked = [f"{number + 1}. {_QUESTIONS[number % len(_QUESTIONS)]}" for number in range(count)]
        return [
            Request(({"role": "user", "content": f"{document}\n\n{question}"},), max_tokens=self._workload.write, adapter=self._adapter)
            for document, question in zip(documents, asked, strict=True)
        ]

    def _document(self) -> str:
        """One that was not drawn before: its number stands first."""
        self._drawn += 1
        draw = Random(self._drawn)
        text = f"{self._drawn}. Document."
        while len(text) < self._characters:
            words = {name: draw.choice(some) for name, some in _WORDS.items()}
            numbers = {"amount": draw.randrange(1_000, 90_000), "days": draw.randrange(2, 99), "section": draw.randrange(1, 40)}
            text += " " + draw.choice(_SENTENCES).format(**words, **numbers)
        return text[: self._characters]
