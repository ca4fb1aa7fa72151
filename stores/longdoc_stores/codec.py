"""Records to bytes and back: JSON under zlib for documents and chunks, safetensors for arrays. Nothing is pickled.

Axis legend: C chunks, S sentences, D vector size.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from longdoc.errors import StoreDamagedError, StoreError
from longdoc.protocols import Reading
from longdoc.types import Chunk, Document

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_CHUNKS = TypeAdapter(tuple[Chunk, ...])
_SENTENCE_PARTS = ("sentences", "chunk_of_sentence", "sentence_vectors", "salience")


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


def encode_reading(reading: Reading) -> tuple[bytes, bytes]:
    """(chunk vectors, the rest): a search needs the first alone."""
    chunks = save({"chunk_vectors": _contiguous(reading.chunk_vectors)})
    rest = save({name: _contiguous(getattr(reading, name)) for name in _SENTENCE_PARTS})
    return chunks, rest


def decode_vectors(data: bytes, key: str) -> npt.NDArray[np.float16]:
    """Chunk vectors [C, D].

    Raises: StoreDamagedError if the bytes are not what encode_reading made.
    """
    return _load(data, key, ("chunk_vectors",))["chunk_vectors"]


def decode_reading(chunks: bytes, rest: bytes, tokens: int, key: str) -> Reading:
    """The reading.

    Raises: StoreDamagedError if the bytes are not what encode_reading made.
    """
    parts = _load(rest, key, _SENTENCE_PARTS)
    return Reading(chunk_vectors=decode_vectors(chunks, key), tokens=tokens, **parts)


def check_reading(reading: Reading, chunks: Sequence[Chunk], reader: str) -> None:
    """Refuse a reading whose arrays do not fit together or hold a vector that is no number.

    Raises: StoreError that names the reader and both numbers.
    """
    import numpy as np

    sentences = len(reading.sentences)
    for name, found, expected in (
        ("chunk vectors", len(reading.chunk_vectors), len(chunks)),
        ("sentence vectors", len(reading.sentence_vectors), sentences),
        ("chunk numbers", len(reading.chunk_of_sentence), sentences),
        ("salience scores", len(reading.salience), sentences),
    ):
        if found != expected:
            raise StoreError(f"reader {reader!r} gave {found} {name}, not {expected}; nothing was stored")
    for name, array in (("chunk", reading.chunk_vectors), ("sentence", reading.sentence_vectors)):
        if not np.isfinite(array).all():
            raise StoreError(f"reader {reader!r} gave a {name} vector that is not a number; nothing was stored")


def dump_json(value: object) -> str:
    """JSON with one spelling: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _contiguous(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    import numpy as np

    return np.ascontiguousarray(array)


def _load(data: bytes, key: str, names: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    try:
        arrays: dict[str, npt.NDArray[Any]] = load(data)
        return {name: arrays[name] for name in names}
    except (SafetensorError, KeyError) as error:
        raise _damaged("arrays of", key) from error


def _damaged(what: str, key: str) -> StoreDamagedError:
    return StoreDamagedError(f"{what} {key} cannot be decoded; run `longdoc doctor --repair`, then ingest again")
