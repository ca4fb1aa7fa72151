from __future__ import annotations

import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_samples import WordReader, file_record, make_document

from longdoc.errors import StoreDamagedError
from longdoc_stores.context_index import FILE as INDEX
from longdoc_stores.corpus import Corpus

READER = WordReader()
TEXT = "# Term\nThe lease runs for ten years.\nRent is due monthly.\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path / "corpus") as made:
        document, chunks = make_document(TEXT)
        made.commit(file_record("/a.txt", TEXT), parsed=(document, chunks), reading=(READER.fingerprint, READER.read(document, chunks)))
        yield made


def key_of(corpus: Corpus) -> str:
    return str(corpus.catalogue.one("SELECT key FROM documents")[0])


def mend(corpus: Corpus, kind: str) -> None:
    """One problem of that kind is found, then repaired, then gone."""
    found = corpus.check(repair=False)
    assert [(problem.kind, problem.repaired) for problem in found] == [(kind, False)]
    repaired = corpus.check(repair=True)
    assert [(problem.kind, problem.repaired) for problem in repaired] == [(kind, True)]
    assert corpus.check(repair=False) == []


def kept(corpus: Corpus) -> list[str]:
    """Keys of the documents with a reading."""
    return corpus.readings.context(READER.fingerprint).documents()


def segments(corpus: Corpus) -> list[Path]:
    """The files that hold blocks."""
    return sorted(corpus.readings.folder.rglob("*.segment"))


def search(corpus: Corpus) -> None:
    corpus.search_vectors(READER.embed(["rent"])[0], corpus.select(), 1, READER.fingerprint)


def save_index(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the vector index saved, as a larger corpus does when it closes."""
    monkeypatch.setattr("longdoc_stores.context._SAVE_AT_CLOSE", 0)
    search(corpus)
    path = corpus.readings.path(READER.fingerprint) / INDEX
    corpus.readings.close()
    assert path.exists()
    return path


def test_a_sound_corpus_has_no_problems(corpus: Corpus) -> None:
    assert corpus.check(repair=False) == []
    assert corpus.check(repair=True) == []
    assert len(corpus.select()) == 1


def test_a_damaged_block_costs_its_reading_and_nothing_else(corpus: Corpus) -> None:
    corpus.readings.close()
    (path,) = segments(corpus)
    data = path.read_bytes()
    path.write_bytes(bytes(byte ^ 1 for byte in data))
    (entry,) = corpus.select()
    with pytest.raises(StoreDamagedError, match="longdoc doctor --repair"):
        corpus.reading(entry, READER.fingerprint)
    corpus.readings.close()
    mend(corpus, "reading")
    assert corpus.document(entry).text == TEXT
    assert corpus.documents.tokens(entry.document_key, READER.fingerprint) is None


def test_a_damaged_block_that_is_still_in_memory_is_written_again(corpus: Corpus) -> None:
    corpus.reading(corpus.select()[0], READER.fingerprint)
    (path,) = segments(corpus)
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))
    assert corpus.readings.check(READER.fingerprint, repair=True)
    corpus.readings.close()
    assert corpus.check(repair=False) == []
    assert corpus.reading(corpus.select()[0], READER.fingerprint).tokens > 0


def test_missing_blocks_are_found(corpus: Corpus) -> None:
    corpus.readings.forget([(key_of(corpus), READER.fingerprint)])
    mend(corpus, "reading")
    assert kept(corpus) == []


@pytest.mark.parametrize("damage", ["gone", "nonsense"])
def test_a_context_that_cannot_be_opened_is_made_anew(corpus: Corpus, damage: str) -> None:
    corpus.readings.close()
    folder = corpus.readings.path(READER.fingerprint)
    shutil.rmtree(folder)
    if damage == "nonsense":
        folder.mkdir()
        (folder / "index.sqlite").write_bytes(b"not a database, but long enough to be read as one" * 100)
    mend(corpus, "reading")
    assert len(corpus.select()) == 1


def test_a_reading_of_other_chunks_is_found(corpus: Corpus) -> None:
    document, chunks = make_document("One line.\n")
    corpus.readings.put(key_of(corpus), READER.fingerprint, READER.read(document, chunks), chunks)
    mend(corpus, "reading")


@pytest.mark.parametrize("value", [b"nonsense", zlib.compress(b"{}"), b""])
def test_a_document_that_cannot_be_decoded_is_dropped_to_be_made_anew(corpus: Corpus, value: bytes) -> None:
    corpus.catalogue.run("UPDATE documents SET body = ?", (value,))
    mend(corpus, "document")
    assert corpus.select() == []
    assert corpus.file("/a.txt") is not None
    assert kept(corpus) == []


def test_words_that_do_not_match_the_text_are_found(corpus: Corpus) -> None:
    corpus.catalogue.run("DELETE FROM postings WHERE word = 'rent'")
    mend(corpus, "document")


def test_a_document_of_no_file_is_found(corpus: Corpus) -> None:
    corpus.catalogue.run("DELETE FROM files")
    mend(corpus, "document")


def test_what_a_killed_run_left_is_found(corpus: Corpus) -> None:
    document, chunks = make_document("Nobody refers to this.\n")
    corpus.readings.put("nobody", READER.fingerprint, READER.read(document, chunks), chunks)
    mend(corpus, "stray")


def test_a_context_of_no_reader_is_found(corpus: Corpus) -> None:
    document, chunks = make_document("Nobody refers to this.\n")
    corpus.readings.put("nobody", "an old reader", READER.read(document, chunks), chunks)
    mend(corpus, "stray")


def test_while_another_writes_its_unfinished_files_are_no_strays(corpus: Corpus) -> None:
    with Corpus(corpus.folder, exclusive=True) as writer:
        document, chunks = make_document("Not referred to yet.\n")
        writer.readings.put("not yet", READER.fingerprint, READER.read(document, chunks), chunks)
        assert corpus.check(repair=False) == []


def test_a_damaged_index_is_found(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_index(corpus, monkeypatch)
    path.write_bytes(path.read_bytes()[:-1])
    mend(corpus, "index")
    assert not path.exists()


def test_an_index_that_holds_what_is_gone_is_found(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_index(corpus, monkeypatch)
    monkeypatch.undo()
    saved = path.read_bytes()
    corpus.readings.context(READER.fingerprint).drop(key_of(corpus))
    document, chunks = make_document(TEXT)
    corpus.readings.put(key_of(corpus), READER.fingerprint, READER.read(document, chunks), chunks)
    corpus.readings.close()
    path.write_bytes(saved)
    mend(corpus, "index")
    search(corpus)
