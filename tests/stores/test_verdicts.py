"""What reviews found and people decided, in the corpus; the audit log as a chain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from longdoc.types import Correction, Finding, Review, Verdict
from longdoc_stores.catalogue import Catalogue
from longdoc_stores.verdicts import Verdicts


@pytest.fixture
def verdicts(tmp_path: Path) -> Iterator[Verdicts]:
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    yield Verdicts(catalogue)
    catalogue.close()


def review(path: str, **found: Verdict) -> Review:
    """A review with a verdict a rule."""
    findings = tuple(
        Finding(document_id=path, path=path, rule=rule, rule_version="v1", verdict=verdict, severity="high", confidence=0.9)
        for rule, verdict in found.items()
    )
    return Review(document_id=path, path=path, title=None, domain="legal", format="txt", pages=None, findings=findings)


def run(verdicts: Verdicts, *reviews: Review, finish: bool = True) -> int:
    number = verdicts.begin("book")
    for one in reviews:
        verdicts.put("book", number, one)
    if finish:
        verdicts.finish("book", number)
    return number


def changes(verdicts: Verdicts, *reviews: Review) -> list[tuple[str, str, str]]:
    """What a further run finds changed."""
    last = verdicts.last("book")
    assert last is not None
    number = run(verdicts, *reviews, finish=False)
    found = [(change.path, change.rule, change.kind) for change in verdicts.changes("book", last[0], number)]
    verdicts.finish("book", number)
    return found


def correction(**changed: str) -> Correction:
    said = {
        "document_id": "a",
        "path": "a",
        "rule": "R",
        "rule_version": "v1",
        "verdict": "compliant",
        "was": "missing",
        "playbook": "book",
    }
    return Correction.model_validate({**said, "by": "Mei", "at": "2026-11-20T10:00:00+00:00", **changed})


def test_a_run_is_compared_with_the_last_one(verdicts: Verdicts) -> None:
    run(verdicts, review("a", R="violation", S="compliant", T="missing", U="compliant"), review("b", R="compliant"))
    assert changes(
        verdicts, review("a", R="violation", S="violation", T="compliant", U="fallback"), review("c", R="missing", S="compliant")
    ) == [
        ("a", "S", "new"),
        ("a", "T", "fixed"),
        ("a", "U", "changed"),
        ("c", "R", "new"),
    ]


def test_what_failed_by_a_rule_that_is_gone_is_told_and_not_called_fixed(verdicts: Verdicts) -> None:
    run(verdicts, review("a", R="violation", S="compliant", T="missing", U="missing"), review("b", R="missing"))
    assert changes(verdicts, review("a", U="missing")) == [("a", "R", "changed"), ("a", "T", "changed")]


def test_documents_that_a_run_did_not_look_at_are_compared_with_their_last(verdicts: Verdicts) -> None:
    run(verdicts, review("a", R="violation"), review("b", R="compliant"))
    assert changes(verdicts, review("b", R="compliant")) == []
    assert changes(verdicts, review("a", R="compliant"), review("b", R="compliant")) == [("a", "R", "fixed")]


def test_a_run_that_was_not_finished_counts_for_nothing(verdicts: Verdicts) -> None:
    first = run(verdicts, review("a", R="violation"))
    run(verdicts, review("a", R="compliant"), finish=False)
    last = verdicts.last("book")
    assert last is not None
    assert last[0] == first
    assert changes(verdicts, review("a", R="violation")) == []


def test_playbooks_are_compared_with_themselves(verdicts: Verdicts) -> None:
    run(verdicts, review("a", R="violation"))
    assert verdicts.last("other") is None


def test_corrections_are_kept_and_the_later_one_holds(verdicts: Verdicts) -> None:
    assert verdicts.correct([correction()]) == 1
    assert verdicts.correct([correction()]) == 0
    assert verdicts.correct([correction(verdict="violation", by="Ada")]) == 1
    assert [(one.verdict, one.by) for one in verdicts.corrections("book", "a")] == [("violation", "Ada")]
    assert verdicts.corrections("other") == []


def test_a_correction_can_be_withdrawn(verdicts: Verdicts) -> None:
    verdicts.correct([correction()])
    assert verdicts.withdraw("a", "book", "R", "Ada") is True
    assert verdicts.withdraw("a", "book", "R", "Ada") is False
    assert verdicts.corrections() == []


def test_every_decision_is_in_the_audit_log_and_a_later_one_does_not_hide_it(verdicts: Verdicts) -> None:
    verdicts.correct([correction(), correction(verdict="violation", by="Ada")])
    verdicts.withdraw("a", "book", "R", "Ada")
    said = [(entry.value["event"], entry.value["by"], entry.value.get("verdict")) for entry in verdicts.audit.entries()]
    assert said == [("verdict", "Mei", "compliant"), ("verdict", "Ada", "violation"), ("withdrawn", "Ada", None)]


def test_the_log_holds_no_word_of_a_note_or_a_path(verdicts: Verdicts) -> None:
    verdicts.correct([correction(note="the secret formula", path="/private/a")])
    kept = "".join(str(entry.value) for entry in verdicts.audit.entries())
    assert "formula" not in kept
    assert "private" not in kept


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit SET value = replace(value, 'Mei', 'Eve') WHERE number = 2",
        "DELETE FROM audit WHERE number = 2",
        "UPDATE audit SET number = number + 10 WHERE number = 3",
        "UPDATE audit SET hash = 'f' || substr(hash, 2) WHERE number = 2",
    ],
)
def test_an_entry_that_was_changed_removed_or_moved_is_found(verdicts: Verdicts, tampering: str) -> None:
    for number in range(3):
        verdicts.audit.append("verdict", "now", by="Mei", number=number)
    assert verdicts.audit.broken() is None
    verdicts._catalogue.run(tampering)
    assert verdicts.audit.broken() in (2, 3)


def test_the_head_follows_every_entry(verdicts: Verdicts) -> None:
    assert verdicts.audit.head() is None
    heads = [verdicts.audit.append("verdict", "now", number=number) for number in range(3)]
    assert len(set(heads)) == 3
    assert verdicts.audit.head() == heads[-1]


def test_what_is_forgotten_is_gone_and_that_it_was_is_logged(verdicts: Verdicts) -> None:
    run(verdicts, review("a", R="violation"))
    verdicts.correct([correction()])
    verdicts.forget(["a"])
    assert verdicts.corrections() == []
    assert verdicts.rule_of("a", "R") == []
    assert [entry.value["event"] for entry in verdicts.audit.entries()] == ["verdict", "forgotten"]
