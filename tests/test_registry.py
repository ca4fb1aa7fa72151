"""Plug-ins by name, and a miss that helps."""

from pathlib import Path

import pytest

from longdoc import registry
from longdoc.errors import MissingExtraError, UnknownNameError
from longdoc.ingest import parse_bytes


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in registry.BUILT_IN.items() for name in names])
def test_every_built_in_name_leads_to_something(kind: str, name: str):
    assert callable(registry.load(kind, name))


def test_a_miss_names_what_exists():
    with pytest.raises(UnknownNameError, match=r"no ingestor 'wordstar'\. Known: .*docx, .*html, .*markdown, .*pdf, .*txt"):
        registry.load("ingestors", "wordstar")


def test_a_plug_in_whose_package_is_missing_says_which(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(registry.BUILT_IN["engines"], "cloud", "no_such_package.engine:Engine")
    with pytest.raises(MissingExtraError, match="engine 'cloud' needs the package 'no_such_package'"):
        registry.load("engines", "cloud")


def test_a_package_of_an_extra_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(registry.BUILT_IN["ingestors"], "deck", "longdoc_no_such:Deck")
    monkeypatch.setitem(registry.EXTRAS, "longdoc_no_such", "office")
    with pytest.raises(MissingExtraError, match=r"pip install 'longdoc\[office\]'"):
        registry.load("ingestors", "deck")


PLUG_IN = """
from longdoc.protocols import Parsed
from longdoc.types import Block, Span

class NoteIngestor:
    format = "note"

    @staticmethod
    def recognises(head, name):
        return head.startswith(b"NOTE1")

    def parse(self, data, *, name, password, limits):
        text = data[5:].decode()
        return Parsed(text=text, format="note", blocks=(Block(kind="paragraph", span=Span(start=0, end=len(text))),))
"""


def test_an_installed_package_adds_a_format_with_what_it_is_recognised_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "longdoc_note.py").write_text(PLUG_IN)
    about = tmp_path / "longdoc_note-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: longdoc-note\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[longdoc.ingestors]\nnote = longdoc_note:NoteIngestor\ntxt = longdoc_note:NoteIngestor\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert registry.of_others("ingestors") == {"note": "longdoc_note:NoteIngestor"}
    document = parse_bytes(b"NOTE1The lease runs.", "a.bin").document
    assert (document.format, document.text) == ("note", "The lease runs.")
    assert parse_bytes(b"The lease runs.", "a.txt").document.format == "txt"
