"""The folder that tests of the examples and the README share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ExampleCorpus:
    """A folder as a checkout has it, with a copy of `examples` and the corpus `.longdoc` of its documents."""

    folder: Path

    @property
    def documents(self) -> Path:
        return self.folder / "examples" / "documents"

    @property
    def store(self) -> Path:
        return self.folder / ".longdoc"
