from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from corpus_samples import WordReader, file_record, make_document

from longdoc.errors import LimitError, StoreDamagedError, StoreError, StoreVersionError
from longdoc.protocols import Reading
from longdoc_stores import lexical
from longdoc_stores.corpus import Corpus, Entry
from longdoc_stores.digest import digest

READER = WordReader()
LEASE = "# Term\nThe lease runs for ten years.\n# Rent\nRent is 1,577 dollars a month.\n"
LOAN = "# Interest\nThe loan bears interest at five percent.\n# Law\nDelaware law governs the loan.\n"


def put(corpus: Corpus, path: str, text: str, reader: WordReader = READER) -> None:
    document, chunks = make_document(text, path)
    record = file_record(path, text)
    new = corpus.documents.facts(str(record.document_key)) is None
    corpus.commit(record, parsed=(document, chunks) if new else None, reading=(reader.fingerprint, reader.read(document, chunks)))


def only(corpus: Corpus, path: str) -> Entry:
    (entry,) = corpus.select([path])
    return entry


def contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


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
    assert len(list(corpus.arrays.keys())) == 2


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


def test_nearest_vectors_are_the_same_from_arrays_and_from_the_index(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "rent term loan law fee cost year month notice party".split()  # noqa: SIM905
    for number in range(12):
        put(
            corpus,
            f"/docs/{number:02}.txt",
            "".join(f"{words[(number + step) % 10]} {words[number * step % 10]}.\n" for step in range(1, 6)),
        )
    query = READER.embed(["rent loan notice"])[0]
    some = corpus.select(["/docs"])[::3]
    for entries in (corpus.select(["/docs"]), some):
        direct = corpus.search_vectors(query, entries, 7, READER.fingerprint)
        monkeypatch.setattr("longdoc_stores.corpus_index.DIRECT_DOCUMENTS", 0)
        indexed = corpus.search_vectors(query, entries, 7, READER.fingerprint)
        monkeypatch.undo()
        assert [hit.score for hit in indexed] == pytest.approx([hit.score for hit in direct], abs=1e-5)
        assert len(direct) == 7


def test_the_index_follows_what_is_added_and_removed(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longdoc_stores.corpus_index.DIRECT_DOCUMENTS", 0)
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
    monkeypatch.setattr("longdoc_stores.corpus_index.DIRECT_DOCUMENTS", 0)
    put(corpus, "/docs/lease.txt", LEASE)
    query = READER.embed(["rent"])[0]
    before = corpus.search_vectors(query, corpus.select(["/docs"]), 5, READER.fingerprint)
    (path,) = corpus.index.folder.iterdir()
    path.write_bytes(b"nonsense")
    with Corpus(corpus.folder) as again:
        assert again.search_vectors(query, again.select(["/docs"]), 5, READER.fingerprint) == before


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
    assert list(corpus.arrays.keys()) == []


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


def test_forgetting_leaves_no_trace_in_any_file(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longdoc_stores.corpus_index.DIRECT_DOCUMENTS", 0)
    secret = "The codeword zanzibarquux opens the vault.\n"
    put(corpus, "/docs/loan.txt", LOAN)
    put(corpus, "/docs/zanzibarquux.txt", secret)
    entry = only(corpus, "/docs/zanzibarquux.txt")
    corpus.put_result("a", entry.document_key, "summary", "zanzibarquux")
    corpus.put_result("b", None, "overview", "zanzibarquux")
    corpus.search_vectors(READER.embed(["vault"])[0], corpus.select(["/docs"]), 5, READER.fingerprint)
    assert b"zanzibarquux" in contents(corpus.folder)
    assert entry.document_key.encode() in contents(corpus.folder)
    assert corpus.forget(["/docs/zanzibarquux.txt"]) == ["/docs/zanzibarquux.txt"]
    for trace in ("zanzibarquux", entry.document_key, entry.document_id):
        assert trace.encode() not in contents(corpus.folder)
    with pytest.raises(StoreError, match="ingest it again"):
        corpus.document(entry)
    assert only(corpus, "/docs").path == "/docs/loan.txt"
    assert corpus.check(repair=False) == []


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


@pytest.mark.parametrize("mask", [0o000, 0o777])
def test_only_the_owner_can_read_the_folder_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with Corpus(tmp_path / "corpus", exclusive=True) as corpus:
            put(corpus, "/docs/a.txt", LEASE)
            paths = [corpus.folder, *corpus.folder.rglob("*")]
            modes = {path.name: (path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths}
    finally:
        os.umask(before)
    assert "catalogue.sqlite-wal" in modes
    for name, (is_folder, mode) in modes.items():
        assert mode == (0o700 if is_folder else 0o600), name


def test_a_newer_corpus_is_refused_with_both_versions(tmp_path: Path) -> None:
    with Corpus(tmp_path / "corpus") as corpus:
        corpus.catalogue.run("UPDATE meta SET value = '7' WHERE name = 'schema_version'")
    with pytest.raises(StoreVersionError, match="version 7, this longdoc reads up to 1; upgrade"):
        Corpus(tmp_path / "corpus")


def test_a_folder_with_other_things_in_it_is_not_taken_for_a_corpus(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir")
    with pytest.raises(StoreError, match=r"not a corpus folder, it holds 'letter\.txt'"):
        Corpus(tmp_path)
    with pytest.raises(StoreError, match="a file, not a corpus folder"):
        Corpus(tmp_path / "letter.txt")
    with pytest.raises(StoreError, match="a part of the path is a file"):
        Corpus(tmp_path / "letter.txt" / "corpus")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="permission denied; choose another --store"):
        Corpus(tmp_path / "corpus")


def test_a_damaged_catalogue_is_said_to_be_damaged(tmp_path: Path) -> None:
    with Corpus(tmp_path / "corpus") as corpus:
        put(corpus, "/docs/a.txt", LEASE)
    (tmp_path / "corpus" / "catalogue.sqlite").write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(StoreDamagedError, match="move the corpus folder away"):
        Corpus(tmp_path / "corpus")


def test_nothing_in_the_folder_is_pickled(corpus: Corpus) -> None:
    put(corpus, "/docs/a.txt", LEASE)
    for path in corpus.arrays.folder.rglob("*"):
        if path.is_file():
            assert b"\x80\x05" not in path.read_bytes()[:200]
    assert all(column[:1] == b"\x78" for column in corpus.catalogue.one("SELECT body, chunks FROM documents"))


def test_the_run_journal_knows_which_run_was_cut_off(corpus: Corpus) -> None:
    first = corpus.begin_run()
    running = corpus.last_run()
    assert running is not None
    assert running.state == "running"
    second = corpus.begin_run()
    corpus.end_run(second, True, {"ok": 3})
    last = corpus.last_run()
    assert last is not None
    assert (last.number, last.state, last.counts) == (second, "finished", {"ok": 3})
    assert corpus.catalogue.one("SELECT state FROM runs WHERE number = ?", (first,)) == ("interrupted",)


def test_status_counts_what_is_there(corpus: Corpus) -> None:
    put(corpus, "/docs/lease.txt", LEASE)
    put(corpus, "/docs/loan.txt", LOAN)
    status = corpus.status()
    assert (status.documents, status.chunks, status.tokens, status.pages) == (2, 4, len(LEASE.split() + LOAN.split()), 0)
    assert status.outcomes == {"ok": 2}
    assert status.bytes["arrays"] > 0
    assert status.bytes["catalogue"] > 0
    assert status.bytes["index"] == 0
