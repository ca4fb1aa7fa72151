"""Summaries of a folder, each statement with the place that it was read at, then what the documents hold together.

python examples/summarize_folder.py [STORE]      without STORE nothing is kept
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from longdoc import Citation, Pipeline

DOCUMENTS = Path(__file__).parent / "documents"


def place(citation: Citation) -> str:
    """The page where there is one, else the heading path."""
    return f"page {citation.page}" if citation.page else " > ".join(citation.heading_path) or "top"


with TemporaryDirectory() as temporary, Pipeline(sys.argv[1] if len(sys.argv) > 1 else temporary) as pipeline:
    for outcome in pipeline.ingest(DOCUMENTS):
        if outcome.outcome != "ok":
            print(f"{outcome.path}: {outcome.reason}")
    for summary in pipeline.summarize_many(DOCUMENTS, sentences=4, ingest=False):
        print(f"\n{summary.title} ({Path(summary.path).name}, {summary.domain})")
        for statement in summary.sentences:
            print(f"  {statement.topic}: {statement.text}  [{place(statement.citation)}]")
    print("\nTogether")
    for overview in pipeline.overview(DOCUMENTS, ingest=False):
        print(f"  {overview.text}")
