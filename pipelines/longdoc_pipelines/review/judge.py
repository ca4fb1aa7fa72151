"""One rule on one document: is the clause there, what does it say, and is that what the playbook wants.

Presence is a probability (longdoc/model/presence.py); values are read and compared in code; a position's model language is compared by the
encoder. The confidence of a verdict is the product of what it rests on, and below the playbook's threshold a person is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatch
from pathlib import PurePath

from longdoc.protocols import Chance
from longdoc.types import Citation, Clause, Correction, Finding, Position, Searched, Severity, Value, Verdict
from longdoc_pipelines.playbook.quantities import holds
from longdoc_pipelines.playbook.schema import Comparison, Condition, Playbook, Rule, ValueKind
from longdoc_pipelines.review import phrases as say
from longdoc_pipelines.review.conditions import Told, told
from longdoc_pipelines.review.evidence import Evidence, values_of
from longdoc_pipelines.review.likeness import Likeness

REVIEW_VERSION = 2
"""Changes whenever the code could judge the same evidence otherwise."""
READ_RIGHT: dict[str, float] = {
    "duration": 0.9, "amount": 0.9, "percentage": 0.9, "date": 0.9, "jurisdiction": 0.95, "party": 0.85, "yes_no": 1.0, "text": 0.95,
}  # fmt: skip
"""How often the value of a passage is read right (benchmarks/review.py measures jurisdictions and durations)."""
UNSURE = 0.4
"""Confidence of a verdict where the deciding value is not stated, or could not be read."""
DISAGREE = 0.6
"""What is left of the confidence where two passages would decide otherwise."""
COST: dict[Severity, float] = {"critical": 1.0, "high": 0.8, "medium": 0.5, "low": 0.25, "info": 0.1}
"""What a wrong verdict costs, against a critical one."""
LIKELY = 0.5
"""An amendment overrides a rule's clause, and a label of its own makes the walk-away position, from this probability."""


@dataclass(frozen=True)
class Terms:
    """What a run is told beside the playbook."""

    as_of: date
    side: str | None = None
    review_below: float | None = None


@dataclass
class _Leaning:
    """A verdict on its way."""

    verdict: Verdict
    confidence: float
    reason: str
    passages: Sequence[Clause] = ()
    values: Sequence[Value] = ()
    test: str | None = None
    position: Position | None = None
    likeness: float | None = None
    searched: Searched | None = None
    amended_by: str | None = None
    extra: list[Citation] = field(default_factory=list)


def judge(rule: Rule, evidence: Evidence, terms: Terms, likeness: Likeness) -> Finding:
    """The verdict of `rule` on the document of `evidence`."""
    leaning = _Judge(rule, evidence, terms, likeness).verdict()
    citations = [clause.citation for clause in leaning.passages] + leaning.extra
    return Finding(
        document_id=evidence.document.id,
        path=evidence.document.path,
        rule=rule.id,
        rule_version=rule.version,
        verdict=leaning.verdict,
        severity=rule.severity,
        confidence=round(min(max(leaning.confidence, 0.0), 1.0), 4),
        citations=tuple(dict.fromkeys(citations)),
        values=tuple(leaning.values),
        reason=leaning.reason,
        test=leaning.test,
        position=leaning.position,
        likeness=leaning.likeness,
        searched=leaning.searched,
        amended_by=leaning.amended_by,
        model=f"{evidence.reader.name} {evidence.reader.fingerprint}",
    )


def dressed(finding: Finding, rule: Rule, playbook: Playbook, terms: Terms, correction: Correction | None = None) -> Finding:
    """What `judge` gave with all that does not hang on the document: title and severity, the threshold of review, waiver and correction."""
    thresholds = (terms.review_below, rule.review_below, playbook.review_below)
    lowest = next(value for value in thresholds if value is not None)
    changes: dict[str, object] = {
        "title": rule.title,
        "severity": rule.severity,
        "worth": round((1.0 - finding.confidence) * COST[rule.severity], 4),
    }
    waiver = _waiver(rule, finding.path, terms.as_of) if finding.failed else None
    if waiver is not None:
        changes |= {"verdict": "not_applicable", "waiver": waiver, "reason": f"Waived: {waiver}. {finding.reason}", "worth": 0.0}
    elif finding.confidence < lowest and finding.verdict != "needs_review":
        said = f"Leans to {finding.verdict.replace('_', ' ')}: {finding.reason}"
        changes |= {"verdict": "needs_review", "leans": finding.verdict, "reason": said}
    found = finding.model_copy(update=changes)
    return found if correction is None else _corrected(found, correction)


def _corrected(finding: Finding, correction: Correction) -> Finding:
    """The finding with a person's verdict."""
    reason = f"{correction.by} decided on {correction.at[:10]}" + (f": {correction.note}" if correction.note else "") + "."
    if correction.rule_version != finding.rule_version:
        reason += " The rule has changed since."
    citations = (correction.citation, *finding.citations) if correction.citation is not None else finding.citations
    changes = {
        "verdict": correction.verdict,
        "machine": finding.verdict,
        "confidence": 1.0,
        "worth": 0.0,
        "reason": f"{reason} {finding.reason}",
        "correction": correction,
        "citations": tuple(dict.fromkeys(citations)),
    }
    return finding.model_copy(update=changes)


def _waiver(rule: Rule, path: str, as_of: date) -> str | None:
    name = PurePath(path).name
    for waiver in rule.waivers:
        if as_of <= waiver.expires and (fnmatch(name, waiver.document) or fnmatch(path, waiver.document)):
            why = f", {waiver.reason}" if waiver.reason else ""
            return f"{waiver.owner} answers for it until {waiver.expires.isoformat()}{why}"
    return None


class _Judge:
    def __init__(self, rule: Rule, evidence: Evidence, terms: Terms, likeness: Likeness) -> None:
        self.rule, self.evidence, self.terms, self.likeness = rule, evidence, terms, likeness
        self.source = _speaking(evidence, rule.about)

    def verdict(self) -> _Leaning:
        rule, evidence = self.rule, self.evidence
        reason = _wrong_kind(evidence) or self._not_meant()
        if reason is not None:
            return _Leaning("not_applicable", 0.9, reason)
        if rule.when is not None:
            gate = self._told(rule.when)
            if gate.holds is False:
                return _Leaning(
                    "not_applicable", READ_RIGHT["duration"], f"For documents with {say.wanted(gate)}; here {say.stated(gate)}."
                )
            if gate.holds is None:
                return _Leaning("needs_review", UNSURE, f"Whether the rule applies cannot be told: {say.stated(gate)}.")
        chance = self.source.chance(rule.about)
        opposed = self._opposed(chance)
        if opposed is not None:
            return opposed
        if not chance.present:
            return self._absent(chance.probability)
        leaning = self._present()
        leaning.confidence *= chance.probability
        leaning.passages = leaning.passages or self.source.passages(rule.about)
        if self.source is not evidence:
            leaning.amended_by = self.source.document.path
            leaning.reason = f"As amended by {PurePath(self.source.document.path).name}: {leaning.reason}"
        return leaning

    def _not_meant(self) -> str | None:
        """Why the rule is not for this document, by what it applies to."""
        meant, evidence = self.rule.applies_to, self.evidence
        if evidence.amends is not None and not evidence.chance(self.rule.about).probability >= LIKELY:
            return f"Amends {PurePath(evidence.amends).name} and leaves this as it is."
        if meant.domain and evidence.document.domain not in meant.domain:
            return f"The rule is for {say.any_of(meant.domain)} documents; this one reads as {evidence.document.domain}."
        if meant.side and self.terms.side is not None and self.terms.side.casefold() not in (side.casefold() for side in meant.side):
            return f"The rule is for the side of {say.any_of(meant.side)}; we are {self.terms.side}."
        if meant.agreement_type and evidence.kind is not None:
            words = evidence.kind.casefold()
            if not any(word.casefold() in words for word in meant.agreement_type):
                return f"The rule is for {say.any_of(meant.agreement_type)} agreements; this one is called {evidence.kind!r}."
        filing = evidence.filing
        if meant.form and filing.form is not None and filing.form.casefold() not in (form.casefold() for form in meant.form):
            return f"The rule is for {say.forms(meant.form)}; this document is {say.form(filing.form)}."
        if meant.period_from is not None and filing.period_end is not None and filing.period_end < meant.period_from:
            return f"The rule is for periods that end on {meant.period_from} or later; this report's ended on {filing.period_end}."
        if meant.jurisdiction:
            laws = values_of(evidence.document, evidence.passages("Governing Law"), "jurisdiction", "governing_law")
            wanted = Comparison.model_validate({"in": meant.jurisdiction})
            if laws and holds("jurisdiction", laws[0].normalised, wanted, self.terms.as_of) is False:
                law = laws[0].normalised
                return f"The rule is for contracts under the law of {say.any_of(meant.jurisdiction)}; this one is under that of {law}."
        return None

    def _opposed(self, own: Chance) -> _Leaning | None:
        """By a passage that is the walk-away position by its label, which may stand where the rule's own clause does not."""
        stance = self.rule.positions.walk_away
        if stance is None or stance.label is None or stance.test is not None:
            return None
        other = _speaking(self.evidence, stance.label)
        chance = other.chance(stance.label)
        if chance.probability < LIKELY or own.probability > chance.probability:
            return None
        passages = other.passages(stance.label)
        reason = f"The walk-away position: a passage on {stance.label!r}{say.where(passages[0].citation if passages else None)}."
        amended_by = other.document.path if other is not self.evidence else None
        return _Leaning("violation", chance.probability, reason, passages=passages, position="walk_away", amended_by=amended_by)

    # The clause is not there

    def _absent(self, probability: float) -> _Leaning:
        rule, searched = self.rule, self.source.searched(self.rule.about)
        read = 1.0 - len(searched.unread) / searched.pages if searched.pages else 1.0
        sure = (1.0 - probability) * read
        sought, place, nearest = say.about(rule), say.extent(searched), say.nearest(searched)
        if rule.requirement == "required":
            return _Leaning("missing", sure, f"Nothing on {sought} was found {place}.{nearest}", searched=searched)
        if rule.requirement == "preferred":
            reason = f"Nothing on {sought}, which is wanted but not required, was found {place}.{nearest}"
            return _Leaning("fallback", sure, reason, searched=searched)
        if rule.requirement == "forbidden":
            reason = f"Nothing on {sought}, which is forbidden, was found {place}.{nearest}"
            return _Leaning("compliant", sure, reason, searched=searched)
        reason = f"Nothing on {sought} was found {place}, so that there is nothing to test.{nearest}"
        return _Leaning("not_applicable", sure, reason, searched=searched)

    # The clause is there

    def _present(self) -> _Leaning:
        rule = self.rule
        if rule.requirement == "forbidden":
            if rule.test is None:
                return self._by_position() or _Leaning(
                    "violation", 1.0, f"There is a passage on {say.about(rule)}{say.where(self._best)}, which is forbidden."
                )
            told_of = self._told(rule.test)
            if told_of.holds:
                return self._of_test("violation", told_of, f"Forbidden with {say.wanted(told_of)}, and {say.stated(told_of)}.")
            if told_of.holds is False:
                return self._of_test("compliant", told_of, f"Forbidden only with {say.wanted(told_of)}; {say.stated(told_of)}.")
            return self._unsure("violation", told_of)
        decided = self._by_position()
        if decided is not None:
            return decided
        if rule.test is not None:
            told_of = self._told(rule.test)
            if told_of.holds:
                return self._of_test("compliant", told_of, f"{say.capital(say.stated(told_of))}; wanted: {say.wanted(told_of)}.")
            if told_of.holds is False:
                return self._of_test(self._failed, told_of, f"{say.capital(say.stated(told_of))}; wanted: {say.wanted(told_of)}.")
            return self._unsure(self._failed, told_of)
        if rule.positions.preferred is not None or rule.positions.fallback is not None:
            return _Leaning(self._failed, UNSURE, "The clause is there, but worded like none of the playbook's positions.")
        return _Leaning("compliant", 1.0, f"Found{say.where(self._best)}.")

    @property
    def _failed(self) -> Verdict:
        """What a clause that fails its test gives."""
        return "fallback" if self.rule.requirement == "preferred" else "violation"

    @property
    def _best(self) -> Citation | None:
        listed = self.source.candidates(self.rule.about)
        return listed[0].citation if listed else None

    def _by_position(self) -> _Leaning | None:
        """By the first position that holds: walk-away by test or label, the rule's own test, the others, then model language."""
        rule = self.rule
        verdicts: dict[Position, Verdict] = {"walk_away": "violation", "fallback": "fallback", "preferred": "compliant"}
        for name, stance in rule.positions.given():
            if name != "walk_away" and rule.test is not None and self._told(rule.test).holds:
                return None
            if stance.test is not None:
                told_of = self._told(stance.test)
                if told_of.holds:
                    reason = f"The {say.named(name)} position ({say.wanted(told_of)}): {say.stated(told_of)}."
                    return replace(self._of_test(verdicts[name], told_of, reason), position=name)
            elif stance.label is not None and name != "walk_away":
                other = _speaking(self.evidence, stance.label)
                chance = other.chance(stance.label)
                if chance.present:
                    passages = other.passages(stance.label)
                    where = say.where(passages[0].citation if passages else None)
                    reason = f"The {say.named(name)} position: a passage on {stance.label!r}{where}."
                    return _Leaning(verdicts[name], chance.probability, reason, passages=passages, position=name)
        return self._by_wording(verdicts)

    def _by_wording(self, verdicts: dict[Position, Verdict]) -> _Leaning | None:
        """By the position whose model language a passage is most like."""
        texts = {name: stance.text for name, stance in self.rule.positions.given() if stance.text and not stance.test and not stance.label}
        passages = self.source.passages(self.rule.about)
        if not texts or not passages:
            return None
        ordered = sorted(
            ((self.likeness.of(text, clause.text), name, clause) for name, text in texts.items() for clause in passages[:1]),
            key=lambda one: -one[0],
        )
        like, name, clause = ordered[0]
        if like < self.rule.likeness:
            return None
        margin = like - ordered[1][0] if len(ordered) > 1 else 1.0
        sure = min(1.0, 0.6 + 2.0 * margin)
        reason = f"Worded like the {say.named(name)} position (likeness {like:.2f}){say.where(clause.citation)}."
        return _Leaning(verdicts[name], sure, reason, position=name, likeness=round(like, 4))

    def _of_test(self, verdict: Verdict, told_of: Told, reason: str) -> _Leaning:
        sure = 1.0
        values = tuple(value for _, value in told_of.values)
        for value in values:
            sure = min(sure, READ_RIGHT[value.kind])
        if told_of.disagree:
            sure *= DISAGREE
            reason += " Another passage states it otherwise."
        extra = [value.citation for value in values if not _inside(value, self.source.passages(self.rule.about))]
        return _Leaning(verdict, sure, reason, values=values, test="; ".join(told_of.decided), extra=extra)

    def _unsure(self, verdict: Verdict, told_of: Told) -> _Leaning:
        leans: Verdict = "compliant" if self.rule.requirement == "conditional" else verdict
        reason = f"The clause is there, but {say.stated(told_of)}, so that {say.wanted(told_of)} cannot be tested."
        values = tuple(value for _, value in told_of.values)
        return _Leaning(leans, UNSURE, reason, values=values, test="; ".join(told_of.decided))

    # Values

    def _told(self, condition: Condition) -> Told:
        return told(condition, self._read, self.terms.as_of)

    def _read(self, name: str) -> tuple[ValueKind, list[Value]]:
        spec = self.rule.values[name]
        label = spec.label or self.rule.about
        source = _speaking(self.evidence, label)
        passages = source.passages(label)
        if not passages or not source.chance(label).present:
            return spec.read, []
        if spec.read in ("yes_no", "text"):
            stated = "yes" if spec.read == "yes_no" else passages[0].text
            return spec.read, [Value(kind=spec.read, normalised=stated, citation=passages[0].citation)]
        found = values_of(source.document, passages, spec.read, name)
        if not found and source is not self.evidence:  # the amendment touches the clause, but not this
            found = values_of(self.evidence.document, self.evidence.passages(label), spec.read, name)
        return spec.read, found


def _speaking(evidence: Evidence, label: str) -> Evidence:
    """The document whose clause holds: the latest amendment that has one, else the document itself."""
    for amendment in evidence.amendments:
        chance = amendment.chance(label)
        if chance.present and chance.probability >= LIKELY:
            return amendment
    return evidence


def _wrong_kind(evidence: Evidence) -> str | None:
    wanted, found = evidence.loaded.playbook.domain, evidence.document.domain
    if "plain" in (wanted, found) or wanted == found or (wanted == "financial" and evidence.filing.form is not None):
        return None
    return f"Reads as a {found} document, the playbook is for {wanted} ones; to review it all the same, ingest it with --domain {wanted}."


def _inside(value: Value, passages: Sequence[Clause]) -> bool:
    return any(
        clause.citation.document_id == value.citation.document_id and clause.citation.span.contains(value.citation.span)
        for clause in passages
    )
