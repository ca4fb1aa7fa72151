"""The facade as Python users meet it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from longdoc import Citation, Clause, Document, Outcome, Pipeline, Span
from longdoc.errors import ConfigError, EmptyFileError, InputError, NotFoundError, UsageError
from longdoc.protocols import Progress

TEXT = """LEASE AGREEMENT

This Lease Agreement is made on May 4, 2020 between Cedar Estates LLC ("Landlord") and Dune Coffee Inc. ("Tenant").

1. Rent

1.1 Rent. Tenant shall pay Landlord $4,000 on the first day of each month.

2. Term

2.1 Term. The term of this Agreement is five (5) years from the date above.

3. Law

3.1 Governing Law. This Agreement is governed by the laws of the State of Oregon.
"""


@pytest.fixture(scope="module")
def leases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two leases, and a corpus beside it."""
    folder = tmp_path_factory.mktemp("leases")
    (folder / "files").mkdir()
    (folder / "files" / "a.txt").write_text(TEXT)
    (folder / "files" / "b.txt").write_text(TEXT.replace("Oregon", "Nevada"))
    with Pipeline(folder / "store") as pipeline:
        assert [outcome.outcome for outcome in pipeline.ingest(folder / "files")] == ["ok", "ok"]
    return folder


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    with Pipeline(tmp_path / "store", workers=1):
        pass
    assert not (tmp_path / "store").exists()


def test_settings_are_keyword_arguments_and_a_misspelt_one_is_refused(tmp_path: Path) -> None:
    assert Pipeline(tmp_path, workers=2, domain="legal", model=Path("m")).settings.model == "m"
    with pytest.raises(ConfigError, match="did you mean workers"):
        Pipeline(tmp_path, worker=2)  # type: ignore[call-arg]


def test_paths_may_be_text_path_or_a_list(leases: Path) -> None:
    with Pipeline(leases / "store") as pipeline:
        folder = leases / "files"
        for paths in (str(folder), folder, [folder / "a.txt", str(folder / "b.txt")]):
            assert [outcome.cached for outcome in pipeline.ingest(paths)] == [True, True]
        with pytest.raises(UsageError, match="no path was given"):
            pipeline.ingest([])


def test_a_summary_of_one_is_the_first_of_many(leases: Path) -> None:
    with Pipeline(leases / "store") as pipeline:
        path = leases / "files" / "a.txt"
        summary = pipeline.summarize(path)
        assert summary == next(pipeline.summarize_many([path]))
        assert summary.sentences
        assert isinstance(summary.sentences[0].citation, Citation)


def test_every_clause_is_cited_exactly(leases: Path) -> None:
    with Pipeline(leases / "store") as pipeline:
        clauses = list(pipeline.extract(leases / "files", labels="cuad", min_score=0))
        assert all(isinstance(clause, Clause) for clause in clauses)
        for clause in clauses:
            text = pipeline.document(clause.citation.path).text
            assert text[clause.citation.span.start : clause.citation.span.end] == clause.text
        for name, state in (("a.txt", "Oregon"), ("b.txt", "Nevada")):
            law = [clause for clause in clauses if clause.label == "Governing Law" and clause.citation.path.endswith(name)]
            assert state in max(law, key=lambda clause: clause.score).text


def test_search_and_ask_keep_to_the_paths_named(leases: Path) -> None:
    with Pipeline(leases / "store") as pipeline:
        only = leases / "files" / "b.txt"
        assert {passage.citation.path for passage in pipeline.search("rent", only)} == {str(only)}
        answer = pipeline.ask("Which law governs the agreement?", only)
        assert answer.found
        assert any("Nevada" in passage.citation.quote for passage in answer.passages)
        assert len({passage.citation.path for passage in pipeline.search("rent", k=50)}) == 2


def test_trouble_comes_back_as_data_or_is_raised_when_asked_for(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    with Pipeline(tmp_path / "store") as pipeline:
        outcome = pipeline.ingest(tmp_path / "empty.txt")[0]
        assert (outcome.outcome, outcome.path) == ("failed", str(tmp_path / "empty.txt"))
        assert pipeline.outcomes == [outcome]
        assert list(pipeline.extract(tmp_path / "empty.txt", labels="cuad")) == []
        with pytest.raises(InputError, match=r"empty\.txt"):
            pipeline.summarize(tmp_path / "empty.txt")
    with Pipeline(tmp_path / "store", raise_on_error=True) as pipeline:
        with pytest.raises(EmptyFileError, match=r"empty\.txt"):
            pipeline.ingest(tmp_path / "empty.txt")
        with pytest.raises(NotFoundError, match=r"absent\.txt"):
            pipeline.ingest(tmp_path / "absent.txt")


def test_one_document_is_wanted_where_a_folder_has_several(leases: Path) -> None:
    with Pipeline(leases / "store") as pipeline, pytest.raises(UsageError, match="holds 2 documents"):
        pipeline.document(leases / "files")


def test_progress_and_outcomes_are_told_as_they_come(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    stages: list[Progress] = []
    outcomes: list[Outcome] = []
    with Pipeline(tmp_path / "store", progress=stages.append, on_outcome=outcomes.append) as pipeline:
        pipeline.ingest(tmp_path / "a.txt")
    assert [outcome.outcome for outcome in outcomes] == ["ok"]
    assert {stage.stage for stage in stages} == {"scan", "read", "ingest"}


def test_the_async_twins_give_the_same(leases: Path) -> None:
    path = leases / "files" / "a.txt"

    async def all_at_once(pipeline: Pipeline) -> list[object]:
        return await asyncio.gather(
            pipeline.asummarize(path),
            pipeline.aextract(path, "cuad"),
            pipeline.asearch("rent", path),
            pipeline.aask("What is the rent?", path),
            pipeline.areview(path, "cuad_benchmark", review_below=0),
        )

    with Pipeline(leases / "store") as pipeline:
        together = asyncio.run(all_at_once(pipeline))
        assert together == [
            pipeline.summarize(path),
            list(pipeline.extract(path, "cuad")),
            pipeline.search("rent", path),
            pipeline.ask("What is the rent?", path),
            list(pipeline.review(path, "cuad_benchmark", review_below=0)),
        ]
        assert [outcome.cached for outcome in asyncio.run(pipeline.aingest(path))] == [True]


def test_a_document_and_its_place_are_at_hand(leases: Path) -> None:
    with Pipeline(leases / "store") as pipeline:
        document = pipeline.document(leases / "files" / "a.txt")
        assert isinstance(document, Document)
        start = document.text.index("State of Oregon")
        assert document.cite(Span(start=start, end=start + 15)).heading_path[-1] == "3.1 Governing Law"


def test_a_closed_pipeline_opens_again(leases: Path) -> None:
    pipeline = Pipeline(leases / "store")
    pipeline.close()
    assert pipeline.documents()
    pipeline.close()
    pipeline.close()
