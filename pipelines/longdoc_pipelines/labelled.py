"""Files of what people have marked, in either of two forms, told apart by their first row.

Labelled texts: JSON lines {"id", "text", "clauses": [{"label", "start", "end"}]}, a document a line. Where a text is a paragraph of few
sentences, it is put together with others to a document.

Corrected results: the rows that `longdoc extract --format jsonl` or `csv` writes, a clause a row, of which `path`, `label`, `start`,
`end`, `text` and the optional `correct` and `label_set` are read and others ignored. The documents are read again from their paths.

    correct       no, false or 0: the row is wrong, and no passage; empty or not there: it is right
    start, end    empty: the passage is where the text first stands, whatever its white space, case, quotation marks and dashes
    text          empty: the passage is what stands at start and end
    label         empty: the row only names a document; what no row marks in a document that is named does not carry the label
    label_set     another than the one that is trained: the row is passed over

Offsets are in characters from 0, end exclusive.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

from longdoc.errors import DamagedError, GroundingError, NotFoundError, UnknownNameError
from longdoc.ground import ground
from longdoc.ingest import ParsedFile, parse_bytes
from longdoc.labels import LabelSet
from longdoc.model.sentences import split_text
from longdoc.model.targets import Gold
from longdoc.model.train import FEWEST_DOCUMENTS, LabelledText
from longdoc.protocols import Executor, Job, Limits
from longdoc.registry import load
from longdoc.types import Document, Span

PARSE = "longdoc.ingest:parse_file"
PARAGRAPHS = 20
"""Paragraphs that are put together to a document where a file gives them one by one."""
FEW_SENTENCES = 3
"""A text with no more is such a paragraph."""
_CORRECT = {"": True, "yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}
_GUARD = re.compile(r"^'(?=[=+\-@\t\r\n＝＋－＠])")
"""The apostrophe that longdoc puts before what a spreadsheet would run as a formula."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Line:
    """A row and where it stands, for messages."""

    row: Row
    where: str


def read_labelled(data: Path, labels: LabelSet, executor: Executor | None = None) -> Iterator[LabelledText]:
    """The documents of `data` (.jsonl or .csv, either may be gzipped) with what people marked in them, parsed as a user's file would be.

    Documents of corrected results are looked for from the current folder, then from that of `data`; `executor` parses them (default: a
    worker process). They come in the order in which rows first name them.

    Raises: NotFoundError if `data` or a document is not there; DamagedError with the line that is wrong; InputError if a document cannot
    be read.
    """
    lines = _lines(data)
    first = next(lines, None)
    if first is None:
        return
    every = chain((first,), lines)
    if "clauses" in first.row or "path" not in first.row:
        yield from _of_texts(every, labels)
    else:
        yield from _of_rows(every, data.parent, labels, executor)


# Labelled texts


@dataclass(frozen=True)
class _Text:
    name: str
    text: str
    gold: tuple[Gold, ...]


def _of_texts(lines: Iterable[_Line], labels: LabelSet) -> Iterator[LabelledText]:
    for one in _together([_text(line, number) for number, line in enumerate(lines, 1)]):
        parsed = parse_bytes(one.text.encode(), f"{one.name}.txt", domain=labels.domain)
        yield LabelledText(parsed.document, parsed.chunks, one.gold)


def _text(line: _Line, number: int) -> _Text:
    try:
        text = str(line.row["text"])
        gold = tuple(Gold(str(clause["label"]), int(clause["start"]), int(clause["end"])) for clause in line.row["clauses"])
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedError(
            f"{line.where}: not a labelled document with id, text and clauses, and no row of `longdoc extract` with a path ({error!r})"
        ) from error
    if any(not 0 <= passage.start < passage.end <= len(text) for passage in gold):
        raise DamagedError(f"{line.where}: a clause reaches outside of the text, which has {len(text)} characters")
    return _Text(str(line.row.get("id", number)), text, gold)


def _together(texts: list[_Text]) -> list[_Text]:
    """Single paragraphs dealt out to documents of up to PARAGRAPHS: one by itself does not tell how a passage stands out from others."""
    short = [len(split_text(one.text)) <= FEW_SENTENCES and "\n\n" not in one.text.strip() for one in texts]
    single = [one for one, alone in zip(texts, short, strict=True) if alone]
    documents = max(FEWEST_DOCUMENTS, -(-len(single) // PARAGRAPHS))
    if len(single) < 2 * documents:
        return texts
    whole = [one for one, alone in zip(texts, short, strict=True) if not alone]
    return whole + [_joined(single[number::documents]) for number in range(documents)]


def _joined(texts: list[_Text]) -> _Text:
    """One text of several, a paragraph each."""
    text = ""
    gold: list[Gold] = []
    for one in texts:
        gold += [Gold(passage.label, passage.start + len(text), passage.end + len(text)) for passage in one.gold]
        text += one.text + "\n\n"
    return _Text(texts[0].name, text, tuple(gold))


# Corrected results


def _of_rows(lines: Iterable[_Line], folder: Path, labels: LabelSet, executor: Executor | None) -> Iterator[LabelledText]:
    named: dict[Path, list[_Line]] = {}
    for line in lines:
        if _cell(line.row, "label_set") not in ("", labels.name):
            continue
        of_document = named.setdefault(_file(line, folder), [])
        if _marks(line):
            of_document.append(line)
    jobs = [Job(str(file), {"path": str(file), "domain": labels.domain}) for file in named]
    parsed: dict[str, ParsedFile] = {}
    with closing(executor or load("executors", "local")(1, Limits())) as running:
        for done in running.map(PARSE, jobs):
            if done.error is not None:
                raise done.error
            parsed[done.key] = done.value
    for file, marking in named.items():
        one = parsed[str(file)]
        yield LabelledText(one.document, one.chunks, tuple(_gold(line, one.document, labels) for line in marking))


def _file(line: _Line, folder: Path) -> Path:
    """The document that a row is of; one file, by whatever path rows name it, is one document."""
    path = _cell(line.row, "path")
    if not path:
        raise DamagedError(f"{line.where}: no path; a row names the document that it is of")
    for place in (Path(path), folder / path):
        if place.is_file():
            return Path(os.path.relpath(place.resolve()))
    raise NotFoundError(f"{line.where}: {path}: no such file, neither from the current folder nor from {folder}; correct the path")


def _marks(line: _Line) -> bool:
    """Whether the row marks a passage."""
    said = _cell(line.row, "correct")
    if said.casefold() not in _CORRECT:
        raise DamagedError(f"{line.where}: correct is {said!r}; write yes or no, or leave it empty")
    return _CORRECT[said.casefold()] and _cell(line.row, "label") != ""


def _gold(line: _Line, document: Document, labels: LabelSet) -> Gold:
    """The passage that a row marks."""
    try:
        label = labels.label(_cell(line.row, "label")).name
    except UnknownNameError as error:
        raise DamagedError(f"{line.where}: {error}; correct the label, or set correct to no") from error
    quote, span = _cell(line.row, "text"), _span(line, document)
    if not quote:
        if span is None:
            raise DamagedError(f"{line.where}: neither start and end nor a text; one of them says where the passage is")
        return Gold(label, span.start, span.end)
    try:
        found = ground(document, quote, span).span
    except GroundingError as error:
        if span is None:
            raise DamagedError(f"{line.where}: {document.path} does not hold {quote[:80]!r}; copy the passage from it") from error
        raise _elsewhere(line, document, quote, span) from error
    if span is not None and document.quote(found) != document.quote(span).strip():
        raise _elsewhere(line, document, quote, span)
    return Gold(label, found.start, found.end)


def _elsewhere(line: _Line, document: Document, quote: str, span: Span) -> DamagedError:
    return DamagedError(
        f"{line.where}: {document.path} reads {document.quote(span)[:80]!r} at {span.start}-{span.end}, not {quote[:80]!r}. If the "
        "document has changed since, extract again; if you changed the text, empty start and end; if you changed these, empty the text"
    )


def _span(line: _Line, document: Document) -> Span | None:
    """`start` and `end` of a row, None if both are empty."""
    start, end = _cell(line.row, "start"), _cell(line.row, "end")
    if not start and not end:
        return None
    try:
        first, last = int(float(start)), int(float(end))  # a spreadsheet may write 12.0
    except (ValueError, OverflowError) as error:
        raise DamagedError(f"{line.where}: start {start!r} and end {end!r} are no numbers; leave both empty to go by the text") from error
    if not 0 <= first < last <= len(document.text):
        raise DamagedError(
            f"{line.where}: {first}-{last} is no stretch of {document.path}, which has {len(document.text)} characters; if the document "
            "has changed since, extract again"
        )
    return Span(start=first, end=last)


def _cell(row: Row, name: str) -> str:
    """A field as text; empty if it is null or not there."""
    value = row.get(name)
    return "" if value is None else str(value).strip()


# Lines


def _lines(data: Path) -> Iterator[_Line]:
    """The rows of a file, each with the line that it begins on."""
    try:
        with _open(data) as file:
            yield from _of_csv(data, file) if data.name.removesuffix(".gz").lower().endswith(".csv") else _of_jsonl(data, file)
    except FileNotFoundError as error:
        raise NotFoundError(f"{data}: no such file") from error
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        raise DamagedError(f"{data}: cannot be read ({error}); it is to be JSON lines or CSV in UTF-8") from error


def _open(data: Path) -> IO[str]:
    # A spreadsheet may begin with a byte order mark; line ends inside a quoted cell are the passage's own.
    return gzip.open(data, "rt", encoding="utf-8-sig", newline="") if data.suffix == ".gz" else data.open(encoding="utf-8-sig", newline="")


def _of_jsonl(data: Path, file: IO[str]) -> Iterator[_Line]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        where = f"{data}, line {number}"
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DamagedError(f"{where}: not a labelled document or clause: no JSON ({error})") from error
        if not isinstance(row, dict):
            raise DamagedError(f"{where}: not a labelled document or clause: no object with names and values")
        yield _Line(row, where)


def _of_csv(data: Path, file: IO[str]) -> Iterator[_Line]:
    header = file.readline()
    delimiter = max(",;\t", key=header.count)  # spreadsheets of some countries write semicolons
    (names,) = csv.reader([header], delimiter=delimiter) if header.strip() else ([],)
    columns = [name.strip().lower() for name in names]
    if "path" not in columns:
        raise DamagedError(f"{data}, line 1: no column path; the first line names the columns, as `longdoc extract` writes them")
    rows = csv.reader(file, delimiter=delimiter)
    before = 1
    for cells in rows:
        where, before = f"{data}, line {before + 1}", 1 + rows.line_num
        if any(cell.strip() for cell in cells):
            yield _Line({name: _GUARD.sub("", cell) for name, cell in zip(columns, cells, strict=False)}, where)
