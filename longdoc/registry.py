"""Plug-ins by name: `name -> "module:attribute"`, imported when asked for.

Others add to a kind with an entry point in the group `longdoc.<kind>` (for example `longdoc.ingestors`).
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from longdoc.errors import MissingExtraError, UnknownNameError

BUILT_IN: dict[str, dict[str, str]] = {
    "ingestors": {
        "pdf": "longdoc.ingest.pdf:PdfIngestor",
        "picture": "longdoc.ingest.picture:PictureIngestor",
        "docx": "longdoc.ingest.docx:DocxIngestor",
        "html": "longdoc.ingest.html:HtmlIngestor",
        "markdown": "longdoc.ingest.markdown:MarkdownIngestor",
        "txt": "longdoc.ingest.txt:TxtIngestor",
    },
    "readers": {"embedded": "longdoc.model.reader:EmbeddedReader"},
    "engines": {
        "local": "longdoc.engines.local:load_model",
        "openai": "longdoc.engines.openai:OpenAIEngine",
        "vllm": "longdoc.engines.vllm:VllmEngine",
    },
    "patterns": {
        "auto": "longdoc.attention.auto:Auto",
        "dense": "longdoc.attention.dense:Dense",
        "block_local": "longdoc.attention.block_local:BlockLocal",
        "window_global": "longdoc.attention.window_global:WindowGlobal",
        "antidiagonal": "longdoc.attention.antidiagonal:Antidiagonal",
        "vertical_slash": "longdoc.attention.vertical_slash:VerticalSlash",
        "retrieval": "longdoc.attention.retrieval:Retrieval",
        "window_decay": "longdoc.attention.window_decay:WindowDecay",
        "performer": "longdoc.attention.performer:Performer",
    },
    "executors": {"local": "longdoc.ingest.sandbox:ProcessExecutor", "ray": "longdoc_pipelines.ray_executor:RayExecutor"},
}


def known(kind: str) -> dict[str, str]:
    """All names of a kind with their targets; a built-in name cannot be taken over by an entry point."""
    found = {point.name: point.value for point in entry_points(group=f"longdoc.{kind}")}
    return found | BUILT_IN[kind]


def load(kind: str, name: str) -> Any:
    """The class registered under `name`.

    Raises: UnknownNameError if there is none; MissingExtraError if it cannot be imported.
    """
    names = known(kind)
    if name not in names:
        listed = ", ".join(sorted(names)) or "none"
        raise UnknownNameError(f"no {kind.removesuffix('s')} {name!r}. Known: {listed}")
    module, _, attribute = names[name].partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ImportError as error:
        raise MissingExtraError(f"{kind.removesuffix('s')} {name!r} needs the package {error.name!r}, which is not installed") from error
