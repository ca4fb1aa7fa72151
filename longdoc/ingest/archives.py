"""ZIP and tar archives, and single files packed with gzip, bzip2 or xz: nothing but members.

Folders, hidden files and what macOS adds are passed over, as in a folder; links and devices are named but never followed.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from longdoc.errors import DamagedError, EncryptedError, InputError, LimitError, UnsupportedError
from longdoc.ingest.containers import SMALL, Member, check_unpacked
from longdoc.protocols import Limits

_UTF8_NAME = 0x800
_ENCRYPTED = 1
_AES = 99
_PACKED: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError, OSError, IndexError)


class ZipContainer:
    """Unpacks ZIP archives, those encrypted in the old way with a password."""

    format = "zip"

    def members(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Iterator[Member]:
        """The files in the archive's order. Raises: DamagedError; LimitError before anything is unpacked."""
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except (*_BROKEN, NotImplementedError) as error:
            raise DamagedError(f"{name}: a damaged zip archive ({error}); get the file again or save it anew") from error
        with archive:
            named = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
            files = [entry for entry in named if not _passed_over(_zip_name(entry))]
            check_unpacked(len(files), sum(entry.file_size for entry in files), name=name, size=len(data), limits=limits)
            for entry in files:
                yield _unzip(archive, entry, f"{name}/{_zip_name(entry)}", password)


class TarContainer:
    """Unpacks tar archives, packed or not; a packed file that is no archive has one member."""

    format = "tar"

    def members(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Iterator[Member]:
        """The files in the archive's order. Raises: DamagedError, LimitError."""
        packed = next((reader for magic, reader in _PACKED.items() if data.startswith(magic)), None)
        try:
            if packed is not None and not _holds_tar(packed, data):
                yield Member(_unpacked_name(name), _unpack(packed, data, name, limits))
                return
            with tarfile.open(fileobj=io.BytesIO(data), mode="r|*") as archive:
                yield from _untar(archive, name, len(data), limits)
        except _BROKEN as error:
            raise DamagedError(f"{name}: a damaged archive ({error}); get the file again or pack it anew") from error


def _holds_tar(packed: Callable[..., Any], data: bytes) -> bool:
    with packed(io.BytesIO(data)) as file:
        return bool(file.read(tarfile.BLOCKSIZE)[257:262] == b"ustar")


def _zip_name(entry: zipfile.ZipInfo) -> str:
    """Archives whose names are not marked as UTF-8 often hold UTF-8 all the same; by the standard they are code page 437."""
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return entry.filename


def _unzip(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str, password: str | None) -> Member:
    name = _zip_name(entry)
    dated = {"modified": "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*entry.date_time)}
    try:
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UnsupportedError(f"{where}: a link, which is not followed")
        if entry.compress_type == _AES or (entry.flag_bits & _ENCRYPTED and password is None):
            advice = "unpack it first" if entry.compress_type == _AES else "give the password with --password"
            raise EncryptedError(f"{where}: encrypted; {advice}")
        return Member(name, archive.read(entry, pwd=password.encode() if password else None), dated)
    except InputError as error:
        return Member(name, b"", dated, error)
    except NotImplementedError as error:
        return Member(name, b"", dated, UnsupportedError(f"{where}: packed in a way that cannot be read ({error}); unpack it first"))
    except RuntimeError as error:
        if not entry.flag_bits & _ENCRYPTED:
            raise
        return Member(name, b"", dated, EncryptedError(f"{where}: the password does not fit ({error})"))
    except _BROKEN as error:
        return Member(name, b"", dated, DamagedError(f"{where}: damaged inside the archive ({error}); get the file again"))


def _untar(archive: tarfile.TarFile, name: str, size: int, limits: Limits) -> Iterator[Member]:
    count = total = 0
    for entry in archive:
        if entry.isdir() or _passed_over(entry.name):
            continue
        count, total = count + 1, total + (entry.size if entry.isreg() else 0)
        # Told by the header, before a byte of it is unpacked.
        check_unpacked(count, total, name=name, size=size, limits=limits)
        if not entry.isreg():
            yield Member(entry.name, b"", {}, UnsupportedError(f"{name}/{entry.name}: a link or device, which is not followed"))
            continue
        content = archive.extractfile(entry)
        yield Member(entry.name, content.read() if content else b"")


def _unpack(packed: Callable[..., Any], data: bytes, name: str, limits: Limits) -> bytes:
    most = min(limits.unpacked, max(SMALL, limits.ratio * len(data)))
    with packed(io.BytesIO(data)) as file:
        content: bytes = file.read(most + 1)
    if len(content) > most:
        raise LimitError(f"{name}: unpacks to {len(content)} bytes or more, the limit is {most}; unpack it if you trust it")
    return content


def _unpacked_name(name: str) -> str:
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in (".gz", ".bz2", ".xz") else f"{path.name}.unpacked"


def _passed_over(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any((part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in parts)
