"""A Corpus against a dict: what hypothesis may do in any order, and what must then be true."""

from __future__ import annotations

import tempfile
from pathlib import Path

from corpus_samples import WordReader, file_record, make_document
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from longdoc_stores.corpus import Corpus
from longdoc_stores.digest import digest

READERS = {"one": WordReader("one"), "two": WordReader("two")}
TEXTS = ["Rent is due.\n", "# Law\nDelaware law governs.\nAnd rent.\n", "Nothing else.\n\n\n"]
PATHS = ["/a/one.txt", "/a/two.txt", "/b/one.txt"]


class CorpusModel(RuleBasedStateMachine):
    """`model` maps a path to (text, is it missing)."""

    paths = st.sampled_from(PATHS)
    texts = st.sampled_from(TEXTS)

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.corpus = Corpus(Path(self.folder.name) / "corpus")
        self.model: dict[str, tuple[str, bool]] = {}
        self.read: dict[str, set[str]] = {}
        self.results: dict[str, str] = {}

    @rule(path=paths, text=texts, reader=st.sampled_from(sorted(READERS)))
    def put(self, path: str, text: str, reader: str) -> None:
        document, chunks = make_document(text, path)
        record = file_record(path, text)
        known = self.corpus.documents.facts(str(record.document_key)) is not None
        self.corpus.commit(record, parsed=None if known else (document, chunks), reading=(reader, READERS[reader].read(document, chunks)))
        self.model[path] = (text, False)
        self.read.setdefault(text, set()).add(reader)
        self._drop()

    @rule(path=paths, text=texts)
    def result(self, path: str, text: str) -> None:
        key = str(file_record(path, text).document_key)
        self.corpus.put_result(text, key, "summary", path)
        if text in {held for held, _ in self.model.values()}:
            self.results[text] = path

    @rule(path=paths)
    def miss(self, path: str) -> None:
        self.corpus.mark_missing(path)
        if path in self.model:
            self.model[path] = (self.model[path][0], True)

    @rule(path=st.sampled_from([*PATHS, "/a", "/b", "/"]))
    def forget(self, path: str) -> None:
        gone = sorted(held for held in self.model if held == path or held.startswith(path.rstrip("/") + "/"))
        assert self.corpus.forget([path]) == gone
        for held in gone:
            del self.model[held]
        self._drop()

    @rule()
    def reopen(self) -> None:
        before = digest(self.corpus)
        self.corpus.close()
        self.corpus = Corpus(self.corpus.folder)
        assert digest(self.corpus) == before

    @rule(repair=st.booleans())
    def check(self, repair: bool) -> None:
        assert self.corpus.check(repair) == []

    @invariant()
    def it_holds_what_the_model_holds(self) -> None:
        there = sorted(path for path, (_, missing) in self.model.items() if not missing)
        entries = self.corpus.select()
        assert [entry.path for entry in entries] == there
        for entry in entries:
            text = self.model[entry.path][0]
            assert self.corpus.document(entry) == make_document(text, entry.path)[0]
            for reader in self.read[text]:
                assert self.corpus.reading(entry, reader).tokens == len(text.split())
        assert self.corpus.status().documents == len({text for text, _ in self.model.values()})
        assert {text: self.corpus.result(text) for text in TEXTS} == {text: self.results.get(text) for text in TEXTS}

    @invariant()
    def it_finds_what_the_model_would_find(self) -> None:
        hits = self.corpus.search_text("rent", self.corpus.select(), 100)
        with_rent = {text for text, missing in self.model.values() if not missing and "rent" in text.lower()}
        assert {self.model[hit.entry.path][0] for hit in hits} == with_rent

    def teardown(self) -> None:
        if hasattr(self, "corpus"):
            self.corpus.close()
            self.folder.cleanup()

    def _drop(self) -> None:
        held = {text for text, _ in self.model.values()}
        self.read = {text: readers for text, readers in self.read.items() if text in held}
        self.results = {text: value for text, value in self.results.items() if text in held}


TestCorpusModel = CorpusModel.TestCase
TestCorpusModel.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
