"""The clauses of all contracts in one CSV file that can be checked line by line.

python examples/clauses_to_csv.py [STORE] > clauses.csv
"""

import csv
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from longdoc import Pipeline

DOCUMENTS = Path(__file__).parent / "documents"
LABELS = ("Agreement Date", "Expiration Date", "Renewal Term", "Governing Law", "Cap On Liability", "Anti-Assignment")
COLUMNS = ("document", "label", "score", "method", "value", "page", "start", "end", "text")

with TemporaryDirectory() as temporary, Pipeline(sys.argv[1] if len(sys.argv) > 1 else temporary) as pipeline:
    pipeline.ingest(DOCUMENTS)
    contracts = [document.path for document in pipeline.documents(DOCUMENTS) if document.domain == "legal"]
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(COLUMNS)
    for clause in pipeline.extract(contracts, labels="cuad", only=LABELS, ingest=False):
        citation = clause.citation
        document = pipeline.document(citation.path, ingest=False)
        # What longdoc promises of every citation; it has checked this before.
        assert document.text[citation.span.start : citation.span.end] == clause.text
        value = clause.value.normalised if clause.value else ""
        name = Path(citation.path).name
        place = (citation.page, citation.span.start, citation.span.end)
        rows.writerow((name, clause.label, f"{clause.score:.2f}", clause.method, value, *place, clause.text))
