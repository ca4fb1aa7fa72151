from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_samples import LEASE, LOAN, READER, put

from longdoc_stores.corpus import Corpus


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path / "corpus") as made:
        yield made


def test_words_are_found_in_text_and_heading_whatever_their_form(corpus: Corpus) -> None:
    put(corpus, "/docs/lease.txt", LEASE)
    put(corpus, "/docs/loan.txt", LOAN)
    entries = corpus.select(["/docs"])

    def first(query: str) -> tuple[str, int] | None:
        hits = corpus.search_text(query, entries, 1)
        return (hits[0].entry.path, hits[0].chunk_index) if hits else None

    assert first("Which LAWS govern?") == ("/docs/loan.txt", 1)
    assert first("terms") == ("/docs/lease.txt", 0)
    assert first("1577") == ("/docs/lease.txt", 1)
    assert first("xylophone") is None
    assert first("") is None


@pytest.mark.parametrize(
    "query", ['"', "a AND", "rent:", "NEAR(", "*", "^rent", "-rent", "(", "rent\0", "{a b}:", "'; DROP TABLE files", "\udcff"]
)
def test_no_query_is_an_error(corpus: Corpus, query: str) -> None:
    put(corpus, "/docs/lease.txt", LEASE)
    corpus.search_text(query, corpus.select(["/docs"]), 5)
    assert corpus.status().documents == 1


def test_a_search_looks_only_at_the_entries_given(corpus: Corpus) -> None:
    put(corpus, "/docs/lease.txt", LEASE)
    put(corpus, "/docs/loan.txt", LOAN)
    lease = corpus.select(["/docs/lease.txt"])
    assert corpus.search_text("delaware loan", lease, 5) == []
    assert {hit.entry.path for hit in corpus.search_vectors(READER.embed(["loan"])[0], lease, 5, READER.fingerprint)} == {"/docs/lease.txt"}
    assert corpus.search_text("rent", [], 5) == []
    assert corpus.search_vectors(READER.embed(["loan"])[0], [], 5, READER.fingerprint) == []


def test_a_word_that_every_chunk_searched_has_counts_for_little(corpus: Corpus) -> None:
    put(corpus, "/docs/acme.txt", "Acme sells Acme goods under the Acme name.\nAcme spent money on equipment.\nAcme has staff.\n")
    for number in range(5):
        put(corpus, f"/docs/other{number}.txt", f"Number {number} bought equipment.\n")
    hits = corpus.search_text("Acme equipment", corpus.select(["/docs/acme.txt"]), 3)
    assert hits[0].chunk_index == 1


def test_nearest_vectors_are_those_of_the_documents_selected(corpus: Corpus) -> None:
    words = "rent term loan law fee cost year month notice party".split()  # noqa: SIM905
    for number in range(12):
        put(
            corpus,
            f"/docs/{number:02}.txt",
            "".join(f"{words[(number + step) % 10]} {words[number * step % 10]}.\n" for step in range(1, 6)),
        )
    query = READER.embed(["rent loan notice"])[0]
    for entries in (corpus.select(["/docs"]), corpus.select(["/docs"])[::3]):
        scores = sorted(
            (
                float(score)
                for entry in {entry.document_key: entry for entry in entries}.values()
                for score in corpus.reading(entry, READER.fingerprint).chunk_vectors.astype("f4") @ query
            ),
            reverse=True,
        )
        hits = corpus.search_vectors(query, entries, 7, READER.fingerprint)
        assert [hit.score for hit in hits] == pytest.approx(scores[:7], abs=1e-5)
        for hit in hits:
            vector = corpus.reading(hit.entry, READER.fingerprint).chunk_vectors[hit.chunk_index].astype("f4")
            assert float(vector @ query) == pytest.approx(hit.score, abs=1e-5)


def test_the_index_follows_what_is_added_and_removed(corpus: Corpus) -> None:
    query = READER.embed(["Delaware law governs the loan."])[0]

    def found() -> list[str]:
        hits = corpus.search_vectors(query, corpus.select(["/docs"]), 50, READER.fingerprint)
        return sorted({hit.entry.path for hit in hits})

    put(corpus, "/docs/lease.txt", LEASE)
    assert found() == ["/docs/lease.txt"]
    put(corpus, "/docs/loan.txt", LOAN)
    assert found() == ["/docs/lease.txt", "/docs/loan.txt"]
    put(corpus, "/docs/lease.txt", LEASE + "More.\n")
    assert found() == ["/docs/lease.txt", "/docs/loan.txt"]
    corpus.forget(["/docs/loan.txt"])
    assert found() == ["/docs/lease.txt"]
    assert corpus.check(repair=False) == []


def test_a_damaged_index_is_built_again(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longdoc_stores.context._SAVE_AT_CLOSE", 0)
    put(corpus, "/docs/lease.txt", LEASE)
    query = READER.embed(["rent"])[0]
    before = corpus.search_vectors(query, corpus.select(["/docs"]), 5, READER.fingerprint)
    corpus.readings.close()
    (path,) = corpus.readings.folder.glob("*/*.faiss")
    path.write_bytes(b"nonsense")
    with Corpus(corpus.folder) as again:
        assert again.search_vectors(query, again.select(["/docs"]), 5, READER.fingerprint) == before


def test_a_heading_restricts_both_searches_to_what_stands_under_it_or_holds_it(corpus: Corpus) -> None:
    put(corpus, "/docs/lease.md", "# Rent\nThe rent is 100 a month.\n# Notice\nA notice of one month ends the rent.\n")
    put(corpus, "/docs/loan.txt", LOAN)
    entries = corpus.select(["/docs"])
    headings = {entry.path: [chunk.heading_path for chunk in corpus.chunks(entry)] for entry in entries}
    found = corpus.search_text("month rent", entries, 5, heading="notices")
    near = corpus.search_vectors(READER.embed(["rent"])[0], entries, 5, READER.fingerprint, heading="notices")
    for hits in (found, near):
        assert hits
        assert {headings[hit.entry.path][hit.chunk_index] for hit in hits} == {("Notice",)}
    assert corpus.search_text("rent", entries, 5, heading="rent landlord") == []
    assert corpus.search_vectors(READER.embed(["rent"])[0], entries, 5, READER.fingerprint, heading="nowhere") == []


def test_documents_are_told_apart_by_the_words_that_few_begin_with(corpus: Corpus) -> None:
    for name in ("alder", "birch", "cedar"):
        put(corpus, f"/docs/{name}.txt", f"Report of {name}.\nSales rose.\nSo did birch.\n")
    entries = corpus.select(["/docs"])
    found = corpus.search_fronts("the report of Cedar", entries, 5, 1)
    assert [Path(entry.path).stem for entry, _ in found] == ["cedar", "alder", "birch"]
    assert found[0][1] == 1.0
    assert 0 < found[1][1] < 0.5
    assert [Path(entry.path).stem for entry, _ in corpus.search_fronts("birch", entries, 5, 1)] == ["birch"]


def test_a_selection_kept_is_that_of_the_corpus_as_it_is(corpus: Corpus) -> None:
    put(corpus, "/docs/lease.txt", LEASE)
    put(corpus, "/docs/loan.txt", LOAN)
    entries = tuple(corpus.select(["/docs"]))
    before = corpus.search_text("loan", entries, 5)
    assert corpus.search_text("loan", entries, 5) == before
    with Corpus(corpus.folder) as other:
        other.forget(["/docs/loan.txt"])
    assert corpus.search_text("loan", entries, 5) == []
    put(corpus, "/docs/more.txt", "A loan again.\n")
    assert [hit.entry.path for hit in corpus.search_text("loan", tuple(corpus.select()), 5)] == ["/docs/more.txt"]


def test_many_documents_are_searched_like_few(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        put(corpus, f"/docs/{number}.txt", f"Loan {number}.\nThe rent of {number}.\n")
    entries = corpus.select(["/docs"])[1:5]
    before = corpus.search_text("loan of rent 3", entries, 9)
    monkeypatch.setattr("longdoc_stores.search.FEW", 2)
    assert corpus.search_text("loan of rent 3", entries, 9) == before


def test_a_corpus_of_version_3_is_searched_as_before(tmp_path: Path) -> None:
    with Corpus(tmp_path / "old") as corpus:
        put(corpus, "/docs/lease.txt", LEASE)
        before = corpus.search_text("rent", corpus.select(), 5)
        catalogue = corpus.catalogue
        for statement in (
            "DROP INDEX documents_for_search",
            "ALTER TABLE postings RENAME TO newer",
            "CREATE TABLE postings (document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE, word TEXT NOT NULL, "
            "data BLOB NOT NULL, PRIMARY KEY (document, word)) WITHOUT ROWID",
            "INSERT INTO postings SELECT document, word, data FROM newer",
            "DROP TABLE newer",
            "UPDATE meta SET value = '3' WHERE name = 'schema_version'",
        ):
            catalogue.run(statement)
    with Corpus(tmp_path / "old") as corpus:
        assert corpus.search_text("rent", corpus.select(), 5) == before
        assert corpus.check(repair=False) == []
        corpus.forget(["/docs"])
        assert corpus.catalogue.one("SELECT count(*) FROM postings") == (0,)
