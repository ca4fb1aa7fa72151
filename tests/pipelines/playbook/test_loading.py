"""Playbook files: what is right loads, what is wrong is told with its line and what was probably meant."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml

from longdoc.errors import PlaybookError, UnknownNameError
from longdoc_pipelines.playbook import check, json_schema, load_playbook, shipped
from longdoc_pipelines.playbook.template import TEMPLATE

GOOD = """playbook: small
version: "1"
label_set: cuad
rules:
  - id: REN-01
    title: Notice that stops a renewal is at most 60 days
    label: Notice Period To Terminate Renewal
    requirement: conditional
    values: {notice_period: duration}
    test: {notice_period: {max: 60 days}}
    severity: medium
    waivers: [{document: "a*.pdf", owner: J. Roe, expires: 2026-01-31}]
    examples: [{text: "Either party may stop it by 30 days' notice.", verdict: compliant}]
"""


def errors(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.place + problem.message) for problem in check(text, "small.yaml")[1] if problem.level == "error"]


def test_a_good_playbook_has_no_problems() -> None:
    loaded, problems = check(GOOD, "small.yaml", date(2026, 1, 31))
    assert problems == []
    assert loaded is not None
    assert [rule.id for rule in loaded.playbook.rules] == ["REN-01"]
    assert loaded.base.name == "cuad"


@pytest.mark.parametrize(
    ("before", "after", "line", "part"),
    [
        ("requirement:", "requirment:", 8, "rules[1] (REN-01).requirment: unknown key; did you mean 'requirement'?"),
        ("{max: 60 days}", "{mx: 60 days}", 10, "unknown key; did you mean 'max'?"),
        ("severity: medium", "severity: medum", 11, "'medum' is none of info, low, medium, high, critical; did you mean 'medium'?"),
        ("label: Notice Period To Terminate Renewal", "label: Notice Period To Terminate Renewel", 7, "did you mean 'Notice Period To"),
        ("{max: 60 days}", "{max: sixty dogs}", 10, "'sixty dogs' is no duration"),
        ("test: {notice_period", "test: {notice_perod", 10, "no value 'notice_perod' is read by this rule; did you mean 'notice_period'?"),
        ("values: {notice_period: duration}", "values: {notice_period: durations}", 9, "did you mean 'duration'?"),
        ("label_set: cuad", "label_set: cuat", 3, "no label set 'cuat'"),
        ("id: REN-01", "id: 'REN 01'", 5, "rules[1] (REN 01).id"),
        ('version: "1"\n', "", 1, "version: is missing"),
        ("expires: 2026-01-31", "expires: 2026-02-31", 12, "2026-02-31"),
        ("    label: Notice Period To Terminate Renewal\n", "", 5, "a rule is about a label or a question"),
        ("    test: {notice_period: {max: 60 days}}\n", "", 5, "a conditional rule needs a test"),
        ("playbook: small", "playbook: small\nplaybook: big", 2, "the key 'playbook' is there twice (first in line 1)"),
        ("rules:", "rules: !!python/object:os.system", 4, "tag"),
        ("version:", "\tversion:", 2, "not valid YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(before: str, after: str, line: int, part: str) -> None:
    assert before in GOOD
    found = errors(GOOD.replace(before, after, 1))
    assert any(where == line and part in message for where, message in found), found


def test_a_rule_that_is_there_twice_is_refused() -> None:
    again = GOOD + GOOD.partition("rules:\n")[2]
    assert errors(again) == [(14, "rules[2] (REN-01).id: 'REN-01' is there twice (first as rules[1]); choose another")]


def test_an_expired_waiver_and_a_rule_without_examples_are_warnings() -> None:
    text = GOOD.replace("    examples:", "    references: []  #")
    _, problems = check(text, "small.yaml", date(2026, 2, 1))
    assert [(problem.level, problem.message) for problem in problems] == [
        ("warning", "has no examples; `longdoc playbook test` has nothing to try"),
        ("warning", "expired on 2026-01-31; give a later day, or take it out"),
    ]


def test_a_form_that_nobody_files_on_is_a_warning_with_what_was_meant() -> None:
    text = GOOD.replace("    examples:", "    applies_to: {form: [10-K, 10Q, EX-99.1]}\n    examples:", 1)
    _, problems = check(text, "small.yaml")
    assert [(problem.level, problem.message) for problem in problems] == [
        ("warning", "no document is filed on form '10Q'; did you mean '10-Q'?")
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: &x [*x]", "an alias stands inside what it stands for"),
        ("a: &a [1, 1]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)), "50,000"),
        ("[" * 100 + "]" * 100, "levels deep"),
        ("x" * 3_000_000, "the limit is 2,097,152"),
        ("x" * 11_000_000, "the limit is 2,097,152"),
        ("", "a playbook is a mapping"),
        ("- 1", "a playbook is a mapping"),
        ("? [1, 2]\n: 3", "a key must be a word"),
    ],
)
def test_a_huge_or_self_referencing_playbook_is_refused(text: str, part: str) -> None:
    (message,) = [message for _, message in errors(text)]
    assert part in message


def test_too_many_rules_are_refused() -> None:
    rule = "  - {id: R%d, title: t, label: Insurance}\n"
    text = 'playbook: big\nversion: "1"\nrules:\n' + "".join(rule % number for number in range(501))
    assert errors(text) == [(3, "rules: has 501 of them, at most 500 are read; split the playbook")]


def test_a_file_with_errors_names_each_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace("severity: medium", "severity: medum").replace("requirement:", "requirment:"), encoding="utf-8")
    with pytest.raises(PlaybookError) as raised:
        load_playbook(file)
    assert [line.partition(": ")[0] for line in str(raised.value).splitlines()] == [f"{file}:8:5", f"{file}:11:5"]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"playbook: small\nversion: caf\xe9\n", "mine.yaml:2:13: is not UTF-8 (byte 0xe9); save it as UTF-8"),
        (GOOD.encode("utf-16"), "mine.yaml:1:1: is not UTF-8 (byte 0xff)"),
    ],
)
def test_a_file_in_another_encoding_is_told_with_its_place(tmp_path: Path, content: bytes, part: str) -> None:
    (tmp_path / "mine.yaml").write_bytes(content)
    with pytest.raises(PlaybookError, match=re.escape(part)):
        load_playbook(tmp_path / "mine.yaml")


def test_a_folder_is_no_playbook(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match="is a folder; name a playbook file in it"):
        load_playbook(tmp_path)


def test_a_file_that_an_editor_marked_as_utf_8_or_ended_as_windows_does_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_playbook(tmp_path / "mine.yaml").playbook.playbook == "small"


def test_a_name_that_is_neither_file_nor_shipped_gets_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'cuad_benchmark'"):
        load_playbook("cuad_bench")


def test_a_label_set_may_lie_beside_the_playbook(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("name: own\nlabels: [{name: Notice, description: A period of notice.}]", encoding="utf-8")
    file = tmp_path / "mine.yaml"
    file.write_text(
        GOOD.replace("label_set: cuad", "label_set: own.yaml").replace("label: Notice Period To Terminate Renewal", "label: notice")
    )
    assert load_playbook(file).base.name == "own"


@pytest.mark.parametrize("name", shipped())
def test_shipped_playbooks_load_and_fit_the_schema(name: str) -> None:
    loaded = load_playbook(name)
    assert [problem for problem in loaded.problems if problem.level == "error"] == []
    content = yaml.safe_load((Path(__file__).parents[3] / "pipelines" / "longdoc_pipelines" / "playbooks" / f"{name}.yaml").read_text())
    jsonschema.Draft202012Validator(json_schema()).validate(_plain(content))


def test_the_template_of_a_new_playbook_is_a_good_one() -> None:
    loaded, problems = check(TEMPLATE, "new.yaml")
    assert loaded is not None
    assert problems == []


def test_the_schema_refuses_what_the_loader_refuses() -> None:
    content = _plain(yaml.safe_load(GOOD))
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.validate(content)
    content["rules"][0]["test"]["notice_period"] = {"mx": "60 days"}
    assert not validator.is_valid(content)


def test_a_rules_version_follows_what_it_tests_and_not_how_it_is_told() -> None:
    def version(text: str) -> str:
        loaded, _ = check(text, "small.yaml")
        assert loaded is not None
        return loaded.playbook.rules[0].version

    assert version(GOOD) == version(GOOD.replace("severity: medium", "severity: high"))
    assert version(GOOD) != version(GOOD.replace("60 days", "61 days"))


def _plain(content: object) -> object:
    """Dates as text, as JSON has them."""
    if isinstance(content, dict):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_plain(value) for value in content]
    return content.isoformat() if isinstance(content, date) else content
