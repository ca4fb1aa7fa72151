"""Which profile a document belongs to, from the words that it uses."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePath

from longdoc.types import Domain

SAMPLE = 30_000
FEWEST_POINTS = 6.0
"""Points per 1000 words below which a document is plain."""

# Points a hit; a hit may be a word or a phrase of two or three.
_LEGAL: dict[str, float] = {
    "agreement": 1, "hereby": 3, "herein": 2, "hereof": 3, "hereto": 3, "hereunder": 3, "thereof": 2, "party": 1, "parties": 1,
    "shall": 1, "whereas": 4, "witnesseth": 6, "governing law": 5, "indemnify": 3, "indemnification": 2, "terminate": 2, "termination": 1,
    "confidential information": 3, "licensor": 3, "licensee": 3, "lessor": 3, "lessee": 3, "in witness whereof": 8,
    "effective date": 2, "obligations": 1, "warranties": 1, "notwithstanding": 3, "disclosing party": 4, "receiving party": 4,
}  # fmt: skip
_FINANCIAL: dict[str, float] = {
    "fiscal": 2, "net sales": 3, "net income": 3, "revenue": 1, "revenues": 1, "earnings": 2, "quarter": 2, "cash flows": 3,
    "balance sheets": 4, "financial statements": 3, "stockholders": 2, "shareholders": 1, "securities and exchange commission": 6,
    "annual report": 4, "form 10-k": 8, "form 10-q": 8, "form 8-k": 6, "goodwill": 2, "gaap": 4, "comprehensive income": 4,
    "operating income": 3, "diluted": 3, "dividends": 2, "year ended": 3, "months ended": 4, "risk factors": 3, "market risk": 3,
    "registrant": 5, "ebitda": 4, "gross margin": 3, "impairment": 2,
}  # fmt: skip
_RESEARCH: dict[str, float] = {
    "abstract": 3, "et al": 4, "we propose": 6, "related work": 5, "dataset": 3, "datasets": 3, "experiments": 3, "baseline": 2,
    "our method": 4, "our model": 4, "algorithm": 2, "figure": 1, "table": 0.5, "state-of-the-art": 4, "hypothesis": 2, "corpus": 2,
    "evaluation": 1, "we show": 3, "in this paper": 6, "in this study": 5, "participants": 2, "methods": 1, "statistically": 2,
    "results": 1, "theorem": 3, "proof": 2, "arxiv": 5, "doi": 2, "references": 1, "neural": 2, "significant": 0.5,
    "we present": 4, "we introduce": 5, "we study": 4, "we demonstrate": 4, "we investigate": 5, "we explore": 4, "we prove": 4,
    "our approach": 3, "our algorithm": 4, "our experiments": 5, "this paper": 4, "proposed method": 4, "outperform": 3, "outperforms": 3,
    "supervised": 2, "empirically": 3, "deep learning": 3, "machine learning": 2,
}  # fmt: skip
_TABLES: tuple[tuple[Domain, dict[str, float]], ...] = (("legal", _LEGAL), ("financial", _FINANCIAL), ("research", _RESEARCH))
_WORDS = re.compile(r"[a-z][a-z'-]*[a-z](?:-?\d+[-a-z]*)?|10-[kq]|8-k")
_TITLE_HINTS: tuple[tuple[Domain, re.Pattern[str]], ...] = (
    ("financial", re.compile(r"(?i)\b(?:10-?[kq]|8-?k|annual report|quarterly report|earnings)\b")),
    ("legal", re.compile(r"(?i)\b(?:agreement|contract|lease|amendment|nda|terms and conditions|deed|indenture)\b")),
)


def detect_domain(text: str, title: str | None, path: str) -> Domain:
    """The domain whose words are most frequent, or plain; the title counts for something, the file's name for less."""
    points = domain_points(text)
    for hinted, pattern in _TITLE_HINTS:
        if title and pattern.search(title):
            points[hinted] += 15
    for hinted in name_hints(path):
        points[hinted] += 5
    best = max(points, key=lambda domain: points[domain])
    return best if points[best] >= FEWEST_POINTS else "plain"


def name_hints(path: str) -> tuple[Domain, ...]:
    """The domains that a file's name speaks for; together with the suffix all that a Document depends on beside the bytes."""
    stem = PurePath(path).stem.replace("_", " ")
    return tuple(hinted for hinted, pattern in _TITLE_HINTS if pattern.search(stem))


def domain_points(text: str) -> dict[Domain, float]:
    """Points per 1000 words for each domain; a single word counts at most a quarter of its domain's points."""
    lowered = (text if len(text) <= SAMPLE else text[: SAMPLE // 2] + text[len(text) // 2 :][: SAMPLE // 2]).lower()
    words = _WORDS.findall(lowered)
    counts = Counter(words)
    points: dict[Domain, float] = {"legal": 0.0, "financial": 0.0, "research": 0.0}
    if len(words) < 20:
        return points
    for domain, table in _TABLES:
        each = [weight * (lowered.count(term) if " " in term else counts.get(term, 0)) for term, weight in table.items()]
        total = sum(each)
        points[domain] = sum(min(share, total / 4) for share in each) * 1000 / len(words)
    return points
