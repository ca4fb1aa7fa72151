"""Pieces that several reports share: a file that appears whole or not at all, and text made fit for it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from longdoc.errors import UsageError
from longdoc.types import Citation, Finding, Value
from longdoc_stores.durable import drop_part, name_part, open_part

_ILLEGAL_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class WholeFile:
    """A file that is written under another name beside `target` and takes its own when it is whole.

    Raises: UsageError if nothing can be written there.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        try:
            if target.is_dir():
                raise UsageError(f"{target}: is a folder, the report needs a file; name one in it")
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor, self.path = open_part(target)
        except OSError as error:
            raise UsageError(f"{target}: cannot be written ({error.strerror}); name another place") from error
        self.stream = os.fdopen(descriptor, "w+b")

    def commit(self) -> None:
        """Make the file appear under its name."""
        name_part(self.stream, self.path, self.target)

    def discard(self) -> None:
        """Remove what was written, unless it was committed."""
        if not self.stream.closed:
            drop_part(self.stream, self.path)


def xml_text(text: str) -> str:
    """Text without the characters that no XML file may hold."""
    return _ILLEGAL_IN_XML.sub("", text)


def one_line(text: str) -> str:
    """Text on one line, without the characters that no XML file may hold."""
    return " ".join(xml_text(text).split())


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def words(name: str) -> str:
    """`not applicable` for not_applicable."""
    return name.replace("_", " ")


def place(citation: Citation) -> str:
    """`p. 12, 400-520`, as a person reads it and `longdoc show` takes it behind the path."""
    page = f"p. {citation.page}, " if citation.page is not None else ""
    return f"{page}{citation.span.start}-{citation.span.end}"


def read_values(values: tuple[Value, ...]) -> str:
    """`duration P60D; jurisdiction Delaware`."""
    return "; ".join(f"{words(value.kind)} {value.normalised}" for value in values)


def decided_by(finding: Finding) -> str:
    """Who has decided in the machine's place, when and why; empty where nobody has."""
    if finding.correction is None:
        return ""
    one = finding.correction
    return f"{one.by} decided {words(one.verdict)} on {one.at[:10]}" + (f": {one.note}" if one.note else "")
