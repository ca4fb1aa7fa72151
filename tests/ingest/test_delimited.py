"""CSV and TSV: the file is the text, its fields are cells."""

from __future__ import annotations

import pytest

from ingest.contract import IngestorContract
from longdoc.ingest import parse_bytes
from longdoc.ingest.delimited import DelimitedIngestor, find_delimiter

SAMPLE = 'Line,2023,2022\r\n"Net sales, total",81.4,77.9\r\n"Said ""no""",,(49.3)\r\n\r\n"two\nlines",1,2\r\n'


class TestCsv(IngestorContract):
    ingestor = DelimitedIngestor
    suffix = ".csv"

    def sample(self) -> bytes:
        return SAMPLE.encode()

    def running_text(self) -> str:
        return SAMPLE


def cells(data: bytes, name: str = "a.csv") -> list[tuple[int, int, str]]:
    document = parse_bytes(data, name).document
    return [(row, column, document.text[start:end]) for table in document.tables for row, column, _, _, start, end in table.cells]


def test_the_text_is_the_file_and_the_cells_point_into_it() -> None:
    assert parse_bytes(SAMPLE.encode(), "a.csv").document.text == SAMPLE
    assert cells(SAMPLE.encode()) == [
        *((0, 0, "Line"), (0, 1, "2023"), (0, 2, "2022"), (1, 0, "Net sales, total"), (1, 1, "81.4"), (1, 2, "77.9")),
        *((2, 0, 'Said ""no""'), (2, 2, "(49.3)"), (3, 0, "two\nlines"), (3, 1, "1"), (3, 2, "2")),
    ]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [("a;b;c\n1,5;2,5;3,5\n", ";"), ("a\tb\n1\t2\n", "\t"), ("a|b\n1|2\n", "|"), ("a,b\n1,2\n", ","), ("one\ntwo\n", None), ("", None)],
)
def test_the_delimiter_is_told_from_the_lines(text: str, delimiter: str | None) -> None:
    assert find_delimiter(text) == delimiter


def test_a_quote_that_is_never_closed_takes_its_line_as_it_is() -> None:
    assert cells(b'a,b\n"open,2\n3,4\n')[2:4] == [(1, 0, '"open'), (1, 1, "2")]


def test_other_encodings_are_read_as_in_a_text_file() -> None:
    assert cells("Straße\t1\nGröße\t2\n".encode("utf-16"), "a.tsv")[0] == (0, 0, "Straße")
