"""A real filing of hundreds of pages, summarized part by part by a scripted model: every sentence cited, every section read."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted_engine import ScriptedEngine, copying, said, shown

from longdoc import Pipeline
from longdoc.engines.prompts import Prompts
from longdoc.engines.reader import EngineReader
from longdoc.model.hostile import neutralised
from longdoc_pipelines.sources import source_of

FILINGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "financebench" / "pdf"


@pytest.mark.slow
@pytest.mark.skipif(not FILINGS.is_dir(), reason="needs ../shared/data")
def test_a_long_filing_is_read_section_by_section_and_every_sentence_is_cited(tmp_path: Path) -> None:
    filing = max(FILINGS.glob("*10K*.pdf"), key=lambda path: path.stat().st_size)
    with Pipeline(tmp_path / "store") as pipeline:
        [outcome] = pipeline.ingest(filing)
        assert (outcome.pages or 0) > 150
        [entry] = pipeline.documents()
        source = source_of(pipeline.corpus, pipeline.embedded, entry)
        engine = ScriptedEngine(copying, 16_384)
        summary = EngineReader(engine, pipeline.embedded, Prompts()).summarize(source, sentences=20)
    document = source.document
    assert 15 <= len(summary.sentences) <= 20
    for statement in summary.sentences:
        for citation in (statement.citation, *statement.others):
            assert citation == document.cite(citation.span)
            assert citation.page is not None
    read = "\n".join(shown(said(request)) for request in engine.requests)
    assert all(neutralised(document.quote(chunk.span)) in read for chunk in source.chunks)
    count = len(document.sections)
    assert f"({count} of {count} sections)" in str(summary.note)
