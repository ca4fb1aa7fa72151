"""States, spans and settings for tests of contexts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from longdoc_stores.blocks import BlockInfo, Blocks
from longdoc_stores.context import ContextSettings, ContextStore

WIDTH = 64
SETTINGS = ContextSettings(block_size=64, first_tokens=40, recent_tokens=100, ram_budget=64 << 10)
"""Tiers of a few blocks each, so that most blocks move."""


def states_of(seed: int, tokens: int, width: int = WIDTH) -> torch.Tensor:
    """States [T, D] all its own."""
    return torch.randn(tokens, width, generator=torch.Generator().manual_seed(seed))


def spans_of(start: int, tokens: int) -> torch.Tensor:
    """Spans [T, 2] one after the other."""
    begin = torch.arange(start, start + tokens, dtype=torch.int32) * 3
    return torch.stack([begin, begin + 2], dim=1)


def append(context: ContextStore, document: str, tokens: int, seed: int = 0, section: tuple[str, ...] = ()) -> torch.Tensor:
    """Append tokens with states of that seed; these states."""
    states = states_of(seed, tokens)
    context.append(document, states, spans_of(0, tokens), section=section)
    return states


def infos_of(blocks: Blocks | None) -> list[BlockInfo]:
    return [] if blocks is None else list(blocks.infos)


def opened(folder: Path, settings: ContextSettings = SETTINGS) -> ContextStore:
    """The context in `folder`, made if it is not there."""
    return ContextStore(folder / "context", WIDTH, settings)


def vector_of(states: torch.Tensor) -> npt.NDArray[np.float32]:
    """The vector [D] of a block of states [T, D]."""
    found: npt.NDArray[np.float32] = torch.nn.functional.normalize(states.double().sum(dim=0), dim=0).half().float().numpy()
    return found


def check_search(context: ContextStore, documents: dict[str, torch.Tensor]) -> None:
    """The documents, one block each, are all there is, and each is found by its own vector."""
    assert sorted(context.documents()) == sorted(documents)
    for document, states in documents.items():
        (best,) = context.search(vector_of(states), 1)
        assert context.info(best.number).document == document
        assert abs(best.score - 1) < 1e-2
    assert len(context.search(vector_of(next(iter(documents.values()))), 100)) == len(documents)
