"""One's own labels: a YAML file says what to look for, nothing is trained, and the result says so.

python examples/own_labels.py [STORE]
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from longdoc import Pipeline

HERE = Path(__file__).parent
AGREEMENT = HERE / "documents" / "services-agreement.pdf"
LABELS = HERE / "labels" / "vendor.yaml"

with TemporaryDirectory() as temporary, Pipeline(sys.argv[1] if len(sys.argv) > 1 else temporary) as pipeline:
    best = {}
    for clause in pipeline.extract(AGREEMENT, labels=LABELS):
        # Scores of matched labels are an order, not a probability: the best passage of each label is shown.
        if clause.label not in best or clause.score > best[clause.label].score:
            best[clause.label] = clause
    for label, clause in best.items():
        value = f" = {clause.value.normalised}" if clause.value else ""
        print(f"{label}{value}  ({clause.method}, page {clause.citation.page}, {' > '.join(clause.citation.heading_path)})")
        print(f"  {clause.text}\n")
