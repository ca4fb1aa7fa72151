"""What a model wrote, as the JSON that was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import jsonschema

from longdoc.errors import ConfigError

_FENCED = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)
_LONGEST = 1 << 20
"""Characters of an answer that are looked at."""


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raises: ConfigError if `schema` is no JSON schema."""
    try:
        jsonschema.Draft202012Validator.check_schema(dict(schema))
    except jsonschema.SchemaError as error:
        raise ConfigError(f"the schema cannot be used: {error.message} (at {_place(error)})") from error


def parsed(text: str, schema: Mapping[str, Any]) -> Any:
    """The object that `text` holds, alone or in a code fence.

    Raises: ValueError that says, for the model to read, in what it does not match `schema`.
    """
    if not text.strip():
        raise ValueError("the answer is empty; a JSON object is wanted")
    if len(text) > _LONGEST:
        raise ValueError(f"the answer has {len(text):,} characters; at most {_LONGEST:,} are read")
    fenced = _FENCED.match(text)
    try:
        found = json.loads(fenced.group(1) if fenced else text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the answer is not valid JSON ({error})") from error
    wrong = next(iter(jsonschema.Draft202012Validator(dict(schema)).iter_errors(found)), None)
    if wrong is not None:
        raise ValueError(f"the answer does not match the schema: {wrong.message[:300]} (at {_place(wrong)})")
    return found


def _place(error: jsonschema.ValidationError | jsonschema.SchemaError) -> str:
    return "/".join(str(part) for part in error.absolute_path) or "the top"
