"""How a Pipeline trains the embedded model's parts on a user's own documents."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc.arguments import PathLike, Paths, named
from longdoc.errors import UsageError
from longdoc.labels import LabelSet, load_labels
from longdoc.protocols import Progress, Reader

if TYPE_CHECKING:
    from longdoc.model.report import Report
    from longdoc.model.train_encoder import EncoderRecipe
    from longdoc.model.train_salience import SalienceReport


class Training(ABC):
    """The part of Pipeline that trains."""

    _progress: Callable[[Progress], None] | None

    @property
    @abstractmethod
    def embedded(self) -> Reader:
        """See Pipeline."""

    def train_clauses(self, data: PathLike, out: PathLike, labels: LabelSet | PathLike = "cuad", *, seed: int = 0) -> Report:
        """Train clause weights and write them to the folder `out`, to be named as `model`.

        `data` holds labelled documents or corrected results of `extract`, JSON lines or CSV; longdoc_pipelines/labelled.py says how.

        Raises: InputError if `data` cannot be read; UsageError if there is too little to train on.
        """
        from longdoc_pipelines.train import train_clauses_from

        chosen = labels if isinstance(labels, LabelSet) else _label_set(os.fspath(labels))
        return train_clauses_from(Path(data), Path(out), labels=chosen, reader=self.embedded, seed=seed, progress=self._progress)

    def train_presence(self, data: PathLike, out: PathLike, labels: LabelSet | PathLike = "cuad") -> Path:
        """Fit when a label is there at all, on labelled documents that the clause weights in use have not seen, into the folder `out`.

        Raises: InputError if `data` cannot be read; UsageError if there is too little to train on, or there are no weights.
        """
        from longdoc.model.reader import EmbeddedReader
        from longdoc_pipelines.train import train_presence_from

        chosen = labels if isinstance(labels, LabelSet) else _label_set(os.fspath(labels))
        if not isinstance(self.embedded, EmbeddedReader):
            raise UsageError(f"the reader {self.embedded.name!r} has no clause weights of its own; leave out --reader")
        return train_presence_from(Path(data), Path(out), labels=chosen, reader=self.embedded, progress=self._progress)

    def train_encoder(
        self,
        data: PathLike,
        out: PathLike,
        labels: LabelSet | PathLike = "cuad",
        *,
        base: PathLike = "shipped",
        texts: Sequence[PathLike] = (),
        recipe: EncoderRecipe | None = None,
        seed: int = 0,
    ) -> Report:
        """Train the encoder `base` ("shipped", "minilm" or a folder) and clause weights on labelled documents, into the folder `out`.

        `texts` are files with unlabelled sentences of the kind that will be searched: lines of text, or JSON lines with strings in them.
        Called again with the same arguments it goes on where it was stopped.

        Raises: InputError if `data` or `base` cannot be read; UsageError if there is too little to train on.
        """
        from longdoc_pipelines.train import train_encoder_from

        chosen = labels if isinstance(labels, LabelSet) else _label_set(os.fspath(labels))
        return train_encoder_from(
            Path(data),
            Path(out),
            labels=chosen,
            base=os.fspath(base),
            texts=[Path(path) for path in texts],
            recipe=recipe,
            seed=seed,
            progress=self._progress,
        )

    def train_salience(self, data: Paths, out: PathLike, *, judges: Sequence[PathLike] = (), seed: int = 0) -> SalienceReport:
        """Train the salience head on documents with human summaries, JSON lines, for the encoder in use, into the folder `out`.

        Raises: InputError if a file cannot be read; UsageError if there is too little to train on.
        """
        from longdoc_pipelines.train_salience import train_salience_from

        files, others = ([Path(path) for path in paths] for paths in (named(data), judges))
        return train_salience_from(files, Path(out), reader=self.embedded, judges=others, seed=seed, progress=self._progress)


def _label_set(name_or_file: str) -> LabelSet:
    """A label set by name or file; of a playbook's file its own labels, under the name by which its reviews look for them."""
    path = Path(name_or_file)
    if path.is_file() and re.search(r"^playbook\s*:", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE):
        from longdoc_pipelines.playbook import load_playbook

        loaded = load_playbook(path)
        if loaded.own is None or not loaded.playbook.labels:
            raise UsageError(f"{path}: the playbook has no labels of its own; train its label set {loaded.base.name!r}")
        return loaded.own.model_copy(update={"labels": loaded.playbook.labels})
    return load_labels(name_or_file)
