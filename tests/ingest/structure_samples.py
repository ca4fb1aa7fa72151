"""Short texts whose structure the tests know, and how a section tree is written down in them."""

from __future__ import annotations

from longdoc.ingest import parse_bytes
from longdoc.types import Document

FILLER = (
    "The parties agree that the miller delivers the flour to the bakery every morning before the bread is baked, in sacks that are dry, "
    "and that the baker pays for it at the end of each month by a transfer to the account that the miller names."
)


def read(text: str, name: str = "sample.txt") -> Document:
    """The Document of a text."""
    return parse_bytes(text.encode(), name).document


def outline(document: Document) -> list[str]:
    """Each section as two blanks a level, its number and its title."""
    return [
        "  " * (section.level - 1) + " ".join(part for part in (section.number, section.title) if part) for section in document.sections
    ]


def paragraphs(*parts: str) -> str:
    """Blocks with an empty line between them."""
    return "\n\n".join(parts)
