"""Asking a language model so that nothing it says stands without a place in the document that bears it out.

Every answer is parsed by its schema (pydantic), every quote located, every sentence judged against the characters that it was located at.
What does not pass goes back once, with the reasons; what does not pass then is left out and counted.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from longdoc.engines.prompts import Prompts
from longdoc.errors import GroundingError, UnansweredError
from longdoc.ground import Locator, ground_loosely
from longdoc.model.hostile import suspicious
from longdoc.model.support import Support
from longdoc.protocols import Engine, Reader, Request, Response
from longdoc.types import Citation, Document, Span

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_LOCATORS = 4
"""Documents whose quotes are being looked for at the same time."""


class Said(BaseModel):
    """A sentence with the quote that it rests on, as a model gives it."""

    model_config = ConfigDict(extra="forbid")

    text: str
    quote: str


@dataclass(frozen=True)
class Checked(Generic[T]):
    """What of an answer can be used, and what is wrong with the rest, told to the model."""

    kept: list[T] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Writing:
    """A language model with all that its answers are checked by."""

    def __init__(
        self, engine: Engine, embedded: Reader, prompts: Prompts, *, adapter: str | None = None, cancelled: Callable[[], bool] | None = None
    ) -> None:
        self.engine, self.embedded, self.prompts = engine, embedded, prompts
        self.support = Support(embedded.embed)
        self._adapter, self._cancelled = adapter, cancelled
        self._locators: OrderedDict[str, Locator] = OrderedDict()
        self._looked_at: set[str] = set()
        self.notes: list[str] = []
        """Sentences for a person: what was left out, answers that cannot be used, documents that speak to a language model."""

    def chosen(self, document: Document, how: str, reason: str) -> None:
        """Log how a document is put before the model, and look whether it speaks to one."""
        _LOG.info("%s: %s (%s)", document.path, how, reason)
        if document.id in self._looked_at:
            return
        self._looked_at.add(document.id)
        flags = suspicious(document.text)
        if flags:
            pages = dict.fromkeys(page.number for flag in flags if (page := document.page_at(flag.start)) is not None)
            places = f"page {', '.join(map(str, pages))}" if pages else f"character {', '.join(str(flag.start) for flag in flags[:5])}"
            reasons = ", ".join(dict.fromkeys(flag.reason for flag in flags))
            self.notes.append(f"{document.path}, {places}: {reasons}; it was given to the model as data, read the result with care")

    def left_out(self, document: Document, what: str, count: int) -> None:
        """Note how many of the model's quotes or values no place in the document bears out."""
        if count:
            self.notes.append(
                f"{document.path}: {count:,} {what}{'s were' if count > 1 else ' was'} left out, for no place bears out what was said"
            )

    def request(
        self, name: str, document: Document, kind: type[BaseModel] | dict[str, Any], max_tokens: int, /, **places: object
    ) -> Request:
        """The request of a prompt about a document, for output of a kind: a pydantic model, or a JSON schema."""
        messages = self.prompts.messages(name, document.domain, **places)
        schema = kind if isinstance(kind, dict) else kind.model_json_schema()
        return Request(messages, schema, max_tokens, adapter=self._adapter, document=document.id)

    def room(self, name: str, document: Document, max_tokens: int, /, **places: object) -> int:
        """Tokens that are left for a document's text in the prompt of that name."""
        messages = self.prompts.messages(name, document.domain, **places)
        taken = sum(self.engine.count_tokens(message["content"]) + 16 for message in messages)
        return self.engine.context_length - taken - max_tokens

    def answers(self, requests: Sequence[Request], check: Callable[[int, Any], Checked[T]], domain: str) -> tuple[list[list[T]], int]:
        """For each request what of its answer can be used, and how many things were left out in all; an answer that cannot be used (cut
        short, not by its schema) counts as one, and is told of in `notes`.

        Raises: UnansweredError if a request got no answer; EngineError if the model cannot be asked at all.
        """
        found = dict(self.engine.generate(requests, cancelled=self._cancelled))
        failed = [response.error for response in found.values() if response.error is not None and not response.text.strip()]
        if failed:
            raise UnansweredError(f"{len(failed)} of {len(requests)} requests got no answer ({failed[0]}); run it again for those alone")
        useless = {number: response.error for number, response in found.items() if response.error is not None}
        self.notes += dict.fromkeys(f"an answer of {self.engine.name} could not be used: {error}" for error in useless.values())
        checked = {number: Checked[T]() if number in useless else check(number, response.parsed) for number, response in found.items()}
        doubtful = [number for number in sorted(checked) if checked[number].faults]
        again = [self._again(requests[number], found[number], checked[number].faults, domain) for number in doubtful]
        for place, response in self.engine.generate(again, cancelled=self._cancelled) if again else ():
            number = doubtful[place]
            # An answer that is no better than the first, or none, changes nothing.
            second = check(number, response.parsed) if response.error is None else Checked[T]()
            if len(second.kept) >= len(checked[number].kept):
                checked[number] = second if response.error is None else checked[number]
        rejected = len(useless) + sum(len(one.faults) for one in checked.values())
        return [checked[number].kept for number in range(len(requests))], rejected

    def _again(self, request: Request, response: Response, faults: Sequence[str], domain: str) -> Request:
        listed = "\n".join(f"- {fault}" for fault in faults)
        more = ({"role": "assistant", "content": response.text}, *self.prompts.messages("again", domain, faults=listed))
        return replace(request, messages=request.messages + more)

    def locate(self, document: Document, quote: str, within: Span | None = None) -> Citation:
        """Where a quote stands. Raises: GroundingError with the reason, for the model."""
        locator = self._locators.get(document.id)
        if locator is None:
            locator = self._locators[document.id] = Locator(document)
            if len(self._locators) > _LOCATORS:
                self._locators.popitem(last=False)
        self._locators.move_to_end(document.id)
        return ground_loosely(locator, quote, within)

    def check(self, document: Document, said: Sequence[Said], within: Span | None = None) -> Checked[tuple[str, Citation]]:
        """Of sentences with quotes those that a place in the document bears out, with that place."""
        found = Checked[tuple[str, Citation]]()
        for one in said:
            try:
                citation = self.locate(document, one.quote, within)
            except GroundingError as error:
                found.faults.append(f"the quote {shortened(one.quote)!r}: {error}")
                continue
            text = " ".join(one.text.split())
            reason = self.unsupported(document, text, [citation])
            if reason is None:
                found.kept.append((text, citation))
            else:
                found.faults.append(f"the statement {shortened(text)!r}: {reason}")
        return found

    def unsupported(self, document: Document, text: str, citations: Sequence[Citation]) -> str | None:
        """Why the citations do not bear a sentence out, None if they do."""
        verdict = self.support.judge(text, [citation.quote for citation in citations], context=_around(document, citations))
        return None if verdict.supported else verdict.reason


def _around(document: Document, citations: Sequence[Citation]) -> str:
    """What may name things that a quote only refers to: the title, headings, and the definitions of its terms."""
    parts = [document.title or "", *(heading for citation in citations for heading in citation.heading_path)]
    quoted = " ".join(citation.quote for citation in citations)
    parts += [document.quote(one.span) for one in document.definitions if len(one.term) > 2 and one.term in quoted]
    return "\n".join(dict.fromkeys(part for part in parts if part))


def shortened(text: str) -> str:
    """The beginning of a long text."""
    return text if len(text) <= 120 else f"{text[:120]} …"
