"""Formats are told apart by content, and what is not read is named with what to do."""

import io
import tarfile
import zipfile

import pytest

from ingest import samples
from longdoc.errors import DamagedError, EmptyFileError, InputError, UnsupportedError
from longdoc.ingest.sniff import sniff


def tar(name: str, content: bytes) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as target:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        target.addfile(entry, io.BytesIO(content))
    return output.getvalue()


def archive(*names: str, content: bytes = b"x") -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as target:
        for name in names:
            target.writestr(name, content)
    return output.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "format"),
    [
        (b"%PDF-1.4\n", "a.txt", "pdf"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "a.txt", "picture"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, "a", "picture"),
        (b"MM\x00*" + b"\0" * 50, "a.pdf", "picture"),
        (b"\n\njunk before %PDF-1.4\n", "a", "pdf"),
        (samples.contract_docx(), "a.pdf", "docx"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "a.txt", "html"),
        (b'<?xml version="1.0"?>\n<!-- made by -->\n<html xmlns="x"><body>x</body></html>', "a.xml", "html"),
        ("<html><p>x</p></html>".encode("utf-16"), "a.htm", "html"),
        (b"<DOCUMENT>\n<TYPE>10-K\n<TEXT>\n<html><body>x</body></html>", "filing.txt", "html"),
        (b"# Heading\n\ntext", "a.md", "markdown"),
        (archive("a.txt"), "a", "zip"),
        (archive("xl/workbook.xml", "[Content_Types].xml"), "a.zip", "xlsx"),
        (archive("xl/workbook.bin", "[Content_Types].xml"), "a", "xls"),
        (archive("ppt/presentation.xml"), "a", "pptx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "a.msg", "msg"),
        (archive("a.txt", content=b"%PDF-1.4\n"), "a", "zip"),
        (tar("a.pdf", b"%PDF-1.4\n"), "a", "tar"),
        (b"a,b\n1,2\n", "a.csv", "csv"),
        (b"a,b\n1,2\n", "a.txt", "txt"),
        (b"\x1f\x8b\x08", "a", "tar"),
        (b"# Heading\n\ntext", "a.txt", "txt"),
        (b"Plain words.", "a.docx", "txt"),
        (b"A <b>bold</b> claim about 1 < 2", "a.txt", "txt"),
        ("Größe".encode("utf-16-le") * 20, "a.txt", "txt"),
    ],
)
def test_the_content_decides_and_not_the_name(data: bytes, name: str, format: str) -> None:
    assert sniff(data, name) == format


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"GIF89a" + b"\0" * 50, "save it as PNG"),
        (bytes(range(256)) * 8, "binary file"),
        (b"\x7fELF" + b"\0" * 100, "a program"),
    ],
)
def test_other_formats_are_refused_with_what_to_do(data: bytes, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        sniff(data, "some/file")


def test_a_docx_that_is_no_docx_is_damaged() -> None:
    with pytest.raises(DamagedError, match="holds no Word document"):
        sniff(archive("other.xml"), "contract.docx")
    with pytest.raises(DamagedError, match="damaged DOCX"):
        sniff(b"PK\x03\x04" + b"rest is missing", "contract.docx")


def test_an_old_office_file_of_no_known_kind_is_damaged() -> None:
    with pytest.raises(DamagedError, match="save it as DOCX or PDF"):
        sniff(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "some/file")


@pytest.mark.parametrize("data", [b"", b"  \n\t"])
def test_an_empty_file_is_empty(data: bytes) -> None:
    with pytest.raises(EmptyFileError):
        sniff(data, "a.pdf")


@pytest.mark.parametrize("data", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(range(256)) * 8, b"PK\x03\x04"])
def test_every_refusal_names_the_file(data: bytes) -> None:
    with pytest.raises(InputError, match="folder/some file"):
        sniff(data, "folder/some file")
