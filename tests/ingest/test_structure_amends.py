"""What a document says that it amends."""

import pytest

from ingest.structure_samples import FILLER, paragraphs, read
from longdoc.ingest.amends import amends_by_title


@pytest.mark.parametrize(
    ("title", "opening", "expected"),
    [
        (
            "FIRST AMENDMENT TO SERVICES AGREEMENT",
            "This First Amendment amends the Services Agreement dated March 1, 2021 between the parties.",
            ("Services Agreement", "2021-03-01"),
        ),
        (
            "AMENDMENT NO. 2",
            "This Amendment No. 2 to the Supply and Milling Agreement, dated as of 5 May 2020, is made today.",
            ("Supply and Milling Agreement", "2020-05-05"),
        ),
        ("ADDENDUM TO LEASE", "This Addendum is made today between the miller and the baker.", ("LEASE", None)),
        (
            "AMENDED AND RESTATED CREDIT AGREEMENT",
            "This agreement amends and restates in its entirety the Credit Agreement dated as of June 30, 2019.",
            ("Credit Agreement", "2019-06-30"),
        ),
        (
            "SUPPLY AGREEMENT",
            "This Supply Agreement may be changed by an amendment to this Supply Agreement dated after May 1, 2021.",
            None,
        ),
    ],
)
def test_an_amendment_names_what_it_amends(title: str, opening: str, expected: tuple[str, str | None] | None) -> None:
    document = read(paragraphs(title, opening, "1. Change. " + FILLER, "2. Rest. " + FILLER))
    amended = document.amends
    assert (None if amended is None else (amended.title, amended.date)) == expected
    if amended is not None and amended.title is not None:
        assert amended.title in " ".join(document.quote(amended.span).split())


@pytest.mark.parametrize(
    ("title", "amends"),
    [
        ("First Amendment to Services Agreement", True),
        ("Amended and Restated Services Agreement", False),
        ("Amendment to Amended and Restated Services Agreement", True),
        ("Services Agreement", False),
    ],
)
def test_what_restates_stands_for_itself(title: str, amends: bool) -> None:
    assert amends_by_title(title) is amends
