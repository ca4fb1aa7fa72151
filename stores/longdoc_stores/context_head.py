"""The head of a context: how wide its states are, their dtype, and the number of the next block.

It is written as a key, like all that is known of the blocks: one list of the keys is then one state of the context, whoever
writes meanwhile, and a context opens without reading a value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from longdoc.errors import StoreDamagedError, StoreVersionError
from longdoc_stores.blocks import BlockInfo, read_key

FORMAT = 1
_PREFIX = "head "


@dataclass(frozen=True, slots=True)
class Head:
    """Width and dtype of the states; `next` is larger than the number of any block that was ever flushed."""

    width: int
    dtype: str
    next: int

    def key(self) -> str:
        """The key that says this."""
        return _PREFIX + json.dumps({"format": FORMAT, **asdict(self)}, separators=(",", ":"))


def is_head(key: str) -> bool:
    """Whether this is the key of a head."""
    return key.startswith(_PREFIX)


def read_keys(keys: Iterable[str], place: str) -> tuple[Head | None, list[BlockInfo]]:
    """The head, None of a context in which nothing was flushed yet, and the blocks in order.

    Raises: StoreVersionError if a newer longdoc wrote it; StoreDamagedError.
    """
    heads, infos = [], []
    for key in keys:
        if is_head(key):
            heads.append(_read(key, place))
        else:
            infos.append(read_key(key))
    if len(heads) > 1 or (infos and not heads):
        raise StoreDamagedError(f"{place}: the context has {len(heads)} heads; move it away and read the documents again")
    infos.sort(key=lambda info: info.number)
    return (heads[0] if heads else None), infos


def _read(key: str, place: str) -> Head:
    try:
        head = json.loads(key[len(_PREFIX) :])
        form, width, dtype, following = int(head["format"]), head["width"], head["dtype"], head["next"]
    except (ValueError, TypeError, KeyError) as error:
        raise StoreDamagedError(f"{place}: the head of the context cannot be read; move it away and read the documents again") from error
    if form > FORMAT:
        raise StoreVersionError(f"{place}: the context has format {form}, this longdoc reads up to {FORMAT}; upgrade longdoc")
    return Head(int(width), str(dtype), int(following))
