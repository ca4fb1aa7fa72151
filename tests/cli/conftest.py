"""The command line in an empty folder, and a corpus to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from .library import Library, Longdoc, make_documents, run


@pytest.fixture
def longdoc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Longdoc:
    """Runs a command line in process, in an empty folder; the corpus is .longdoc there unless --store is given."""
    monkeypatch.chdir(tmp_path)
    return run


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A corpus with a text, a Markdown and a Word file."""
    base = tmp_path_factory.mktemp("library")
    made = Library(base / "files", base / "store")
    make_documents(made.folder)
    result = made.run("ingest", made.folder)
    assert result.code == 0, result.err
    return made
