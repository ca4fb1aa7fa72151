from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_samples import WordReader, file_record, make_document

from longdoc.errors import StoreDamagedError
from longdoc_stores.corpus import Corpus
from longdoc_stores.documents import array_keys

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


def array_files(corpus: Corpus) -> list[Path]:
    return sorted(path for path in corpus.arrays.folder.rglob("*") if path.is_file())


def test_a_sound_corpus_has_no_problems(corpus: Corpus) -> None:
    assert corpus.check(repair=False) == []
    assert corpus.check(repair=True) == []
    assert len(corpus.select()) == 1


@pytest.mark.parametrize("which", [0, 1])
def test_a_damaged_array_costs_its_reading_and_nothing_else(corpus: Corpus, which: int) -> None:
    path = array_files(corpus)[which]
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    (entry,) = corpus.select()
    with pytest.raises(StoreDamagedError, match="longdoc doctor --repair"):
        corpus.reading(entry, READER.fingerprint)
    mend(corpus, "reading")
    assert corpus.document(entry).text == TEXT
    assert corpus.documents.tokens(entry.document_key, READER.fingerprint) is None


def test_a_missing_array_is_found(corpus: Corpus) -> None:
    corpus.arrays.delete(array_keys(key_of(corpus), READER.fingerprint)[0])
    mend(corpus, "reading")
    assert array_files(corpus) == []


def test_a_reading_of_other_chunks_is_found(corpus: Corpus) -> None:
    other = READER.read(*make_document("One line.\n"))
    corpus.documents.put_arrays(key_of(corpus), READER.fingerprint, other, make_document("One line.\n")[1])
    mend(corpus, "reading")


@pytest.mark.parametrize("value", [b"nonsense", zlib.compress(b"{}"), b""])
def test_a_document_that_cannot_be_decoded_is_dropped_to_be_made_anew(corpus: Corpus, value: bytes) -> None:
    corpus.catalogue.run("UPDATE documents SET body = ?", (value,))
    mend(corpus, "document")
    assert corpus.select() == []
    assert corpus.file("/a.txt") is not None
    assert array_files(corpus) == []


def test_words_that_do_not_match_the_text_are_found(corpus: Corpus) -> None:
    corpus.catalogue.run("DELETE FROM postings WHERE word = 'rent'")
    mend(corpus, "document")


def test_a_document_of_no_file_is_found(corpus: Corpus) -> None:
    corpus.catalogue.run("DELETE FROM files")
    mend(corpus, "document")


def test_what_a_killed_run_left_is_found(corpus: Corpus) -> None:
    corpus.arrays.put("nobody/refers/chunks", b"to this")
    mend(corpus, "stray")


def test_while_another_writes_its_unfinished_files_are_no_strays(corpus: Corpus) -> None:
    with Corpus(corpus.folder, exclusive=True) as writer:
        writer.arrays.put("not/yet/chunks", b"referred to")
        assert corpus.check(repair=False) == []


def test_a_damaged_index_is_found(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longdoc_stores.corpus_index.DIRECT_DOCUMENTS", 0)
    corpus.search_vectors(READER.embed(["rent"])[0], corpus.select(), 1, READER.fingerprint)
    (path,) = corpus.index.folder.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    mend(corpus, "index")
    assert not path.exists()


def test_an_index_that_holds_what_is_gone_is_found(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longdoc_stores.corpus_index.DIRECT_DOCUMENTS", 0)
    corpus.search_vectors(READER.embed(["rent"])[0], corpus.select(), 1, READER.fingerprint)
    document, chunks = make_document("Another text.\n")
    corpus.commit(
        file_record("/a.txt", "Another text.\n"),
        parsed=(document, chunks),
        reading=(READER.fingerprint, READER.read(document, chunks)),
    )
    mend(corpus, "index")


def test_an_index_of_no_reader_is_found(corpus: Corpus) -> None:
    (corpus.index.folder / "old.faiss").write_bytes(b"")
    mend(corpus, "index")
