from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from corpus_samples import LEASE, LOAN, READER, WordReader, file_record, make_document, only, put

from longdoc.errors import LimitError, StoreError
from longdoc.protocols import Reading
from longdoc_stores import lexical
from longdoc_stores.corpus import Corpus
from longdoc_stores.digest import digest


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path / "corpus") as made:
        yield made


def test_a_document_comes_back_as_it_went_in(corpus: Corpus) -> None:
    put(corpus, "/docs/lease.txt", LEASE)
    document, chunks = make_document(LEASE, "/docs/lease.txt")
    entry = only(corpus, "/docs")
    assert corpus.document(entry) == document
    assert corpus.chunks(entry) == chunks


def test_a_reading_comes_back_bit_for_bit(corpus: Corpus) -> None:
    put(corpus, "/docs/lease.txt", LEASE)
    expected = READER.read(*make_document(LEASE))
    found = corpus.reading(only(corpus, "/docs"), READER.fingerprint)
    for name in ("sentences", "chunk_of_sentence", "chunk_vectors", "sentence_vectors", "salience"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        assert getattr(found, name).dtype == getattr(expected, name).dtype
    assert found.tokens == expected.tokens


def test_what_was_stored_is_there_after_reopening(tmp_path: Path) -> None:
    with Corpus(tmp_path / "corpus") as corpus:
        put(corpus, "/docs/lease.txt", LEASE)
        before = digest(corpus)
    with Corpus(tmp_path / "corpus") as corpus:
        assert digest(corpus) == before
        assert corpus.document(only(corpus, "/docs")).text == LEASE


def test_the_same_content_is_stored_once_and_found_at_both_paths(corpus: Corpus) -> None:
    put(corpus, "/docs/a.txt", LEASE)
    put(corpus, "/docs/b.txt", LEASE)
    assert corpus.status().documents == 1
    entries = corpus.select(["/docs"])
    assert [corpus.document(entry).path for entry in entries] == ["/docs/a.txt", "/docs/b.txt"]
    assert [hit.entry.path for hit in corpus.search_text("rent", entries, 10)] == ["/docs/a.txt"]


def test_selection_is_by_file_or_folder_as_it_was_asked_for(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "home"
    (here / "docs").mkdir(parents=True)
    monkeypatch.chdir(here)
    for name in ("docs/b.txt", "docs/a/z.txt", "docs-old/c.txt", "docs/a.txt"):
        put(corpus, str(here / name), LEASE + name)
    assert [entry.path for entry in corpus.select(["docs"])] == ["docs/a/z.txt", "docs/a.txt", "docs/b.txt"]
    assert [entry.path for entry in corpus.select(["./docs/"])] == ["./docs/a/z.txt", "./docs/a.txt", "./docs/b.txt"]
    assert [entry.path for entry in corpus.select([f"{here}/docs/a.txt"])] == [f"{here}/docs/a.txt"]
    assert [entry.path for entry in corpus.select(["docs/b.txt", "docs"])] == ["docs/b.txt", "docs/a/z.txt", "docs/a.txt"]
    assert [entry.path for entry in corpus.select(["../home/docs-old"])] == ["../home/docs-old/c.txt"]
    assert corpus.select(["doc", "docs/a.tx", "\udcff", "a\0b"]) == []
    assert len(corpus.select(["/"])) == len(corpus.select()) == 4


def test_failed_and_missing_files_are_not_selected(corpus: Corpus) -> None:
    put(corpus, "/docs/lease.txt", LEASE)
    put(corpus, "/docs/loan.txt", LOAN)
    corpus.mark_missing("/docs/lease.txt")
    corpus.commit(file_record("/docs/loan.txt", LOAN, outcome="failed", reason="it would not open"))
    assert corpus.select(["/docs"]) == []
    status = corpus.status()
    assert status.missing == ["/docs/lease.txt"]
    assert [(failure.path, failure.reason) for failure in status.failures] == [("/docs/loan.txt", "it would not open")]


def test_a_changed_file_leaves_nothing_of_its_old_content(corpus: Corpus) -> None:
    put(corpus, "/docs/a.txt", LEASE)
    put(corpus, "/docs/a.txt", LOAN)
    entries = corpus.select(["/docs"])
    assert [corpus.document(entry).text for entry in entries] == [LOAN]
    assert corpus.search_text("rent", entries, 5) == []
    assert corpus.status().documents == 1
    assert corpus.readings.context(READER.fingerprint).documents() == [entries[0].document_key]


def test_two_readers_keep_their_readings_apart(corpus: Corpus) -> None:
    other = WordReader("words/2")
    put(corpus, "/docs/lease.txt", LEASE)
    entry = only(corpus, "/docs")
    with pytest.raises(StoreError, match="has not been read by words/2"):
        corpus.reading(entry, other.fingerprint)
    with pytest.raises(StoreError, match="has not been read by words/2"):
        corpus.search_vectors(other.embed(["rent"])[0], [entry], 5, other.fingerprint)
    put(corpus, "/docs/lease.txt", LEASE, other)
    assert corpus.reading(entry, other.fingerprint).tokens == corpus.reading(entry, READER.fingerprint).tokens
    assert corpus.status().documents == 1


def test_a_reading_that_does_not_fit_its_document_is_refused_and_nothing_stored(corpus: Corpus) -> None:
    document, chunks = make_document(LEASE)
    good = READER.read(document, chunks)
    short = Reading(good.sentences, good.chunk_of_sentence, good.chunk_vectors[:1], good.sentence_vectors, good.salience, 1)
    broken = Reading(
        good.sentences, good.chunk_of_sentence, good.chunk_vectors * np.float16("nan"), good.sentence_vectors, good.salience, 1
    )
    for reading, message in ((short, "gave 1 chunk vectors, not 2"), (broken, "not a number")):
        with pytest.raises(StoreError, match=message):
            corpus.commit(file_record("/docs/a.txt", LEASE), parsed=(document, chunks), reading=("words/1", reading))
    assert corpus.select(["/docs"]) == []
    assert corpus.check(repair=False) == []


def test_what_else_a_reader_keeps_comes_back_as_it_was(corpus: Corpus) -> None:
    document, chunks = make_document(LEASE)
    extra = {
        "set.sentences": np.arange(12, dtype=np.float16).reshape(4, 3) / 7,
        "spans": np.array([[1, 70_000]], dtype=np.int32),
        "none": np.zeros((0, 5), dtype=np.float16),
    }
    reading = replace(READER.read(document, chunks), extra=extra)
    corpus.commit(file_record("/docs/a.txt", LEASE), parsed=(document, chunks), reading=("words/1", reading))
    back = corpus.reading(only(corpus, "/docs"), "words/1")
    assert back.extra.keys() == extra.keys()
    for name, array in extra.items():
        assert back.extra[name].dtype == array.dtype
        np.testing.assert_array_equal(back.extra[name], array)


def test_sentences_out_of_order_are_refused(corpus: Corpus) -> None:
    document, chunks = make_document(LEASE)
    good = READER.read(document, chunks)
    backwards = replace(good, chunk_of_sentence=good.chunk_of_sentence[::-1].copy())
    outside = replace(good, chunk_of_sentence=good.chunk_of_sentence + 1)
    for reading in (backwards, outside):
        with pytest.raises(StoreError, match="gave sentences out of order, or in none of the 2 chunks"):
            corpus.commit(file_record("/docs/a.txt", LEASE), parsed=(document, chunks), reading=("words/1", reading))


def test_more_chunks_than_can_be_numbered_are_refused(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical, "MOST_CHUNKS", 1)
    with pytest.raises(LimitError, match="2 chunks; a document may have 1"):
        put(corpus, "/docs/lease.txt", LEASE)


def test_results_are_kept_until_their_document_goes(corpus: Corpus) -> None:
    put(corpus, "/docs/lease.txt", LEASE)
    put(corpus, "/docs/loan.txt", LOAN)
    lease, loan = corpus.select(["/docs"])
    corpus.put_result("summary of lease", lease.document_key, "summary", '{"a":1}')
    corpus.put_result("summary of loan", loan.document_key, "summary", '{"b":1}')
    corpus.put_result("summary of loan", loan.document_key, "summary", '{"b":2}')
    corpus.put_result("overview", None, "overview", "[]")
    assert corpus.result("summary of loan") == '{"b":2}'
    corpus.forget(["/docs/lease.txt"])
    assert corpus.result("summary of lease") is None
    assert corpus.result("overview") is None
    assert corpus.result("summary of loan") == '{"b":2}'
    corpus.put_result("late", lease.document_key, "summary", "{}")
    assert corpus.result("late") is None


def test_what_was_read_of_many_documents_takes_no_ram_once_it_is_on_disk(corpus: Corpus) -> None:
    for number in range(20):
        put(corpus, f"/docs/{number}.txt", LEASE.replace("lease", f"lease {number}"))

    def in_ram() -> int:
        return next(tier.bytes for tier in corpus.readings.tiers() if tier.name == "ram")

    entry = corpus.select(["/docs/7.txt"])[0]
    assert (len(corpus.select(["/docs"])), in_ram()) == (20, 0)
    before = corpus.reading(entry, READER.fingerprint)
    assert in_ram() > 0
    corpus.readings.let_go(entry.document_key, READER.fingerprint)
    assert in_ram() == 0
    assert np.array_equal(corpus.reading(entry, READER.fingerprint).sentence_vectors, before.sentence_vectors)


def test_a_result_does_not_wait_for_the_disk_and_all_else_does(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    put(corpus, "/docs/lease.txt", LEASE)
    seen = []
    real = corpus.catalogue.run

    def watched(statement: str, arguments: Sequence[object] = ()) -> int:
        seen.append((statement.split()[0], corpus.catalogue.one("PRAGMA synchronous")[0]))
        return real(statement, arguments)

    monkeypatch.setattr(corpus.catalogue, "run", watched)
    corpus.put_result("a", None, "overview", "{}")
    with corpus.catalogue.transaction():
        corpus.put_result("b", None, "overview", "{}")
    corpus.mark_missing("/docs/lease.txt")
    normal, full = 1, 2
    assert seen == [("INSERT", normal), ("BEGIN", full), ("INSERT", full), ("COMMIT", full), ("UPDATE", full)]


def test_forgetting_one_of_two_copies_keeps_the_other(corpus: Corpus) -> None:
    put(corpus, "/docs/a.txt", LEASE)
    put(corpus, "/docs/b.txt", LEASE)
    assert corpus.forget(["/docs/a.txt", "/docs/none.txt"]) == ["/docs/a.txt"]
    assert corpus.document(only(corpus, "/docs")).path == "/docs/b.txt"
    assert corpus.reading(only(corpus, "/docs"), READER.fingerprint).tokens == len(LEASE.split())
    assert corpus.forget(["/docs/a.txt"]) == []


def test_the_digest_does_not_depend_on_the_order_of_ingestion(tmp_path: Path) -> None:
    digests = set()
    for name, order in (("one", [0, 1]), ("two", [1, 0]), ("three", [0, 1, 0])):
        with Corpus(tmp_path / name) as corpus:
            for number in order:
                put(corpus, f"/docs/{number}.txt", (LEASE, LOAN)[number])
            digests.add(digest(corpus))
    assert len(digests) == 1


def test_the_digest_sees_every_change(corpus: Corpus) -> None:
    seen = [digest(corpus)]
    put(corpus, "/docs/a.txt", LEASE)
    seen.append(digest(corpus))
    put(corpus, "/docs/b.txt", LEASE)
    seen.append(digest(corpus))
    corpus.mark_missing("/docs/b.txt")
    seen.append(digest(corpus))
    put(corpus, "/docs/a.txt", LEASE, WordReader("words/2"))
    seen.append(digest(corpus))
    corpus.catalogue.run("DELETE FROM postings WHERE word = 'rent'")
    seen.append(digest(corpus))
    assert len(set(seen)) == len(seen)


def test_a_commit_that_fails_half_way_changes_nothing(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    put(corpus, "/docs/a.txt", LEASE)
    before = digest(corpus)

    def fail(*arguments: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(corpus.documents, "put_reading", fail)
    with pytest.raises(StoreError, match="disk is full"):
        put(corpus, "/docs/a.txt", LOAN)
    monkeypatch.undo()
    assert digest(corpus) == before
    with Corpus(corpus.folder, exclusive=True) as again:
        assert again.check(repair=False) == []


def test_a_full_database_says_so_and_keeps_what_it_had(corpus: Corpus) -> None:
    put(corpus, "/docs/a.txt", LEASE)
    before = digest(corpus)
    pages = corpus.catalogue.one("PRAGMA page_count")[0]
    corpus.catalogue.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="the disk is full; free some space"):
        put(corpus, "/docs/b.txt", "".join(f"word{number} {os.urandom(40).hex()}.\n" for number in range(3000)))
    assert digest(corpus) == before
