"""Asserts of the shared contract are shown with their values."""

import pytest

pytest.register_assert_rewrite("ingest.contract")
