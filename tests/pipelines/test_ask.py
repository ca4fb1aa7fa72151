"""Ask: the sentence that answers, quoted exactly, or the statement that there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_reader import CONTRACT, RECIPE, fill

from longdoc.errors import UsageError
from longdoc.protocols import Reader
from longdoc.registry import load
from longdoc_pipelines.ask import ask
from longdoc_stores.corpus import Corpus
from longdoc_stores.records import Entry


@pytest.fixture
def reader() -> Reader:
    """The real one: whether a sentence answers is decided by its vectors."""
    return load("readers", "embedded")()


@pytest.fixture
def entries(corpus: Corpus, reader: Reader, tmp_path: Path) -> list[Entry]:
    return fill(corpus, reader, tmp_path / "docs", contract__txt=CONTRACT, recipe__md=RECIPE)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What monthly fee does the customer pay?", "$12,500"),
        ("Which laws govern the agreement?", "State of New York"),
        ("How long is the loaf in the oven?", "forty minutes"),
    ],
)
def test_a_question_is_answered_in_the_documents_own_words(
    corpus: Corpus, reader: Reader, entries: list[Entry], question: str, words: str
) -> None:
    answer = ask(corpus, reader, question, entries)
    assert answer.found
    assert words in answer.text
    best = answer.passages[0].citation
    document = corpus.document(next(entry for entry in entries if entry.path == best.path))
    assert best == document.cite(best.span)
    assert " ".join(best.quote.split()) in answer.text


def test_a_question_that_nothing_answers_is_not_answered(corpus: Corpus, reader: Reader, entries: list[Entry]) -> None:
    answer = ask(corpus, reader, "Who won the chess championship of Iceland?", entries)
    assert (answer.found, answer.passages) == (False, ())
    assert answer.text == "Not found in these documents."


def test_without_documents_nothing_is_found(corpus: Corpus, reader: Reader) -> None:
    assert not ask(corpus, reader, "Which laws govern?", []).found


def test_an_empty_question_is_refused(corpus: Corpus, reader: Reader, entries: list[Entry]) -> None:
    with pytest.raises(UsageError, match="empty"):
        ask(corpus, reader, "", entries)


FILING = """<html><body><p>FORM 10-K</p><p>For the fiscal year ended June 30, 2021</p><h1>LARCH MILLS, INC.</h1>
<p>Larch Mills grinds oats and rye for bakers in nine countries and sells flour under its own name in shops everywhere.</p>
<p>Consolidated Statements of Income</p><p>For the years ended June 30,</p><table>
<tr><th>(In millions, except per share amounts)</th><th>2021</th><th>2020</th></tr>
<tr><td>Net sales</td><td>$ 1,200</td><td>$ 1,000</td></tr><tr><td>Cost of sales</td><td>(700)</td><td>(650)</td></tr>
<tr><td>Gross profit</td><td>500</td><td>350</td></tr><tr><td>Operating income</td><td>90</td><td>(20)</td></tr>
<tr><td>Net income</td><td>60</td><td>(31)</td></tr><tr><td>Diluted earnings per share</td><td>$ 0.60</td><td>$ (0.30)</td></tr></table>
<p>The mills opened in 2020 and 2021 are described below.</p>
<p>Consolidated Balance Sheets</p><table><tr><th>(In millions)</th><th>June 30, 2021</th><th>June 30, 2020</th></tr>
<tr><td>Inventories</td><td>80</td><td>60</td></tr><tr><td>Total current assets</td><td>300</td><td>280</td></tr>
<tr><td>Total assets</td><td>900</td><td>870</td></tr><tr><td>Total current liabilities</td><td>200</td><td>210</td></tr></table>
</body></html>"""


@pytest.fixture
def filing(corpus: Corpus, reader: Reader, tmp_path: Path) -> list[Entry]:
    return fill(corpus, reader, tmp_path / "filings", larch__html=FILING)


@pytest.mark.parametrize(
    ("question", "text", "value", "calculation"),
    [
        ("What was the net sales of Larch Mills in FY2021, in USD billions?", "Revenue, FY2021: $1.20 billion.", "1200000000", None),
        (
            "What was Larch Mills' inventory turnover in FY2021?",
            "Inventory turnover, FY2021: 10.00.",
            "10",
            "700 / ((60 + 80) / 2) = 10.00",
        ),
        (
            "Did Larch Mills' gross margin improve in fiscal 2021?",
            "Yes: gross margin rose from 35.0 % (FY2020) to 41.7 % (FY2021)",
            "yes",
            "500 / 1,200",
        ),
        (
            "What was the revenue growth from FY2020 to FY2021?",
            "Revenue, growth FY2020 to FY2021: 20.0 %.",
            "20",
            "1,200 / 1,000 − 1 = 20.0 %",
        ),
    ],
)
def test_a_figure_is_told_with_its_calculation(
    corpus: Corpus, reader: Reader, filing: list[Entry], question: str, text: str, value: str, calculation: str | None
) -> None:
    answer = ask(corpus, reader, question, filing)
    assert text in answer.text
    assert answer.value == value
    assert answer.calculation is None if calculation is None else calculation in (answer.calculation or "")


def test_every_figure_of_an_answer_is_cited_to_the_character(corpus: Corpus, reader: Reader, filing: list[Entry]) -> None:
    answer = ask(corpus, reader, "What is the working capital ratio of Larch Mills for FY2021?", filing)
    document = corpus.document(filing[0])
    assert [(part.name, part.value, part.citation.quote) for part in answer.parts] == [
        ("Total current assets", "300000000", "300"),
        ("Total current liabilities", "200000000", "200"),
    ]
    cited = (
        [passage.citation for passage in answer.passages] + [part.label for part in answer.parts] + [part.citation for part in answer.parts]
    )
    assert all(document.quote(citation.span) == citation.quote for citation in cited)


@pytest.mark.parametrize(
    "question",
    ["What were the net sales of Birch Foods in FY2021?", "What were Larch Mills' net sales in FY2009?"],
    ids=["another company", "another year"],
)
def test_another_companys_figures_and_another_years_are_not_found(
    corpus: Corpus, reader: Reader, filing: list[Entry], question: str
) -> None:
    answer = ask(corpus, reader, question, filing)
    assert (answer.found, answer.text, answer.parts) == (False, "Not found in these documents.", ())


def test_the_end_of_a_term_is_counted_from_the_day_it_begins(corpus: Corpus, reader: Reader, entries: list[Entry]) -> None:
    answer = ask(corpus, reader, "When does the agreement expire?", entries)
    assert (answer.kind, answer.value) == ("date", "2023-03-01")
    assert answer.calculation == "2021-03-01 + 24 months = 2023-03-01"
    assert ["two years" in passage.citation.quote or "March 1, 2021" in passage.citation.quote for passage in answer.passages] == [
        True,
        True,
    ]


def test_a_contract_tells_its_law_and_whether_it_may_be_ended(corpus: Corpus, reader: Reader, entries: list[Entry]) -> None:
    law = ask(corpus, reader, "What is the governing law?", entries)
    assert (law.kind, law.value) == ("jurisdiction", "New York")
    ended = ask(corpus, reader, "Can the agreement be terminated for convenience?", entries)
    assert (ended.kind, ended.value) == ("yes_no", "yes")
    assert "sixty (60) days" in ended.passages[0].citation.quote
