"""Data files for training, read by the line, plain or gzipped."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

from longdoc.errors import DamagedError, NotFoundError


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of `path` that are not blank, with their numbers from 1.

    Raises: NotFoundError; DamagedError if the file cannot be unpacked or is no UTF-8.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, line
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such file") from error
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DamagedError(f"{path}: cannot be read ({error}); get the file again") from error


def sha256_of(path: Path) -> str:
    """The digest of a file.

    Raises: NotFoundError.
    """
    if not path.is_file():
        raise NotFoundError(f"{path}: no such file")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
