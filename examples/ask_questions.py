"""Questions to a folder: answers are quotations with their places, and a question that the documents leave open stays open.

python examples/ask_questions.py [STORE]
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from longdoc import Pipeline

DOCUMENTS = Path(__file__).parent / "documents"
QUESTIONS = (
    "Which state's law governs the services agreement?",
    "When must Supplier report a security incident?",
    "What is the maximum speed of the delivery drones?",
)

with TemporaryDirectory() as temporary, Pipeline(sys.argv[1] if len(sys.argv) > 1 else temporary) as pipeline:
    pipeline.ingest(DOCUMENTS)
    for question in QUESTIONS:
        answer = pipeline.ask(question, DOCUMENTS, ingest=False)
        print(f"\nQ: {question}")
        print(f"A: {answer.text}" if answer.found else f"A: not found. {answer.text}")
        for passage in answer.passages:
            citation = passage.citation
            page = f", page {citation.page}" if citation.page else ""
            print(f"   {Path(citation.path).name}{page}, characters {citation.span.start}-{citation.span.end}")
