"""Two versions of a document whose differences are known."""

from __future__ import annotations

import random

import pytest

from longdoc.ingest import parse_bytes
from longdoc.types import Comparison, Difference, Document
from longdoc_pipelines.compare import compare

TOPICS = (
    *("fees", "deliveries", "audits", "insurance", "personnel", "records"),
    *("travel", "training", "premises", "software", "licences", "reports"),
)
SECTIONS = [
    (
        topic.title(),
        f"The supplier keeps {topic} in good order and tells the customer of every change to {topic} within {number + 10} days. "
        f"Costs of {topic} above ${number + 1},000 are borne by the party that caused them, as agreed on March {number + 1}, 2021.",
    )
    for number, topic in enumerate(TOPICS)
]


def written(sections: list[tuple[str, str]]) -> Document:
    text = "\n\n".join(f"{number}. {title}\n\n{body}" for number, (title, body) in enumerate(sections, 1))
    return parse_bytes(text.encode(), "contract.txt").document


def compared(before: list[tuple[str, str]], after: list[tuple[str, str]]) -> Comparison:
    return compare(written(before), written(after))


def only(comparison: Comparison) -> Difference:
    (difference,) = comparison.differences
    return difference


def test_a_document_does_not_differ_from_itself() -> None:
    comparison = compared(SECTIONS, SECTIONS)
    assert (comparison.differences, comparison.same) == ((), 1.0)


def test_an_added_section_is_one_difference_and_its_followers_only_renumbered() -> None:
    new = ("Secrecy", "Neither party tells anyone what it learns of the other, for five years after the end.")
    difference = only(compared(SECTIONS, [*SECTIONS[:4], new, *SECTIONS[4:]]))
    assert (difference.kind, difference.before) == ("added", None)
    assert difference.after is not None
    assert difference.after.quote.endswith(new[1])
    assert difference.after.quote.startswith("5. Secrecy")


def test_a_removed_section_is_told_where_it_stood() -> None:
    changed = [*SECTIONS[:9], (SECTIONS[9][0], SECTIONS[9][1].replace("good order", "bad order")), *SECTIONS[10:]]
    comparison = compared(SECTIONS, [*changed[:2], *changed[3:]])
    removed, altered = comparison.differences
    assert (removed.kind, removed.after) == ("removed", None)
    assert removed.before is not None
    assert removed.before.quote == f"3. {SECTIONS[2][0]}\n\n{SECTIONS[2][1]}"
    assert altered.kind == "changed"


def test_a_moved_section_is_neither_added_nor_removed() -> None:
    difference = only(compared(SECTIONS, [*SECTIONS[:2], *SECTIONS[3:9], SECTIONS[2], *SECTIONS[9:]]))
    assert (difference.kind, difference.moved) == ("moved", True)
    assert difference.before is not None
    assert difference.after is not None
    assert difference.before.quote.startswith("3. Audits")
    assert difference.after.quote.startswith("9. Audits")


def test_a_changed_passage_names_the_words_and_the_values() -> None:
    title, body = SECTIONS[5]
    now = body.replace("15 days", "thirty days").replace("$6,000", "$9,500").replace("March 6, 2021", "April 2, 2022")
    before, after = written(SECTIONS), written([*SECTIONS[:5], (title, now), *SECTIONS[6:]])
    difference = only(compare(before, after))
    assert difference.kind == "changed"
    edits = [
        (before.quote(edit.before) if edit.before else None, after.quote(edit.after) if edit.after else None) for edit in difference.edits
    ]
    assert edits == [("15", "thirty"), ("6,000", "9,500"), ("March 6, 2021", "April 2, 2022")]
    values = [(value.before and value.before.normalised, value.after and value.after.normalised) for value in difference.values]
    assert values == [("P15D", "P30D"), ("USD 6000", "USD 9500"), ("2021-03-06", "2022-04-02")]
    for value in difference.values:
        assert value.after is not None
        assert value.after.citation == after.cite(value.after.citation.span)


def test_a_value_that_is_there_no_longer_has_no_counterpart() -> None:
    title, body = SECTIONS[1]
    difference = only(compared(SECTIONS, [SECTIONS[0], (title, body.replace(" within 11 days", "")), *SECTIONS[2:]]))
    assert [(value.before and value.before.normalised, value.after) for value in difference.values] == [("P11D", None)]


def test_figures_of_a_table_are_compared_row_by_row() -> None:
    def table(*rows: str) -> Document:
        return parse_bytes(("\n".join(("| Item | 2023 | 2022 |", "|---|---|---|", *rows)) + "\n").encode(), "t.md").document

    before = table("| Revenue | 1,200 | 1,100 |", "| Net loss | (30) | (45) |", "| Shares | 10 | 10 |")
    after = table("| Revenue | 1,350 | 1,200 |", "| Net loss | 12 | (30) |", "| Shares | 10 | 10 |")
    changes = [
        [(value.before and value.before.normalised, value.after and value.after.normalised) for value in difference.values]
        for difference in compare(before, after).differences
    ]
    assert changes == [[(None, "1350"), ("1100", None)], [(None, "12"), ("-45", None)]]


@pytest.mark.parametrize("seed", range(8))
def test_every_difference_that_was_made_is_found_and_no_other(seed: int) -> None:
    chance = random.Random(seed)
    places = chance.sample(range(len(SECTIONS)), 3)
    gone, altered, before_new = places
    after: list[tuple[str, str]] = []
    for place, section in enumerate(SECTIONS):
        if place == before_new:
            after.append(("Escrow", "A neutral agent holds the source code and hands it over once the supplier is insolvent."))
        if place == altered:
            after.append((section[0], section[1].replace("good order", "a locked room")))
        elif place != gone:
            after.append(section)
    comparison = compared(SECTIONS, after)
    assert sorted(difference.kind for difference in comparison.differences) == ["added", "changed", "removed"]
    assert 0.8 < comparison.same < 1.0


def test_every_citation_is_exact_and_differences_follow_the_later_document() -> None:
    before, after = written(SECTIONS), written([*SECTIONS[6:], *SECTIONS[:3]])
    comparison = compare(before, after)
    places = [difference.after.span.start for difference in comparison.differences if difference.after is not None]
    assert places == sorted(places)
    for difference in comparison.differences:
        assert difference.before is None or difference.before == before.cite(difference.before.span)
        assert difference.after is None or difference.after == after.cite(difference.after.span)


def test_documents_with_nothing_in_common_are_all_removed_and_all_added() -> None:
    before = parse_bytes(b"Apples grow on trees in the garden behind the house.", "a.txt").document
    after = parse_bytes(b"Ships sail from the harbour whenever wind permits.", "b.txt").document
    comparison = compare(before, after)
    assert [difference.kind for difference in comparison.differences] == ["removed", "added"]
    assert comparison.same == 0.0
