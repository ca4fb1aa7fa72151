"""A long filing read by a decoder of your own, once: the first question reads it, later ones open what was kept.

python examples/read_long_filing.py STORE CHECKPOINT FILING QUESTION [SNAPSHOT] [--explain-attention]

CHECKPOINT is the folder of a Hugging Face checkpoint, such as Qwen2.5-7B-Instruct-1M; SNAPSHOT is where what was read is kept
(kept-reading). With --explain-attention it names the passages that the answer's tokens looked at, with their pages.
"""

import sys
import time
from pathlib import Path

from longdoc import Pipeline, Span, load_model

arguments = [argument for argument in sys.argv[1:] if argument != "--explain-attention"]
explain = "--explain-attention" in sys.argv
store, checkpoint, filing, question = arguments[:4]
kept = Path(arguments[4] if len(arguments) > 4 else "kept-reading")


def tell(progress):
    print(f"\r{progress.done:,} of {progress.total:,} tokens", end="", file=sys.stderr)


with Pipeline(store) as pipeline:
    document = pipeline.document(filing)
    engine = load_model(checkpoint, kv_budget="4GiB", ram_budget="16GiB", spill=f"{kept}.spill")
    started = time.perf_counter()
    if kept.exists():
        context = engine.open(kept)
        if context.document != document.text:
            sys.exit(f"{kept} was made of another document than {filing}; name another snapshot")
        print(f"opened {kept} in {time.perf_counter() - started:.1f} s")
    else:
        context = engine.read(document.text, instructions="Answer from this filing alone.", progress=tell)
        context.save(kept)
        print(f"read {len(document.pages)} pages, {context.tokens:,} tokens, in {time.perf_counter() - started:.1f} s; kept in {kept}")

    answer = context.ask(question, max_tokens=200, explain=explain)
    print(f"\n{question}\n{answer.text}\n")
    for passage in context.attention[:5]:
        citation = document.cite(Span(start=passage.start, end=passage.end))
        print(f"{100 * passage.share:.1f} % of attention, page {citation.page}: {' '.join(citation.quote.split())}")
    figures = context.figures()
    print(f"first token after {figures.first_token_seconds:.2f} s, {figures.nbytes}")
