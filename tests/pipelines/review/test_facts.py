"""Which documents of a run amend which."""

from __future__ import annotations

import pytest

from longdoc_pipelines.review.facts import Facts, _target, amended


def facts(path: str, kind: str, parties: str, dates: str = "", named: str = "") -> Facts:
    def split(text: str) -> tuple[str, ...]:
        return tuple(sorted(text.split()))

    return Facts(path, path, kind, _target(kind), split(parties), split(dates), split(f"{named} {dates}"))


SERVICES = facts("msa.pdf", "Services Agreement", "alder birch retail", "2021-03-01")
SUPPLY = facts("supply.pdf", "Supply Agreement", "alder birch retail", "2022-05-01")
OTHERS = facts("other.pdf", "Services Agreement", "cedar dogwood", "2021-03-01")


@pytest.mark.parametrize(
    ("amendment", "expected"),
    [
        (facts("a.pdf", "First Amendment to Services Agreement", "alder birch retail", "2023-01-01", "2021-03-01"), "msa.pdf"),
        (facts("a.pdf", "First Amendment to Services Agreement", "alder birch retail", "2023-01-01"), "msa.pdf"),
        (facts("a.pdf", "AMENDMENT NO. 2", "alder birch retail", "2023-01-01", "2022-05-01"), "supply.pdf"),
        (facts("a.pdf", "Addendum", "alder birch retail", "2023-01-01"), None),
        (facts("a.pdf", "First Amendment to Lease Agreement", "alder birch retail", "2023-01-01"), None),
        (facts("a.pdf", "First Amendment to Services Agreement", "elm fir", "2023-01-01", "2021-03-01"), None),
        (facts("a.pdf", "Amended and Restated Services Agreement", "alder birch retail", "2023-01-01", "2021-03-01"), None),
    ],
)
def test_an_amendment_is_known_by_parties_and_by_title_or_date(amendment: Facts, expected: str | None) -> None:
    assert amended([SERVICES, SUPPLY, OTHERS, amendment]).get("a.pdf") == expected


def test_what_could_amend_either_of_two_is_left_alone() -> None:
    twin = facts("msa-copy.pdf", "Services Agreement", "alder birch retail", "2021-03-01")
    amendment = facts("a.pdf", "First Amendment to Services Agreement", "alder birch retail", "2023-01-01", "2021-03-01")
    assert amended([SERVICES, twin, amendment]) == {}


def test_facts_survive_being_stored() -> None:
    assert Facts.from_json(SERVICES.to_json(), SERVICES.path, SERVICES.document_key) == SERVICES
