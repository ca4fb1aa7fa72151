"""From a citation to its page: the passage in its surroundings, and a PNG of the page with the passage marked.

python examples/open_citation.py [STORE [PNG]]      without PNG the picture goes to citation.png
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from longdoc import Pipeline

AGREEMENT = Path(__file__).parent / "documents" / "services-agreement.pdf"
PICTURE = Path(sys.argv[2] if len(sys.argv) > 2 else "citation.png")

with TemporaryDirectory() as temporary, Pipeline(sys.argv[1] if len(sys.argv) > 1 else temporary) as pipeline:
    passage = pipeline.search("total liability shall not exceed", AGREEMENT, k=1)[0]
    citation = passage.citation
    document = pipeline.document(citation.path, ingest=False)
    page = document.page_at(citation.span.start)
    printed = f", printed as {page.label}" if page and page.label else ""
    print(f"{document.title}, page {citation.page} of {len(document.pages)}{printed}")
    print(" > ".join(citation.heading_path))
    print(f"\n{document.quote(citation.span)}\n")
    PICTURE.write_bytes(pipeline.render(citation.path, citation.span))
    print(f"{PICTURE}: the page with the passage marked")
