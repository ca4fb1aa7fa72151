"""A contract and its amendment against a playbook: what a person should look at, and a page to read and decide in.

python examples/review_contracts.py [STORE [HTML]]      without HTML the page goes to review.html
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from longdoc import Pipeline

DOCUMENTS = Path(__file__).parent / "documents"
CONTRACTS = [DOCUMENTS / "services-agreement.pdf", DOCUMENTS / "services-agreement-amendment-1.txt"]
PAGE = Path(sys.argv[2] if len(sys.argv) > 2 else "review.html")

with TemporaryDirectory() as temporary, Pipeline(sys.argv[1] if len(sys.argv) > 1 else temporary) as pipeline:
    for review in pipeline.review(CONTRACTS, "vendor_services"):
        print(review.kind or Path(review.path).name)
        for finding in review.findings:
            if finding.failed or finding.verdict == "needs_review":
                page = finding.citations[0].page if finding.citations else None
                print(f"  {finding.rule} {finding.verdict} ({finding.confidence:.2f}{f', page {page}' if page else ''}): {finding.reason}")
    # What was found is kept: writing the report is a look-up.
    closing = pipeline.review(CONTRACTS, "vendor_services", ingest=False).write(PAGE, ["html"])
    print(f"{PAGE}: {closing.documents} documents, " + ", ".join(f"{count} {verdict}" for verdict, count in closing.verdicts.items()))
