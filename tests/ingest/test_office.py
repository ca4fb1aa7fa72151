"""What LibreOffice converts, where it is installed; and what is said where it, or a package, is not."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ingest import office_samples as samples
from ingest import samples as documents
from ingest.contract import IngestorContract
from longdoc.errors import DamagedError, LimitError, UnsupportedError
from longdoc.ingest import office, parse_bytes
from longdoc.ingest.office import OfficeIngestor, kind_of
from longdoc.ingest.sniff import sniff
from longdoc.ingest.xls import XlsIngestor
from longdoc.protocols import Limits

RTF = rb"{\rtf1\ansi{\b Lease of the Mill}\par The lease runs for ten years.\par Rent is 1,577 dollars a month.\par}"


def packed(mimetype: str) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as target:
        target.writestr("mimetype", f"application/vnd.oasis.opendocument.{mimetype}")
        target.writestr("content.xml", "<x/>")
    return output.getvalue()


def converted(data: bytes, suffix: str, target: str, folder: Path) -> bytes:
    """The same document in another format, by LibreOffice as a person would have it."""
    program = shutil.which("soffice")
    assert program is not None
    (folder / f"a.{suffix}").write_bytes(data)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [program, profile, "--headless", "--convert-to", target, "--outdir", str(folder / "out"), str(folder / f"a.{suffix}")]
    subprocess.run(command, check=True, capture_output=True)
    return (folder / "out" / f"a.{target.partition(':')[0]}").read_bytes()


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (RTF, "a.txt", ".rtf"),
        (packed("text"), "a", ".odt"),
        (packed("spreadsheet"), "a", ".ods"),
        (packed("presentation"), "a", ".odp"),
        (samples.compound({"WordDocument": bytes(10)}), "a", ".doc"),
        (samples.compound({"PowerPoint Document": bytes(10)}), "a", ".ppt"),
        (b"\xffWPC1234", "a.wpd", ".wpd"),
    ],
)
def test_the_kind_is_told_from_the_content(data: bytes, name: str, kind: str) -> None:
    assert sniff(data, name) == "office"
    assert kind_of(data, name) == kind


def test_without_libreoffice_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "find_program", lambda: None)
    with pytest.raises(UnsupportedError, match=r"a\.rtf: a RTF file is read through LibreOffice.*apt-get install libreoffice-writer-nogui"):
        parse_bytes(RTF, "a.rtf")


@pytest.mark.parametrize(
    ("package", "data", "name"),
    [
        ("pptx", samples.slides(), "a.pptx"),
        ("oxmsg", samples.outlook("a", "b", "c"), "a.msg"),
        ("python_calamine", samples.compound({"Workbook": bytes(10)}), "a.xls"),
    ],
)
def test_without_its_package_a_format_says_what_to_install(monkeypatch: pytest.MonkeyPatch, package: str, data: bytes, name: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UnsupportedError, match=rf"{name}: .* needs .*: pip install 'longdoc\[office\]'"):
        parse_bytes(data, name)


def test_a_damaged_binary_workbook_is_damaged() -> None:
    with pytest.raises(DamagedError, match=r"a\.xls: not readable as an Excel workbook"):
        parse_bytes(samples.compound({"Workbook": bytes(range(256)) * 20})[:3000], "a.xls")


@pytest.mark.system
class TestRtf(IngestorContract):
    ingestor = OfficeIngestor
    suffix = ".rtf"

    def sample(self) -> bytes:
        return RTF

    def running_text(self) -> str:
        return "Lease of the Mill The lease runs for ten years. Rent is 1,577 dollars a month."


@pytest.mark.system
@pytest.mark.parametrize(
    ("data", "suffix", "target", "part"),
    [
        (documents.contract_docx(), "docx", "odt", "Invoices are paid within fourteen days."),
        (documents.contract_docx(), "docx", "doc", "Invoices are paid within fourteen days."),
        (samples.workbook(), "xlsx", "ods", "Net sales\t$81,400.50\t$77,900.00"),
        (samples.slides(), "pptx", "odp", "Upper left"),
        (samples.slides(), "pptx", "ppt", "Upper left"),
    ],
)
def test_other_formats_are_read_as_what_they_are_converted_to(data: bytes, suffix: str, target: str, part: str, tmp_path: Path) -> None:
    document = parse_bytes(converted(data, suffix, target, tmp_path), f"a.{target}").document
    assert part in document.text
    assert document.format == "office"
    assert document.metadata["original_format"] == target


@pytest.mark.system
def test_a_binary_workbook_is_read_with_its_dates(tmp_path: Path) -> None:
    document = parse_bytes(converted(samples.workbook(), "xlsx", "xls", tmp_path), "a.xls").document
    assert document.format == XlsIngestor.format
    assert "2023-12-31\t2022-12-31\nNet sales\t81400.5\t77900" in document.text


@pytest.mark.system
def test_what_takes_too_long_is_ended_with_all_that_it_started() -> None:
    with pytest.raises(LimitError, match="not converted by LibreOffice within the limit of 1 s for a file"):
        parse_bytes(RTF.replace(b"ten", b"ten " * 3_000_000), "a.rtf", limits=Limits(seconds=1))
    assert not [line for line in Path("/proc").glob("[0-9]*/cmdline") if b"longdoc-office-" in _content(line)]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
