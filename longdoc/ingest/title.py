"""The document's title: what the file says, if that is a title, else its first heading."""

from __future__ import annotations

import re
from collections.abc import Sequence

from longdoc.ingest.headings import KNOWN
from longdoc.ingest.numbering import read_number
from longdoc.protocols import Parsed
from longdoc.types import Block

# What word processors and converters write where a title belongs.
_NO_TITLE = re.compile(
    r"(?i)untitled|document\d*$|microsoft|powerpoint|.*\.(?:docx?|pdf|html?|txt|xlsx?|tex|dvi|indd|qxd|rtf|md)$|slide \d|^\W*$"
    r"|^[\w-]{0,40}\d{5,}[\w-]*$|(?:10-?[kq]|8-?k|ex(?:hibit)?[-. ]?\d.*)$|print|body|title"
)
_NUMBERED_PART = re.compile(
    r"(?i)(?:exhibit|schedule|annex|appendix|attachment)\b.{0,20}$|table of contents$|.{0,3}$|contents$|page\b"
    r"|execution (?:version|copy)|final|draft|confidential$|note:|for immediate release|.*\.html?$"
)
_DOCUMENT_KIND = re.compile(
    r"\b(?:AGREEMENT|CONTRACT|LEASE|AMENDMENT|POLICY|PLAN|NOTE|DEED|INDENTURE|MEMORANDUM|UNDERTAKING|LICENSE|ADDENDUM"
    r"|FORM (?:10-[KQ]|8-K))\b",
    re.IGNORECASE,
)
# How the SEC names an exhibit: "EX-10.23 5 dex1023.htm COVENANT ...".
_FILING_PREFIX = re.compile(r"(?i)^EX-[\w.() ]{1,24}? \d{1,3} \S+\.(?:html?|txt)\s+")
EARLY = 3000
LONGEST = 200


def find_title(parsed: Parsed, blocks: Sequence[Block]) -> str | None:
    """A title of at most 200 characters, None where nothing looks like one."""
    stated = _FILING_PREFIX.sub("", " ".join((parsed.title or "").split()))
    if stated and len(stated) <= LONGEST and not _NO_TITLE.match(stated) and not stated.endswith((":", ",")) and not read_number(stated):
        return stated
    headings: list[str] = []
    for block in blocks[:40]:
        if block.span.start > EARLY or len(headings) >= 8:
            break
        content = _FILING_PREFIX.sub("", " ".join(parsed.text[block.span.start : block.span.end].split()))
        if len(content) > LONGEST or _NUMBERED_PART.match(content) or read_number(content):
            continue
        if content.lower().strip(" .:") in KNOWN:  # the heading of a part says what every paper has
            continue
        short = block.kind == "paragraph" and len(content) <= 80 and not content.endswith((".", ":", ",", ";"))
        if block.kind == "heading" or (short and _DOCUMENT_KIND.search(content)):
            headings.append(content)
    for heading in headings:
        if _DOCUMENT_KIND.search(heading):
            return heading
    return headings[0] if headings else None
