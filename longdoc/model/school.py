"""Training of encoders on different parts of the same labelled documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from longdoc.labels import LabelSet
from longdoc.model.base import base_model
from longdoc.model.blocks import make_tokenizer
from longdoc.model.candidates import propose
from longdoc.model.encoder_file import FILE, load, save
from longdoc.model.heads import ClauseHeads
from longdoc.model.sentences import split
from longdoc.model.short_texts import short_texts
from longdoc.model.strips import Lesson, lesson
from longdoc.model.targets import mark, short_labels
from longdoc.model.teacher import Teacher
from longdoc.model.train import LabelledText
from longdoc.model.train_encoder import EncoderRecipe, key_of, train_encoder
from longdoc.protocols import Progress, Reading


class School:
    """Labelled `texts`, ready for encoders that start from `base` and learn `labels`; `unlabelled` sentences help to keep their vectors.

    Raises: as base_model.
    """

    def __init__(
        self,
        base: str,
        labels: LabelSet,
        texts: Sequence[LabelledText],
        recipe: EncoderRecipe,
        seed: int,
        progress: Callable[[Progress], None],
        unlabelled: Sequence[str] = (),
    ) -> None:
        self._base, self._texts, self._recipe, self._seed, self._tell = base, texts, recipe, seed, progress
        self._set, self._names = labels.name, tuple(label.name for label in labels.labels)
        self._sentences = [split(one.document) for one in texts]
        marked = [
            mark(one.document.text, one.gold, sentences, propose(one.document).spans, self._names)
            for one, sentences in zip(texts, self._sentences, strict=True)
        ]
        self._short = short_labels(marked, self._names)
        model = base_model(base)
        tokenizer = make_tokenizer(model.vocabulary)
        teacher = Teacher(model).sentences if recipe.keep else None
        marks = model.vocabulary.index("[CLS]"), model.vocabulary.index("[SEP]")
        own = (one.document.text[start:end] for one, spans in zip(texts, self._sentences, strict=True) for start, end in spans.tolist())
        short = short_texts([*own, *unlabelled], seed) if recipe.texts and recipe.keep else []
        self._apart = [encoding.ids for encoding in tokenizer.encode_batch(short, add_special_tokens=False)]
        self._lessons: list[Lesson] = []
        for one, what in zip(texts, marked, strict=True):
            chunks = np.array([(chunk.span.start, chunk.span.end) for chunk in one.chunks], dtype=np.int64).reshape(-1, 2)
            self._lessons.append(lesson(tokenizer, model.encoder.config, marks, one.document, chunks, what, self._short, teacher))
            self._tell(Progress("prepare", len(self._lessons), len(texts), "documents", one.document.path))

    def train(self, chosen: Sequence[int], folder: Path, stage: str) -> Path:
        """The file of an encoder trained on the `chosen` texts; one that the same training has finished before is taken as it is."""
        path = folder / FILE
        model = base_model(self._base)
        torch.manual_seed(self._seed)
        heads = ClauseHeads(self._names, tuple(self._names[column] for column in self._short), model.encoder.config.width)
        lessons = [self._lessons[index] for index in chosen]
        key = key_of(model, lessons, self._apart, heads, self._recipe, self._seed)
        if path.is_file() and load(path).notes.get("training") == key:
            return path
        train_encoder(
            model,
            lessons,
            self._apart,
            heads,
            folder,
            recipe=self._recipe,
            seed=self._seed,
            progress=lambda done, steps: self._tell(Progress(stage, done, steps, "steps")),
        )
        model.clauses = {self._set: heads}
        model.notes = {"base": self._base, "seed": self._seed, "documents": len(chosen), "training": key}
        folder.mkdir(parents=True, exist_ok=True)
        save(path, model)
        return path

    def bare(self, index: int) -> Reading:
        """A text's sentences without vectors or scores, for what learns from its words alone."""
        sentences = self._sentences[index]
        nothing = np.zeros((0, 0), dtype=np.float16)
        chunk = np.zeros(len(sentences), dtype=np.int32)
        return Reading(sentences, chunk, nothing, nothing, np.zeros(len(sentences), dtype=np.float32), 0)
