"""Settings: where they come from, which source wins, and how a wrong one is told."""

import os
from pathlib import Path

import pytest

from longdoc.arguments import SettingArguments
from longdoc.config import Settings, explain_settings, load_settings
from longdoc.errors import ConfigError


@pytest.fixture(autouse=True)
def _an_empty_folder_without_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("LONGDOC_")]:
        monkeypatch.delenv(name)


def test_defaults_hold_where_nothing_is_given() -> None:
    assert load_settings() == Settings()
    assert load_settings().store == Path(".longdoc")


def test_a_flag_wins_over_the_environment_and_the_environment_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("longdoc.toml").write_text('workers = 1\ntimeout = 10\nlabels = "paper"\n')
    monkeypatch.setenv("LONGDOC_WORKERS", "2")
    monkeypatch.setenv("LONGDOC_TIMEOUT", "20")
    settings = load_settings({"workers": 3, "timeout": None})
    assert (settings.workers, settings.timeout, settings.labels) == (3, 20.0, "paper")
    sources = {origin.name: origin.source for origin in explain_settings({"workers": 3})}
    assert sources["workers"] == "flag"
    assert sources["timeout"] == "environment"
    assert sources["labels"] == "file"
    assert sources["domain"] == "default"


def test_a_settings_file_can_be_named(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("max_pages = 7\n")
    assert load_settings(file=file).max_pages == 7


@pytest.mark.parametrize(
    ("flags", "variable", "content", "told"),
    [
        ({"worker": 2}, None, None, "unknown argument 'worker'; did you mean workers?"),
        ({}, "LONGDOC_TIMEOUTS", None, "unknown environment variable 'LONGDOC_TIMEOUTS'; did you mean LONGDOC_TIMEOUT?"),
        ({}, None, "lables = 'cuad'", "unknown key in longdoc.toml 'lables'; did you mean labels?"),
        ({}, None, "zzz = 1", "known: store, workers"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_one(
    flags: dict[str, object], variable: str | None, content: str | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable:
        monkeypatch.setenv(variable, "1")
    if content:
        Path("longdoc.toml").write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_settings(flags)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("flags", "variable", "content", "source"),
    [
        ({"workers": "many"}, None, None, "workers (argument)"),
        ({"workers": 0}, None, None, "workers (argument)"),
        ({}, "-1", None, "timeout (environment variable LONGDOC_TIMEOUT)"),
        ({}, None, 'domain = "medical"', "domain (longdoc.toml)"),
    ],
)
def test_a_bad_value_names_its_key_its_source_and_itself(
    flags: dict[str, object], variable: str | None, content: str | None, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable:
        monkeypatch.setenv("LONGDOC_TIMEOUT", variable)
    if content:
        Path("longdoc.toml").write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_settings(flags)
    assert str(caught.value).startswith(source)
    assert "got " in str(caught.value)


def test_a_settings_file_that_is_no_toml_or_is_missing_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("workers = = 2")
    with pytest.raises(ConfigError, match=r"broken\.toml: not valid TOML"):
        load_settings(file=tmp_path / "broken.toml")
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read"):
        load_settings(file=tmp_path / "absent.toml")


def test_settings_are_frozen_and_auto_becomes_a_new_object() -> None:
    settings = Settings()
    resolved = settings.resolved()
    assert settings.workers == "auto"
    assert isinstance(resolved.workers, int)
    assert resolved.workers >= 1
    with pytest.raises(ValueError, match="frozen"):
        settings.workers = 3  # type: ignore[misc]


def test_every_setting_is_a_keyword_argument_of_the_pipeline() -> None:
    assert set(SettingArguments.__annotations__) | {"store"} == set(Settings.model_fields)
