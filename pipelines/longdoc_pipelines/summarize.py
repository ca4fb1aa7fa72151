"""Summaries of many documents, kept in the corpus: sentences that stand alone, key facts, and what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Literal

from longdoc.errors import UsageError
from longdoc.model.parties import find_parties
from longdoc.model.standalone import Names, names_of, stand_alone
from longdoc.model.summarize import SUMMARY_VERSION, usual_length
from longdoc.protocols import Reader
from longdoc.types import Citation, Document, Outcome, Statement, Summary
from longdoc_pipelines.coverage import coverage_of
from longdoc_pipelines.facts.cover import company, is_filing
from longdoc_pipelines.facts.kept import FACTS_VERSION, at_its_path, clauses_for, key_facts
from longdoc_pipelines.keys import result_key
from longdoc_pipelines.part import find_section, only
from longdoc_pipelines.sources import source_of, unanswered

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry

Length = Literal["short", "medium", "long"]
LENGTHS: dict[str, float] = {"short": 0.5, "medium": 1.0, "long": 2.0}
"""How many statements a summary has, as a share of what is usual for a document of its length."""
FEWEST = 3
PRONOUNS = ("It", "They", "He", "She")


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a summary is to be: at most so many `sentences`, or of a `length`; about one thing alone; of one section alone.

    Raises: UsageError for what cannot be.
    """

    sentences: int | None = None
    length: Length | None = None
    focus: str | None = None
    section: str | None = None

    def __post_init__(self) -> None:
        if self.sentences is not None and self.sentences < 1:
            raise UsageError(f"a summary has at least 1 sentence, got {self.sentences}")
        if self.length is not None and self.length not in LENGTHS:
            raise UsageError(f"a summary is {', '.join(LENGTHS)}, got {self.length!r}")
        if self.length is not None and self.sentences is not None:
            raise UsageError(f"a length ({self.length}) and a number of sentences ({self.sentences}) contradict each other; give one")
        for name in ("focus", "section"):
            text = getattr(self, name)
            if text is not None and not text.strip():
                raise UsageError(f"the {name} of a summary is empty")

    def most(self, tokens: int) -> int | None:
        """Statements wanted of a document of `tokens` tokens; None leaves it to the reader."""
        if self.length in (None, "medium"):
            return self.sentences
        return max(FEWEST, round(LENGTHS[self.length or "medium"] * usual_length(tokens)))


PLAIN = Wishes()


def summarize(
    corpus: Corpus,
    reader: Reader,
    entries: Sequence[Entry],
    sentences: int | None = None,
    on_failure: Callable[[Outcome], None] | None = None,
    *,
    length: Length | None = None,
    focus: str | None = None,
    section: str | None = None,
    embedded: Reader | None = None,
) -> Iterator[Summary]:
    """A summary of each document, in the order of `entries`, of at most `sentences` statements or of a `length` (default: by the document's
    length), about `focus` alone or of one `section` alone where they are given; `embedded` finds the clauses that facts are read from
    (default: `reader`). `on_failure` is told of a document that a language model gives no answer about, and of one of several that has no
    such section, and the others go on.

    Raises: UsageError for wishes that cannot be, and for a section that no document has; without `on_failure` UnansweredError.
    """
    wishes = Wishes(sentences, length, focus, section)
    missed: list[UsageError] = []
    for entry in entries:
        with unanswered(entry, "summarize", on_failure):
            try:
                made = one_summary(corpus, reader, entry, wishes, embedded)
            except UsageError as error:
                missed.append(error)
                if len(entries) > 1 and on_failure is not None and len(missed) < len(entries):
                    on_failure(
                        Outcome(path=entry.path, outcome="skipped", stage="summarize", reason=str(error), document_id=entry.document_id)
                    )
                    continue
                raise
            yield made


def one_summary(corpus: Corpus, reader: Reader, entry: Entry, wishes: Wishes = PLAIN, embedded: Reader | None = None) -> Summary:
    """The summary of one document, from the corpus if it has been made before.

    Raises: UsageError if it has no such section.
    """
    finder = embedded or reader
    key = result_key(
        "summary", SUMMARY_VERSION, FACTS_VERSION, entry.document_key, reader.fingerprint, finder.fingerprint, *astuple(wishes)
    )
    kept = corpus.result(key)
    if kept is not None:
        return at_path(Summary.model_validate_json(kept), entry.path)
    summary = _made(corpus, reader, finder, entry, wishes)
    corpus.put_result(key, entry.document_key, "summary", summary.model_dump_json())
    return summary


def _made(corpus: Corpus, reader: Reader, finder: Reader, entry: Entry, wishes: Wishes) -> Summary:
    source = source_of(corpus, reader, entry)
    document = source.document
    section = find_section(document, wishes.section) if wishes.section is not None else None
    asked = source if section is None else only(source, section)
    options = {} if wishes.focus is None else {"focus": wishes.focus}
    summary = reader.summarize(asked, sentences=wishes.most(asked.reading.tokens), **options)
    # A language model is told to write sentences that stand alone; its words are left as they are.
    own_words = reader.fingerprint == finder.fingerprint
    names = _names(corpus, finder, entry, document) if own_words else Names()
    return summary.model_copy(
        update={
            "sentences": tuple(_standing_alone(document, summary.sentences, names)),
            "facts": key_facts(corpus, finder, entry, document),
            "coverage": coverage_of(source, section),
        }
    )


def _names(corpus: Corpus, finder: Reader, entry: Entry, document: Document) -> Names:
    if document.domain == "legal" and not is_filing(document):
        return names_of(document, find_parties(document, clauses_for(corpus, finder, entry, document)), None)
    registrant = company(document) if document.domain != "research" else []
    return names_of(document, (), registrant[0].citation if registrant else None)


def _standing_alone(document: Document, statements: Sequence[Statement], names: Names) -> Iterator[Statement]:
    """Sentences that stand alone, each name told once under a heading."""
    told: set[tuple[str | None, str]] = set()
    for statement in statements:
        made = stand_alone(document, statement, names)
        # "It" says nothing by itself, however often who is meant has been told.
        key = (statement.topic, made.text[: made.inserted[0].end]) if made.inserted else (None, "")
        pronoun = statement.text.split(" ", 1)[0] in PRONOUNS
        yield statement if key in told and not pronoun else made
        told.add(key)


def at_path(summary: Summary, path: str) -> Summary:
    """The same summary for a document that has been moved, or that is there twice."""
    if summary.path == path:
        return summary
    return summary.model_copy(
        update={
            "path": path,
            "sentences": tuple(_statement_at(statement, path) for statement in summary.sentences),
            "facts": tuple(at_its_path(fact, path) for fact in summary.facts),
        }
    )


def _statement_at(statement: Statement, path: str) -> Statement:
    def moved(citation: Citation) -> Citation:
        return citation.model_copy(update={"path": path})

    inserted = tuple(one.model_copy(update={"citation": moved(one.citation)}) for one in statement.inserted)
    return statement.model_copy(
        update={"citation": moved(statement.citation), "others": tuple(map(moved, statement.others)), "inserted": inserted}
    )
