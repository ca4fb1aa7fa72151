"""Which blocks are headings: what the format says, the outline, and lines that read like one."""

from __future__ import annotations

import re

from longdoc.ingest.numbering import Number, read_number
from longdoc.protocols import Parsed
from longdoc.types import Block

LONGEST_HEADING = 180
KNOWN = {
    "abstract", "introduction", "background", "related work", "preliminaries", "method", "methods", "methodology", "materials and methods",
    "approach", "model", "experiments", "experimental setup", "experimental results", "evaluation", "results", "results and discussion",
    "discussion", "analysis", "limitations", "conclusion", "conclusions", "conclusion and future work", "future work", "acknowledgements",
    "acknowledgments", "acknowledgement", "acknowledgment", "references", "bibliography", "appendix", "supplementary material", "funding",
    "data availability", "code availability", "ethics statement", "conflict of interest", "competing interests", "author contributions",
    "recitals", "witnesseth", "definitions", "signatures", "executive summary", "table of contents", "signature page",
}  # fmt: skip
_SENTENCE_END = re.compile(r"[.;:,?!]$")
_LEADING_MARKS = re.compile(r"^[\W_]+|[\W_]+$")
_SMALL_WORDS = {
    "a", "an", "and", "as", "at", "but", "by", "for", "from", "in", "into", "is", "nor", "of", "on", "or", "per", "the", "to", "under",
    "upon", "with", "without",
}  # fmt: skip
_HIGH_KINDS = {"part", "article", "item", "annex", "note"}
_NOT_A_HEADING = re.compile(
    r"(?:By|Name|Title|Date|Dated|Its|Attn|Attention|Signature|Witness|Tel|Fax|Telephone|E-?mail|Address)\s*:|/s/|_{4,}", re.IGNORECASE
)


def mark_headings(parsed: Parsed) -> tuple[Block, ...]:
    """The blocks, with those that read like headings marked as such; a heading's `level` is the format's own or None."""
    outline = _outline_levels(parsed)
    blocks = list(parsed.blocks)
    for index, block in enumerate(blocks):
        if block.kind not in ("paragraph", "list_item"):
            continue
        if block.span.start in outline and len(block.span) <= 2 * LONGEST_HEADING:
            blocks[index] = Block(kind="heading", span=block.span, level=outline[block.span.start])
        elif reads_like_heading(parsed.text[block.span.start : block.span.end]):
            blocks[index] = Block(kind="heading", span=block.span)
    return tuple(blocks)


def _outline_levels(parsed: Parsed) -> dict[int, int]:
    return {offset: level for level, _, offset in parsed.outline}


def reads_like_heading(text: str) -> bool:
    """Whether a short block is a numbered title, a line in capitals, or a well-known heading."""
    if len(text) > LONGEST_HEADING or text.count("\n") > 2 or _NOT_A_HEADING.match(text):
        return False
    plain = _LEADING_MARKS.sub("", text).lower()
    if plain in KNOWN:
        return True
    numbers = read_number(text)
    if numbers:
        return _is_numbered_title(text, numbers[0])
    letters = [character for character in text if character.isalpha()]
    if len(letters) < 4 or not all(character.isupper() for character in letters):
        return False
    return not _SENTENCE_END.search(text) and len(text.split()) <= 14 and len(letters) * 2 > len(text.replace(" ", ""))


def _is_numbered_title(text: str, number: Number) -> bool:
    title = text[number.end :].strip()
    if not title:
        return number.kind in _HIGH_KINDS or number.kind in ("section", "decimal")
    if (title.endswith((";", ",", ":")) or any(mark in title for mark in '"“')) and not title.isupper():
        return False
    if number.kind in _HIGH_KINDS:
        return is_title(title.rstrip("."), share=0.5) and len(title) <= 160
    if number.kind == "decimal" and len(title) <= 60 and title[0].isupper() and not _SENTENCE_END.search(title):
        return True
    return len(title) <= 100 and is_title(title.rstrip("."), share=0.75) and ". " not in title


def is_title(text: str, share: float) -> bool:
    """Whether at least `share` of the words that are capitalised in titles are so, and the first one is."""
    words = [word for word in re.findall(r"[^\W_][\w'’&/-]*", text) if word.lower() not in _SMALL_WORDS]
    if not words or not (text.lstrip("“\"'([*_ ")[:1].isupper() or text[:1].isdigit()):
        return False
    capitalised = sum(word[0].isupper() or word[0].isdigit() for word in words)
    return bool(capitalised >= share * len(words))
