"""`playbook` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from .library import Longdoc
from .test_review import HOUSE

DATED = """playbook: dated
version: "1"
rules:
  - id: EXP
    title: Lasts
    label: Expiration Date
    values: {expiry: date}
    test: {expiry: {after: as_of}}
    examples:
      - text: >-
          The initial term of this Agreement begins on the Effective Date and, unless it is terminated earlier, this Agreement expires on
          December 31, 2029, on which day the licences that it grants end.
        verdict: compliant
"""


def test_a_new_playbook_can_be_linted_tested_and_used(longdoc: Longdoc, tmp_path: Path) -> None:
    assert longdoc("playbook", "new", "mine.yaml").code == 0
    lint = longdoc("playbook", "lint", "mine.yaml")
    assert (lint.code, lint.out.split(",")[0]) == (0, "mine.yaml: my_playbook 1.0")
    tried = longdoc("playbook", "test", "mine.yaml")
    assert (tried.code, tried.out) == (0, "9 of 9 examples right\n")
    again = longdoc("playbook", "new", "mine.yaml")
    assert (again.code, "exists already" in again.err) == (2, True)
    assert longdoc("playbook", "new", "copy.yaml", "--from", "mutual_nda").code == 0
    assert longdoc("playbook", "lint", "copy.yaml").code == 0


def test_an_example_that_is_wrong_gives_exit_code_1(longdoc: Longdoc, tmp_path: Path) -> None:
    text = HOUSE.replace("severity: low}", "severity: low, examples: [{text: It rains in the hills., verdict: compliant}]}")
    (tmp_path / "house.yaml").write_text(text, encoding="utf-8")
    result = longdoc("playbook", "test", "house.yaml")
    assert result.code == 1
    assert "WRONG INS example 1: wanted compliant, got missing: Nothing on 'Insurance' was found" in result.out
    assert "      text: It rains in the hills.\n0 of 1" in result.out
    assert "0 of 1 examples right; 3 rules have none: LAW, CAP, MFN" in result.out


def test_lint_lists_every_problem_and_strict_counts_warnings(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text(HOUSE, encoding="utf-8")
    relaxed = longdoc("playbook", "lint", "house.yaml")
    assert relaxed.code == 0
    assert relaxed.out.count("warning: ") == 4
    assert longdoc("playbook", "lint", "house.yaml", "--strict").code == 2
    (tmp_path / "house.yaml").write_text(HOUSE.replace("severity: low", "severity: lo"), encoding="utf-8")
    wrong = longdoc("playbook", "lint", "house.yaml")
    assert wrong.code == 2
    assert wrong.out.startswith("house.yaml:6:51: error: rules[3] (INS).severity: 'lo' is none of")


def test_an_example_whose_clause_is_not_found_tells_what_the_rule_says_of_it(longdoc: Longdoc, tmp_path: Path) -> None:
    text = HOUSE.replace("severity: high}", "severity: high, examples: [{text: We like Delaware., verdict: compliant}]}", 1)
    (tmp_path / "house.yaml").write_text(text, encoding="utf-8")
    result = longdoc("playbook", "test", "house.yaml")
    assert result.code == 1
    assert "Taken as the clause it gives compliant: The law is Delaware; wanted: law Delaware." in result.out
    assert "the model does not find the clause in these words" in result.out
    told = json.loads(longdoc("playbook", "test", "house.yaml", "--json").out)
    assert (told["right"], told["without_examples"], told["playbook"]["name"]) == (0, ["CAP", "INS", "MFN"], "house")
    (one,) = told["examples"]
    assert (one["wanted"], one["got"], one["right"], one["as_the_clause"]) == ("compliant", "missing", False, "compliant")


def test_examples_are_tried_on_the_day_that_is_named(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text(DATED, encoding="utf-8")
    assert longdoc("playbook", "test", "house.yaml", "--as-of", "2027-01-01").code == 0
    late = longdoc("playbook", "test", "house.yaml", "--as-of", "2031-01-01")
    assert late.code == 1
    assert "wanted: expiry after as_of (2031-01-01)" in late.out


def test_lint_for_programs_has_every_problem_with_its_place(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text(HOUSE.replace("severity: low", "severity: lo"), encoding="utf-8")
    wrong = longdoc("playbook", "lint", "house.yaml", "--json")
    told = json.loads(wrong.out)
    assert (wrong.code, told["schema_version"], told["path"], told["playbook"]) == (2, 1, "house.yaml", None)
    (one,) = told["problems"]
    assert (one["line"], one["column"], one["level"], one["place"]) == (6, 51, "error", "rules[3] (INS).severity")
    (tmp_path / "house.yaml").write_text(HOUSE, encoding="utf-8")
    good = longdoc("playbook", "lint", "house.yaml", "--json")
    told = json.loads(good.out)
    assert (good.code, told["playbook"]["rules"], {one["level"] for one in told["problems"]}) == (0, 4, {"warning"})
    assert longdoc("playbook", "lint", "house.yaml", "--json", "--strict").code == 2


def test_the_schema_and_the_list_are_printed(longdoc: Longdoc) -> None:
    schema = json.loads(longdoc("playbook", "schema").out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "rules" in schema["properties"]
    listed = longdoc("playbook", "list").out
    assert [line.split()[0] for line in listed.splitlines()] == [
        "cuad_benchmark",
        "data_processing",
        "filing_disclosure",
        "mutual_nda",
        "research_paper",
        "vendor_services",
    ]
