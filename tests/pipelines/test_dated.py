"""The date that a document bears."""

from __future__ import annotations

import pytest

from longdoc.types import Document
from longdoc_pipelines.dated import document_date


def dated(text: str, **metadata: str) -> str | None:
    return document_date(Document(id="d", path="d", format="text", text=text, metadata=metadata))


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("ANNUAL REPORT filed February 7, 2019\nFor the fiscal year ended December 31, 2018", "2018-12-31"),
        ("FORM 10-Q\nFor the quarterly period ended June 30, 2023", "2023-06-30"),
        ("FORM 8-K\nDate of Report (Date of earliest event reported): August 30, 2023", "2023-08-30"),
        ("This Agreement amends the agreement signed in May 2010 and is entered into as of March 1, 2021.", "2021-03-01"),
        ("Approved: December 4, 2024\nEffective: January 1, 2025", "2025-01-01"),
        ("Minutes\n\n12 May 2022\n\nPresent were", "2022-05-12"),
        ("A recipe for bread", None),
        ("word " * 2000 + "as of March 1, 2021", None),
    ],
)
def test_the_date_is_that_of_the_period_or_day_that_the_front_speaks_of(text: str, date: str | None) -> None:
    assert dated(text) == date


def test_what_tags_and_headers_state_comes_first_and_dates_of_the_file_do_not_count() -> None:
    assert dated("Dated as of May 1, 2001", period_of_report="2020-12-31") == "2020-12-31"
    assert dated("Hello", date="Tue, 5 Mar 2024 10:00:00 +0100") == "2024-03-05"
    assert dated("Hello", created="D:20230105161720") is None


@pytest.mark.parametrize("header", ["Tue, 5 Mar 99999999999999999999 10:00:00 +0100", "Tue, 35 Mar 2024 99:00:00 +9999999999", "yesterday"])
def test_a_date_that_is_none_is_unknown(header: str) -> None:
    assert dated("Hello", date=header) is None
