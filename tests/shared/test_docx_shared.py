"""Word files that others made, read whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from longdoc.ingest.docx import DocxIngestor
from longdoc.protocols import Limits

FILES = Path(__file__).resolve().parents[3] / "shared" / "data" / "files"
pytestmark = pytest.mark.skipif(not FILES.is_dir(), reason="needs ../shared/data")


def test_each_word_file_is_read_with_exact_places() -> None:
    files = [file for folder in ("pandoc", "python-docx") for file in sorted((FILES / folder).rglob("*.docx"))]
    assert len(files) > 100
    for file in files:
        parsed = DocxIngestor().parse(file.read_bytes(), name=file.name, password=None, limits=Limits())
        ends = [0, *(block.span.end for block in parsed.blocks)]
        assert all(end <= block.span.start for end, block in zip(ends, parsed.blocks, strict=False)), file
        for aside in parsed.asides:
            assert aside.anchor is None or 0 <= aside.anchor <= len(parsed.text), file
            if aside.kind == "insertion" and aside.span is not None:
                assert parsed.text[aside.span.start : aside.span.end] == aside.text, file
