"""Plug-ins by name: `name -> "module:attribute"`, imported when asked for.

Others add to a kind with an entry point in the group `longdoc.<kind>` (for example `longdoc.ingestors`).
"""

from __future__ import annotations

import sys
from functools import cache
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
        "edgar": "longdoc.ingest.edgar:EdgarContainer",
        "xlsx": "longdoc.ingest.xlsx:XlsxIngestor",
        "xls": "longdoc.ingest.xls:XlsIngestor",
        "csv": "longdoc.ingest.delimited:DelimitedIngestor",
        "pptx": "longdoc.ingest.pptx:PptxIngestor",
        "eml": "longdoc.ingest.mail:MailIngestor",
        "msg": "longdoc.ingest.msg:MsgIngestor",
        "office": "longdoc.ingest.office:OfficeIngestor",
        "zip": "longdoc.ingest.archives:ZipContainer",
        "tar": "longdoc.ingest.archives:TarContainer",
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


EXTRAS = {
    "python_calamine": "office", "pptx": "office", "oxmsg": "office", "rapidocr": "ocr", "onnxruntime": "ocr", "openai": "openai",
    "vllm": "vllm", "ray": "ray",
}  # fmt: skip
"""The extra of longdoc that brings a package."""


def of_others(kind: str) -> dict[str, str]:
    """The names that installed packages add to a kind, with their targets."""
    return dict(_of_others(kind, tuple(sys.path)))


@cache
def _of_others(kind: str, path: tuple[str, ...]) -> dict[str, str]:
    """Looked up once for a `path`: every file that is sniffed asks, and to look through what is installed takes milliseconds."""
    return {point.name: point.value for point in entry_points(group=f"longdoc.{kind}") if point.name not in BUILT_IN[kind]}


def known(kind: str) -> dict[str, str]:
    """All names of a kind with their targets; a built-in name cannot be taken over by an entry point."""
    return of_others(kind) | BUILT_IN[kind]


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
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        advice = f": pip install 'longdoc[{extra}]'" if extra else ""
        raise MissingExtraError(
            f"{kind.removesuffix('s')} {name!r} needs the package {error.name!r}, which is not installed{advice}"
        ) from error
