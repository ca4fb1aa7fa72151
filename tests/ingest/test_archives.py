"""Archives are unpacked within limits, whatever they hold."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest

from longdoc.errors import DamagedError, EmptyFileError, EncryptedError, LimitError, UnsupportedError
from longdoc.ingest import open_bytes, parse_bytes
from longdoc.protocols import Limits

TEXT = b"The lease runs for ten years.\n"


def tarred(mode: str = "w", link: str | None = None) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode=mode) as target:
        for name in ("law/lease.txt", ".hidden"):
            entry = tarfile.TarInfo(name)
            entry.size = len(TEXT)
            target.addfile(entry, io.BytesIO(TEXT))
        if link:
            entry = tarfile.TarInfo("link.txt")
            entry.type, entry.linkname = tarfile.SYMTYPE, link
            target.addfile(entry)
    return output.getvalue()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_archive_is_unpacked_however_it_is_packed(mode: str) -> None:
    opened = open_bytes(tarred(mode), "a.tar")
    assert opened.parsed is None
    assert [(member.name, member.data) for member in opened.members] == [("law/lease.txt", TEXT)]


@pytest.mark.parametrize(("pack", "suffix"), [(gzip.compress, ".gz"), (bz2.compress, ".bz2"), (lzma.compress, ".xz")])
def test_a_packed_file_has_one_member(pack: object, suffix: str) -> None:
    opened = open_bytes(pack(TEXT), f"docs/lease.txt{suffix}")  # type: ignore[operator]
    assert [(member.name, member.data) for member in opened.members] == [("lease.txt", TEXT)]


def test_a_link_in_a_tar_archive_is_told_and_not_followed() -> None:
    link = open_bytes(tarred(link="/etc/passwd"), "a.tar").members[-1]
    assert link.data == b""
    assert isinstance(link.problem, UnsupportedError)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_bomb_is_refused_with_both_numbers(pack: object) -> None:
    with pytest.raises(LimitError, match=r"unpacks to 20971521 bytes or more, the limit is 20971520"):
        open_bytes(pack(bytes(32 << 20)), "a.txt.gz", limits=Limits(unpacked=20 << 20, ratio=10_000_000))  # type: ignore[operator]


def test_a_tar_bomb_is_refused_by_what_its_header_says() -> None:
    entry = tarfile.TarInfo("zeros")
    entry.size = 1 << 40
    with pytest.raises(LimitError, match=rf"unpacks to {1 << 40} bytes"):
        open_bytes(gzip.compress(entry.tobuf()), "a.tar.gz")


@pytest.mark.parametrize(
    ("data", "name"),
    [(tarred("w:gz")[:60], "a.tgz"), (b"PK\x03\x04rest", "a.zip"), (gzip.compress(TEXT)[:20], "a.gz"), (b"BZh9rest", "a.bz2")],
    ids=["tgz", "zip", "gz", "bz2"],  # not the bytes, which hold the time
)
def test_a_damaged_archive_is_damaged(data: bytes, name: str) -> None:
    with pytest.raises(DamagedError, match=name):
        open_bytes(data, name)


def test_a_member_without_a_name_has_one() -> None:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr("a", TEXT)
    # The name's only character and its length, in the entry and in the central directory.
    data = output.getvalue()
    nameless = data[:26] + b"\0\0" + data[28:30] + data[31:]
    central = nameless.index(b"PK\x01\x02")
    end = nameless.index(b"PK\x05\x06")
    nameless = nameless[: central + 28] + b"\0\0" + nameless[central + 30 : central + 46] + nameless[central + 47 : end] + data[-22:-10]
    nameless += (end - 1 - central).to_bytes(4, "little") + central.to_bytes(4, "little") + b"\0\0"
    assert [member.name for member in open_bytes(nameless, "a.zip").members] == ["unnamed"]


def test_an_archive_without_files_is_empty() -> None:
    output = io.BytesIO()
    zipfile.ZipFile(output, "w").close()
    with pytest.raises(EmptyFileError, match="holds no files"):
        open_bytes(output.getvalue(), "a.zip")


def test_an_archive_is_no_document() -> None:
    with pytest.raises(UnsupportedError, match="has no text of its own"):
        parse_bytes(tarred(), "a.tar")


def zipped(flags: int = 0, method: int = 0, name: bytes = b"a.txt") -> bytes:
    """An archive of one stored member whose header says what is asked."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as target:
        target.writestr("a.txt", TEXT)
    data = bytearray(output.getvalue().replace(b"a.txt", name))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.index(mark) + at
        data[start : start + 4] = flags.to_bytes(2, "little") + method.to_bytes(2, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "password", "error", "message"),
    [
        (zipped(flags=1), None, EncryptedError, r"a\.zip/a\.txt: encrypted; give the password with --password"),
        (zipped(flags=1), "secret", EncryptedError, "the password does not fit"),
        (zipped(flags=1, method=99), "secret", EncryptedError, "unpack it first"),
        (zipped(method=97), None, UnsupportedError, "packed in a way that cannot be read"),
        (zipped().replace(b"ten years", b"two years"), None, DamagedError, "damaged inside the archive"),
    ],
)
def test_a_member_that_cannot_be_read_is_told_and_the_others_go_on(
    data: bytes, password: str | None, error: type[Exception], message: str
) -> None:
    (member,) = open_bytes(data, "a.zip", password=password).members
    assert isinstance(member.problem, error)
    with pytest.raises(error, match=message):
        raise member.problem


def test_names_in_utf_8_that_are_not_marked_as_such_are_read() -> None:
    assert [member.name for member in open_bytes(zipped(name="\u00e9.tx".encode()), "a.zip").members] == ["\u00e9.tx"]
