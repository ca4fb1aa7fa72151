"""Which sentences may stand in a summary: whole ones that speak for themselves, no boilerplate, no tables, no lists of contents."""

from __future__ import annotations

import re
from re import Pattern

SHORTEST, SHORTEST_WORDS, FEWEST_COMMON = 40, 7, 2
"""Characters, words, and words of four letters and more without a capital, that a sentence has at least."""


def any_of(*patterns: str) -> Pattern[str]:
    """A pattern that matches where one of `patterns` does, whatever the case."""
    return re.compile("|".join(patterns), re.I)


_NUMBERING = any_of(
    r"(?:section|article|clause)\s+[0-9IVX]+(?:\.[0-9]+)*[.:]?\s+",
    r"\(?(?:[0-9]{1,3}(?:\.[0-9]{1,3})*|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s+",
    r"[0-9]{1,3}(?:\.[0-9]{1,3})+\s+",
    r"[•·▪●○◦‣■*–—-]+\s+",
    r"#{1,6}\s+",
    r">\s+",
)
_SHOUTED = re.compile(r"\s*(?:Exhibit [\w.-]+\s+)?(?:[A-Z0-9][A-Z0-9.,:'’&()/-]*\s+){2,16}(?=(?:This|These|Whereas|The|In|On|As)\s)")
"""A title in capitals that runs into the sentence after it."""
_ENDS = re.compile(r"[.!?;][\"'”’)\]*_]{0,3}$")
_BEFORE = re.compile(r"[.!?;:…\"'”’)\]|*•·–—-]$|(?:^|\s)\(?(?:[0-9.]{1,8}|[a-zA-Z]|[ivxIVX]{1,5})[.)]?$")
_DANGLING = any_of(
    r"(?:it|its|they|their|them|these|those|he|she|his|her|such|that|this|both|there(?:of|to|after|by))\b",
    r"(?:thus|therefore|hence|however|moreover|furthermore|additionally|also|consequently|accordingly|similarly|likewise)\b",
    r"(?:nevertheless|nonetheless|otherwise|instead|meanwhile|finally|next|then|first(?:ly)?|second(?:ly)?|third(?:ly)?|last(?:ly)?)\b",
    r"(?:any|all|each|no) such\b",
    r"(?:and|or|but|so|yet|in (?:addition|particular|contrast|turn|fact))\b",
    r"as (?:such|a result|above|mentioned|noted|indicated|discussed|described)\b",
    r"(?:in|of|for|with|on|due to|under|at|from|by|during|all of|each of|any of|most of|some of) (?:this|these|those|such|that|the same)\b",
    r"(?:for example|for instance|on the other hand|to this end|by contrast)\b",
    r"the (?:former|latter|foregoing|following|above|same|aforesaid|aforementioned)\b",
    r"(?:one|another|other) (?:such|reason|way|of (?:these|them))\b",
)
_STANDS = any_of(
    r"(?:in |by |under |with )?this\s+(?:[\w-]+\s+){0,4}"
    r"(?:agreement|contract|amendment|licen[cs]e|lease|deed|paper|work|article|study|thesis|report|survey|policy|document|note|year)\b"
)
_BOILERPLATE = any_of(
    # cover pages and the law on forward-looking statements
    r"forward[- ]looking",
    r"private securities litigation",
    r"indicate by check mark",
    r"aggregate market value",
    r"incorporated (?:herein )?by reference",
    r"commission file n",
    r"securities registered pursuant",
    r"pursuant to section 1[235]",
    r"name of registrant",
    r"shell company|smaller reporting company|accelerated filer",
    r"not (?:a )?guarantees? of future",
    r"words? such as",
    r"(?:undertakes?|assumes?) no (?:obligation|duty)|disclaims? any (?:obligation|duty)",
    r"confidential treatment|sec\.gov|https?://|www\.|all rights reserved|©|copyright \(?c\)?",
    # the ends of contracts
    r"hereunto|in witness whereof|duly executed|signature page",
    r"\bcaptions\b|headings (?:of|in|used|are|contained)|counterparts|severab|for convenience (?:of reference )?only",
    r"entire (?:agreement|understanding)|supersedes? all|subject matter (?:hereof|contained)|no representations, agreements",
    r"invalid,? (?:void )?(?:or|and) unenforceable|(?:illegal|invalid|void) or unenforceable|validity or enforceability",
    r"original signatures?|shall be deemed (?:an )?original|by facsimile|force majeure|beyond (?:its|the|their) (?:reasonable )?control",
    r"no waiver|waiver of any|all notices|any notice|notices? (?:shall|must|will) be (?:in writing|sent|given|deemed)",
    r"ha(?:ve|s) the (?:same |respective )?meanings?|shall mean|capitalized terms|initial letters? capitali",
    r"^[\"“].{2,60}[\"”] .{0,60}\bmeans?\b",
    r"as used (?:herein|in this)|singular .{0,20}plural|legal representatives|each party (?:represents|acknowledges|hereby represents)",
    # pointers to elsewhere in the document
    r"table of contents|\bexhibit index|\bsee (?:note|item|part|page|section|also)\b|see [\"“]",
    r"refer to (?:note|item|part|page|section|the)\b|in (?:note|item|part) \d+\S* (?:of|to|in|and)",
    r"(?:are|is) (?:included|set forth|presented|contained|discussed|described|provided|summarized|shown) (?:in|under|on|elsewhere)",
    r"following (?:table|discussion|is a)|table below|should be read (?:in conjunction|together)|(?:figure|table|fig\.) \d",
    r"(?:rest|remainder|sections|structure) of (?:th(?:e|is)|our) (?:paper|article)|(?:paper|article) is (?:organi[sz]ed|structured)",
    r"as (?:disclosed|discussed|described|noted) (?:in|elsewhere|above|below|further)|more information|additional information",
    r"(?:any of the|these|the following) risks|involves? (?:a high degree of )?risk\b",
    r"(?:risks|matters|factors) (?:described|below|set forth)",
    r"risks and uncertainties|detailed (?:above|below)",
    r"presented herein|(?:all|prior) periods presented|critical audit matter|conducted our audits?|\bin sections? \d|remainder of this",
)
_SIGNPOST = any_of(
    r"\b(?:this|(?:the )?(?:next|following|previous|last)) (?:sub)?sections?\b",
    r"\bwe (?:first|begin|start)\b.{0,80}\b(?:describ|introduc|present|review|discuss|explain|outlin)\w*\b.{0,80}\bthen\b",
)
_LEADERS = re.compile(r"\.{4,}|(?:\s\.){3,}|_{3,}|…{2,}|\[\*+\]\s*\[\*+\]|�")
_WORK_CITED = any_of(
    r"\[[^\]]{0,80}\d{2}[^\]]*\]",
    r"\[\d[\d, ]*\]",
    r"\([^()]*\b(?:19|20)\d\d[a-z]?[^()]*\)",
    r"\bet al\b",
)
_NUMBER = re.compile(r"\d[\d,.]*")
_REFERENCES = any_of(r"^(?:references|bibliography|works cited|literature(?: cited)?)\b")
_SET_PHRASES = any_of(_REFERENCES.pattern, r"^(?:certifications?\b|exhibit\s+3[12](?:\.\d)?\b)")
_APART = any_of(
    _REFERENCES.pattern,
    r"^(?:index|signatures?|certifications?|exhibits)\b",
    r"^(?:forward[- ]looking|cautionary|safe harbor|acknowledge?ments?|definitions|certain definitions|report of independent)\b",
)
_ITEM_HEADING = re.compile(r"^(?:(?:item|part|section|article|note)\s+)?[0-9ivx]+[a-z]?(?:\.[0-9]+)*[.):]*\s+", re.I)
_CUT = any_of(
    r";\s",
    r",\s+(?:provided|except|unless|and|or|but|which|including|whereby|whether)\b",
    r":\s+\(?(?:i|a|1)\)",
    r"\s\((?:ii|b|2|iii|c|3|iv|d|4)\)\s",
    r"\),?\s(?:and|or)\s",
    r"\),\s",
)


def trimmed(text: str, longest: int) -> tuple[int, int, bool]:
    """The part of a sentence to quote, as (start, end, whether its end was cut off): no numbering, at most `longest` long.

    A long sentence is cut at the last place within `longest` where one of its clauses ends; (0, 0, True) if there is none.
    """
    shouted = _SHOUTED.match(text)
    start = shouted.end() if shouted else 0
    while found := _NUMBERING.match(text, start):
        start = found.end()
    if len(text) - start <= longest:
        return start, len(text), False
    cuts = [found.start() + (found.group()[0] == ")") for found in _CUT.finditer(text, start + longest // 3, start + longest)]
    return (start, cuts[-1], True) if cuts else (0, 0, True)


def worth_quoting(text: str) -> bool:
    """Whether a sentence, white space normalised, is a whole one in prose and no boilerplate."""
    words = text.split()
    if len(text) < SHORTEST or len(words) < SHORTEST_WORDS:
        return False
    # A name may begin with a figure or a small letter: 3M, eBay.
    if not (text[0] in "\"'“‘(" or any(character.isupper() for character in words[0])):
        return False
    if _LEADERS.search(text) or _BOILERPLATE.search(text):
        return False
    numbers = _NUMBER.findall(text)
    letters = sum(character.isalpha() for character in text)
    capitals = sum(character.isupper() for character in text)
    plain_words = sum(word.isalpha() and word.islower() for word in words)
    # A title has its capitals, and small words between them.
    if sum(len(word) > 3 and word[0].islower() for word in words) < FEWEST_COMMON:
        return False
    return len(numbers) <= 4 + len(words) // 4 and letters > 0.6 * len(text) and (capitals < 0.4 * letters or plain_words > 8)


def starts_well(before: str) -> bool:
    """Whether a sentence may begin after the text `before`: at the start of its block, or after the end of another one."""
    return not before.strip() or bool(_BEFORE.search(before.rstrip()))


def ends_well(text: str) -> bool:
    """Whether the text ends as a sentence does."""
    return bool(_ENDS.search(text))


def leans_on_others(text: str) -> bool:
    """Whether the sentence starts with a word that points back at the one before it."""
    return bool(_DANGLING.match(text)) and not _STANDS.match(text)


def set_phrases_only(heading_path: tuple[str, ...]) -> bool:
    """Whether what stands under these headings is a list of other works, or the officers' certifications that end every filing."""
    return any(_SET_PHRASES.match(_ITEM_HEADING.sub("", heading).strip()) for heading in heading_path)


def quotable_section(heading_path: tuple[str, ...]) -> bool:
    """Whether the running text under these headings speaks for the document: no references, index, signatures or definitions."""
    return not any(_APART.match(_ITEM_HEADING.sub("", heading).strip()) for heading in heading_path)


def signposts(text: str) -> bool:
    """Whether a sentence of a paper tells where in it something stands, and not what."""
    return bool(_SIGNPOST.search(text))


def works_cited(text: str) -> int:
    """How many references to other works a sentence holds; one that is full of them speaks for these."""
    return len(_WORK_CITED.findall(text))


def folded_words(text: str) -> frozenset[str]:
    """The words of a sentence that carry meaning, for telling near repetitions."""
    return frozenset(word for word in re.findall(r"[a-z0-9][a-z0-9.,-]*[a-z0-9]|\d", text.lower()) if len(word) > 3 or word[0].isdigit())
