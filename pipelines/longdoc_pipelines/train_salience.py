"""From files of documents with human summaries to the weights of the salience head.

A file holds a document a line, as JSON, and may be gzipped. A line has

    {"id": "a", "text": "...", "summary": "..." or ["...", "..."]}

where several summaries are several people's, and headings in the text are lines that begin with "#", as in Markdown. Two data sets are
taken as they are: SciTLDR ("source", sentences, and "target", summaries) and SciSummNet ("sections" of "title" and "sentences", and
"summary"). What else a line holds is not read; an abstract of which the summary is made must be no part of the text. In one
SciSummNet paper in six it is a part of the first section, so sentences of its papers that stand in the summary word for word are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longdoc.errors import DamagedError, UsageError
from longdoc.ingest import parse_bytes
from longdoc.protocols import Progress, Reader
from longdoc_pipelines.lines import numbered_lines, sha256_of

if TYPE_CHECKING:
    from longdoc.model.train_salience import SalienceReport, Summarised

DOMAIN = "research"
_WORD = re.compile(r"[^\W_]+")
_QUOTED = 8
"""Words from which on a sentence that also stands in the summary is no accident."""


@dataclass(frozen=True, slots=True)
class Row:
    """A document and the human summaries of it."""

    name: str
    text: str
    summaries: tuple[str, ...]


def train_salience_from(
    data: Sequence[Path],
    out: Path,
    *,
    reader: Reader,
    judges: Sequence[Path] = (),
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> SalienceReport:
    """Train the salience head on the files `data`, as `reader` reads them, and write it to the folder `out`; `judges` are files that it
    is only measured on.

    Documents without text are passed over.

    Raises: NotFoundError; DamagedError with the line that is wrong; UsageError if there is too little to train on, or the reader has no
    encoder.
    """
    from longdoc.model.reader import EmbeddedReader
    from longdoc.model.train_salience import train_salience

    if not isinstance(reader, EmbeddedReader):
        raise UsageError(f"the reader {reader.name!r} has no encoder to train a salience head for; use the reader 'embedded'")
    files = [*data, *judges]
    notes = {
        "command": " ".join(["longdoc train salience", *(f"--data {path.name}" for path in data), f"--seed {seed}"]),
        "data_sha256": " ".join(sha256_of(path) for path in data),
    }
    for path in files:  # reading takes minutes: what is wrong is told before
        for _ in rows_of(path):
            pass
    documents = (one for number, path in enumerate(files) for one in _read(path, reader, judges=number >= len(data)))
    return train_salience(documents, out, encoder=reader.encoder, seed=seed, notes=notes, progress=progress)


def _read(path: Path, reader: Reader, *, judges: bool) -> Iterator[Summarised]:
    from longdoc.model.train_salience import Summarised

    for row in rows_of(path):
        if row.text.strip():
            parsed = parse_bytes(row.text.encode(), f"{row.name}.md", domain=DOMAIN)
            reading = reader.read(parsed.document, parsed.chunks)
            yield Summarised(parsed.document, reading, row.summaries, f"{path.parent.name}/{path.name}", judges)


def rows_of(path: Path) -> Iterator[Row]:
    """The documents of a file.

    Raises: NotFoundError; DamagedError with the line that is wrong.
    """
    for number, line in numbered_lines(path):
        try:
            row = json.loads(line)
            summaries = row["target"] if "target" in row else row["summary"]
            several = (summaries,) if isinstance(summaries, str) else tuple(map(str, summaries))
            found = Row(str(row.get("id", row.get("paper_id", number))), _text(row), tuple(one for one in several if one.strip()))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DamagedError(
                f'{path}, line {number}: not a document with its summary ({error!r}); a line is {{"id", "text", "summary"}} in JSON'
            ) from error
        if not found.summaries:
            raise DamagedError(f"{path}, line {number}: the summary is empty; give one or leave the line out")
        yield found


def _text(row: dict[str, Any]) -> str:
    if "text" in row:
        if not isinstance(row["text"], str):
            raise TypeError("the text is no string")
        return row["text"]
    if "source" in row:
        return " ".join(row["source"])
    quoted = _plain(row["summary"] if isinstance(row["summary"], str) else " ".join(row["summary"]))
    parts = []
    for section in row["sections"]:
        own = [sentence for sentence in section["sentences"] if (words := _plain(sentence)).count(" ") < _QUOTED or words not in quoted]
        title = str(section["title"]).strip()
        parts += [f"## {title}"] * bool(title) + [" ".join(own)]
    return "\n\n".join(parts)


def _plain(text: str) -> str:
    words = " ".join(_WORD.findall(text.lower()))
    return f" {words} "
