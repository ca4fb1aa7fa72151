"""What users import, and what importing costs."""

import subprocess
import sys

import pytest

import longdoc

HEAVY = ("torch", "transformers", "faiss", "numpy", "pydantic_settings", "pypdf", "pypdfium2")


def imported_by(*arguments: str) -> set[str]:
    """The modules loaded after running Python with `arguments`."""
    run = subprocess.run([sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip() for line in run.stderr.splitlines() if line.startswith("import time:")}


def test_the_public_names_are_a_sorted_list_and_all_there() -> None:
    assert longdoc.__all__ == sorted(longdoc.__all__)
    assert all(getattr(longdoc, name).__name__ == name for name in longdoc.__all__)
    assert set(longdoc.__all__) <= set(dir(longdoc))


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Pipelines"):
        _ = longdoc.Pipelines


@pytest.mark.parametrize("arguments", [("-c", "import longdoc"), ("-m", "longdoc", "--help"), ("-m", "longdoc", "extract", "--help")])
def test_importing_and_asking_for_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert imported_by(*arguments).isdisjoint(HEAVY)


def test_the_facade_itself_loads_no_torch_before_it_is_used() -> None:
    code = "from longdoc import Pipeline; Pipeline(store='nowhere').close()"
    assert imported_by("-c", code).isdisjoint({"torch", "transformers", "faiss"})


@pytest.mark.parametrize("module", ["longdoc_stores.context", "longdoc_stores.corpus", "longdoc_stores.snapshot"])
def test_importing_a_store_loads_no_torch_before_it_is_used(module: str) -> None:
    assert imported_by("-c", f"import {module}").isdisjoint({"torch", "transformers", "faiss", "numpy"})
