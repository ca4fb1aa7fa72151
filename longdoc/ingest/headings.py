"""Which blocks are headings: what the format says, the outline, and lines that read like one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from longdoc.ingest.contents import Contents
from longdoc.ingest.numbering import Number, read_number
from longdoc.protocols import Parsed
from longdoc.types import Block

LONGEST_HEADING = 180
LONGEST_ALONE = 70
LONG_PARAGRAPH = 140
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
    r"(?:By|Name|Title|Date|Dated|Its|Attn|Attention|Signature|Witness|Tel|Fax|Telephone|E-?mail|Address)\s*:|/s/|_{4,}"
    r"|\((?:in )?(?:\$ )?(?:in )?(?:millions|thousands|unaudited)"
    r"|see (?:notes?|items?|parts?)\b|\[?(?:remainder|rest) of (?:this )?page|\[?signatures? (?:pages? )?(?:to )?follow"
    r"|(?:dated?|effective|dated as of|as of|for the (?:fiscal )?(?:years?|quarter(?:ly period)?|(?:three|six|nine) months) ended)?"
    r"\s*:?\s*(?:january|february|march|april|may|june|july|august|september|october|november|december)\s+\d{1,2}\s*,?\s*\d{4}\W*$"
    r"|(?:by and )?(?:between|among|and|or|page|beginning|continued|execution (?:version|copy|draft)|(?:strictly )?confidential|draft)\W*$"
    r"|\[(?:logo|graphic|image|picture|seal|\*+)\b.*\]$|\W*(?:i|we),\s|\W*\d{5}\b",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"(?:[^\n]{1,60}[\s,])?(?:(?:INC|LLC|LTD|CORP|L\.L\.C|L\.P|LLP|PLC|GMBH|S\.A|N\.V|B\.V|Inc|Ltd|Corp|Llc)\.?"
    r"|(?-i:LIMITED|CORPORATION|COMPANY|COMPANIES|BANK|TRUST|AMERICAS))\W*"
)
_CAPTION_OF_PICTURE = re.compile(r"(?i)(?:figure|fig\.|table|exhibit|chart|note|source|attn|dear|re:|to|from|by)\b")
_FORMULA = re.compile("[=∈⊆⊂∪∩⇒⇔→↦∀∃≤≥<>{}|∞∑∫√±≠≈∅∘⟨⟩\\\\]")
_DOCUMENT_WORD = re.compile(
    r"(?i)\b(?:agreement|contract|lease|amendment|policy|plan|note|deed|indenture|undertaking|report|statement|certificate|guidelines?)"
)


def mark_headings(parsed: Parsed, blocks: Sequence[Block], contents: Contents) -> tuple[Block, ...]:
    """The blocks, with those that read like headings marked as such; a heading's `level` is the format's own or None.

    What a table of contents lists is a heading; a party's name, a date, a formula or a signature's label is none.
    """
    outline = _outline_levels(parsed)
    nested = len(set(outline.values())) > 1
    text = parsed.text
    firm = parsed.format in ("docx", "html", "markdown")
    marked = list(blocks)
    for index, block in enumerate(marked):
        start, end = block.span.start, block.span.end
        if block.kind == "heading":
            if (
                not (firm and block.level is not None)
                and start not in outline
                and end - start <= LONGEST_HEADING
                and _is_none(text[start:end])
            ):
                marked[index] = Block(kind="paragraph", span=block.span, level=None)
            elif nested and not firm and start in outline:
                marked[index] = Block(kind="heading", span=block.span, level=outline[start])
            continue
        if block.level is not None:
            # What it would be as a heading.
            marked[index] = Block(kind=block.kind, span=block.span, level=None)
        if block.kind not in ("paragraph", "list_item") or end - start > 2 * LONGEST_HEADING:
            continue
        elif start in outline:
            marked[index] = Block(kind="heading", span=block.span, level=outline[start])
        elif end - start <= LONGEST_HEADING:
            content = text[start:end]
            if (
                contents.lists(content)
                or (reads_like_heading(content) and not _is_none(content))
                or _completes(text, marked, index)
                or _stands_alone(text, marked, index)
            ):
                marked[index] = Block(kind="heading", span=block.span, level=block.level)
    return tuple(marked)


def _outline_levels(parsed: Parsed) -> dict[int, int]:
    return {offset: level for level, _, offset in parsed.outline}


def _is_none(text: str) -> bool:
    """A party's name, a date, a formula, a label: they look like headings and are none."""
    if _NOT_A_HEADING.match(text) or _FORMULA.search(text) is not None:
        return True
    if read_number(text):
        return False
    if _COMPANY.fullmatch(text) and not _DOCUMENT_WORD.search(text):
        return True
    letters = sum(map(str.isalpha, text))
    return letters < 4 or text[0].islower() or letters * 2 < len(text.replace(" ", ""))


def _completes(text: str, blocks: Sequence[Block], index: int) -> bool:
    """Whether a short line is the title of the "ARTICLE TWO" that stands alone right above it."""
    if index == 0 or blocks[index - 1].kind != "heading":
        return False
    above = text[blocks[index - 1].span.start : blocks[index - 1].span.end]
    numbers = read_number(above, heading=True)
    if not numbers or numbers[0].kind not in ("article", "part", "annex") or above[numbers[0].end :].strip():
        return False
    content = text[blocks[index].span.start : blocks[index].span.end]
    return len(content) <= 100 and not _SENTENCE_END.search(content) and is_title(content, share=0.75) and not read_number(content)


def _stands_alone(text: str, blocks: Sequence[Block], index: int) -> bool:
    """Whether a short line of words, in italics perhaps, stands between the end of one paragraph and a long one."""
    span = blocks[index].span
    if not 4 <= len(span) <= LONGEST_ALONE or index == 0 or index + 1 == len(blocks) or blocks[index].kind != "paragraph":
        return False
    after, before = blocks[index + 1], blocks[index - 1]
    if after.kind != "paragraph" or len(after.span) < LONG_PARAGRAPH or not text[after.span.start].isupper():
        return False
    if before.kind == "paragraph":
        if len(before.span) < LONG_PARAGRAPH or text[before.span.end - 1] not in '.!?)”"’':
            return False
    elif before.kind not in ("heading", "table", "list_item"):
        return False
    content = text[span.start : span.end]
    return (
        content[0].isupper()
        and not _SENTENCE_END.search(content)
        and not _CAPTION_OF_PICTURE.match(content)
        and not any(mark in content for mark in "$€£%\t\n=@")
        and not read_number(content)
    )


def reads_like_heading(text: str) -> bool:
    """Whether a short block is a numbered title, a line in capitals, or a well-known heading."""
    if len(text) > LONGEST_HEADING or text.count("\n") > 2 or _NOT_A_HEADING.match(text):
        return False
    plain = _LEADING_MARKS.sub("", text).lower()
    if plain in KNOWN or (plain.startswith("notes to ") and plain.endswith("statements")):
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
