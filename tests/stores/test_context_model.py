"""A context store against a plain list, under any order of calls, with tiers of a few blocks."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from context_samples import SETTINGS, WIDTH, spans_of, states_of
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from longdoc_stores.blocks import BlockInfo
from longdoc_stores.context import ContextStore
from longdoc_stores.packing import error_bounds, pack, recode

DOCUMENTS = st.sampled_from(["a.txt", "b.txt", "Ü/ç 3"])
SECTIONS = st.sampled_from([(), ("1",), ("1", "1.1"), ("2",)])
EXAMPLES = int(os.environ.get("LONGDOC_EXAMPLES", "8"))
TOKENS = st.sampled_from([1, 5, 63, 64, 65, 150, 1000])
SEEDS = st.integers(0, 1000)


@dataclass
class Kept:
    """What a block must hold."""

    document: str
    section: tuple[str, ...]
    states: torch.Tensor
    spans: torch.Tensor
    vector: torch.Tensor | None = None
    extra: dict[str, torch.Tensor] = field(default_factory=dict)
    exact: bool = True
    """Whether it was among the first or the recent tokens ever since it was appended."""

    def direction(self) -> torch.Tensor:
        own = torch.nn.functional.normalize(self.states.double().sum(dim=0), dim=0) if self.vector is None else self.vector
        return own.half().float()


class ContextAgainstAList(RuleBasedStateMachine):
    settings = SETTINGS
    location = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        if self.location:
            self.settings = replace(self.settings, location=str(self.folder / "objects"))
        self.context = self.opened(WIDTH)
        self.blocks: dict[int, Kept] = {}
        self.tail: Kept | None = None
        self.flushed: dict[int, Kept] = {}
        self.flushed_next = 0
        self.changed = False

    @property
    def lossy(self) -> bool:
        """Whether decoded values are rounded to the dtype besides."""
        return self.settings.dtype != "float32" and self.settings.codec != "exact"

    @property
    def dtype(self) -> torch.dtype:
        found: torch.dtype = getattr(torch, self.settings.dtype)
        return found

    def teardown(self) -> None:
        self.context.close()
        shutil.rmtree(self.folder)

    def opened(self, width: int | None) -> ContextStore:
        return ContextStore(self.folder / "context", width, self.settings)

    # The model

    def add(self, kept: Kept) -> None:
        """A block came; its number is the store's choice, but a new one, and none that was ever flushed."""
        number = self.context.blocks()[len(self.blocks)].number
        assert number >= self.flushed_next
        assert number > max(self.blocks, default=-1)
        self.blocks[number] = kept
        self.age()

    def seal(self) -> None:
        if self.tail is not None:
            self.add(self.tail)
            self.tail = None

    def age(self) -> None:
        """Blocks that are neither among the first nor among the most recent tokens may be encoded from now on."""
        near = self.near()
        for kept in self.blocks.values():
            kept.exact = kept.exact and id(kept) in near

    def near(self) -> set[int]:
        found = set()
        order = list(self.blocks.values())
        for blocks, wanted in ((order, self.settings.first_tokens), (order[::-1], self.settings.recent_tokens)):
            for kept in blocks:
                if wanted <= 0:
                    break
                found.add(id(kept))
                wanted -= len(kept.states)
        return found

    # Writing

    @rule(document=DOCUMENTS, section=SECTIONS, tokens=TOKENS, seed=SEEDS)
    def append(self, document: str, section: tuple[str, ...], tokens: int, seed: int) -> None:
        states, spans = states_of(seed, tokens), spans_of(seed, tokens)
        states = states.to(self.dtype)
        self.context.append(document, states, spans, section=section)
        if self.tail is not None and (self.tail.document, self.tail.section) != (document, section):
            self.seal()
        if self.tail is not None:
            states, spans = torch.cat([self.tail.states, states]), torch.cat([self.tail.spans, spans])
        for start in range(0, len(states) - len(states) % 64, 64):
            self.add(Kept(document, section, states[start : start + 64], spans[start : start + 64]))
        rest = len(states) % 64
        self.tail = Kept(document, section, states[-rest:], spans[-rest:]) if rest else None
        self.changed = True

    @rule(document=DOCUMENTS, section=SECTIONS, tokens=st.sampled_from([0, 1, 7, 130]), seed=SEEDS, own=st.booleans())
    def append_block(self, document: str, section: tuple[str, ...], tokens: int, seed: int, own: bool) -> None:
        states, spans = states_of(seed, tokens), spans_of(seed, tokens)
        vector = torch.nn.functional.normalize(states_of(seed + 1, 1)[0], dim=0) if own else None
        extra = {"salience": states_of(seed, tokens)[:, 0].clone()} if own else {}
        states = states.to(self.dtype)
        number = self.context.append_block(document, states, spans, vector=vector, section=section, extra=extra)
        self.seal()
        self.add(Kept(document, section, states, spans, vector, extra))
        assert number == max(self.blocks)
        self.changed = True

    @rule(document=DOCUMENTS, forget=st.booleans())
    def remove(self, document: str, forget: bool) -> None:
        gone = [number for number, kept in self.blocks.items() if kept.document == document]
        if self.tail is not None and self.tail.document == document:
            self.tail = None
        assert (self.context.forget(document) if forget else self.context.drop(document)) == len(gone)
        for number in gone:
            del self.blocks[number]
        self.age()
        self.changed = True
        if forget:
            self.was_flushed()

    @rule()
    def flush(self) -> None:
        self.context.flush()
        self.was_flushed()

    def was_flushed(self) -> None:
        self.seal()
        self.flushed = dict(self.blocks)
        self.flushed_next = max([self.flushed_next, *(number + 1 for number in self.blocks)])
        self.changed = False

    @rule(crash=st.booleans())
    def reopen(self, crash: bool) -> None:
        if not crash:
            self.flush()
        self.context.close()
        self.context = self.opened(None if self.flushed_next else WIDTH)
        self.blocks, self.tail, self.changed = dict(self.flushed), None, False
        for kept in self.blocks.values():
            kept.exact = False

    # Reading

    def check(self, info: BlockInfo, states: torch.Tensor, spans: torch.Tensor) -> None:
        kept = self.blocks[info.number]
        stored = self.context.value(info)
        assert torch.equal(spans, kept.spans)
        bound = error_bounds(stored)["states"]
        if self.lossy:
            bound = bound + (kept.states.float().abs() + bound) * torch.finfo(self.dtype).eps
        assert bool(((states.float() - kept.states.float()).abs() <= bound).all())
        if kept.exact:
            assert torch.equal(states, kept.states)
        own = {"spans": kept.spans, "states": kept.states, "vector": kept.direction().half()} | kept.extra
        expected = recode(pack(own), {part.name: part.codec for part in stored.layout})
        assert torch.equal(stored.data, expected.data)

    @precondition(lambda self: self.blocks)
    @rule(data=st.data())
    def gather(self, data: st.DataObject) -> None:
        numbers = data.draw(st.lists(st.sampled_from(sorted(self.blocks)), min_size=1, max_size=6))
        found = self.context.gather(numbers)
        assert [info.number for info in found.infos] == numbers
        assert found.lengths.tolist() == [len(self.blocks[number].states) for number in numbers]
        assert found.mask.sum(dim=1).tolist() == found.lengths.tolist()
        assert not bool(found.states[~found.mask].any() or found.spans[~found.mask].any())
        for row, info in enumerate(found.infos):
            self.check(info, found.states[row, : info.tokens], found.spans[row, : info.tokens])
            assert torch.equal(found.vectors[row].float(), self.blocks[info.number].direction())

    @rule(tokens=st.sampled_from([None, 0, 1, 64, 1000]))
    def recent(self, tokens: int | None) -> None:
        wanted = self.settings.recent_tokens if tokens is None else tokens
        expected: list[Kept] = []
        for kept in ([] if self.tail is None else [self.tail]) + list(self.blocks.values())[::-1]:
            if wanted > 0:
                expected.insert(0, kept)
            wanted -= len(kept.states)
        found = self.context.recent(tokens)
        assert [(info.document, info.section, info.tokens) for info in (found.infos if found else ())] == [
            (kept.document, kept.section, len(kept.states)) for kept in expected
        ]
        for row, kept in enumerate(expected):
            if kept.exact and found is not None:
                assert torch.equal(found.states[row, : len(kept.states)], kept.states)
                assert torch.equal(found.spans[row, : len(kept.states)], kept.spans)

    @rule(seed=SEEDS, k=st.sampled_from([1, 3, 100]), documents=st.none() | st.lists(DOCUMENTS, unique=True), section=SECTIONS)
    def search(self, seed: int, k: int, documents: list[str] | None, section: tuple[str, ...]) -> None:
        query = states_of(seed, 1)[0].numpy()
        scores = {
            number: float(np.dot(kept.direction().numpy(), query))
            for number, kept in self.blocks.items()
            if (documents is None or kept.document in documents) and kept.section[: len(section)] == section
        }
        hits = self.context.search(query, k, documents=documents, section=section)
        assert len(hits) == min(k, len(scores))
        np.testing.assert_allclose([hit.score for hit in hits], [scores[hit.number] for hit in hits], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose([hit.score for hit in hits], sorted(scores.values(), reverse=True)[:k], rtol=1e-5, atol=1e-5)

    @rule(document=st.none() | DOCUMENTS)
    def iterate(self, document: str | None) -> None:
        expected = [number for number, kept in self.blocks.items() if document in (None, kept.document)]
        found = list(self.context.iterate(document))
        assert [block.info.number for block in found] == expected
        for block in found:
            self.check(block.info, block.states, block.spans)
            extra = self.blocks[block.info.number].extra
            assert set(block.extra) == set(extra)
            assert all(torch.equal(block.extra[name], extra[name]) for name in extra)

    @rule()
    def prefetch(self) -> None:
        self.context.prefetch(list(self.blocks)[:3])
        self.context.store.settle()

    @invariant()
    def the_list_is_right_and_budgets_hold(self) -> None:
        infos = self.context.blocks()
        assert [(info.number, info.document, info.section, info.tokens) for info in infos] == [
            (number, kept.document, kept.section, len(kept.states)) for number, kept in self.blocks.items()
        ]
        assert len(self.context) == len(infos)
        assert self.context.tokens == sum(info.tokens for info in infos)
        assert self.context.documents() == list(dict.fromkeys(info.document for info in infos))
        for document in self.context.documents():
            assert self.context.blocks(document) == [info for info in infos if info.document == document]
        for level in self.context.store.levels:
            assert level.store.budget is None or level.store.size() <= level.store.budget
        ram = next(use for use in self.context.tiers() if use.name == "ram")
        assert ram.bytes <= self.settings.ram_budget

    @precondition(lambda self: self.changed)
    @rule()
    def another_reader_sees_the_last_flush(self) -> None:
        with self.opened(WIDTH) as reader:
            assert [info.number for info in reader.blocks()] == list(self.flushed)


class ContextWithObjects(ContextAgainstAList):
    """Most blocks lie below a disk that holds a few."""

    settings = replace(SETTINGS, disk_budget=(1 << 20) + (100 << 10), codec="exact")
    location = True


class ContextInRam(ContextAgainstAList):
    """RAM is the hottest tier, and encodes."""

    settings = replace(SETTINGS, first_tokens=0, recent_tokens=0, dtype="bfloat16", codec="int4")


TestContextAgainstAList = ContextAgainstAList.TestCase
TestContextWithObjects = ContextWithObjects.TestCase
TestContextInRam = ContextInRam.TestCase
for case in (TestContextAgainstAList, TestContextWithObjects, TestContextInRam):
    case.settings = hypothesis_settings(
        max_examples=EXAMPLES,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=EXAMPLES == 8,
        phases=[Phase.generate] if EXAMPLES == 8 else list(Phase),  # finding the smallest failure takes minutes
    )
del case  # pytest would run it as a test of its own
