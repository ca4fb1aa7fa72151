"""What a plug-in must do. Each protocol has a contract test suite in tests/ that an implementation inherits.

Axis legend: C chunks, S sentences, D vector size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    from longdoc.ingest.containers import Member
    from longdoc.labels import LabelSet
    from longdoc.types import Answer, Aside, Block, Chunk, Clause, Document, Page, Passage, Summary, Table


@dataclass(frozen=True, slots=True)
class Parsed:
    """What an ingestor hands on: text with pages and blocks in reading order, before structure is found.

    `outline` rows are (level from 1, title, offset into the text). `source_map`, `word_boxes`, `tables` and `asides` are as in Document;
    a table block that no Table covers is given one later, from its tabs.
    """

    text: str
    format: str
    pages: tuple[Page, ...] = ()
    blocks: tuple[Block, ...] = ()
    title: str | None = None
    outline: tuple[tuple[int, str, int], ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    source_map: tuple[tuple[int, int, int, int], ...] = ()
    word_boxes: tuple[tuple[int, int, int, float, float, float, float], ...] = ()
    tables: tuple[Table, ...] = ()
    asides: tuple[Aside, ...] = ()


@dataclass(frozen=True, slots=True)
class OcrOptions:
    """How pages without usable text are read from their picture: the engine ("auto", "off", "rapidocr" or "tesseract"), dots an inch of
    the picture, and the languages as Tesseract spells them ("eng+deu")."""

    engine: str = "auto"
    dpi: int = 200
    languages: str = "eng"


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits on one file: wall-clock seconds, begun anew for every page that is read by OCR; bytes of address space, pages, bytes of
    the file, characters of its canonical text, and blocks, cells and asides together; for files that hold others: members and their bytes
    in all, how many times its own size they may come to, and how deep they may lie in each other; and how pages are read by OCR."""

    seconds: float = 120.0
    memory: int = 4 << 30
    pages: int = 20_000
    file_size: int = 1 << 30
    characters: int = 100_000_000
    parts: int = 5_000_000
    members: int = 10_000
    unpacked: int = 1 << 30
    ratio: int = 200
    depth: int = 5
    ocr: OcrOptions = OcrOptions()


@runtime_checkable
class Ingestor(Protocol):
    """Reads one file format. Runs in a worker process; may be killed at any moment; fetches and executes nothing."""

    format: str

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The file's canonical text and blocks.

        Raises: an InputError that says what is wrong and what to do.
        """
        ...


@runtime_checkable
class Container(Protocol):
    """Reads the files inside a file, as an Ingestor reads its text; a class may be both. Follows no link, opens no member."""

    format: str

    def members(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Iterable[Member]:
        """The members, in the container's order, as they are asked for.

        Raises: an InputError that says what is wrong and what to do.
        """
        ...


@dataclass(frozen=True)
class Reading:
    """What a reader knows of a document after one pass; everything later is a look-up.

    sentences [S, 2] int32 spans into the text, chunk_of_sentence [S] int32, chunk_vectors [C, D] and
    sentence_vectors [S, D] of unit length, salience [S] in 0..1, tokens read; `extra` is what else the reader wants to find again
    (float16, float32, int32 or int64 arrays of any shape), by name.
    """

    sentences: npt.NDArray[np.int32]
    chunk_of_sentence: npt.NDArray[np.int32]
    chunk_vectors: npt.NDArray[np.float16]
    sentence_vectors: npt.NDArray[np.float16]
    salience: npt.NDArray[np.float32]
    tokens: int
    extra: Mapping[str, npt.NDArray[np.generic]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A document as it is known after `read`."""

    document: Document
    reading: Reading
    chunks: Sequence[Chunk]


@dataclass(frozen=True, slots=True)
class Chance:
    """Probability that a label is there, and how `usual` it is in documents at large; `fitted` says whether it was measured for it."""

    probability: float
    usual: float
    fitted: bool = True

    @property
    def present(self) -> bool:
        """Whether the document speaks for the label: logit(probability) >= 0.7 logit(usual).

        A rare clause is thus not overlooked because it is rare; how sure that is tells the probability. At 0 the likelier answer would
        always be given, at 1 what is usual would count for nothing; on contracts that were not seen (benchmarks/presence.py) what lies
        between is right about as often, and far more often about rare clauses.
        """
        return _logit(self.probability) >= LEAN * _logit(self.usual)


LEAN = 0.7
"""How far what is usual is left out of account."""


def _logit(probability: float) -> float:
    held = min(max(probability, 1e-6), 1.0 - 1e-6)
    return math.log(held / (1.0 - held))


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: `done` of `total` (None when not known) `unit`s of a stage, and the file in hand."""

    stage: str
    done: int
    total: int | None
    unit: str = "files"
    path: str | None = None


@runtime_checkable
class Reader(Protocol):
    """Turns documents into results. Pipelines know only this."""

    name: str
    fingerprint: str
    """Changes whenever the same document could give another result."""
    reading_fingerprint: str
    """Changes whenever `read` or `embed` could give something else: what was read is then read again."""
    label_by_label: bool
    """Whether `extract` takes as much longer as there are labels; it is then asked for those that are wanted alone."""

    def read(self, document: Document, chunks: Sequence[Chunk], progress: Callable[[int], None] | None = None) -> Reading:
        """One pass over the document; `progress` is told the tokens done since it was last called."""
        ...

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors [len(texts), D] of unit length, comparable with those of `read` by inner product."""
        ...

    def extract(self, source: Source, labels: LabelSet) -> list[Clause]:
        """All candidates, best first within a label, at most 50 a label."""
        ...

    def default_score(self, labels: LabelSet, label: str) -> float:
        """The score from which a clause of `label` is worth a person's time."""
        ...

    def presence(self, labels: LabelSet, label: str, clauses: Sequence[Clause]) -> Chance:
        """How likely it is that a document carries `label` at all, whose candidates, all that `extract` gave, are `clauses`."""
        ...

    def summarize(self, source: Source, *, sentences: int | None = None, focus: str | None = None) -> Summary:
        """A summary by the plan of the document's domain, or about `focus` alone; `sentences` caps its length."""
        ...

    def answer(self, question: str, passages: Sequence[Passage], source: Callable[[str], Source]) -> Answer:
        """An answer from the passages, or `found=False`; `source` gives the document at the path that a passage is cited from."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a language model: chat messages ("role" and "content"), the JSON schema its output must match, if any, and the LoRA
    adapter to answer with, by the name that the engine knows it by (None: the model alone). `document` is the id of the one whose text is
    in it, None if there are several: when that document is forgotten, so is what was answered."""

    messages: tuple[Mapping[str, str], ...]
    schema: Mapping[str, Any] | None = None
    max_tokens: int = 1024
    temperature: float = 0.0
    seed: int = 0
    adapter: str | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What the model gave: the text, the parsed object where a schema was asked for; tokens of the prompt, how many of them had been read
    before, and tokens written; seconds in all, and to the first token where that is known; or `error`, a sentence for a person, with the
    text of an answer that cannot be used (asked again, the model would give it again) or none."""

    text: str
    parsed: Any = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    first_token_seconds: float | None = None
    error: str | None = None


@runtime_checkable
class Engine(Protocol):
    """A language model. `name` tells it from others, "kind:model"."""

    name: str
    context_length: int
    """Tokens of a prompt and its answer together."""
    enforces_schema: bool
    """Whether output cannot but match the schema of its request; where it can, it is validated and asked for once more."""

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
        """(index of the request, response) as each is done, in any order; a request that failed gives a Response with `error`, the others
        go on. Once `cancelled` says so those that are left give such a Response too.

        Raises: EngineError for what would befall every request: no server, a wrong key, an unknown model.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` by the model's own tokenizer."""
        ...

    def close(self) -> None:
        """Free what the engine holds."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One call for an Executor: `key` comes back with the result, `arguments` must pickle."""

    key: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """The result of a Job: exactly one of `value` and `error` is set. `stage` is the one that it ended in, None where it told of none."""

    key: str
    value: Any = None
    error: Exception | None = None
    seconds: float = 0.0
    stage: str | None = None


@runtime_checkable
class Executor(Protocol):
    """Runs a function over many jobs, in other processes or on other machines."""

    def map(self, function: str, jobs: Iterable[Job]) -> Iterator[Done]:
        """One Done per Job, in the order in which they finish; `function` is "module:name".

        A job that raises, hangs past its limit or kills its process gives a Done with an InputError; others go on.
        """
        ...

    def close(self) -> None:
        """Stop all workers."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """One tensor of a `Packed` value: its name, the codec it is encoded with, and its dtype and shape before that."""

    name: str
    codec: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Packed:
    """Tensors by name, encoded, one after the other in a flat buffer: `data` [bytes] uint8 on any device.

    Whoever gets one must not change it: a store may hold the same buffer.
    """

    layout: tuple[Part, ...]
    data: torch.Tensor

    @property
    def nbytes(self) -> int:
        """Bytes of the buffer."""
        return int(self.data.shape[0])


@runtime_checkable
class Store(Protocol):
    """Packed tensors under a key, with a hard budget: a tier of the context store, or several tiers as one.

    Any string but the empty one is a key. Threads may share a store.
    """

    name: str
    budget: int | None
    """Bytes that it may ever take, None: as many as there are."""
    durable: bool
    """Whether what `flush` has returned for survives the process."""

    def get(self, key: str) -> Packed:
        """The value. Raises: KeyError; StoreDamagedError if its checksum does not match; StoreError if it cannot be read."""
        ...

    def put(self, key: str, value: Packed) -> None:
        """Set the value of `key`, whole or not at all.

        Raises: StoreFullError if the budget or the disk does not hold it; nothing has changed then.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove `key`; nothing happens if it is not there."""
        ...

    def keys(self) -> Iterator[str]:
        """All keys, in any order."""
        ...

    def __contains__(self, key: str) -> bool: ...

    def size(self) -> int:
        """Bytes that it takes, with all that it needs beside the values."""
        ...

    def flush(self) -> None:
        """Make all puts and deletes since the last flush durable, together; a store that is not durable does nothing."""
        ...

    def close(self) -> None:
        """Let go of what it holds open, without a flush; closing twice does nothing."""
        ...
