"""Prompts are files: the package's, or a user's own in their stead."""

from __future__ import annotations

from pathlib import Path

import pytest

from longdoc.engines.prompts import NAMES, Prompts
from longdoc.errors import ConfigError, NotFoundError

OWN = "---\nversion: 7\n---\nBe brief.\n===\n$document\n\nQ: $question\n"


def test_every_prompt_tells_that_a_document_gives_no_instructions() -> None:
    prompts = Prompts()
    for name in set(NAMES) - {"again"}:
        places = (
            "before",
            "name",
            "part",
            "document",
            "wanted",
            "most",
            "statements",
            "question",
            "label",
            "description",
            "title",
            "schema",
        )
        system, user = prompts.messages(name, "legal", **dict.fromkeys(places, "HERE"))
        assert (system["role"], user["role"]) == ("system", "user")
        assert "no instructions" in system["content"]
        assert "HERE" in user["content"]
        assert "$" not in user["content"]


def test_the_question_comes_after_the_document_so_that_questions_share_a_prefix() -> None:
    [*_, user] = Prompts().messages("ask", "legal", document="THE TEXT", question="WHY?")
    assert user["content"].startswith("THE TEXT")
    assert user["content"].index("WHY?") > len("THE TEXT")


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    [*_, user] = Prompts().messages("ask", "plain", document="costs $question or ${most}", question="how much?")
    assert "costs $question or ${most}" in user["content"]


def test_a_folder_of_ones_own_comes_first_and_a_domains_prompt_before_the_general_one(tmp_path: Path) -> None:
    (tmp_path / "ask.legal.md").write_text(OWN)
    prompts = Prompts(tmp_path)
    assert [message["content"] for message in prompts.messages("ask", "legal", document="D", question="why")] == [
        "Be brief.",
        "D\n\nQ: why",
    ]
    assert prompts.version("ask", "legal") == "ask.legal 7"
    assert prompts.version("ask", "research") == "ask 1"
    assert prompts.fingerprint != Prompts().fingerprint


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("asks.md", OWN, r"asks.md: no prompt has this name; known: summarize"),
        ("ask.md", "Be brief", r"ask.md: is no prompt; it begins with ---, version: N"),
    ],
)
def test_a_file_that_is_no_prompt_is_refused_before_anything_is_asked(tmp_path: Path, name: str, text: str, reason: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=reason):
        Prompts(tmp_path)


def test_a_place_that_nothing_is_known_for_is_named(tmp_path: Path) -> None:
    (tmp_path / "ask.md").write_text(OWN.replace("$question", "$inquiry"))
    with pytest.raises(ConfigError, match=r"ask.md: has a place that is not known \('inquiry'\); known: document, question"):
        Prompts(tmp_path).messages("ask", "plain", document="D", question="why")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none: no such folder; prompts are files in it"):
        Prompts(tmp_path / "none")
