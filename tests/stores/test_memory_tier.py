from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from store_contract import BUDGET, StoreContract, same, value

from longdoc.errors import UsageError
from longdoc.protocols import Packed
from longdoc_stores.memory_tier import OWN_PAGES, MemoryTier

MEASURE = """
import gc, sys
import torch
from longdoc_stores.memory_tier import MemoryTier
from longdoc_stores.packing import pack

def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * 4096

tokens, values = int(sys.argv[1]), int(sys.argv[2])
tier = MemoryTier(1 << 40)
def put(number):
    tier.put(f"document-{number:08d}", pack({"states": torch.randn(tokens, 384), "spans": torch.zeros(tokens, 2)}, {"states": "int8"}))
for number in range(values // 10):
    put(number)
before, counted = resident(), tier.size()
for number in range(values // 10, values):
    put(number)
print((resident() - before) / (tier.size() - counted))
"""


class TestMemoryTier(StoreContract):
    @pytest.fixture
    def store(self) -> MemoryTier:
        return MemoryTier(BUDGET)


def test_it_is_not_durable() -> None:
    assert not MemoryTier(BUDGET).durable


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(("tokens", "values"), [(256, 400), (4, 2000)])
def test_the_process_takes_what_the_tier_counts(tokens: int, values: int) -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE, str(tokens), str(values)], capture_output=True, text=True, check=True)
    assert 0.6 < float(done.stdout) < 1.01


@pytest.mark.parametrize("length", [64, OWN_PAGES, 10 * OWN_PAGES])
def test_a_value_that_is_part_of_something_larger_does_not_keep_that(length: int) -> None:
    tier = MemoryTier(BUDGET)
    tier.put("key", Packed((), torch.zeros(1 << 20, dtype=torch.uint8)[:length]))
    assert tier.get("key").data.untyped_storage().nbytes() == length


def test_the_keys_count() -> None:
    tier = MemoryTier(BUDGET)
    tier.put("k" * 10_000, value(1))
    long = tier.size()
    tier.delete("k" * 10_000)
    tier.put("k", value(1))
    assert long - tier.size() == 9_999


def test_an_overwritten_value_is_not_counted() -> None:
    tier = MemoryTier(3 * value(1).nbytes)
    for number in range(10):
        tier.put("key", value(number))
    assert same(tier.get("key"), value(9))


def test_a_closed_tier_holds_nothing() -> None:
    tier = MemoryTier(BUDGET)
    tier.put("key", value(1))
    tier.close()
    assert tier.size() == 0
    assert list(tier.keys()) == []


def test_pinned_memory_of_a_gpu_is_refused() -> None:
    with pytest.raises(UsageError, match="only RAM can be pinned, not cuda"):
        MemoryTier(BUDGET, device="cuda", pinned=True)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize(("device", "pinned", "what"), [("cuda", False, "cuda"), ("cpu", True, "pinned memory")])
def test_a_gpu_that_is_not_there_is_said_to_be_missing(device: str, pinned: bool, what: str) -> None:
    with pytest.raises(UsageError, match=f"{what} needs a CUDA GPU, and there is none"):
        MemoryTier(BUDGET, device=device, pinned=pinned)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize(("device", "pinned"), [("cuda", False), ("cpu", True)])
class TestMemoryTierWithAGpu(StoreContract):
    @pytest.fixture
    def store(self, device: str, pinned: bool) -> MemoryTier:
        return MemoryTier(BUDGET, device=device, pinned=pinned)

    def test_a_value_of_the_gpu_comes_back(self, store: MemoryTier) -> None:
        store.put("key", Packed(value(1).layout, value(1).data.cuda()))
        assert same(store.get("key"), value(1))
