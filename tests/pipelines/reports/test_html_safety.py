"""Nothing that the HTML report is given is taken for markup, for script or for a path."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from html_pages import PICTURE, about, one_review, one_text, pictures, write
from review_samples import PDF_PATH, closing, heading, review

from longdoc.types import Document, Review, Searched, Span
from longdoc_pipelines.reports.html import escaped

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "<!--<script>",
    "]]>&lt;b&gt;&amp;",
    "line\u2028separator\u2029and\u0085more",
    "../../etc/passwd",
    "{{details}}{{script}}",
    "\u202egnp.exe",
]


def hostile_review(word: str) -> tuple[Review, Document]:
    document = one_text(f"Before it. {word} After it.", word).model_copy(update={"title": word})
    span = Span(start=0, end=len(document.text))
    said = {
        "citations": [document.cite(span)],
        "values": [{"kind": "text", "normalised": word, "citation": document.cite(span)}],
        "searched": Searched(sections=1, pages=None, nearest=document.cite(span)),
        **{name: word for name in ("title", "reason", "test", "amended_by", "waiver", "model", "rule_version")},
        "correction": {
            **{"document_id": document.id, "path": word, "rule": "termination_notice", "rule_version": word, "verdict": "compliant"},
            **{"was": "violation", "by": word, "at": word, "note": word},
        },
    }
    return one_review(document, said).model_copy(update={"kind": word, "amends": word, "amended_by": (word,)}), document


@pytest.mark.parametrize("word", HOSTILE)
def test_nothing_from_outside_is_taken_for_markup(tmp_path: Path, word: str) -> None:
    found, document = hostile_review(word)
    first = replace(heading().rules[0], title=word, rationale=word, references=(word,), positions={"preferred": word})
    told = replace(about(document), playbook=word, version=word, as_of=word, model=word, side=word, rules=(first,))
    ends = closing([found])
    ends = replace(ends, audit_head=word, failed=(replace(ends.failed[0], path=word, reason=word),))
    page = write(tmp_path / "hostile.html", [found], told, ends)
    plain = write(tmp_path / "plain.html", [one_review(one_text("a", "b"), {})], about(one_text("a", "b")))
    assert page.tags == plain.tags, "elements and attributes are those of any report"
    assert page.text == plain.text
    assert page.code() == plain.code()
    assert page.block("overview")["heading"]["playbook"] == word
    assert page.block("overview")["documents"][0][1] == word
    said = page.block("d0")["findings"]["termination_notice"]
    assert (said["reason"], said["citations"][0]["quote"], said["correction"]["note"]) == (word, document.text, word)
    assert sorted(os.listdir(tmp_path)) == ["hostile.html", "plain.html"]


def test_nothing_of_a_name_gets_into_the_path_of_a_picture(tmp_path: Path) -> None:
    name = "../../../etc/x\x00.pdf"
    document = review_document().model_copy(update={"path": name, "id": "../" * 8})
    span = Span(start=0, end=10)
    target = tmp_path / "in" / "review.html"
    write(target, [one_review(document, {"citations": [document.cite(span)]})], about(document, lambda document, span: PICTURE))
    assert [re.fullmatch(r"[0-9a-f]{32}\.png", one) is not None for one in pictures(target)] == [True]
    assert sorted(os.listdir(tmp_path)) == ["in"]
    assert sorted(os.listdir(tmp_path / "in")) == ["review.html", "review_pages"]


def review_document() -> Document:
    return heading().document(PDF_PATH)


@pytest.mark.parametrize("word", [*HOSTILE, "\ud800 half a pair", "\x00\x1f"])
def test_escaped_json_is_ascii_without_markup_and_reads_back(word: str) -> None:
    written = escaped({word: [word]})
    assert not set(b"<>&") & set(written)
    assert written.isascii()
    assert json.loads(written) == {word: [word]}


def test_the_policy_lets_only_the_pages_own_script_and_style_run(tmp_path: Path) -> None:
    page = write(tmp_path / "review.html", [review(1)])
    (policy,) = [attributes["content"] for tag, attributes in page.tags if attributes.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    directives = {name: value for name, _, value in (directive.partition(" ") for directive in html.unescape(policy).split("; "))}
    assert directives == {
        "default-src": "'none'",
        "script-src": digest(page.code()),
        "style-src": digest("".join(page.styles)),
        "img-src": "'self' file: data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    order = [tag for tag, attributes in page.tags if tag in ("script", "style") or "http-equiv" in attributes]
    assert order[0] == "meta", "the policy stands before what it governs"


def digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def test_the_page_names_no_address_and_makes_no_markup_of_strings(tmp_path: Path) -> None:
    page = write(tmp_path / "review.html", [review(1)])
    code, style = page.code(), "".join(page.styles)
    addresses = re.findall(r"""(?:https?:)?//[\w.-]+\.\w+""", code.replace("http://www.w3.org/2000/svg", "") + style)
    assert addresses == []
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "fetch(",
        "XMLHttpRequest",
    ):
        assert forbidden not in code
    assert not [attributes for tag, attributes in page.tags if any(name.startswith("on") or name == "style" for name in attributes)]
    assert not [attributes for tag, attributes in page.tags if "src" in attributes]
