"""Every mistake in a playbook is told with its line, its column and what to do; the JSON Schema refuses what is wrong in shape."""

from __future__ import annotations

from datetime import date
from typing import Any

import jsonschema
import pytest
import yaml

from longdoc_pipelines.playbook import check, json_schema
from longdoc_pipelines.playbook.problems import Problem

TODAY = date(2026, 11, 23)
RULE = """playbook: small
version: "1"
label_set: cuad
rules:
  - id: REN-01
    title: Notice that stops a renewal is at most 60 days
    label: Notice Period To Terminate Renewal
    requirement: conditional
    values: {notice: duration}
    test: {notice: {max: 60 days}}
    severity: medium
    waivers: [{document: "a*.pdf", owner: J. Roe, expires: 2027-01-31}]
    examples: [{text: "Either party may stop it by 30 days' notice.", verdict: compliant}]
"""
SCHEMA = jsonschema.Draft202012Validator(json_schema())


def found(before: str, after: str) -> list[Problem]:
    assert before in RULE
    return check(RULE.replace(before, after, 1), "small.yaml", TODAY)[1]


SHAPE = [
    ("severity: medium", "severity: grave", 11, 5, "'grave' is none of info, low, medium, high, critical"),
    ("owner: J. Roe", "ownr: J. Roe", 12, 36, "unknown key; did you mean 'owner'?"),
    ('version: "1"', "version: 1.0", 2, 1, '1.0 is no text; put it in quotes: "1.0"'),
    (
        "test: {notice: {max: 60 days}}",
        "test: max 60 days",
        10,
        5,
        "a test names a value and what it must be: {notice_period: {max",
    ),
    ("{max: 60 days}", "60 days", 10, 12, "what a value must be is {max: 60 days}, {in: [a, b]} or another of max, min"),
    ("{max: 60 days}", "{max: [60 days]}", 10, 21, "is one value, not a list or mapping; for several use in: [...]"),
    ("{max: 60 days}", "{in: 60 days}", 10, 21, "must be a list: [60 days]"),
    ("{max: 60 days}", "{in: []}", 10, 21, "is empty; it needs at least one entry"),
    ("{max: 60 days}", "{max: }", 10, 21, "has no value; write one, or leave the key out"),
    ("{max: 60 days}", "{mx: 60 days}", 10, 21, "unknown key; did you mean 'max'?"),
    ("severity: medium", "severity: medium\n    likeness: 75", 12, 5, "75 is no number between 0 and 1, such as 0.6"),
    ("severity: medium", "severity: medium\n    review_below: 60%", 12, 5, "'60%' is no number between 0 and 1"),
    ("severity: medium", "positions: {fallback: some words}", 11, 17, "a position is {text: ...}, {test: ...} or {label: ...}"),
    ("severity: medium", "positions: {fallback: {}}", 11, 17, "a position needs text, test or label"),
    ("severity: medium", "positions: {fallbak: {text: x}}", 11, 17, "did you mean 'fallback'?"),
    ("severity: medium", "applies_to: {side: customer}", 11, 18, "must be a list: [customer]"),
    ("severity: medium", "applies_to: {domain: [law]}", 11, 27, "'law' is none of legal, financial, research, plain"),
    ("severity: medium", "test: {}", 11, 5, "the key 'test' is there twice (first in line 10)"),
    ("test: {notice: {max: 60 days}}", "test: {}", 10, 5, "an empty test; name a value"),
    ("{notice: duration}", "{notice: boolean}", 9, 14, "'boolean' is none of duration, amount"),
    ("{notice: duration}", "{the notice: duration}", 9, 14, "the name of a value has letters, digits and '_' alone"),
    ("id: REN-01", "id: REN 01", 5, 5, "an id has letters, digits, '.', '_' and '-' alone"),
    ("id: REN-01", "ID: REN-01", 5, 5, "unknown key; did you mean 'id'?"),
    ("label: Notice Period To Terminate Renewal", "label: Insurance\n    question: What?", 5, 5, "give one of the two"),
    ('"Either party may stop it by 30 days\' notice."', '""', 13, 17, "is empty"),
    ("verdict: compliant", "verdict: ok", 13, 71, "'ok' is none of compliant, fallback"),
    ("    waivers:", "    <<: {severity: low}\n    waivers:", 12, 5, "keys are not merged in; write them out"),
]
MEANING = [
    ("{max: 60 days}", "{max: 30 days, min: 90 days}", 10, 5, "no value can pass this test"),
    ("{max: 60 days}", "{before: 2026-12-31}", 10, 21, "'before' says nothing about a duration; it may have max, min"),
    ("{notice: {max: 60 days}}", "{any: [{notce: {max: 60 days}}]}", 10, 19, "did you mean 'notice'?"),
    ("{notice: {max: 60 days}}", "{not: {other: {max: 60 days}}}", 10, 18, "no value 'other' is read by this rule"),
    ("label: Notice Period To Terminate Renewal", "label: Notice Period", 7, 5, "no label 'Notice Period' in label set 'cuad'"),
    ("label_set: cuad", "label_set: mine.yaml", 3, 1, "no label set 'mine.yaml': neither a file nor one of cuad, filing, paper"),
    ("expires: 2027-01-31", "expires: soon", 12, 51, "'soon' is no date; write it as 2027-06-30"),
    ("    title:", "\ttitle:", 6, 1, "indent with spaces, not with tabs"),
    ("rules:", "---\nrules:", 4, 1, "a file holds one playbook, take the line --- out"),
    ("title: Notice", "title: Notice: that", 6, 18, "put a text with a colon in quotes"),
    ("title: Notice", "title: \0Notice", 6, 12, "it may not have the character U+0000"),
    ("values: {notice: duration}", "values: {not: duration}", 9, 14, "is a word of tests; choose another name for the value"),
]


@pytest.mark.parametrize(("before", "after", "line", "column", "part"), SHAPE + MEANING)
def test_a_mistake_is_told_with_its_place_and_what_to_do(before: str, after: str, line: int, column: int, part: str) -> None:
    told = [one for one in found(before, after) if one.level == "error"]
    assert [one for one in told if (one.line, one.column) == (line, column) and part in one.message], told


@pytest.mark.parametrize(("before", "after", "part"), [(before, after, part) for before, after, _, _, part in SHAPE if "twice" not in part])
def test_the_schema_refuses_what_is_wrong_in_shape(before: str, after: str, part: str) -> None:
    content = yaml.safe_load(RULE.replace(before, after, 1).replace("<<: ", "merged: "))
    content["rules"][0]["waivers"][0]["expires"] = "2027-01-31"
    assert not SCHEMA.is_valid(content), part


@pytest.mark.parametrize(
    ("before", "after", "line", "part"),
    [
        ("expires: 2027-01-31", "expires: 2026-11-22", 12, "expired on 2026-11-22; give a later day, or take it out"),
        (
            "verdict: compliant",
            "verdict: missing",
            13,
            "tests and positions never says missing; it says compliant",
        ),
        ("severity: medium", "applies_to: {domain: [financial]}", 11, "the rule is never for one"),
        ("severity: medium", "applies_to: {jurisdiction: [Atlantis]}", 11, "'Atlantis' is no place that longdoc knows"),
        (
            "severity: medium",
            "positions: {fallback: {test: {notice: {max: 30 days}}}}",
            11,
            "never decides: whatever passes it passes test before",
        ),
        ("label_set: cuad", "labels: [{name: Insurance, description: x}]", 3, "stands in for the label of that name in label set 'cuad'"),
        ("label_set: cuad", "labels: [{name: Pets, description: x}]", 3, "no rule looks for it"),
        ("{notice: duration}", "{notice: duration, cap: amount}", 9, "is read but never tested"),
    ],
)
def test_what_is_likely_not_meant_is_a_warning(before: str, after: str, line: int, part: str) -> None:
    told = [(one.line, one.message) for one in found(before, after) if one.level == "warning"]
    assert any(where == line and part in message for where, message in told), told
    assert not [one for one in found(before, after) if one.level == "error"]


@pytest.mark.parametrize(
    ("kind", "test", "level", "part"),
    [
        ("jurisdiction", "{in: [New Yrok]}", "error", "'New Yrok' is no place; did you mean 'New York'?"),
        ("jurisdiction", '{in: ["Ontario, Canada", Texas]}', None, ""),
        ("text", '{contains: "thirty.*days"}', "warning", "looks like a pattern, but is taken word for word"),
        ("text", "{contains: [A.B. Co., 10% (ten percent)]}", None, ""),
        ("percentage", "{max: 0.1}", "warning", '0.1 is 0.1 percent; write "10%" if that is meant, else "0.1%"'),
        ("percentage", "{max: 10}", None, ""),
        ("date", '{after: "as_of + 90 days", before: "as_of + 2 months"}', "error", "no value can pass this test"),
        ("amount", "{min: USD 5, max: EUR 9}", "error", "no value can pass this test"),
    ],
)
def test_an_operand_that_is_likely_not_meant_is_told(kind: str, test: str, level: str | None, part: str) -> None:
    text = RULE.replace("{notice: duration}", f"{{notice: {kind}}}").replace("{max: 60 days}", test)
    told = [(one.level, one.message) for one in check(text, "small.yaml", TODAY)[1]]
    assert [one for one in told if one[0] == level and part in one[1]] if level else not told, told


def rules(*listed: dict[str, Any]) -> list[tuple[str, str]]:
    content = {"playbook": "p", "version": "1", "rules": [{"title": "t", "label": "Insurance", **rule} for rule in listed]}
    problems = check(yaml.safe_dump(content), "p.yaml", TODAY)[1]
    return [(one.place, one.message) for one in problems if "has no examples" not in one.message]


def test_rules_that_ask_the_same_or_the_opposite_are_told() -> None:
    same = rules({"id": "A"}, {"id": "B", "title": "other"})
    assert same == [("rules[2] (B): ", "asks the same as A; one of the two is enough")]
    opposite = rules({"id": "A"}, {"id": "B", "requirement": "forbidden"})
    assert opposite == [("rules[2] (B).requirement: ", "what A makes required is forbidden here: one of them fails")]
    sides: list[dict[str, Any]] = [{"id": side, "applies_to": {"side": [side]}} for side in ("vendor", "customer")]
    assert rules(sides[0], sides[1] | {"requirement": "forbidden"}) == []


def test_a_walk_away_that_catches_all_leaves_nothing_to_the_test() -> None:
    rule = {"id": "A", "values": {"cap": "amount"}, "test": {"cap": {"max": "USD 5"}}}
    positions = {"walk_away": {"test": {"cap": {"max": "USD 9"}}}}
    assert rules({**rule, "positions": positions}) == [
        ("rules[1] (A).test: ", "never decides: whatever passes it passes positions.walk_away.test before")
    ]


def test_every_key_of_the_schema_says_what_it_is() -> None:
    schema = json_schema()
    for name, part in [("Playbook", schema), *schema["$defs"].items()]:
        assert part["description"], name
        for key, one in part.get("properties", {}).items():
            assert one.get("description") or (name == "Label" and key == "name"), f"{name}.{key}"


def test_the_schema_takes_no_null() -> None:
    assert '"null"' not in str(json_schema()).replace("'", '"')
