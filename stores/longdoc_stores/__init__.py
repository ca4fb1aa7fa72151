"""Where longdoc keeps what it has read: the corpus folder (corpus.py), stores of bytes, the vector index, a decoder's keys and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longdoc_stores.kv_cache import TieredCache

__all__ = ["TieredCache"]


def __getattr__(name: str) -> Any:
    if name == "TieredCache":  # needs torch and transformers, which a look-up in a corpus does not
        from longdoc_stores.kv_cache import TieredCache

        return TieredCache
    raise AttributeError(f"module 'longdoc_stores' has no attribute {name!r}")
