"""What a model writes is read as JSON by its schema, or the reason is said."""

from __future__ import annotations

import pytest

from longdoc.engines.output import check_schema, parsed
from longdoc.errors import ConfigError

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


@pytest.mark.parametrize("text", ['{"n": 3}', '```json\n{"n": 3}\n```', '  ```\n{"n": 3}\n```\n'])
def test_json_alone_or_fenced_is_read(text: str) -> None:
    assert parsed(text, SCHEMA) == {"n": 3}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" \n", "the answer is empty"),
        ('{"n": 3', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"n": "3"}', r"'3' is not of type 'integer' \(at n\)"),
        ("{}", r"'n' is a required property \(at the top\)"),
        ('{"n": ' + "1" * 2_000_000 + "}", "at most 1,048,576 are read"),
    ],
)
def test_what_is_no_such_json_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parsed(text, SCHEMA)


def test_a_schema_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="the schema cannot be used: 'whole' is not valid"):
        check_schema({"type": "whole"})
