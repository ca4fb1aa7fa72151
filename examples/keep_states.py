"""What a model read, kept in a context store: recent states exact, older ones in 8 bits, any of them found by its vector.

python examples/keep_states.py [STORE]
"""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from longdoc import ContextSettings, ContextStore, Pipeline, Span

CONTRACT = Path(__file__).parent / "documents" / "services-agreement.pdf"
QUERY = "the cap on what either party must pay for damages"
SETTINGS = ContextSettings(block_size=8, first_tokens=16, recent_tokens=64, codec="int8", ram_budget=2 << 20)

with TemporaryDirectory() as temporary, Pipeline(sys.argv[1] if len(sys.argv) > 1 else temporary) as pipeline:
    document = pipeline.document(CONTRACT)
    # Any model's states will do. Here each run of a few words has one: the vector that longdoc searches with.
    runs = [match.span() for match in re.finditer(r"\S+(?:\s+\S+){0,19}", document.text)]
    states = pipeline.reader.embed([document.text[start:end] for start, end in runs])

    folder = Path(temporary) / "context"
    with ContextStore(folder, width=states.shape[1], settings=SETTINGS) as context:
        for first in range(0, len(runs), 100):  # as a model would give them, piece by piece
            context.append(document.title or document.path, states[first : first + 100], runs[first : first + 100])
        context.flush()
        for tier in context.tiers():
            print(f"{tier.name}: {tier.values} blocks, {tier.bytes:,} bytes")

        hits = context.search(pipeline.reader.embed([QUERY])[0], k=2)
        for hit, spans in zip(hits, context.gather([hit.number for hit in hits]).spans, strict=True):
            start, end = int(spans[0, 0]), int(spans[:, 1].max())
            citation = document.cite(Span(start=start, end=end))
            print(f"\nblock {hit.number}, {hit.score:.2f}, page {citation.page}: {' '.join(citation.quote.split())}")

        print(f"\n{context.snapshot(Path(temporary) / 'copy')} blocks copied")
    with ContextStore.restore(Path(temporary) / "copy", Path(temporary) / "elsewhere") as again:
        print(f"{len(again)} blocks opened from the copy, {again.tokens:,} states")
