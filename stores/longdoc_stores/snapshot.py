"""A context copied whole to another place, and opened from there: another folder, another machine, object storage.

A snapshot is a folder at any fsspec location: shards of about 64 MB with the blocks one after the other, each block at the
precision that it has in the hottest tier that holds it, and manifest.json, which says where each block lies, with SHA-256 of every
shard. The manifest is written last: a snapshot without one is not finished, and is none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longdoc.errors import StoreDamagedError, StoreError, UsageError
from longdoc_stores.blocks import read_key
from longdoc_stores.context import ContextSettings, ContextStore
from longdoc_stores.locations import Location
from longdoc_stores.manifest import MANIFEST, read_manifest, write_manifest

if TYPE_CHECKING:
    import torch

FORMAT = 1
KIND = "longdoc context snapshot"
SHARD_BYTES = 64 << 20


@dataclass
class _Shard:
    """A shard being filled: its buffers, and (key, offset, layout number) of each block."""

    data: list[torch.Tensor] = field(default_factory=list)
    blocks: list[list[Any]] = field(default_factory=list)
    size: int = 0


def snapshot(context: ContextStore, location: str | Path) -> int:
    """Copy the flushed context to `location`, which must hold no snapshot yet; the number of blocks.

    Raises: UsageError if there is one; StoreError if the location cannot be written, or a document was forgotten meanwhile.
    """
    from longdoc_stores.packing import dump_layout

    place = Location(str(location))
    if place.exists(MANIFEST):
        raise UsageError(f"{location}: holds a snapshot already; name an empty location")
    context.flush()
    layouts: dict[bytes, int] = {}
    shards: list[dict[str, Any]] = []
    shard = _Shard()
    infos = context.blocks()
    for info in infos:
        try:
            value = context.value(info)
        except KeyError as error:
            raise StoreError(f"{context.folder}: {info.document} was forgotten while the snapshot was taken; take it again") from error
        number = layouts.setdefault(dump_layout(value.layout), len(layouts))
        shard.blocks.append([info.key, shard.size, number])
        shard.data.append(value.data.cpu())
        shard.size += value.nbytes
        if shard.size >= SHARD_BYTES:
            shards.append(_write(place, len(shards), shard))
            shard = _Shard()
    if shard.blocks:
        shards.append(_write(place, len(shards), shard))
    manifest = {
        "kind": KIND,
        "format": FORMAT,
        "width": context.width,
        "dtype": context.settings.dtype,
        "block_size": context.settings.block_size,
        "codec": context.settings.codec,
        "next": infos[-1].number + 1 if infos else 0,
        "layouts": [json.loads(layout) for layout in layouts],
        "shards": shards,
    }
    write_manifest(place, manifest)
    return len(infos)


def restore(location: str | Path, folder: Path | None, settings: ContextSettings | None = None) -> ContextStore:
    """The context of the snapshot at `location`, in `folder`, which must hold no context; all of it or nothing.

    The settings' dtype is the snapshot's; without settings block size and codec are too.

    Raises: StoreError if there is no snapshot, or the folder holds a context; StoreVersionError if a newer longdoc made it;
    StoreDamagedError if it is not whole.
    """
    from dataclasses import replace

    place = Location(str(location))
    manifest = read_manifest(place, KIND, FORMAT, "take the snapshot again")
    own = settings or ContextSettings(block_size=manifest["block_size"], codec=manifest["codec"])
    context = ContextStore(folder, manifest["width"], replace(own, dtype=manifest["dtype"]))
    try:
        if len(context):
            raise StoreError(f"{folder}: holds a context of {len(context)} blocks; restore into an empty folder")
        for key, value in _values(place, manifest):
            context.take(read_key(key), value)
        context.flush()
    except BaseException:
        context.close()
        raise
    return context


def _write(place: Location, number: int, shard: _Shard) -> dict[str, Any]:
    name = f"blocks-{number:05d}.bin"
    data = b"".join(memoryview(each.numpy()) for each in shard.data)
    place.write(name, data)
    return {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "blocks": shard.blocks}


def _values(place: Location, manifest: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    import torch

    from longdoc.protocols import Packed
    from longdoc_stores.packing import layout_size, load_layout

    layouts = [load_layout(json.dumps(layout, separators=(",", ":")).encode()) for layout in manifest["layouts"]]
    for shard in manifest["shards"]:
        try:
            data = place.read(shard["name"])
        except KeyError as error:
            raise StoreDamagedError(f"{place}: {shard['name']} is missing; take the snapshot again") from error
        if len(data) != shard["bytes"]:
            raise StoreDamagedError(f"{place}: {shard['name']} has {len(data)} of {shard['bytes']} bytes; take the snapshot again")
        if hashlib.sha256(data).hexdigest() != shard["sha256"]:
            raise StoreDamagedError(f"{place}: the checksum of {shard['name']} does not match; take the snapshot again")
        for key, offset, number in shard["blocks"]:
            block = bytearray(memoryview(data)[offset : offset + layout_size(layouts[number])])
            yield key, Packed(layouts[number], torch.frombuffer(block, dtype=torch.uint8))
