"""A user's form filled in from each of many documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from longdoc.engines.forms import Form, quoted, schema_of
from longdoc.engines.reader import EngineReader
from longdoc.errors import ConfigError
from longdoc.protocols import Reader
from longdoc.types import Filled, Outcome
from longdoc_pipelines.search import find_chunks
from longdoc_pipelines.sources import source_of, unanswered

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry

PASSAGES = 24
"""Passages that a document which does not fit whole is read by."""


def fill(
    corpus: Corpus, reader: Reader, entries: Sequence[Entry], form: Form, on_failure: Callable[[Outcome], None] | None = None
) -> Iterator[Filled]:
    """The form from each document, in the order of `entries`; `on_failure` is told of one from which it cannot be filled.

    Raises: ConfigError for a form that cannot be used, or a reader that has no language model; without `on_failure` UnansweredError.
    """
    if not isinstance(reader, EngineReader):
        raise ConfigError("a schema is filled in by a language model: name one with engine (--engine openai, vllm or local)")
    own = schema_of(form)
    quoted(own)
    return _each(corpus, reader, entries, form, " ".join(_words(own)), on_failure)


def _each(
    corpus: Corpus, reader: EngineReader, entries: Sequence[Entry], form: Form, query: str, tell: Callable[[Outcome], None] | None
) -> Iterator[Filled]:
    for entry in entries:
        with unanswered(entry, "extract", tell):
            source = source_of(corpus, reader, entry)
            found = find_chunks(corpus, reader, query, [entry], PASSAGES)
            yield reader.fill(source, form, [source.chunks[number].span for _, number, _ in found])


def _words(part: Any) -> Iterator[str]:
    """What a schema is about: names of fields, titles and descriptions."""
    if isinstance(part, dict):
        for name, each in part.items():
            if name in ("title", "description") and isinstance(each, str):
                yield each
            elif name == "properties" and isinstance(each, dict):
                yield from (field.replace("_", " ") for field in each)
            yield from _words(each)
    elif isinstance(part, list):
        for each in part:
            yield from _words(each)
