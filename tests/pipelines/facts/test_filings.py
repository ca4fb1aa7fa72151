"""Which form a document is filed on, and on which period it reports."""

from __future__ import annotations

from datetime import date

import pytest

from longdoc.ingest.parse import parse_bytes
from longdoc.types import Document
from longdoc_pipelines.facts.filings import Filing, filing_of

COVER = """UNITED STATES

SECURITIES AND EXCHANGE COMMISSION

Washington, D.C. 20549

FORM {form}

{kind} PURSUANT TO SECTION 13 OR 15(d) OF THE SECURITIES EXCHANGE ACT OF 1934

{period}

ALDER PUMPS, INC.

(Exact name of registrant as specified in its charter)

Net sales of the period were $41 million, up 4 percent from the year before.
"""
RELEASE = """Alder Pumps Announces Fourth Quarter Fiscal 2022 Results

DAYTON, Ohio - Alder Pumps, Inc. today announced net sales of $41 million for the fourth quarter and net income of $3 million.

For what could change our plans see our annual report on Form 10-K, filed with the Securities and Exchange Commission.
"""


def document(text: str, metadata: dict[str, str] | None = None) -> Document:
    return parse_bytes(text.encode(), "filing.txt", domain="financial").document.model_copy(update={"metadata": metadata or {}})


@pytest.mark.parametrize(
    ("form", "period", "expected"),
    [
        ("10-K", "For the fiscal year ended December 31, 2021", Filing("10-K", date(2021, 12, 31))),
        ("10-K/A", "For the fiscal year ended December 31, 2021", Filing("10-K/A", date(2021, 12, 31))),
        ("10-Q", "For the quarterly period ended July 2, 2023", Filing("10-Q", date(2023, 7, 2))),
        ("8-K", "Date of report (Date of earliest event reported): August 30, 2023", Filing("8-K")),
    ],
)
def test_the_cover_says_form_and_period(form: str, period: str, expected: Filing) -> None:
    assert filing_of(document(COVER.format(form=form, kind="REPORT", period=period))) == expected


def test_a_cover_without_the_name_of_the_commission_is_one_by_the_act() -> None:
    cover = COVER.format(form="10-K", kind="ANNUAL REPORT", period="For the fiscal year ended June 30, 2020")
    assert filing_of(document(cover.partition("Washington")[2])) == Filing("10-K", date(2020, 6, 30))


def test_a_release_of_results_is_known_by_what_it_announces_and_not_by_the_form_that_it_names() -> None:
    assert filing_of(document(RELEASE)) == Filing("earnings release")


def test_what_edgar_says_of_a_file_goes_before_its_cover() -> None:
    facts = {"form_type": "8-K", "document_type": "EX-10.1", "period_of_report": "2023-08-30"}
    assert filing_of(document(COVER.format(form="10-K", kind="ANNUAL REPORT", period=""), facts)).form == "EX-10.1"


def test_a_release_that_is_an_exhibit_is_a_release() -> None:
    assert filing_of(document(RELEASE, {"form_type": "8-K", "document_type": "EX-99.1"})).form == "earnings release"


@pytest.mark.parametrize(
    "text",
    [
        "We filed our annual report on Form 10-K with the Securities and Exchange Commission in March. Net sales grew.",
        "Operator: welcome to the earnings call, at which Alder Pumps reports results of the fourth quarter.",
        "Item 2. Properties\n\nWe own two plants in Ohio.",
    ],
)
def test_what_only_speaks_of_a_filing_is_none(text: str) -> None:
    assert filing_of(document(text)) == Filing()
