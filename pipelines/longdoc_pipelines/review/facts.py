"""What a document calls itself, who its parties are, and which other document it amends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from longdoc.dates import find_dates
from longdoc.ingest.amends import HEAD, amends_by_title
from longdoc.types import Clause, Document

SURE = 0.4
"""Score from which a passage's label is believed."""
NAMED = 0.6
"""Score of its best party from which a document that does not sound like one is taken for a contract."""
_ORDINAL = re.compile(
    r"\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|number|no\.?|amendment|addendum|supplement|side|letter|change"
    r"|order|modification|to|the|of|that|certain|amended|and|restated|for|by|between|a|an|this|dated|as)\b|[^a-z ]"
)
_GENERIC_WORDS = (
    "company corporation inc llc ltd limited party parties supplier customer buyer seller licensor licensee distributor agent provider "
    "client lessor lessee tenant landlord contractor consultant manufacturer recipient discloser corp co lp llp plc gmbh the and of"
)
_GENERIC = frozenset(_GENERIC_WORDS.split())
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Facts:
    """Of one document: `kind` is its own name ("First Amendment to Services Agreement"), `target` the words of what it amends, None where
    it amends nothing; `parties` are words of names, `named` says whether one of them is named for certain, `dates` those that it carries,
    `named_dates` those in its head."""

    path: str
    document_key: str
    kind: str | None
    target: tuple[str, ...] | None
    parties: tuple[str, ...]
    dates: tuple[str, ...]
    named_dates: tuple[str, ...]
    named: bool = True

    def to_json(self) -> str:
        """All but path and key, which the row's own key tells."""
        content = asdict(self)
        told = ("kind", "target", "parties", "dates", "named_dates", "named")
        return json.dumps({name: content[name] for name in told}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str, path: str, document_key: str) -> Facts:
        """What `to_json` wrote."""
        content = json.loads(text)
        lists = {name: tuple(content[name]) for name in ("parties", "dates", "named_dates")}
        target = None if content["target"] is None else tuple(content["target"])
        return cls(path=path, document_key=document_key, kind=content["kind"], target=target, named=content["named"], **lists)


def facts_of(document: Document, document_key: str, clauses: Sequence[Clause]) -> Facts:
    """Read from the document and the passages found for "Document Name", "Parties" and "Agreement Date"."""
    by_label: dict[str, list[Clause]] = {}
    for clause in clauses:
        if clause.score >= SURE:
            by_label.setdefault(clause.label.casefold(), []).append(clause)
    names = sorted(by_label.get("document name", []), key=lambda clause: -clause.score)
    kind = _tidy(names[0].text) if names else document.title
    dates = [clause.value.normalised for clause in by_label.get("agreement date", []) if clause.value is not None]
    head = [iso for _, _, iso in find_dates(document.text[:HEAD])]
    parties = by_label.get("parties", [])
    words = {word for clause in parties for word in _name_words(clause.text)}
    return Facts(
        path=document.path,
        document_key=document_key,
        kind=kind,
        target=_target(kind),
        parties=tuple(sorted(words)),
        dates=tuple(sorted(set(dates))),
        named_dates=tuple(sorted(set(head))),
        named=any(clause.score >= NAMED for clause in parties),
    )


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" #.\"“”'")[:160]


def _name_words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if len(word) > 2 and word not in _GENERIC}


def _target(kind: str | None) -> tuple[str, ...] | None:
    """The words of what a title says is amended; None if it amends nothing."""
    if kind is None or not amends_by_title(kind):
        return None
    return tuple(dict.fromkeys(_ORDINAL.sub(" ", kind.casefold()).split()))


def amended(facts: Iterable[Facts]) -> Mapping[str, str]:
    """Path of an amendment -> path of what it amends, among the documents of one run.

    They share a party, and the amendment names the other's date, or its title where no other document would do. What is ambiguous is
    left alone.
    """
    listed = list(facts)
    originals = [one for one in listed if one.target is None]
    by_party: dict[str, list[Facts]] = {}
    for one in originals:
        for word in one.parties:
            by_party.setdefault(word, []).append(one)
    found: dict[str, str] = {}
    for one in listed:
        if one.target is None:
            continue
        near = {other.path: other for word in one.parties for other in by_party.get(word, ())}
        ranked = sorted(((_fit(one, other), other.path) for other in near.values()), reverse=True)
        if ranked and ranked[0][0] >= 2 and (len(ranked) == 1 or ranked[1][0] < ranked[0][0]):
            found[one.path] = ranked[0][1]
    return found


def _fit(amendment: Facts, original: Facts) -> int:
    """Two points for a date that the amendment names, two for a title whose words it names, one for a second shared party."""
    title = set(_ORDINAL.sub(" ", (original.kind or "").casefold()).split()) - {"agreement"}
    wanted = set(amendment.target or ()) - {"agreement"}
    named = bool(title) and (title <= wanted or (bool(wanted) and wanted <= title))
    dated = bool(set(original.dates) & (set(amendment.named_dates) - set(amendment.dates)))
    shared = len(set(amendment.parties) & set(original.parties))
    return 2 * dated + 2 * named + (shared > 1)
