"""What a person is shown of a search: one result a place, the sentence that answers marked, and what filters leave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from model_reader import CONTRACT, RECIPE, ModelReader, fill

from longdoc.errors import UsageError
from longdoc.types import Passage
from longdoc_pipelines.filters import Filters, under
from longdoc_pipelines.results import merged, results
from longdoc_pipelines.search import find_chunks, names, search
from longdoc_pipelines.sheets import Row, Sheet, Sheets
from longdoc_stores.corpus import Corpus
from longdoc_stores.records import Entry

LONG = """# Lease

Dated as of April 2, 2019.

## Repairs

The tenant keeps the roof of the house in repair. {filler}

The tenant keeps the walls of the house in repair. {filler}

## Rent

The rent is $900 a month, without heating or water. It is due on the first working day of each calendar month. {filler}
""".format(filler="Nothing else at all is said of this matter anywhere in this document. " * 20)


@pytest.fixture
def entries(corpus: Corpus, reader: ModelReader, tmp_path: Path) -> list[Entry]:
    return fill(corpus, reader, tmp_path / "docs", contract__txt=CONTRACT, lease__md=LONG, recipe__md=RECIPE)


def exact(corpus: Corpus, entries: list[Entry], passages: list[Passage]) -> bool:
    text = {entry.path: corpus.document(entry).text for entry in entries}
    cited = [citation for passage in passages for citation in (passage.citation, passage.answer) if citation is not None]
    return all(text[one.path][one.span.start : one.span.end] == one.quote for one in cited)


def test_the_sentence_that_answers_is_marked_inside_its_passage(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    found = results(corpus, reader, "on which working day of each month is it due", entries)
    marked = found[0].answer
    assert marked is not None
    assert marked.quote == "It is due on the first working day of each calendar month."
    assert found[0].citation.span.contains(marked.span)
    assert exact(corpus, entries, found)


def test_a_row_that_answers_is_told_with_the_headings_of_its_columns(corpus: Corpus, reader: ModelReader, tmp_path: Path) -> None:
    table = "| In millions | 2024 | 2023 |\n| --- | --- | --- |\n| Goodwill | $ 310 | $ 295 |\n| Deferred revenue | 1,375 | 1,493 |\n"
    entries = fill(corpus, reader, tmp_path / "more", accounts__md=f"# Accounts\n\nWhat we own and owe.\n\n{table}")
    first = results(corpus, reader, "deferred revenue", entries)[0]
    assert first.answer is not None
    assert first.answer.quote.startswith("| Deferred revenue")
    assert first.row is not None
    assert first.row.label == "Deferred revenue"
    assert [(cell.heading, cell.text) for cell in first.row.cells] == [("2024", "1,375"), ("2023", "1,493")]
    assert [cell.value for cell in first.row.cells] == ["1375000000", "1493000000"]


def test_a_query_that_nothing_answers_marks_nothing(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    assert results(corpus, reader, "zebra", entries)[0].answer is None


def test_neighbouring_hits_of_a_section_are_one_result(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    lease = [entry for entry in entries if "lease" in entry.path]
    apart = search(corpus, reader, "repair of roof and walls", lease, 10)
    together = results(corpus, reader, "repair of roof and walls", lease, 10)
    pieces = [passage.citation.quote for passage in apart if "Repairs" in passage.citation.heading_path[-1]]
    assert len(pieces) > 1
    own = [passage for passage in together if "Repairs" in passage.citation.heading_path[-1]]
    assert len(own) == 1
    assert all(piece in own[0].citation.quote for piece in pieces)
    assert [passage.rank for passage in together] == list(range(1, len(together) + 1))
    assert exact(corpus, entries, together)


def test_results_of_other_sections_pages_or_places_stay_apart(corpus: Corpus, entries: list[Entry]) -> None:
    def row(number: int, section: int, page: int, gap: str | None = " ") -> Row:
        return Row(number * 10, number * 10 + 9, section, page, None, "123456789", gap, False, ())

    rows = (row(0, 0, 1), row(1, 0, 1), row(2, 1, 1), row(3, 1, 2), row(4, 1, 2, None), row(5, 1, 2))
    sheets = Sheets(corpus)
    sheets._known[entries[0].document_key] = Sheet(rows, (("A",), ("B",)), {})
    made = merged([(entries[0], chunk, 1.0) for chunk in (0, 1, 2, 3, 5, 4)], sheets, 10)
    assert [(one.first, one.last) for one in made] == [(0, 1), (2, 2), (3, 4), (5, 5)]


def test_a_section_filter_leaves_what_stands_under_that_heading(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    found = results(corpus, reader, "the tenant pays money", entries, filters=Filters(section="rent"))
    assert {passage.citation.heading_path[-1] for passage in found} == {"Rent"}
    assert results(corpus, reader, "the tenant pays money", entries, filters=Filters(section="Article 77")) == []


def test_a_number_in_a_section_filter_belongs_to_its_word() -> None:
    assert under("Item 7", "Item 7. Management's Discussion")
    assert not under("Item 7", "Item 7A. Market risk")
    assert not under("Item 7", "Item 8, Note 7")
    assert under("limitation liability", "Limitations of Liability")


def test_a_date_filter_leaves_documents_that_bear_a_date_from_then_on(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    def paths(since: str) -> set[str]:
        return {Path(passage.citation.path).name for passage in results(corpus, reader, "agreement", entries, filters=Filters(since=since))}

    assert paths("2019") == {"contract.txt", "lease.md"}  # the recipe bears none
    assert paths("2019-04-02") == {"contract.txt", "lease.md"}
    assert paths("2019-04-03") == {"contract.txt"}
    assert paths("2022") == set()


def test_a_domain_filter_leaves_documents_of_that_profile(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    found = results(corpus, reader, "agreement", entries, filters=Filters(domain="legal"))
    assert {Path(passage.citation.path).name for passage in found} == {Path(e.path).name for e in entries if e.domain == "legal"}


@pytest.mark.parametrize(
    "wrong", [{"domain": "poetry"}, {"section": " - "}, {"since": "soon"}, {"since": "2023-13"}, {"since": "2023-02-30"}]
)
def test_a_filter_that_cannot_be_meant_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong.values()))):
        Filters(**wrong)  # type: ignore[arg-type]


def test_names_are_words_with_digits_capitals_or_a_capital_inside_a_sentence() -> None:
    assert names("What did 3M earn in FY2018? Did Kestrel pay?") == "3M FY2018 Kestrel"
    assert names("who pays the rent") == ""


def test_a_filing_that_the_query_names_comes_before_others(corpus: Corpus, reader: ModelReader, tmp_path: Path) -> None:
    files = {f"{name}__txt": f"{name.upper()} REPORT\n\nYear 2020.\n\nThe sales rose by a tenth.\n" for name in ("alder", "birch", "cedar")}
    made = fill(corpus, reader, tmp_path / "reports", **files)
    entries = [replace(entry, domain="financial") for entry in made]
    for name in ("Birch", "Cedar"):
        found = find_chunks(corpus, reader, f"how much did sales of {name} rise", entries, 1)
        assert Path(found[0][0].path).stem == name.lower()


def test_a_search_decodes_no_document(corpus: Corpus, reader: ModelReader, entries: list[Entry], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(entry: Entry) -> None:
        raise AssertionError(f"{entry.path} was decoded")

    monkeypatch.setattr(corpus, "document", refuse)
    assert results(corpus, reader, "monthly fee", entries, filters=Filters(section="Fees", since="2000"))


def test_a_corpus_made_before_sheets_answers_alike_and_keeps_them(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    before = results(corpus, reader, "monthly fee", entries, filters=Filters(since="2000"))
    corpus.catalogue.run("DELETE FROM results")
    assert results(corpus, reader, "monthly fee", entries, filters=Filters(since="2000")) == before
    assert len(corpus.results_of("dated1")) == len(entries)
