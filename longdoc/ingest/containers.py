"""What a file that holds other files gives: its members, each a name and bytes, read in the sandbox and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside another: its name as the container tells it (not yet safe as a path), its bytes, and what else is known of it."""

    name: str
    data: bytes
    metadata: dict[str, str] = field(default_factory=dict)
