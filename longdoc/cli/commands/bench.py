"""`longdoc bench`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, Output, Reading, expand
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
    checkpoint = _checkpoint(reading.model)
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
    return EncoderSource(run.pipeline.settings.model, documents)
