"""Defined terms with what they hold in: `"Services" means ...`, `(the "Company")`, "Term: ..." and tables of definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from longdoc.ingest.abbreviations import ends_abbreviated
from longdoc.ingest.addresses import Addresses, marks_of
from longdoc.types import Block, Definition, Span

LONGEST = 1200
LONGEST_TERM = 80
LEAD = 600
"""Characters of a section in which it says what its definitions hold in."""

_OPEN, _CLOSE = '["“„«”]|``|‘‘', "[\"”“»]|''|’’"
_QUOTED = rf"(?:{_OPEN})\s*([^\"“”„«»\n]{{1,{LONGEST_TERM}}}?)\s*(?:{_CLOSE})"
_SINGLE = rf"[‘'](?=[A-Z])([^\"“”‘’'\n]{{1,{LONGEST_TERM}}}?)[’']"
_VERBS = (
    r"(?:(?:shall|will|as used herein,?|when used herein,?|in relation to [^,\n]{1,60},)\s+)?"
    r"(?:means?\b|ha(?:s|ve)\s+the\s+(?:respective\s+)?meanings?|refers?\s+to|is\s+defined|are\s+defined|includes?\b)"
)
_MEANS = re.compile(
    rf"(?:{_QUOTED}|{_SINGLE})(?:\s*(?:,|or|and)\s*(?:the\s+)?(?:{_OPEN}|[‘'])[^\"“”\n]{{1,{LONGEST_TERM}}}?(?:{_CLOSE}|[’']))*"
    rf"\s*(?:\([^()\n]{{0,80}}\)\s*)?,?\s*{_VERBS}"
)
_QUOTE = re.compile("[\"“„«`‘']")
_BARE = re.compile(
    r"(?:\W{0,3}(?:\(?[a-z0-9.]{1,6}[.)]\s+)?)((?:[A-Z][\w’'&/-]*\s+(?:(?:of|and|or|the)\s+)?){1,6})(?:(?:shall|will)\s+)?means?\b"
)
_COLON = re.compile(r"(?:\(?[a-z0-9.]{1,6}[.)]\s+)?[\"“]?([A-Z][^\"“”:.;,\n–—]{1,60}?)[\"”]?\s*(?::|\s[–—-]\s)\s*(?=\S)")
_PARENTHESIS = re.compile(r"\((?=[^()\n]{0,120}[\"“„«'‘`])[^()\n]{1,160}\)")
_TERM = re.compile(rf"{_QUOTED}|{_SINGLE}")
_DEFINING = re.compile(
    r"^\((?:(?:each|any|all|both|either|such|hereinafter|hereafter|herein|collectively|individually|together|referred|called|as|the|this|a|an"
    r"|or|and|to|in|of|with|its|being|sometimes|also|known|defined|below|above|interchangeably|singly|jointly|respectively|plural|it|they)"
    r"\b[\s,]*)*[\"“„«‘'`]",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.;?!])[\"”)]?\s")
_ABOUT = re.compile(r"(?i)definition|defined terms|definitions and|glossary|interpretation|certain terms")
_SCOPE = re.compile(
    r"\b(?:[Ff]or (?:the )?purposes? of|[Aa]s used in|[Ww]hen used in|[Uu]sed (?:only )?in|In) this "
    r"(?P<word>Article|Section|Schedule|Exhibit|Annex"
    r"|Appendix|Attachment|Part|Note|Chapter|[Cc]lause|[Pp]aragraph|[Ss]ubsection|[Ss]ub-clause)(?:\s+(?P<number>\d+(?:\.\d+)*|[IVX]+|[A-Z]\b)(?P<tail>(?:\([a-z0-9]+\))*))?"
)
_LEADS = re.compile(
    r"(?:following (?:terms|words|definitions|expressions)|(?:terms?|words|expressions) (?:below|set forth)|meanings?|means|defined)"
)


def find_definitions(text: str, blocks: Sequence[Block], addresses: Addresses) -> tuple[Definition, ...]:
    """Defined terms in reading order, each with the sentence or clause that defines it and the section that it holds in."""
    scopes = _Scopes(text, addresses)
    found: list[tuple[int, str, Span]] = []
    for block in blocks:
        start, end = block.span.start, block.span.end
        if block.kind == "table":
            if scopes.about_terms(start):
                found += _from_table(text, start, end)
            continue
        if block.kind not in ("paragraph", "list_item"):
            continue
        found += _from_prose(text, start, end, scopes)
    found.sort(key=lambda row: row[0])
    return tuple(
        Definition(term=term.rstrip(",."), span=span, scope=scopes.of(span)) for _, term, span in found if any(map(str.isalpha, term))
    )


def _from_prose(text: str, start: int, end: int, scopes: _Scopes) -> Iterator[tuple[int, str, Span]]:
    quoted = False
    # To look for the first quotation mark takes an eighth of the time.
    opening = _QUOTE.search(text, start, end)
    for match in _MEANS.finditer(text, opening.start(), end) if opening else ():
        quoted = True
        yield match.start(), match[1] or match[2], Span(start=match.start(), end=_sentence_end(text, match.end(), end))
    if not quoted:
        bare = _BARE.match(text, start, end)
        if bare is not None and bare[1].split()[0].lower() not in ("this", "that", "it", "which", "the"):
            term = bare[1].strip()
            begin = bare.start(1)
            yield begin, term, Span(start=begin, end=_sentence_end(text, bare.end(), end))
        elif bare is None and scopes.about_terms(start):
            colon = _COLON.match(text, start, end)
            if colon is not None and len(colon[1].split()) <= 6 and end - colon.end() > 20:
                yield colon.start(1), colon[1].strip(), Span(start=start, end=_sentence_end(text, colon.end(), end))
    for match in _PARENTHESIS.finditer(text, start, end):
        if not _DEFINING.match(match[0]):
            continue
        span = Span(start=_sentence_start(text, start, match.start()), end=match.end())
        for term in _TERM.finditer(text, match.start(), match.end()):
            yield term.start(), term[1] or term[2], span


def _from_table(text: str, start: int, end: int) -> Iterator[tuple[int, str, Span]]:
    """Rows "Term<tab>what it means or where it is defined" of a table in a section on definitions."""
    begin = start
    for line in text[start:end].split("\n"):
        cells = line.split("\t")
        if len(cells) == 2 and 2 <= len(cells[0]) <= LONGEST_TERM and len(cells[1]) > 6 and cells[0].strip("\"“”' ")[:1].isupper():
            term = cells[0].strip("\"“”‘’' ")
            if not re.fullmatch(r"(?i)(?:defined )?terms?|definitions?|expressions?|words?", term):
                yield begin, term, Span(start=begin, end=begin + len(line.rstrip()))
        begin += len(line) + 1


class _Scopes:
    """Which section a definition holds in: what its sentence, or the opening of the section around it, says."""

    def __init__(self, text: str, addresses: Addresses) -> None:
        self.text = text
        self.addresses = addresses
        self.leads: dict[int, int | None] = {}
        self.about: dict[int, bool] = {}

    def about_terms(self, offset: int) -> bool:
        """Whether `offset` stands in a section on definitions."""
        index = self.addresses.at(offset)
        if index is None:
            return False
        if index not in self.about:
            lineage = self.addresses.lineage(index)
            self.about[index] = any(_ABOUT.search(self.addresses.sections[one].title) for one in lineage)
        return self.about[index]

    def of(self, span: Span) -> int | None:
        """The index of the section, None for the whole document."""
        for match in _SCOPE.finditer(self.text, max(0, span.start - 120), min(span.end, span.start + 400)):
            if "\n\n" not in self.text[match.end() : span.start]:
                found = self._section(match, span.start)
                if found is not None:
                    return found
        for index in self.addresses.lineage(self.addresses.at(span.start)):
            if index not in self.leads:
                self.leads[index] = self._lead(index)
            if self.leads[index] is not None:
                return self.leads[index]
        return None

    def _lead(self, index: int) -> int | None:
        """What the first sentences of a section say of the terms defined in it."""
        section = self.addresses.sections[index]
        end = min(section.span.end, section.heading.end + LEAD)
        for match in _SCOPE.finditer(self.text, section.heading.start, end):
            if _LEADS.search(self.text, match.end(), min(end, match.end() + 160)):
                return self._section(match, match.start())
        return None

    def _section(self, match: re.Match[str], offset: int) -> int | None:
        word = match["word"].lower()
        if match["number"]:
            key = match["number"].lower() + "".join(f"({mark})" for mark in marks_of(match["tail"] or ""))
            found = self.addresses.nearest(key if word in ("section", "clause", "paragraph") else f"{word} {key}", offset)
            if found is not None:
                return found
        if word in ("paragraph", "subsection", "sub-clause"):
            return self.addresses.at(offset)
        return self.addresses.enclosing(word, offset)


def _sentence_start(text: str, start: int, position: int) -> int:
    begin = max(start, position - LONGEST)
    for boundary in _SENTENCE_END.finditer(text, begin, position):
        if not ends_abbreviated(text, begin, boundary.start()):
            begin = boundary.end()
    return begin


def _sentence_end(text: str, position: int, end: int) -> int:
    last = min(end, position + LONGEST)
    ends = (boundary.start() for boundary in _SENTENCE_END.finditer(text, position, last))
    return next((found for found in ends if not ends_abbreviated(text, position, found)), last)
