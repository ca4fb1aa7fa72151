"""Asserts of the shared contract are shown with their values; one worker parses for all formats."""

from collections.abc import Iterator

import pytest

from longdoc.ingest.sandbox import ProcessExecutor
from longdoc.protocols import Limits

pytest.register_assert_rewrite("ingest.contract")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[ProcessExecutor]:
    """A worker as a run has it, with limits that a sample made for the tests does not come near."""
    with ProcessExecutor(1, Limits(seconds=20.0, memory=1 << 30)) as executor:
        yield executor
