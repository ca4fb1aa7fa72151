"""Plug-ins by name, and a miss that helps."""

import pytest

from longdoc import registry
from longdoc.errors import MissingExtraError, UnknownNameError


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in registry.BUILT_IN.items() for name in names])
def test_every_built_in_name_leads_to_something(kind: str, name: str):
    assert callable(registry.load(kind, name))


def test_a_miss_names_what_exists():
    with pytest.raises(UnknownNameError, match=r"no ingestor 'xls'\. Known: docx, html, markdown, pdf, picture, txt"):
        registry.load("ingestors", "xls")


def test_a_plug_in_whose_package_is_missing_says_which(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(registry.BUILT_IN["engines"], "cloud", "no_such_package.engine:Engine")
    with pytest.raises(MissingExtraError, match="engine 'cloud' needs the package 'no_such_package'"):
        registry.load("engines", "cloud")
