"""The engine that the settings name."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc import registry
from longdoc.errors import ConfigError

if TYPE_CHECKING:
    from longdoc.config import Settings
    from longdoc.protocols import Engine


def open_engine(settings: Settings) -> Engine:
    """The language model that `engine`, `model`, `base_url` and `engine_options` name, ready to be asked.

    Raises: ConfigError for what is missing or does not go together; UnknownNameError and MissingExtraError by the registry; what the
    engine raises.
    """
    name, options = settings.engine, dict(settings.engine_options)
    if name is None:
        raise ConfigError("no engine is named: --engine openai, vllm or local, or engine in longdoc.toml")
    made = registry.load("engines", name)
    if settings.context_length is not None:
        options["context_length"] = settings.context_length
    if name == "openai":
        if settings.base_url is None:
            raise ConfigError(
                "--engine openai needs the server's address, such as --base-url http://localhost:8000/v1; naming it is the consent that "
                "text of the documents is sent there"
            )
        options |= {"model": settings.model, "base_url": settings.base_url}
    else:
        if settings.base_url is not None:
            raise ConfigError(f"--base-url goes with --engine openai, not with {name}")
        if settings.model is None:
            raise ConfigError(f"--engine {name} needs --model, the folder of a checkpoint")
        options["path" if name == "local" else "model"] = Path(settings.model)
    try:
        signature(made).bind(**options)
    except TypeError as error:
        raise ConfigError(f"engine_options: the engine {name!r} takes no such arguments ({error})") from error
    engine: Engine = made(**options)
    return engine
