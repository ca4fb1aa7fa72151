"""Cross-references such as "Section 5.2(a)", "Items 7 and 8", "this Article" or "paragraph (c) below", with where each leads."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from longdoc.ingest.addresses import Addresses, marks_of
from longdoc.ingest.numbering import roman
from longdoc.types import Block, Reference, Span

_GAP = r"[ \u00a0]*\n?[ \t\u00a0]*"
_NUMBER = (
    r"(?:\d{1,4}(?:[A-Za-z](?![A-Za-z0-9]))?(?:\.\d{1,4}|\.[A-Z](?![A-Za-z.]))*(?:-\d{1,4})?(?:[A-Z](?![A-Za-z]))?"
    r"|[IVXLC]{1,7}(?![A-Za-z])|[A-Z]{1,2}-?\d{1,2}(?!\w)|[A-Z](?![\w’'])(?!\.\w))"
)
_MARKS = r"(?:[ \t\u00a0]?\([A-Za-z0-9]{1,5}\)){1,8}"
# The first letter as a set and the boundary looked at behind it: the scan then passes over most characters at once.
_REFERENCE = re.compile(
    r"(?P<word>[SsCcPpAaIEN§](?<![^\W_].)(?:(?<=[Ss])(?:ection|ub-?section|ub-?clause|ub-?paragraph)s?|(?<=[Cc])lauses?|(?<=[Pp])aragraphs?"
    r"|(?<=S)(?:ECTIONS?|ec\.|chedules?|CHEDULES?)|(?<=C)(?:hapters?|FR\b|\.F\.R\.)|(?<=P)(?:arts?|ARTS?)|(?<=[Aa])rticles?"
    r"|(?<=A)(?:RTICLES?|nnex(?:es)?|NNEX|ppendi(?:x|ces)|PPENDIX|ttachments?)|(?<=I)(?:tems?|TEMS?)|(?<=E)(?:xhibits?|XHIBITS?)"
    r"|(?<=N)(?:otes?|OTES?)|(?<=§)§?))(?![A-Za-z])"
    rf"(?:(?:(?=\s)|(?<=§)){_GAP}(?:(?:§{{1,2}}|[Pp]arts?|[Ss]ections?){_GAP})?(?P<number>{_NUMBER})(?P<tail>(?:{_MARKS})?)|{_GAP}(?P<marks>{_MARKS}))?"
)
_BEFORE_CODE = re.compile(r"\d{1,2}[ \u00a0]$")
_ITSELF = frozenset({"article", "section", "clause", "schedule", "exhibit", "annex", "appendix", "attachment", "part", "note", "paragraph"})
_NEXT = re.compile(
    rf"{_GAP}(?:,{_GAP}(?:and|or|and/or)?|\b(?:and|or|and/or|to|through|&)\b|[-–]){_GAP}(?:(?P<number>\d{{1,4}}(?:\.\d{{1,4}})*[A-Z]?(?![\w%])"
    rf"|[IVXLC]{{1,7}}(?![A-Za-z])|[A-Z](?:-\d{{1,2}})?(?![A-Za-z’'.]))(?P<tail>(?:{_MARKS})?)|(?P<marks>{_MARKS}))"
)
_SPACE = r"[ \t\u00a0]{0,4}\n?[ \t\u00a0]{0,12}"
_NAME = r"[A-Z0-9][\w&’'-]*(?:\.[\w]+)*"
_OF = re.compile(
    rf"[ \t\u00a0]*,?\s{_SPACE}(?P<how>of|to|under|in|from|set forth in|contained in)\s{_SPACE}"
    rf"(?:(?P<article>the|such|that certain|that|any|said|our|its|this|each|an?)\s{_SPACE})?"
    rf"(?P<what>(?:{_NAME}|[a-z]+)(?:\s{_SPACE}{_NAME}){{0,5}})"
)
_OWN_WORDS = (
    "agreement contract lease plan deed policy guaranty note notes undertaking license document section article exhibit "
    "schedule annex appendix attachment addendum amendment report filing"
)
_OWN = frozenset(_OWN_WORDS.split())
_WRITTEN_WORDS = (
    "act code regulation rule law agreement contract indenture lease plan form report statement bylaw charter certificate "
    "constitution directive treaty guideline manual order prospectus note policy"
)
_WRITTEN = frozenset(_WRITTEN_WORDS.split())
_ATTACHED = frozenset({"exhibit", "schedule", "annex", "appendix", "attachment"})
_ANNEX = re.compile(r"(?i)(exhibit|schedule|annex|appendix|attachment)\s+([A-Z](?:-?\d{1,2})?|\d{1,3}(?:\.\d{1,3})*|[IVX]{1,5})$")
_FOREIGN_BEFORE = re.compile(
    r"(?:\b(?:Act|Code|Law|Statutes?|Reg(?:ulation)?s?\.?|Rules?|UCC|IRC|DGCL|ERISA|CFR|C\.F\.R\.|U\.?S\.?C\.?(?:A\.)?|Directive|Treaty)"
    r"(?:\s+of\s+\d{4})?,?\s+)$"
)
_PART_BEFORE = re.compile(r"\bPart\s+([IVX]{1,4}),?\s+$")
_INLINE = re.compile(
    r"\s*(?:of|in)\s+(?:the|this)\s+(?:(?:immediately\s+)?(?:preceding|foregoing|first|second|previous|prior)\b|definition|sentence|proviso)"
)
_STEMS = {
    "appendices": "appendix", "annexes": "annex", "sec.": "section", "subsection": "section", "sub-section": "section",
    "subclause": "clause",
    "sub-clause": "clause", "subparagraph": "paragraph", "sub-paragraph": "paragraph",
}  # fmt: skip


def find_references(
    text: str, blocks: Sequence[Block], addresses: Addresses, title: str | None = None, amends: bool = False
) -> tuple[Reference, ...]:
    """References in reading order; a section's own heading is none.

    `title` is the document's, by which "Section 4 of the Credit Agreement" is known to be its own; in a document that `amends` another,
    "the Agreement" is the other one.
    """
    finder = _Finder(text, addresses, (title or "").lower(), amends)
    headings = {section.heading.start for section in addresses.sections}
    running = [block for block in blocks if block.running and block.kind != "code"]
    starts = [block.span.start for block in running]
    found: list[Reference] = []
    for match in _REFERENCE.finditer(text):
        numbered = match["number"] is not None or match["marks"] is not None
        if not numbered and text[match.start() - 1 : match.start()] not in (" ", "\u00a0", "\n"):
            continue
        place = bisect_right(starts, match.start()) - 1
        if place < 0 or match.end() > running[place].span.end or match.start() in headings:
            continue
        found.extend(finder.listed(match, running[place].span.end) if numbered else finder.itself(match))
    found.sort(key=lambda one: one.span.start)
    return tuple(found)


class _Finder:
    """Resolves the references of one document."""

    def __init__(self, text: str, addresses: Addresses, title: str, amends: bool) -> None:
        self.text = text
        self.addresses = addresses
        self.title = title
        self.amends = amends

    def itself(self, match: re.Match[str]) -> Iterator[Reference]:
        """ "this Article"; "the Schedule" where there is one, else it is no reference."""
        word = match["word"].lower()
        before = self.text[max(0, match.start() - 5) : match.start() - 1].lower()
        if word not in _ITSELF or not before.endswith(("this", "the")) or _OF.match(self.text, match.end()):
            return
        this = before.endswith("this")
        if this:
            target = self.addresses.at(match.start()) if word == "paragraph" else self.addresses.enclosing(word, match.start())
        elif word in _ATTACHED and match["word"][0].isupper():
            target = self.addresses.only(word)
            target = self.addresses.enclosing(word, match.start()) if target is None else target
            if target is None:
                return
        else:
            return
        yield self._reference(match.start() - (5 if this else 4), match.end(), target)

    def listed(self, match: re.Match[str], limit: int) -> Iterator[Reference]:
        """The reference, and the others that its word heads: "Sections 3 and 4(b)"."""
        word = {"§": "section", "§§": "sections", "CFR": "code", "C.F.R.": "code"}.get(match["word"], match["word"].lower())
        start = match.start()
        if word == "code":
            before = _BEFORE_CODE.search(self.text, max(0, start - 3), start)
            if before is None:
                return
            start = before.start()
        elif match["word"][0] == "§" and _FOREIGN_BEFORE.search(self.text, max(0, start - 40), start):
            # "18 U.S.C. § 1833(b)" cites a law.
            return
        plural = word.endswith("s") or word == "appendices"
        word = _STEMS.get(word, word)
        if word not in ("annex", "appendix"):
            word = word.rstrip("s")
        word = _STEMS.get(word, word)
        pieces = [(start, match.end(), match["number"], match["tail"] or match["marks"] or "")]
        while True:
            following = _NEXT.match(self.text, pieces[-1][1], limit)
            if following is None or not (plural or (following["marks"] and pieces[-1][3])):
                break
            number = following["number"]
            begin = following.start("number") if number else following.start("marks")
            if number is None:
                # "Section 4(a) or (b)": (b) is a part of the same section.
                kept = pieces[-1][3].rsplit("(", following["marks"].count("("))[0] if pieces[-1][2] else ""
                pieces.append((begin, following.end(), pieces[-1][2], kept + following["marks"]))
            else:
                pieces.append((begin, following.end(), number, following["tail"] or ""))
        within, body, foreign = self._place(word, start, pieces[-1][1], bool(match["number"]))
        for start, end, number, tail in pieces:
            target = None if foreign else self._target(word, number, marks_of(tail), start, end, within, body)
            if word == "code" and target is None:
                continue
            yield self._reference(start, end, target)

    def _reference(self, start: int, end: int, target: int | None) -> Reference:
        return Reference(span=Span(start=start, end=end), text=self.text[start:end], target=target)

    def _place(self, word: str, start: int, end: int, numbered: bool) -> tuple[int | None, bool, bool]:
        """The annex that it leads into, whether it leads into the body, whether it leads out of the document."""
        if word != "code" and _FOREIGN_BEFORE.search(self.text, max(0, start - 40), start):
            return None, False, True
        after = _OF.match(self.text, end, end + 160)
        if after is None:
            return None, False, False
        article, what = after["article"], after["what"]
        annex = _ANNEX.match(" ".join(what.split()[:2]).rstrip(".,’'"))
        if annex is not None and article is None:
            found = self.addresses.nearest(f"{annex[1].lower()} {annex[2].lower()}", start)
            return found, False, found is None
        first = what.split()[0].lower().rstrip(".,")
        if article == "this":
            return None, first in ("agreement", "contract", "lease"), False
        if what[0].islower():
            return None, False, False
        if article is None and first in _OWN and self.amends:
            # "of Amendment #2", "of Agreement No. 7".
            return None, False, self.text[after.end() : after.end() + 2].strip()[:1] == "#" or any(map(str.isdigit, what))
        if article is None and first in ("section", "article", "part", "item", "clause"):
            return None, False, False
        words = [one for one in what.split() if one[0].isupper() or one[0].isdigit()]
        name = " ".join(words).lower().rstrip(".,")
        if word == "note" and "financial statements" in name:
            return None, False, False
        if first in ("plan", "policy", "note", "deed") and first not in self.title:
            return None, False, True
        if article in ("the", "that") and len(words) == 1 and first in _OWN:
            return None, first in ("agreement", "contract", "lease"), self.amends and first in ("agreement", "contract", "lease")
        if self.title and name and name in self.title and not self.amends:
            return None, True, False
        written = any(one.lower().rstrip(".,’'s") in _WRITTEN for one in words) or any(one.isupper() and len(one) > 1 for one in words)
        attached = after["how"] == "to" and word in _ATTACHED
        return None, False, attached or (article is not None if after["how"] == "of" else False) or written

    def _target(self, word: str, number: str | None, marks: list[str], start: int, end: int, within: int | None, body: bool) -> int | None:
        addresses = self.addresses
        if number is None:
            if _INLINE.match(self.text, end):
                return addresses.at(start)
            here = addresses.at(start)
            begin = addresses.sections[here].span.start if here is not None else 0
            if f"({marks[0]})" in self.text[max(begin + 8, start - 1500) : start]:
                # The enumeration stands in the same sentence.
                return here
            return addresses.below(marks, start)
        for candidate in _candidates(word, number):
            for kept in range(len(marks), -1, -1):
                found = addresses.nearest(candidate + "".join(f"({mark})" for mark in marks[:kept]), start, within, body)
                if found is not None:
                    return self._in_part(found, candidate, start)
        return None

    def _in_part(self, found: int, key: str, start: int) -> int:
        """ "Part II, Item 1A" is that of Part II."""
        part = _PART_BEFORE.search(self.text, max(0, start - 12), start) if key.startswith("item") else None
        if part is None:
            return found
        inside = self.addresses.nearest(f"part {roman(part[1]) or 0}", start)
        other = None if inside is None else self.addresses.nearest(key, start, within=inside)
        return found if other is None else other


def _candidates(word: str, number: str) -> list[str]:
    """Keys that the reference may mean, the likeliest first: "4.A" and "4A" may be 4(a)."""
    lowered = number.lower()
    split = re.fullmatch(r"(\d+(?:\.\d+)*)\.?([a-z])", lowered)
    spread = [f"{split[1]}({split[2]})"] if split else []
    value = lowered if lowered[0].isdigit() else str(roman(number) or lowered)
    if word == "article":
        return [f"article {value}", value, lowered]
    if word == "chapter":
        return [f"article {value}"]
    if word == "item":
        return [f"item {lowered}"]
    if word == "part":
        return [f"part {value}"]
    if word == "note":
        return [f"note {value}", *(f"note {one}" for one in spread)]
    if word == "code":
        return [lowered, f"part {value}"]
    if word in ("section", "clause", "paragraph"):
        whole = [value[:-2]] if value.endswith(".0") and value.count(".") == 1 else []
        return [value, *whole, lowered, *spread, f"article {value}"]
    return [f"{word} {lowered}"]
