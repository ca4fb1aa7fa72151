"""What all tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from example_corpus import ExampleCorpus

from longdoc import registry

if TYPE_CHECKING:
    from page_driver import Open
    from playwright.sync_api import Browser

    from longdoc.types import Review

# Test workers share the cores: a model that takes them all in each worker waits for itself. Read when torch is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("LONGDOC_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def _the_encoder_is_loaded_once() -> Iterator[None]:
    """Readers made by name share one loaded encoder; loading it costs half a second."""
    load = registry.load

    def load_sharing(kind: str, name: str) -> Any:
        loaded = load(kind, name)
        if kind == "readers" and not hasattr(encode_module().DocumentEncoder, "cache_info"):
            patch.setattr(encode_module(), "DocumentEncoder", cache(encode_module().DocumentEncoder))
        return loaded

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "load", load_sharing)
        yield


def encode_module() -> Any:
    """longdoc.model.encode, which loads torch, imported when a reader is first asked for."""
    from longdoc.model import encode

    return encode


@pytest.fixture(scope="session")
def example_corpus(tmp_path_factory: pytest.TempPathFactory) -> ExampleCorpus:
    """The example documents, read once a test worker. Tests look, and write nothing into the folder."""
    from longdoc import Pipeline

    corpus = ExampleCorpus(tmp_path_factory.mktemp("examples"))
    shutil.copytree(Path(__file__).parent.parent / "examples", corpus.folder / "examples")
    with Pipeline(corpus.store) as pipeline:
        outcomes = pipeline.ingest(corpus.documents)
    assert {outcome.outcome for outcome in outcomes} == {"ok"}, outcomes
    return corpus


# The HTML report in a browser. What drives it is imported where a test asks for it.


@pytest.fixture(scope="module")
def of() -> list[Review]:
    """What the report of a test tells."""
    from page_driver import COUNT
    from review_samples import reviews

    return list(reviews(COUNT))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, of: list[Review]) -> Path:
    """The report of `of`; its name holds what an address must quote."""
    from page_driver import write

    target = tmp_path_factory.mktemp("report") / "a review #1 100%.html"
    write(target, of)
    return target


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium that is installed."""
    from page_driver import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser, target: Path) -> Iterator[Open]:
    """Opens `target`, or another report, in a window of its own."""
    from page_driver import windows

    with windows(browser, target) as opened:
        yield opened
