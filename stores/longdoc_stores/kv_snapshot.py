"""A decoder's cache copied whole to a folder, and opened from there: a document that was read once answers questions next week.

A snapshot is a folder at any fsspec location: of every tiered layer a safetensors file with its hot tokens, means and index, and its
segments as they lie in memory; of any other layer its state; and manifest.json, with SHA-256 of every file, which is written last: a
snapshot without one is not finished, and is none. In a local folder segments are mapped when it is opened, and read when they are
needed; what comes after is not written back.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from longdoc.errors import StoreDamagedError, UsageError
from longdoc_stores.kv_layer import TieredLayer
from longdoc_stores.kv_settings import LayerSettings
from longdoc_stores.kv_shelf import Slab, mapped
from longdoc_stores.locations import Location
from longdoc_stores.manifest import MANIFEST, read_manifest, write_manifest
from longdoc_stores.old_tokens import INDEXES

if TYPE_CHECKING:
    from longdoc_stores.kv_cache import TieredCache

FORMAT = 1
KIND = "longdoc decoder cache"
_KEPT = ("recent", "sinks", "block", "keys", "values", "page", "segment", "index")
"""Settings that belong to the snapshot; the others are the reader's."""
_SIDES = ("keys", "values")
_SAMPLE = 64


def save(cache: TieredCache, location: str | Path, model: Any, notes: Mapping[str, Any]) -> None:
    """See TieredCache.save."""
    place = Location(str(location))
    if place.exists(MANIFEST):
        raise UsageError(f"{location}: holds a snapshot already; name an empty folder")
    files: dict[str, dict[str, Any]] = {}

    def write(name: str, data: memoryview | bytes) -> str:
        place.write(name, data)
        files[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return name

    layers = []
    for number, layer in enumerate(cache.layers):
        if isinstance(layer, TieredLayer):
            layers.append(_save_tiered(layer, f"layer-{number:03d}", write))
        else:
            buffer = io.BytesIO()
            torch.save(_plain(vars(layer)), buffer)
            layers.append({"kind": type(layer).__name__, "state": write(f"layer-{number:03d}.pt", buffer.getvalue())})
    manifest = {
        "kind": KIND,
        "format": FORMAT,
        "model": digest(model),
        "settings": {name: getattr(cache.settings, name) for name in _KEPT},
        "tokens": cache.get_seq_length(),
        "notes": dict(notes),
        "layers": layers,
        "files": files,
    }
    write_manifest(place, manifest)


def restore(kind: type[TieredCache], location: str | Path, model: Any, settings: Mapping[str, Any]) -> TieredCache:
    """See TieredCache.restore."""
    place = Location(str(location))
    found = read_manifest(place, KIND, FORMAT, "read the document again")
    own, made = found["model"], digest(model)
    if own != made:
        different = [name for name in made if own.get(name) != made[name]]
        raise UsageError(
            f"{location}: the snapshot was made with another model ({', '.join(different)} differ: "
            f"{', '.join(str(own.get(name)) for name in different)} there, {', '.join(str(made[name]) for name in different)} here); "
            "load the model that read it, or read the document again"
        )
    fixed = [name for name in ("recent", "sinks") if name in settings]
    if fixed:
        raise UsageError(f"{', '.join(fixed)} cannot be chosen anew: they are part of the snapshot at {location}")
    given = dict(settings)
    base: LayerSettings = given.pop("settings", LayerSettings())
    kept = found["settings"]
    base = replace(base, **{name: kept[name] for name in _KEPT if name not in ("recent", "sinks")})
    cache = kind(model.config, recent=kept["recent"], sinks=kept["sinks"], settings=base, **given)
    if len(cache.layers) != len(found["layers"]):
        raise StoreDamagedError(f"{place}: the snapshot has {len(found['layers'])} layers, the model {len(cache.layers)}")
    device = next(model.parameters()).device
    for layer, state in zip(cache.layers, found["layers"], strict=True):
        if isinstance(layer, TieredLayer) != (state["kind"] == "tiered"):
            raise StoreDamagedError(f"{place}: a layer is {state['kind']} there and {type(layer).__name__} here")
        if isinstance(layer, TieredLayer):
            _restore_tiered(layer, state, place, found["files"], device)
        else:
            read = torch.load(io.BytesIO(_read(place, state["state"], found["files"])), weights_only=True, map_location=device)
            vars(layer).update(read)
    cache.notes = found["notes"]
    return cache


def digest(model: Any) -> dict[str, str]:
    """What tells models apart: the kind, the shapes and types of the weights, and a sample of their values."""
    shapes, values = hashlib.sha256(), hashlib.sha256()
    for name, weight in sorted(model.named_parameters()):
        shapes.update(f"{name} {list(weight.shape)} {weight.dtype};".encode())
        data = weight.detach()
        if type(data) in (Tensor, torch.nn.Parameter):  # quantised ones have no values of their own
            flat = data.flatten()
            step = max(1, len(flat) // _SAMPLE)
            values.update(flat[::step][:_SAMPLE].float().cpu().numpy().tobytes())
    config = model.config.get_text_config(decoder=True)
    return {"type": str(config.model_type), "weights' shapes": shapes.hexdigest()[:16], "weights' values": values.hexdigest()[:16]}


def _save_tiered(layer: TieredLayer, name: str, write: Any) -> dict[str, Any]:
    if layer.hot is None or layer.old is None:
        return {"kind": "tiered", "count": 0}
    tensors = {f"hot.{side}": tensor[:, :, : layer.count].contiguous().cpu() for side, tensor in zip(_SIDES, layer.hot, strict=True)}
    segments: dict[str, list[dict[str, Any]]] = {side: [] for side in _SIDES}
    old = layer.old
    if old.length:
        assert old.means is not None
        tensors["means"] = old.means.contiguous().cpu()
        tensors |= {f"index.{key}": tensor.contiguous().cpu() for key, tensor in old.index.state().items()}
        for side, part in zip(_SIDES, old.history.sides, strict=True):
            for number, segment in enumerate(part.segments):
                if segment.first * old.history.page < old.length:
                    file = write(f"{name}-{side}-{number}.bin", memoryview(segment.slab.data.numpy()))
                    segments[side].append({"file": file, "first": segment.first, "pages": segment.pages})
    return {
        "kind": "tiered",
        "count": layer.count,
        "room": layer.hot[0].shape[2],
        "old": old.length,
        "index": next(key for key, made in INDEXES.items() if isinstance(old.index, made)),
        "shapes": [list(part.shape) for part in old.history.sides],
        "dtype": str(layer.dtype).removeprefix("torch."),
        "tensors": write(f"{name}.safetensors", save_tensors(tensors)),
        "segments": segments,
    }


def _restore_tiered(layer: TieredLayer, state: dict[str, Any], place: Location, files: dict[str, Any], device: torch.device) -> None:
    if not state["count"]:
        return
    tensors = {name: tensor.to(device) for name, tensor in load_tensors(_read(place, state["tensors"], files)).items()}
    layer.settings = replace(layer.settings, index=state["index"])
    hot = tensors["hot.keys"], tensors["hot.values"]
    layer.lazy_initialization(*hot)
    # With the same room the same tokens leave the hot tier at the same time.
    layer.hot = tuple(torch.cat([side, side.new_empty(*side.shape[:2], state["room"] - side.shape[2], side.shape[3])], 2) for side in hot)
    layer.count = state["count"]
    old = layer.old
    assert old is not None
    if not state["old"]:
        return
    old.history.length, old.means = state["old"], tensors["means"]
    old.index.restore({name.removeprefix("index."): tensor for name, tensor in tensors.items() if name.startswith("index.")})
    for name, side, shape in zip(_SIDES, old.history.sides, state["shapes"], strict=True):
        side.shape, side.dtype = tuple(shape), layer.dtype
        for segment in state["segments"][name]:
            slab = _slab(place, segment["file"], files, side.slab_size(segment["pages"]))
            side.segments.append(side.segment(segment["first"], segment["pages"], side.shelf.take(slab)))


def _slab(place: Location, name: str, files: dict[str, Any], size: int) -> Slab:
    if files[name]["bytes"] != size:
        raise StoreDamagedError(f"{place}: {name} has {files[name]['bytes']} bytes, where {size} belong; read the document again")
    path = place.path_of(name)
    if path is None:
        return Slab(torch.frombuffer(bytearray(_read(place, name, files)), dtype=torch.uint8), False)
    if not path.exists() or path.stat().st_size != size:
        raise StoreDamagedError(f"{place}: {name} is missing or not whole; read the document again")
    data = mapped(path, size, shared=False)
    _check(place, name, files, memoryview(data.numpy()))
    return Slab(data, True)


def _read(place: Location, name: str, files: dict[str, Any]) -> bytes:
    try:
        data = place.read(name)
    except KeyError as error:
        raise StoreDamagedError(f"{place}: {name} is missing; read the document again") from error
    _check(place, name, files, data)
    return data


def _check(place: Location, name: str, files: dict[str, Any], data: memoryview | bytes) -> None:
    if len(data) != files[name]["bytes"] or hashlib.sha256(data).hexdigest() != files[name]["sha256"]:
        raise StoreDamagedError(f"{place}: the checksum of {name} does not match; read the document again")


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if not callable(value)}
