"""`longdoc bench`."""

from __future__ import annotations

from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, Engines, Output, Reading, expand
from longdoc.cli.run import Run, running
from longdoc.errors import InputError, UsageError

if TYPE_CHECKING:
    from longdoc_pipelines.attention_sources import Source

bench = typer.Typer(no_args_is_help=True, help="Measure on this machine.")
app.add_typer(bench, name="bench")

CHECKPOINT = "config.json"
"""What a folder holds that is a checkpoint of transformers."""


@bench.command()
@expand
def attention(
    common: Common,
    reading: Reading,
    output: Output,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH...]", help="The text (default: drawn tensors).", show_default=False)
    ] = None,
    length: Annotated[
        int | None, typer.Option("--length", metavar="N", help="Tokens, at least 256 (default: 4,096, or all of a shorter text).")
    ] = None,
    pattern: Annotated[list[str] | None, typer.Option("--pattern", metavar="NAME", help="Only this pattern; may be repeated.")] = None,
    layer: Annotated[list[int] | None, typer.Option("--layer", metavar="N", help="Only this layer, from 0; may be repeated.")] = None,
    top_k: Annotated[int, typer.Option("--top-k", min=16, metavar="N", help="Tokens that retrieval and the tiered cache read.")] = 2048,
    runs: Annotated[int, typer.Option("--runs", min=1, metavar="N", help="How often each is timed.")] = 3,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw mass kept and error over cost (.svg, .html).")] = None,
) -> None:
    """Compare all attention patterns by mass kept, error and cost.

    On the queries and keys of the shipped encoder's layers for the text of documents, each token reading all before it; with --model DIR
    of a model that `longdoc train` made, or of a checkpoint of a transformers decoder. Without documents on drawn tensors of no text.
    """
    from longdoc.cli.output import write_bytes
    from longdoc.cli.views.attention_plot import drawing_of
    from longdoc.cli.views.bench import AttentionView
    from longdoc_pipelines.bench_attention import check_length, compare_attention, wanted_patterns

    # What is wrong with options is told before anything is read.
    wanted_patterns(pattern or ())
    check_length(length)
    draw = drawing_of(plot) if plot is not None else None
    checkpoint = _checkpoint(Path(reading.model) if reading.model is not None else None)
    if checkpoint is not None:
        reading = replace(reading, model=None)
    with running("bench-attention", AttentionView(), common, output, reading, uses_model=False) as (run, writer):
        _take_threads(run)
        found = compare_attention(
            _source(run, paths or [], checkpoint),
            length=length,
            patterns=pattern or (),
            layers=layer or (),
            top_k=top_k,
            runs=runs,
            progress=run.screen.progress,
        )
        run.screen.close()
        writer.add(found)
        if plot is not None and draw is not None:
            write_bytes(plot, draw(found).encode())
            run.screen.say(f"wrote {plot}")


@bench.command()
@expand
def engine(
    common: Common,
    reading: Reading,
    engines: Engines,
    output: Output,
    requests: Annotated[int, typer.Option("--requests", metavar="N", help="Requests a round, at least 2.")] = 8,
    length: Annotated[int, typer.Option("--length", metavar="N", help="Tokens of a document, at least 64.")] = 1024,
    write: Annotated[int, typer.Option("--write", metavar="N", help="Tokens of an answer, at most.")] = 64,
    rounds: Annotated[int, typer.Option("--rounds", metavar="N", help="How often each is measured.")] = 3,
) -> None:
    """Measure a language model: seconds to the first token and in all (P50, P90, P99), tokens a second, share of what was read before.

    Requests are asked one by one and all at once, each about a document of its own and all about one. Documents are drawn text of no
    meaning, nothing of yours is read or sent.
    """
    from longdoc.cli.views.bench_engine import EngineView
    from longdoc.engines.choose import open_engine
    from longdoc.engines.metrics import Metered
    from longdoc_pipelines.bench_engine import Workload, bench_engine

    # What is wrong with options is told before anything is loaded.
    work = Workload(requests, length, write, rounds)
    with running("bench-engine", EngineView(), common, output, reading, engines, uses_model=False) as (run, writer):
        settings = run.pipeline.settings
        if settings.max_tokens is not None and work.dearest > settings.max_tokens:
            raise UsageError(f"it may take {work.dearest:,} tokens, --max-tokens is {settings.max_tokens:,}: ask for less, or allow more")
        if engines.dry_run:
            run.screen.say(f"dry run, nothing was asked: at most {work.asked:,} requests, {work.dearest:,} tokens")
            return
        _take_threads(run)
        opened = open_engine(settings)  # without the journal: what was answered before is asked again
        with closing(Metered(opened)) as metered:
            with metered.serve(engines.metrics_port) if engines.metrics_port is not None else nullcontext():
                found = bench_engine(metered, work, adapter=settings.adapter, progress=run.screen.progress)
            run.screen.close()
            for note in getattr(opened, "notes", ()):
                run.screen.say(note)
            writer.add(found)
            if engines.metrics_file is not None:
                metered.textfile(engines.metrics_file)


def _checkpoint(model: Path | None) -> Path | None:
    """`model` if it is a checkpoint of transformers, None if `longdoc train` made it or there is none.

    Raises: UsageError if it is neither.
    """
    from longdoc.model.reader import ENCODER

    if model is None:
        return None
    if (model / CHECKPOINT).is_file():
        return model
    if not any(model.glob("*.safetensors")):
        raise UsageError(f"--model {model}: holds neither a checkpoint of transformers ({CHECKPOINT}) nor a model of longdoc ({ENCODER})")
    return None


def _take_threads(run: Run) -> None:
    """As the settings say."""
    import torch

    threads = run.pipeline.settings.resolved().threads
    assert isinstance(threads, int)
    torch.set_num_threads(threads)


def _source(run: Run, paths: list[str], checkpoint: Path | None) -> Source:
    """What to compare on.

    Raises: UsageError for a checkpoint without documents; InputError if no document could be read.
    """
    from longdoc_pipelines.attention_sources import DrawnSource, EncoderSource

    if not paths:
        if checkpoint is not None:
            raise UsageError(f"--model {checkpoint}: name documents whose text it shall read")
        return DrawnSource()
    entries = run.ingest(paths)
    if not entries:
        raise InputError(f"nothing to compare on: no document could be read of {', '.join(paths)}")
    corpus = run.pipeline.corpus
    documents = [(corpus.document(entry), corpus.chunks(entry)) for entry in entries]
    if checkpoint is not None:
        from longdoc_pipelines.attention_checkpoint import CheckpointSource

        return CheckpointSource(checkpoint, [(document.path, document.text) for document, _ in documents])
    own = run.pipeline.settings.model
    return EncoderSource(Path(own) if own is not None else None, documents)
