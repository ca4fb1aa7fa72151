"""Settings: flags > environment (LONGDOC_*) > longdoc.toml > defaults. Frozen; unknown keys are refused."""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from longdoc.errors import ConfigError

PREFIX = "LONGDOC_"
CONFIG_FILE = "longdoc.toml"
LOCAL = "local"
"""The executor that runs the stages in processes of this machine."""


class Settings(BaseSettings):
    """All settings of a run. `workers` "auto" is resolved to the number of usable cores by `resolved()`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    store: Annotated[Path, Field(description="the corpus folder")] = Path(".longdoc")
    workers: Annotated[Annotated[int, Field(ge=1)] | Literal["auto"], Field(description="processes that parse and read files")] = "auto"
    executor: Annotated[str, Field(description="what runs the stages: local or ray")] = LOCAL
    threads: Annotated[Annotated[int, Field(ge=1)] | Literal["auto"], Field(description="threads of the embedded model")] = "auto"
    timeout: Annotated[float, Field(gt=0, description="seconds that parsing one file may take")] = 120.0
    memory_limit: Annotated[int, Field(ge=256 << 20, description="bytes of memory that parsing one file may take")] = 4 << 30
    max_pages: Annotated[int, Field(ge=1, description="pages that one file may have")] = 20_000
    max_characters: Annotated[int, Field(ge=1, description="characters of text that one file may have")] = 100_000_000
    max_file_size: Annotated[int, Field(ge=1, description="bytes that one file may have")] = 1 << 30
    max_members: Annotated[int, Field(ge=1, description="files that one archive or message may hold, those inside them counted")] = 10_000
    max_unpacked: Annotated[int, Field(ge=1, description="bytes that these may have together")] = 1 << 30
    max_ratio: Annotated[int, Field(ge=1, description="times its own size that an archive may unpack to")] = 200
    max_depth: Annotated[int, Field(ge=1, description="archives and messages that may lie in each other")] = 5
    ocr: Annotated[
        Literal["auto", "off", "rapidocr", "tesseract"],
        Field(description="what reads pages that are pictures; auto: what is installed"),
    ] = "auto"
    ocr_dpi: Annotated[int, Field(ge=72, le=600, description="dots an inch of the pictures that OCR is given")] = 200
    ocr_languages: Annotated[
        str, Field(description='languages for Tesseract, as it spells them ("eng+deu")', pattern=r"^[A-Za-z_]+(\+[A-Za-z_]+)*$")
    ] = "eng"
    ram_budget: Annotated[int, Field(ge=1 << 20, description="bytes of RAM for what was read of documents")] = 256 << 20
    disk_budget: Annotated[int | None, Field(ge=1 << 21, description="bytes of disk for the same, a reader; None: no limit")] = None
    archive: Annotated[str | None, Field(description="fsspec address for what the disk's budget does not hold, such as s3://bucket")] = None
    reader: Annotated[str, Field(description="what reads documents")] = "embedded"
    model: Annotated[
        str | None,
        Field(
            description="folder of a model made by `longdoc train`; None: the shipped one. With an engine: its model, a name or a folder"
        ),
    ] = None
    engine: Annotated[str | None, Field(description="language model that writes: openai, vllm or local; None: none")] = None
    base_url: Annotated[str | None, Field(description="address of an OpenAI-compatible server; text of documents is sent there")] = None
    context_length: Annotated[int | None, Field(ge=512, description="tokens that the engine reads; None: as it says itself")] = None
    adapter: Annotated[str | None, Field(description="LoRA adapter, by the name that the engine knows it by")] = None
    prompts: Annotated[Path | None, Field(description="folder of prompts that replace the shipped ones of the same name")] = None
    max_tokens: Annotated[int | None, Field(ge=1, description="tokens that a run may spend, prompts and answers; None: no limit")] = None
    engine_options: Annotated[dict[str, Any], Field(description="further arguments of the engine, a table in longdoc.toml")] = {}
    labels: Annotated[str, Field(description='label set: a name, a file, or "auto" by domain')] = "auto"
    domain: Annotated[Literal["auto", "legal", "financial", "research", "plain"], Field(description="profile for new documents")] = "auto"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings

    def resolved(self) -> Settings:
        """The same settings with every "auto" that the machine decides replaced by a number."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        changes = {name: cores for name in ("workers", "threads") if getattr(self, name) == "auto"}
        return self.model_copy(update=changes)


class Origin(BaseModel):
    """A setting with the place that it came from."""

    model_config = ConfigDict(frozen=True)
    name: str
    value: Any
    source: Literal["flag", "environment", "file", "default"]


def load_settings(flags: dict[str, Any] | None = None, file: Path | None = None) -> Settings:
    """Settings from flags (None means not given), the environment and `file` (default: ./longdoc.toml if it exists).

    Raises: ConfigError that names the key, its source and the nearest known key.
    """
    return _load(flags, file)[0]


def explain_settings(flags: dict[str, Any] | None = None, file: Path | None = None) -> list[Origin]:
    """Every setting with its value and where it came from."""
    settings, sources = _load(flags, file)
    return [Origin(name=name, value=getattr(settings, name), source=sources.get(name, "default")) for name in Settings.model_fields]


def _load(flags: dict[str, Any] | None, file: Path | None) -> tuple[Settings, dict[str, Any]]:
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    from_file = _read_file(file)
    from_environment = {key[len(PREFIX) :].lower(): key for key in os.environ if key.startswith(PREFIX)}
    _refuse_unknown(given, "argument")
    _refuse_unknown(from_environment, "environment variable", shown=lambda key: PREFIX + key.upper())
    sources: dict[str, Any] = (
        dict.fromkeys(from_file, "file") | dict.fromkeys(from_environment, "environment") | dict.fromkeys(given, "flag")
    )
    below = {key: value for key, value in from_file.items() if key not in from_environment}
    try:
        return Settings(**(below | given)), sources
    except ValidationError as error:
        problems = error.errors()
        key, value = str(problems[0]["loc"][0]), problems[0]["input"]
        wrong = " or ".join(problem["msg"] for problem in problems if problem["loc"][0] == key)
        places = {"flag": "argument", "environment": f"environment variable {PREFIX}{key.upper()}", "file": str(file or CONFIG_FILE)}
        raise ConfigError(f"{key} ({places.get(sources.get(key, ''), 'default')}): {wrong}, got {value!r}") from error


def _read_file(file: Path | None) -> dict[str, Any]:
    path = file or Path(CONFIG_FILE)
    if file is None and not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML ({error})") from error
    _refuse_unknown(content, f"key in {path}")
    return content


def _refuse_unknown(keys: dict[str, Any], what: str, shown: Any = str) -> None:
    for key in keys:
        if key not in Settings.model_fields:
            near = difflib.get_close_matches(key, Settings.model_fields, n=1)
            hint = f"; did you mean {shown(near[0])}?" if near else f"; known: {', '.join(shown(name) for name in Settings.model_fields)}"
            raise ConfigError(f"unknown {what} {shown(key)!r}{hint}")
