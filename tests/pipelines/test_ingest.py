from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from corpus_samples import HereExecutor, WordReader
from ingest import ocr_samples

from longdoc.config import Settings
from longdoc.errors import StoreBusyError, StoreError
from longdoc.ingest import ocr_rapid, ocr_tesseract
from longdoc.protocols import Done, Job, Progress, Reading
from longdoc.types import Chunk, Document, Outcome
from longdoc_pipelines import ingest as module
from longdoc_pipelines import scan
from longdoc_pipelines.ingest import ingest
from longdoc_stores.corpus import Corpus
from longdoc_stores.digest import digest

AGREEMENT = "SERVICES AGREEMENT\n\n1. Term. This Agreement lasts two years.\n\n2. Governing Law. The law of Delaware governs.\n"
POLICY = "# Travel policy\n\nTrips over 500 EUR need approval.\n"


@pytest.fixture(autouse=True)
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "docs"
    folder.mkdir()
    write(folder / "agreement.txt", AGREEMENT)
    write(folder / "policy.md", POLICY)
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path / "corpus") as made:
        yield made


def write(path: Path, text: str, age: float = 3600) -> None:
    """A file that was written long enough ago for its time stamp to be believed."""
    path.write_text(text, encoding="utf-8")
    when = path.stat().st_mtime_ns - int(age * 1e9)
    os.utime(path, ns=(when, when))


class Watch:
    """Runs ingest in this process and remembers what was parsed and read."""

    def __init__(self, corpus: Corpus, reader: WordReader | None = None, **settings: Any) -> None:
        self.corpus = corpus
        self.reader = reader or WordReader()
        self.settings = Settings(**settings)
        self.executor = HereExecutor()

    def __call__(self, *paths: str, **arguments: Any) -> dict[str, Outcome]:
        self.executor.jobs.clear()
        self.reader.read_paths.clear()
        found = list(ingest(self.corpus, paths or ["docs"], self.reader, self.settings, executor=self.executor, **arguments))
        assert len({outcome.path for outcome in found}) == len(found)
        return {outcome.path: outcome for outcome in found}

    @property
    def parsed(self) -> list[str]:
        return [job.arguments["path"] for job in self.executor.jobs]

    @property
    def work(self) -> tuple[list[str], list[str]]:
        return self.parsed, self.reader.read_paths


@pytest.fixture
def run(corpus: Corpus) -> Watch:
    return Watch(corpus)


def test_files_become_documents(run: Watch, corpus: Corpus) -> None:
    outcomes = run()
    assert [(o.path, o.outcome, o.stage, o.reason, o.cached) for o in outcomes.values()] == [
        ("docs/agreement.txt", "ok", "read", None, False),
        ("docs/policy.md", "ok", "read", None, False),
    ]
    entries = corpus.select(["docs"])
    assert [corpus.document(entry).text for entry in entries] == [AGREEMENT, POLICY]
    assert outcomes["docs/policy.md"].tokens == entries[1].tokens == len(POLICY.split())
    assert outcomes["docs/policy.md"].document_id == entries[1].document_id
    assert run.executor.closed


def test_with_the_real_workers_it_is_the_same(corpus: Corpus, tmp_path: Path) -> None:
    Watch(corpus)("docs")
    with Corpus(tmp_path / "other") as other:
        list(ingest(other, ["docs"], WordReader(), Settings(workers=1)))
        assert digest(other) == digest(corpus)


def test_an_unchanged_file_is_not_even_opened_again(run: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run()
    monkeypatch.setattr(module, "content_hash", lambda path, size, most: pytest.fail(f"{path} was opened"))
    again = run()
    assert run.work == ([], [])
    assert [outcome.cached for outcome in again.values()] == [True, True]
    assert {path: outcome.model_copy(update={"cached": False}) for path, outcome in again.items()} == first


def test_where_nothing_is_new_nothing_is_written_and_another_may_write(run: Watch, corpus: Corpus, docs: Path) -> None:
    (docs / "logo.gif").write_bytes(b"GIF89a" + bytes(100))
    run()
    run.executor.closed = False
    before = corpus.catalogue.one("SELECT total_changes()")
    corpus.wait = 0
    with Corpus(corpus.folder, exclusive=True):
        assert [outcome.outcome for outcome in run().values()] == ["ok", "skipped", "ok"]
        write(docs / "policy.md", "# New policy\n\nNobody travels.\n")
        with pytest.raises(StoreBusyError):
            run()
    assert not run.executor.closed
    assert corpus.catalogue.one("SELECT total_changes()") == before
    assert run()["docs/policy.md"].outcome == "ok"


def test_a_file_written_just_now_is_hashed_again_as_its_time_stamp_may_lie(run: Watch, docs: Path) -> None:
    stamp = (docs / "policy.md").stat()
    write(docs / "policy.md", POLICY, age=0)
    run()
    (docs / "policy.md").write_text(POLICY.replace("500", "900"))
    os.utime(docs / "policy.md", ns=((docs / "policy.md").stat().st_atime_ns, stamp.st_mtime_ns + int(3600e9)))
    run()
    assert run.parsed == ["docs/policy.md"]


def test_a_touched_file_is_hashed_but_not_read_again(run: Watch, docs: Path) -> None:
    run()
    write(docs / "policy.md", POLICY, age=1800)
    assert run()["docs/policy.md"].cached
    assert run.work == ([], [])


def test_a_changed_file_is_read_again_and_its_old_content_is_gone(run: Watch, corpus: Corpus, docs: Path) -> None:
    run()
    write(docs / "policy.md", "# New policy\n\nNobody travels.\n")
    assert not run()["docs/policy.md"].cached
    assert run.work == (["docs/policy.md"], ["docs/policy.md"])
    assert [corpus.document(entry).text for entry in corpus.select(["docs"])] == [AGREEMENT, "# New policy\n\nNobody travels.\n"]
    assert corpus.status().documents == 2


def test_the_same_content_is_parsed_and_read_once(run: Watch, corpus: Corpus, docs: Path) -> None:
    write(docs / "a-copy of the agreement.txt", AGREEMENT)
    outcomes = run()
    assert run.work == (["docs/a-copy of the agreement.txt", "docs/policy.md"],) * 2
    assert (outcomes["docs/agreement.txt"].outcome, outcomes["docs/agreement.txt"].cached) == ("ok", True)
    write(docs / "later agreement.txt", AGREEMENT)
    assert run()["docs/later agreement.txt"].cached
    assert run.work == ([], [])
    assert corpus.select(["docs"])[0].path == "docs/a-copy of the agreement.txt"
    assert corpus.status().documents == 2


def test_copies_of_a_bad_file_fail_alike_each_under_its_name(run: Watch, docs: Path) -> None:
    for name in ("a.txt", "b.txt"):
        write(docs / name, " \n")
    outcomes = run()
    assert len(run.parsed) == 3
    assert [outcomes[f"docs/{name}"].reason for name in ("a.txt", "b.txt")] == [
        "docs/a.txt: the file is empty",
        "docs/b.txt: the file is empty",
    ]


def test_the_same_content_under_a_name_that_the_parser_takes_otherwise_is_another_document(run: Watch, corpus: Corpus, docs: Path) -> None:
    write(docs / "policy.txt", POLICY)
    run()
    assert sorted(entry.format for entry in corpus.select(["docs"])) == ["markdown", "txt", "txt"]


def test_another_reader_reads_again_but_parses_nothing(run: Watch, corpus: Corpus) -> None:
    run()
    other = Watch(corpus, WordReader("words/2"))
    outcomes = other()
    assert other.work == ([], ["docs/agreement.txt", "docs/policy.md"])
    assert [outcome.cached for outcome in outcomes.values()] == [False, False]
    run()
    assert run.work == ([], [])


def test_another_domain_setting_parses_again(run: Watch, corpus: Corpus) -> None:
    run()
    other = Watch(corpus, domain="research")
    other()
    assert sorted(other.parsed) == ["docs/agreement.txt", "docs/policy.md"]
    assert {entry.domain for entry in corpus.select(["docs"])} == {"research"}
    assert corpus.status().documents == 2


def test_a_newer_parser_parses_again(run: Watch, corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    monkeypatch.setattr(scan, "PARSE_VERSION", -1)
    run()
    assert sorted(run.parsed) == ["docs/agreement.txt", "docs/policy.md"]
    assert corpus.status().documents == 2


def test_a_moved_file_is_recognised(run: Watch, corpus: Corpus, docs: Path) -> None:
    run()
    (docs / "old").mkdir()
    (docs / "agreement.txt").rename(docs / "old" / "agreement.txt")
    outcomes = run()
    assert outcomes["docs/old/agreement.txt"].details == {"moved_from": "docs/agreement.txt"}
    assert outcomes["docs/old/agreement.txt"].cached
    assert sorted(outcomes) == ["docs/old/agreement.txt", "docs/policy.md"]
    assert run.work == ([], [])
    assert corpus.file(str(docs / "agreement.txt")) is None


def test_a_deleted_file_is_reported_and_kept_but_not_selected(run: Watch, corpus: Corpus, docs: Path) -> None:
    run()
    (docs / "policy.md").unlink()
    for _ in range(2):
        outcome = run()["docs/policy.md"]
        assert (outcome.outcome, outcome.stage) == ("skipped", "scan")
        assert "longdoc forget" in str(outcome.reason)
    assert [entry.path for entry in corpus.select(["docs"])] == ["docs/agreement.txt"]
    assert corpus.status().documents == 2
    write(docs / "policy.md", POLICY)
    assert run()["docs/policy.md"].cached
    assert run.work == ([], [])
    assert len(corpus.select(["docs"])) == 2


def test_a_file_elsewhere_that_is_gone_is_none_of_this_runs_business(run: Watch, docs: Path) -> None:
    write(docs.parent / "letter.txt", "Dear Sir, hats are worn.\n")
    run("docs", "letter.txt")
    (docs.parent / "letter.txt").unlink()
    assert sorted(run("docs")) == ["docs/agreement.txt", "docs/policy.md"]


def test_a_missing_path_fails_and_the_rest_goes_on(run: Watch, corpus: Corpus) -> None:
    outcomes = run("nope.pdf", "docs")
    assert (outcomes["nope.pdf"].outcome, outcomes["nope.pdf"].stage) == ("failed", "scan")
    assert outcomes["nope.pdf"].reason == "nope.pdf: no such file or folder"
    assert outcomes["nope.pdf"].details == {"error": "NotFoundError"}
    assert len(corpus.select(["docs"])) == 2


def test_a_named_file_that_is_gone_fails_and_is_not_selected(run: Watch, corpus: Corpus, docs: Path) -> None:
    run()
    (docs / "policy.md").unlink()
    outcome = run("docs/policy.md")["docs/policy.md"]
    assert (outcome.outcome, outcome.details) == ("failed", {"error": "NotFoundError"})
    assert corpus.select(["docs/policy.md"]) == []


def test_an_empty_folder_is_said_to_be_empty(run: Watch, docs: Path) -> None:
    (docs.parent / "empty").mkdir()
    (outcome,) = run("empty").values()
    assert (outcome.path, outcome.outcome, outcome.reason) == ("empty", "skipped", "empty: the folder holds no files")


def test_an_unsupported_file_is_skipped_in_a_folder_and_fails_when_named(run: Watch, corpus: Corpus, docs: Path) -> None:
    (docs / "logo.gif").write_bytes(b"GIF89a" + bytes(100))
    outcome = run()["docs/logo.gif"]
    assert (outcome.outcome, outcome.stage, outcome.details) == ("skipped", "scan", {"error": "UnsupportedError"})
    assert "GIF" in str(outcome.reason)
    assert run("docs/logo.gif")["docs/logo.gif"].outcome == "failed"
    assert run.parsed == []
    assert corpus.status().outcomes == {"failed": 1, "ok": 2}


def test_a_failure_is_tried_again_by_every_run(run: Watch, corpus: Corpus, docs: Path) -> None:
    run()
    write(docs / "empty.txt", "")
    for _ in range(2):
        outcome = run()["docs/empty.txt"]
        assert (outcome.outcome, outcome.stage, outcome.details) == ("failed", "parse", {"error": "EmptyFileError"})
        assert run.parsed == ["docs/empty.txt"]
    assert [failure.path for failure in corpus.status().failures] == ["docs/empty.txt"]
    write(docs / "empty.txt", "No longer empty, but full of words.\n")
    assert run()["docs/empty.txt"].outcome == "ok"
    assert corpus.status().failures == []


def test_a_file_too_large_is_neither_hashed_nor_parsed(corpus: Corpus) -> None:
    run = Watch(corpus, max_file_size=60)
    outcome = run()["docs/agreement.txt"]
    assert outcome.details == {"error": "LimitError"}
    assert f"has {len(AGREEMENT)} bytes, the limit is 60" in str(outcome.reason)
    assert run.parsed == ["docs/policy.md"]


def test_a_document_with_warnings_is_partial_now_and_when_cached(corpus: Corpus) -> None:
    class Warn(HereExecutor):
        def map(self, function: str, jobs: Iterable[Job]) -> Iterator[Done]:
            for done in super().map(function, jobs):
                parsed = done.value.parsed
                document = parsed.document.model_copy(update={"warnings": ("page 2 is damaged", "page 3 is missing")})
                yield Done(done.key, type(done.value)(type(parsed)(document, parsed.chunks)))

    run = Watch(corpus)
    run.executor = Warn()
    for cached in (False, True):
        outcome = run()["docs/policy.md"]
        assert (outcome.outcome, outcome.reason, outcome.cached) == ("partial", "page 2 is damaged; page 3 is missing", cached)
    assert len(corpus.select(["docs"])) == 2


class Meddler(WordReader):
    """Does something in the middle of reading a document."""

    def __init__(self, meddle: Callable[[str], None]) -> None:
        super().__init__()
        self.meddle = meddle

    def read(self, document: Document, chunks: Sequence[Chunk], progress: Callable[[int], None] | None = None) -> Reading:
        self.meddle(document.path)
        return super().read(document, chunks, progress)


def test_a_file_that_changes_while_it_is_read_is_not_stored(corpus: Corpus, docs: Path) -> None:
    def change(path: str) -> None:
        if path == "docs/policy.md":
            Path(path).write_text("Changed.\n")

    run = Watch(corpus, Meddler(change))
    outcome = run()["docs/policy.md"]
    assert (outcome.outcome, outcome.stage, outcome.details) == ("failed", "read", {"error": "ChangedError"})
    assert [entry.path for entry in corpus.select(["docs"])] == ["docs/agreement.txt"]
    assert corpus.status().documents == 1
    assert Watch(corpus)()["docs/policy.md"].outcome == "ok"


def test_a_file_that_changes_before_it_is_parsed_is_not_stored(corpus: Corpus, docs: Path) -> None:
    class Late(HereExecutor):
        def map(self, function: str, jobs: Iterable[Job]) -> Iterator[Done]:
            waiting = list(jobs)
            (docs / "policy.md").write_text("Changed.\n")
            yield from super().map(function, waiting)

    run = Watch(corpus)
    run.executor = Late()
    outcome = run()["docs/policy.md"]
    assert (outcome.outcome, outcome.stage, outcome.details) == ("failed", "parse", {"error": "ChangedError"})
    assert corpus.status().documents == 1


def test_what_a_reader_raises_fails_that_file_alone_and_the_copy_of_it(corpus: Corpus, docs: Path) -> None:
    def break_down(path: str) -> None:
        if path == "docs/agreement-2.txt":
            raise RuntimeError("out of memory")

    write(docs / "agreement-2.txt", AGREEMENT)
    outcomes = Watch(corpus, Meddler(break_down))()
    assert [(o.outcome, o.stage) for o in outcomes.values()] == [("failed", "read"), ("failed", "read"), ("ok", "read")]
    assert {outcome.reason for outcome in outcomes.values()} == {"RuntimeError: out of memory", None}
    assert [entry.path for entry in corpus.select(["docs"])] == ["docs/policy.md"]


def test_a_reader_that_fails_on_what_is_stored_leaves_the_old_reading(run: Watch, corpus: Corpus) -> None:
    run()

    def break_down(path: str) -> None:
        raise RuntimeError("out of memory")

    broken = Meddler(break_down)
    broken.reading_fingerprint = "words/2"
    assert {outcome.outcome for outcome in Watch(corpus, broken)().values()} == {"failed"}
    run()
    assert run.work == ([], [])
    assert len(corpus.select(["docs"])) == 2


def test_a_reader_of_other_results_reads_nothing_again(run: Watch, corpus: Corpus) -> None:
    run()
    other = WordReader("words/1")
    other.fingerprint = "words/1 with other clauses"
    assert all(outcome.cached for outcome in Watch(corpus, other)().values())
    assert other.read_paths == []


def test_a_file_that_cannot_be_opened_keeps_its_document_until_it_can(run: Watch, corpus: Corpus, docs: Path, monkeypatch: Any) -> None:
    run()
    write(docs / "policy.md", POLICY, age=60)

    def refuse(path: str, *arguments: Any, **named: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    outcome = run()["docs/policy.md"]
    monkeypatch.undo()
    monkeypatch.chdir(docs.parent)
    assert (outcome.outcome, outcome.details) == ("failed", {"error": "UnreadableError"})
    assert "Permission denied" in str(outcome.reason)
    assert [entry.path for entry in corpus.select(["docs"])] == ["docs/agreement.txt"]
    assert run()["docs/policy.md"].cached


def test_two_runs_on_one_corpus_do_not_mix(corpus: Corpus) -> None:
    with Corpus(corpus.folder, wait=0) as other:
        first = ingest(corpus, ["docs"], WordReader(), Settings(), executor=HereExecutor())
        next(first)
        with pytest.raises(StoreBusyError, match=f"process {os.getpid()}"):
            list(ingest(other, ["docs"], WordReader(), Settings(), executor=HereExecutor()))
        first.close()
        assert {outcome.outcome for outcome in ingest(other, ["docs"], WordReader(), Settings(), executor=HereExecutor())} == {"ok"}


def test_a_run_that_is_given_up_keeps_what_it_has_committed(corpus: Corpus) -> None:
    executor = HereExecutor()
    running = ingest(corpus, ["docs"], WordReader(), Settings(), executor=executor)
    first = next(running)
    running.close()
    assert executor.closed
    assert [entry.path for entry in corpus.select(["docs"])] == [first.path]
    last = corpus.last_run()
    assert last is not None
    assert (last.state, last.counts) == ("interrupted", {"ok": 1})


def test_an_interrupt_waits_for_the_commit_in_hand(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    put_reading = corpus.documents.put_reading

    def interrupted(key: str, fingerprint: str, tokens: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        put_reading(key, fingerprint, tokens)

    monkeypatch.setattr(corpus.documents, "put_reading", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Watch(corpus)()
    assert [entry.path for entry in corpus.select(["docs"])] == ["docs/agreement.txt"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.undo()
    monkeypatch.chdir(corpus.folder.parent)
    assert Watch(corpus)()["docs/agreement.txt"].cached


def test_a_store_that_fails_ends_the_run_with_its_error(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(corpus.readings, "put", full)
    with pytest.raises(StoreError, match="the disk is full"):
        Watch(corpus)()
    assert corpus.select(["docs"]) == []


def test_progress_tells_files_scanned_files_done_and_tokens_read(run: Watch) -> None:
    told: list[Progress] = []
    run(progress=told.append)
    last = {progress.stage: progress for progress in told}
    assert (last["scan"].done, last["scan"].total) == (2, 2)
    assert (last["ingest"].done, last["ingest"].total) == (2, 2)
    assert (last["read"].done, last["read"].total, last["read"].unit) == (len((AGREEMENT + POLICY).split()), None, "tokens")


def test_the_digest_is_that_of_any_other_way_to_the_same_files(run: Watch, corpus: Corpus, docs: Path, tmp_path: Path) -> None:
    run("docs/policy.md")
    write(docs / "agreement.txt", "A draft.\n")
    run("docs")
    write(docs / "agreement.txt", AGREEMENT)
    run("docs")
    with Corpus(tmp_path / "other") as other:
        Watch(other)("docs")
        assert digest(other) == digest(corpus)


def test_a_document_whose_pictures_could_not_be_read_is_read_again_once_an_engine_is_there(
    run: Watch, corpus: Corpus, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (docs / "copy.pdf").write_bytes(ocr_samples.mixed())
    with monkeypatch.context() as without:
        for engine in (ocr_rapid, ocr_tesseract):
            without.setattr(engine, "is_installed", lambda: False)
        for _ in range(2):
            outcome = run()["docs/copy.pdf"]
            assert outcome.outcome == "partial"
            assert "pip install 'longdoc[ocr]'" in str(outcome.reason)
    assert run.parsed == []
    outcome = run()["docs/copy.pdf"]
    assert (outcome.outcome, run.parsed) == ("ok", ["docs/copy.pdf"])
    run()
    assert len(run()) == 3
    assert run.parsed == []
