from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_samples import LEASE, LOAN, READER, make_document, only, put

from longdoc.errors import StoreDamagedError, StoreError, StoreFullError, StoreVersionError
from longdoc_stores.context_settings import ContextSettings
from longdoc_stores.corpus import Corpus


def contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path / "corpus") as made:
        yield made


def test_forgetting_leaves_no_trace_in_any_file(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longdoc_stores.context._SAVE_AT_CLOSE", 0)
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
    with pytest.raises(StoreVersionError, match="version 7, this longdoc reads up to 4; upgrade"):
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
    for path in corpus.readings.folder.rglob("*"):
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
    assert status.bytes["blocks"] > 0
    assert status.bytes["catalogue"] > 0
    assert status.bytes["index"] == 0
    assert [(tier.name, tier.blocks) for tier in status.tiers] == [("ram", 0), ("disk", 4)]
    assert [tier.hit_rate for tier in status.tiers] == [None, None]


def test_status_remembers_which_tier_answered(tmp_path: Path) -> None:
    with Corpus(tmp_path / "corpus") as corpus:
        put(corpus, "/docs/lease.txt", LEASE)
    for _ in range(2):
        with Corpus(tmp_path / "corpus") as corpus:
            for _ in range(3):
                corpus.reading(only(corpus, "/docs"), READER.fingerprint)
    with Corpus(tmp_path / "corpus") as corpus:
        ram, disk = corpus.status().tiers
    assert (ram.hits, ram.hit_rate, ram.blocks) == (8, 0.6667, 0)
    assert (disk.hits, disk.hit_rate, disk.blocks) == (4, 0.3333, 2)


def test_a_corpus_of_version_1_keeps_its_documents_and_asks_for_their_reading(tmp_path: Path) -> None:
    with Corpus(tmp_path / "corpus") as corpus:
        put(corpus, "/docs/lease.txt", LEASE)
        corpus.catalogue.run("UPDATE meta SET value = '1' WHERE name = 'schema_version'")
        corpus.catalogue.run("DROP TABLE tier_reads")
    (tmp_path / "corpus" / "arrays").mkdir()
    with Corpus(tmp_path / "corpus", exclusive=True) as corpus:
        entry = only(corpus, "/docs")
        assert corpus.document(entry).text == LEASE
        assert corpus.documents.tokens(entry.document_key, READER.fingerprint) is None
        assert corpus.check(repair=False) == []
    assert not (tmp_path / "corpus" / "arrays").exists()


def test_a_disk_budget_that_is_used_up_names_its_setting_and_keeps_what_it_had(tmp_path: Path) -> None:
    budgets = ContextSettings(ram_budget=1 << 20, disk_budget=2 << 20)
    with Corpus(tmp_path / "corpus", budgets=budgets) as corpus:
        stored = 0
        with pytest.raises(StoreFullError, match="disk_budget and archive"):  # noqa: PT012 - the budget decides when
            for stored in range(1000):
                put(corpus, f"/docs/{stored}.txt", "".join(f"{stored} pays {number} dollars.\n" for number in range(500)))
        assert 0 < stored == corpus.status().documents
        assert corpus.check(repair=False) == []


def test_what_the_disk_does_not_hold_goes_to_the_archive(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    budgets = ContextSettings(ram_budget=1 << 20, disk_budget=2 << 20, location=str(archive))
    texts = ["\n".join(f"{number} pays {clause} dollars. " * 200 for clause in range(40)) for number in range(12)]
    with Corpus(tmp_path / "corpus", budgets=budgets) as corpus:
        for number, text in enumerate(texts):
            put(corpus, f"/docs/{number}.txt", text)
    with Corpus(tmp_path / "corpus", budgets=budgets) as corpus:
        for number, text in enumerate(texts):
            found = corpus.reading(only(corpus, f"/docs/{number}.txt"), READER.fingerprint)
            assert found.tokens == len(text.split())
            assert found.sentences.tolist() == READER.read(*make_document(text)).sentences.tolist()
        blocks = {tier.name: tier.blocks for tier in corpus.status().tiers}
        assert blocks["disk"] + blocks["object"] == 12 * 40
        assert blocks["object"] > 0
        corpus.forget(["/docs"])
        assert {tier.name: tier.blocks for tier in corpus.status().tiers}["object"] == 0
    assert not [path for path in archive.rglob("*") if path.is_file()]
