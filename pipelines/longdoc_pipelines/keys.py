"""Keys under which the corpus keeps results."""

from __future__ import annotations

import hashlib
from typing import Any


def result_key(kind: str, *parts: Any) -> str:
    """A key that is another one as soon as any part is: document key, reader, label set, settings, code version."""
    return f"{kind}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:40]}"
