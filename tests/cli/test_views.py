"""Tables and Markdown: what is shown, what is left out, and that a path can be copied."""

from __future__ import annotations

import io

import pytest

from longdoc.cli.formats import Markdown, Table, View
from longdoc.cli.views.extract import SHOWN, ExtractView, Found, shown_value
from longdoc.cli.views.passages import SearchView
from longdoc.cli.views.summarize import SummarizeView
from longdoc.types import Citation, Clause, Overview, Passage, RowCell, Span, TableRow, Value
from longdoc_stores.corpus import Entry

PATH = "agreements of the year 2021/" + "a very long name " * 8 + ".pdf"


def citation(text: str, start: int = 10, page: int | None = 3) -> Citation:
    return Citation(
        document_id="d", path=PATH, span=Span(start=start, end=start + len(text)), quote=text, page=page, heading_path=("1 Term",)
    )


def clause(text: str, kind: str | None = None, normalised: str = "", start: int = 10) -> Clause:
    value = Value(kind=kind, normalised=normalised, citation=citation(text)) if kind else None  # type: ignore[arg-type]
    return Clause(label="Fees", score=0.5, citation=citation(text, start), value=value)


def found(*clauses: Clause) -> Found:
    entry = Entry(path=PATH, document_id="d", document_key="k", domain="legal", title="Title", format="pdf", pages=4, tokens=9)
    return Found(entry, list(clauses))


def shown(view: View, item: object, kind: type[Table] | type[Markdown] = Table) -> str:
    stream = io.StringIO()
    kind(view, stream, dict).add(item)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("kind", "normalised", "text", "told"),
    [
        ("duration", "P3Y", "three years", "3 years"),
        ("duration", "P1D", "a day", "1 day"),
        ("duration", "P1Y6M", "eighteen months", "P1Y6M"),
        ("amount", "USD 1366000000", "$1.366 billion", "USD 1,366,000,000"),
        ("amount", "EUR 12.50", "12.50 Euro", "EUR 12.50"),
        ("date", "2021-03-01", "March 1, 2021", "2021-03-01"),
        ("party", "Acme", "ACME", ""),
        ("yes_no", "yes", "Neither party may assign.", ""),
        (None, "", "words", ""),
    ],
)
def test_a_value_is_shown_as_a_person_says_it(kind: str | None, normalised: str, text: str, told: str) -> None:
    assert shown_value(clause(text, kind, normalised)) == told


def test_the_table_shows_the_best_of_each_label_and_counts_the_rest() -> None:
    many = [clause(f"Fee number {number} is due.", start=100 * number) for number in range(SHOWN + 3)]
    table = shown(ExtractView(), found(*many))
    assert table.count("is due.") == SHOWN
    assert "3 more" in table
    assert shown(ExtractView(), found(*many), Markdown).count("is due.") == SHOWN + 3


def test_a_path_is_never_broken_in_two() -> None:
    assert f"'{PATH}:10-15'" in shown(SearchView("words"), [Passage(rank=1, score=1.0, citation=citation("words"))])
    assert PATH in shown(ExtractView(), found(clause("words")))


def test_the_sentence_that_answers_is_seen_wherever_it_stands_in_its_passage() -> None:
    before, answer = "Of other things. " * 60, "The fee is $5."
    whole = citation(f"{before}{answer} And so on. " + "More follows. " * 60)
    marked = citation(answer, start=10 + len(before))
    passage = Passage(rank=1, score=1.0, citation=whole, answer=marked)
    assert f"» {answer} «" in " ".join(shown(SearchView("fee"), [passage]).split())
    assert f"**{answer}**" in shown(SearchView("fee"), [passage], Markdown)
    assert "»" not in shown(SearchView("fee"), [passage.model_copy(update={"answer": None})])


def test_a_row_of_a_table_is_told_in_words() -> None:
    cells = (RowCell(heading="2024", text="1,375", value="1375000000", unit="USD", scale=10**6), RowCell(heading="Change", text="8 %"))
    row = TableRow(label="Deferred revenue", cells=cells)
    passage = Passage(rank=1, score=1.0, citation=citation("Deferred revenue 1,375 8 %"), row=row)
    for form in (Table, Markdown):
        assert "Deferred revenue: 1,375 million (2024); 8 % (Change)" in " ".join(shown(SearchView("revenue"), [passage], form).split())


def test_no_line_is_wider_than_it_should_and_none_ends_in_blanks() -> None:
    table = shown(ExtractView(), found(clause("word " * 200, "duration", "P3Y"), clause("The fee is $5.", "amount", "USD 5")))
    lines = [line for line in table.splitlines() if PATH not in line]
    assert max(len(line) for line in lines) <= 120
    assert all(line == line.rstrip() for line in lines)


def test_the_sources_of_an_overview_are_counted_where_they_are_many() -> None:
    statement = Overview(text="They agree.", citations=tuple(citation("words", start) for start in range(10)))
    table = shown(SummarizeView(), [statement])
    assert "4 more" in table
    assert "p. 3" in table


def test_document_text_commands_no_terminal() -> None:
    hostile = clause("\x1b]0;owned\x07 pay \x1b[2Jnow [bold]red[/bold]")
    assert "\x1b" not in shown(ExtractView(), found(hostile))
    assert "[bold]red[/bold]" in shown(ExtractView(), found(hostile))
