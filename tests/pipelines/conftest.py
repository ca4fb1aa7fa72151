"""What tests of the pipelines share: an empty corpus, and a reader that is quick."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from model_reader import ModelReader

from longdoc_stores.corpus import Corpus


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path / "corpus") as made:
        yield made


@pytest.fixture
def reader() -> ModelReader:
    return ModelReader()
