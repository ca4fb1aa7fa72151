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
