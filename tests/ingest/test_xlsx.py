"""Workbooks: every sheet by its name, values as a person sees them."""

from __future__ import annotations

from datetime import datetime

import openpyxl
import pytest

from ingest import office_samples as samples
from ingest.contract import IngestorContract
from longdoc.errors import DamagedError, EmptyFileError, EncryptedError, LimitError
from longdoc.ingest import parse_bytes
from longdoc.ingest.number_format import shown
from longdoc.ingest.xlsx import XlsxIngestor
from longdoc.protocols import Limits

TEXT = (
    "Income\n\nHarbour Mills Ltd.\n\nLine\tYear ended\n2023-12-31\t2022-12-31\nNet sales\t$81,400.50\t$77,900.00\nGrowth\t4.5%\t-1.2%\n"
    "Loss on sale\t(52)\tTRUE\n\nDrafts\n\nOnly a draft"
)


class TestXlsx(IngestorContract):
    ingestor = XlsxIngestor
    suffix = ".xlsx"

    def sample(self) -> bytes:
        return samples.workbook()

    def running_text(self) -> str:
        return TEXT


def test_sheets_are_sections_and_values_are_shown_as_excel_shows_them() -> None:
    document = parse_bytes(samples.workbook(), "a.xlsx").document
    assert document.text == TEXT
    assert [section.title for section in document.sections] == ["Income", "Drafts"]
    assert document.metadata["hidden_sheets"] == "Drafts"
    assert document.pages == ()
    (table,) = document.tables
    assert [cell[:4] for cell in table.cells][:4] == [(0, 0, 1, 1), (0, 1, 1, 2), (1, 1, 1, 1), (1, 2, 1, 1)]
    assert (table.header_rows, table.unit) == (2, "USD")


def test_a_comment_hangs_on_its_cell() -> None:
    document = parse_bytes(samples.workbook(), "a.xlsx").document
    (comment,) = document.asides
    assert (comment.text, comment.author, comment.name) == ("Check with audit", "Ines", "Income!B5")
    assert comment.anchor is not None
    assert document.text[comment.anchor :].startswith("$81,400.50")


def test_a_formula_is_read_by_its_cached_value_and_never_computed() -> None:
    assert parse_bytes(samples.formula(cached=True), "a.xlsx").document.text.endswith("Total\n\n2")
    assert parse_bytes(samples.formula(cached=False), "a.xlsx").document.text.endswith("Total")


@pytest.mark.parametrize(
    ("value", "number_format", "words"),
    [
        (1234.5, "General", "1234.5"),
        (0.1 + 0.2, "General", "0.3"),
        (1234567, "#,##0", "1,234,567"),
        (1234567, '#,##0.0,,"m"', "1.2m"),
        (-5.5, "0.00;[Red](0.00)", "(5.50)"),
        (-5.5, "0.00", "-5.50"),
        (2.5, "0", "3"),
        (0, '0;-0;"nil"', "0"),
        (0.5, "0%", "50%"),
        (5, "[$€-407] #,##0.00", "€ 5.00"),
        (5, '_("$"* #,##0_)', "$5"),
        (1.5, "0.##", "1.5"),
        (2, "0.00E+00", "2"),
        (datetime(2024, 1, 31, 12, 30), "m/d/yy", "2024-01-31 12:30:00"),
        (datetime(2024, 1, 31), "m/d/yy", "2024-01-31"),
        (float("inf"), "0.0", "inf"),
        (False, "General", "FALSE"),
        ("words", "0", "words"),
    ],
)
def test_number_formats(value: object, number_format: str, words: str) -> None:
    assert shown(value, number_format) == words


def test_more_cells_than_the_limit_are_refused_before_they_are_made() -> None:
    with pytest.raises(LimitError, match=r"has \d+ cells, the limit is 5"):
        parse_bytes(samples.workbook(), "a.xlsx", limits=Limits(parts=5))


def test_a_million_sheets_are_refused_with_both_numbers() -> None:
    many = b"<sheets>" + b'<sheet name="x" sheetId="9" r:id="rId1"/>' * 3000
    with pytest.raises(LimitError, match=r"has 3002 sheets, the limit is 2000"):
        parse_bytes(samples.replaced(samples.workbook(), "xl/workbook.xml", b"<sheets>", many), "a.xlsx", limits=Limits(ratio=10_000))


def test_entities_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet'
    data = samples.replaced(samples.workbook(), "xl/worksheets/sheet1.xml", b"<worksheet", bomb)
    with pytest.raises(DamagedError, match="declares a document type"):
        parse_bytes(data, "a.xlsx")


def test_a_workbook_with_nothing_in_it_is_empty() -> None:
    import io

    output = io.BytesIO()
    openpyxl.Workbook().save(output)
    with pytest.raises(EmptyFileError, match="without any text"):
        parse_bytes(output.getvalue(), "a.xlsx")


def test_an_encrypted_workbook_is_said_to_be_one() -> None:
    with pytest.raises(EncryptedError, match="save it without a password"):
        parse_bytes(samples.compound({"EncryptedPackage": bytes(5000), "EncryptionInfo": bytes(5000)}), "a.xlsx")
