"""A paper's facts: what this work does and reaches, not what it cites."""

from __future__ import annotations

from longdoc.ingest.parse import parse_bytes
from longdoc.types import KeyFact
from longdoc_pipelines.facts.research import research_facts

PAPER = """# PIKA-2: Faster Dependency Parsing with Anchors

## Abstract

We present PIKA-2, a parser that keeps anchors. PIKA-2 achieves an accuracy of 93.4% on newspaper text. The best previous system
reported an accuracy of 91.0%.

## 1 Introduction

Dependency parsing is slow. Smith et al. (2010) reached an F-score of 88.2% with the Moss Corpus.

## 2 Data

We train PIKA-2 on the Penn Treebank and test it on the Fern Corpus. The Fern Corpus holds 400 sentences, the Penn Treebank more.

## 3 Conclusion

Our recall was 90.1 to 92.0 points. The source code of PIKA-2 is available at https://github.com/example/pika.

## References

Jones. The Elm Corpus. https://github.com/other/elm code available
"""


def facts(text: str = PAPER) -> list[KeyFact]:
    document = parse_bytes(text.encode(), "paper.md", domain="research").document
    found = research_facts(document)
    assert all(document.cite(fact.citation.span) == fact.citation for fact in found)
    return found


def said(name: str, text: str = PAPER) -> list[str]:
    return [fact.value for fact in facts(text) if fact.name == name]


def test_task_and_method_are_those_of_the_title() -> None:
    assert said("Task") == ["Dependency Parsing"]
    assert said("Method") == ["PIKA-2"]


def test_data_sets_are_those_that_the_authors_say_they_use() -> None:
    assert sorted(said("Data set")) == ["Fern Corpus", "Penn Treebank"]


def test_headline_numbers_are_this_works_own_with_their_measure() -> None:
    assert [(fact.name, fact.value, fact.normalised) for fact in facts() if fact.kind == "number"] == [("Accuracy", "93.4%", "93.4%")]


def test_a_range_and_a_gain_are_no_headline_number() -> None:
    assert said("F-score", PAPER.replace("an accuracy of 93.4%", "an F-score of 61.8–74.8%")) == []
    assert said("BLEU", PAPER.replace("an accuracy of 93.4%", "3.9 BLEU points better")) == []


def test_code_is_a_link_that_the_authors_offer() -> None:
    assert said("Code") == ["https://github.com/example/pika"]
    assert said("Code", PAPER.replace("The source code of PIKA-2 is available at", "We used the code of others from")) == []


def test_a_paper_that_names_nothing_has_no_facts() -> None:
    assert facts("# On Rivers\n\n## Abstract\n\nRivers carry water to the sea, and we look at how.\n") == []
