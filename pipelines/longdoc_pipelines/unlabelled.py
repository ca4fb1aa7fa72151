"""Unlabelled text for training: sentences from files of any kind of lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from longdoc.errors import DamagedError
from longdoc.model.sentences import split_text
from longdoc.model.short_texts import FEWEST_CHARACTERS
from longdoc_pipelines.lines import numbered_lines

_JSON = (".jsonl", ".json")


def sentences_in(path: Path) -> Iterator[str]:
    """The sentences in `path`: of every string in the rows of JSON lines (at any depth), or of the lines of a text; gzipped or not.

    Raises: NotFoundError; DamagedError with the line that cannot be read.
    """
    as_json = (Path(path.stem) if path.suffix == ".gz" else path).suffix in _JSON
    for number, line in numbered_lines(path):
        for text in _strings(_parsed(line, path, number)) if as_json else (line,):
            yield from (text[start:end] for start, end in split_text(text) if end - start > FEWEST_CHARACTERS)


def _parsed(line: str, path: Path, number: int) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise DamagedError(
            f"{path}, line {number}: not JSON ({error}); --texts takes JSON lines, or plain text under another name"
        ) from error


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
