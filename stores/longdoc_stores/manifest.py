"""The manifest of a snapshot: JSON behind its SHA-256, written last, so that a snapshot without one is not finished.

It says of what kind it is and in what format, so that another's, or a newer one's, is not taken for it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from longdoc.errors import StoreDamagedError, StoreError, StoreVersionError
from longdoc_stores.locations import Location

MANIFEST = "manifest.json"


def write_manifest(place: Location, manifest: dict[str, Any]) -> None:
    """Write it; with it the snapshot is finished. Raises: StoreError if the location cannot be written."""
    body = json.dumps(manifest, separators=(",", ":")).encode()
    place.write(MANIFEST, hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def read_manifest(place: Location, kind: str, newest: int, advice: str) -> dict[str, Any]:
    """That of a snapshot of this kind, of a format up to `newest`; `advice` says what to do where it is damaged.

    Raises: StoreError if there is none; StoreVersionError if a newer longdoc made it; StoreDamagedError if it is not whole.
    """
    try:
        checksum, _, body = place.read(MANIFEST).partition(b"\n")
    except KeyError as error:
        raise StoreError(f"{place}: no snapshot there (no {MANIFEST}); it was not finished, or the location is another") from error
    try:
        manifest = json.loads(body)
        found, form = manifest["kind"], int(manifest["format"])
    except (ValueError, TypeError, KeyError) as error:
        raise StoreDamagedError(f"{place}: {MANIFEST} is cut short or no snapshot's; {advice}") from error
    if found != kind:
        raise StoreDamagedError(f"{place}: {MANIFEST} is of a {found!r}, not of a {kind}")
    if form > newest:
        raise StoreVersionError(f"{place}: the snapshot has format {form}, this longdoc reads up to {newest}; upgrade longdoc")
    if hashlib.sha256(body).hexdigest().encode() != checksum:
        raise StoreDamagedError(f"{place}: the checksum of {MANIFEST} does not match; {advice}")
    return dict(manifest)
