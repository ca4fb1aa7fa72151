"""Documents and chunks to bytes and back: JSON under zlib. Nothing is pickled."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from longdoc.errors import StoreDamagedError
from longdoc.types import Chunk, Document

_CHUNKS = TypeAdapter(tuple[Chunk, ...])


def encode_document(document: Document) -> bytes:
    """The document without its path: the same content may lie at several."""
    return zlib.compress(document.model_copy(update={"path": ""}).model_dump_json().encode("utf-8", "surrogatepass"))


def decode_document(data: bytes, key: str) -> Document:
    """The document, its path empty.

    Raises: StoreDamagedError if the bytes are not what encode_document made.
    """
    try:
        return Document.model_validate_json(zlib.decompress(data))
    except (zlib.error, ValidationError) as error:
        raise _damaged("document", key) from error


def encode_chunks(chunks: Sequence[Chunk]) -> bytes:
    """The chunks in order."""
    return zlib.compress(_CHUNKS.dump_json(tuple(chunks)))


def decode_chunks(data: bytes, key: str) -> tuple[Chunk, ...]:
    """The chunks in order.

    Raises: StoreDamagedError if the bytes are not what encode_chunks made.
    """
    try:
        return _CHUNKS.validate_json(zlib.decompress(data))
    except (zlib.error, ValidationError) as error:
        raise _damaged("chunks of document", key) from error


def dump_json(value: object) -> str:
    """JSON with one spelling: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _damaged(what: str, key: str) -> StoreDamagedError:
    return StoreDamagedError(f"{what} {key} cannot be decoded; run `longdoc doctor --repair`, then ingest again")
