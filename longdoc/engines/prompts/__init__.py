"""The prompts, as files, and the one place where they are filled in.

A file NAME.md has a head with its version, what the system is told, a line of three equals signs, and what the user says, with $places.
NAME.DOMAIN.md is taken for documents of that domain if it is there. A folder of the user's own comes before the package's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template

from longdoc.errors import ConfigError, NotFoundError

NAMES = ("summarize", "combine", "ask", "extract", "fill", "again")
_SHIPPED = Path(str(files("longdoc.engines.prompts")))
_FILE = re.compile(r"\A---\nversion: *(\S+)\n---\n(.*?)^===\n(.*)\Z", re.DOTALL | re.MULTILINE)

Message = Mapping[str, str]


class Prompts:
    """Those of the package, or in their stead those in `folder`. Raises: NotFoundError if there is no such folder; ConfigError for a
    file in it that is no prompt."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise NotFoundError(f"{folder}: no such folder; prompts are files in it, such as summarize.md or ask.legal.md")
        self._folder = folder
        for path in sorted(folder.glob("*.md")) if folder is not None else ():
            if path.name.split(".")[0] not in NAMES:
                raise ConfigError(f"{path}: no prompt has this name; known: {', '.join(NAMES)}")
            _read(path)

    def messages(self, name: str, domain: str, /, **places: object) -> tuple[Message, ...]:
        """What is said, with every $place filled in. Raises: ConfigError if the prompt has a place that nothing is known for."""
        path = self._path(name, domain)
        _, system, user = _read(path)
        try:
            parts = [Template(part).substitute({key: str(value) for key, value in places.items()}) for part in (system, user)]
        except (KeyError, ValueError) as error:
            raise ConfigError(f"{path}: has a place that is not known ({error}); known: {', '.join(sorted(places))}") from error
        said = zip(("system", "user"), parts, strict=True)
        return tuple({"role": role, "content": part.strip("\n")} for role, part in said if part.strip())

    @property
    def fingerprint(self) -> str:
        """Changes whenever any prompt does."""
        digest = hashlib.sha256()
        folders = [folder for folder in (_SHIPPED, self._folder) if folder is not None]
        for path in [path for folder in folders for path in sorted(folder.glob("*.md"))]:
            digest.update(f"{path.name}\0{path.read_text(encoding='utf-8')}\0".encode())
        return digest.hexdigest()[:16]

    def version(self, name: str, domain: str) -> str:
        """`summarize 1`, or with its domain, `summarize.legal 1`."""
        path = self._path(name, domain)
        return f"{path.stem} {_read(path)[0]}"

    def _path(self, name: str, domain: str) -> Path:
        folders = [folder for folder in (self._folder, _SHIPPED) if folder is not None]
        tried = [folder / f"{stem}.md" for folder in folders for stem in (f"{name}.{domain}", name)]
        return next(path for path in tried if path.is_file())


@cache
def _read(path: Path) -> tuple[str, str, str]:
    """(version, system, user)."""
    found = _FILE.match(path.read_text(encoding="utf-8"))
    if found is None:
        raise ConfigError(f"{path}: is no prompt; it begins with ---, version: N, --- and has a line === between system and user")
    return found[1], found[2], found[3]
