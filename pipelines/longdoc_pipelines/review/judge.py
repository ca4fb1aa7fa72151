"""One rule on one document: is the clause there, what does it say, and is that what the playbook wants.

Presence is a probability (longdoc/model/presence.py); values are read and compared in code; a position's model language is compared by the
encoder. The confidence of a verdict is the product of what it rests on, and below the playbook's threshold a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePath
from typing import Any

from longdoc.protocols import Chance
from longdoc.types import Citation, Clause, Finding, Position, Searched, Value, Verdict
from longdoc_pipelines.playbook.conditions import Told, told
from longdoc_pipelines.playbook.quantities import holds
from longdoc_pipelines.playbook.schema import AppliesTo, Comparison, Condition, Rule, ValueKind
from longdoc_pipelines.playbook.words import where
from longdoc_pipelines.review import phrases as say
from longdoc_pipelines.review.evidence import SHOWN, SPEAKS, Evidence, values_of
from longdoc_pipelines.review.kinds import other_type, wrong_kind
from longdoc_pipelines.review.likeness import Likeness

REVIEW_VERSION = 7
"""Changes whenever the code could judge the same evidence otherwise."""
READ_RIGHT: dict[str, float] = {
    "duration": 0.9, "amount": 0.9, "percentage": 0.9, "date": 0.9, "jurisdiction": 0.95, "party": 0.85, "yes_no": 1.0, "text": 0.95,
}  # fmt: skip
"""How often the value of a passage is read right (benchmarks/shipped_playbooks.py measures jurisdictions and durations)."""
UNSURE = 0.4
"""Confidence of a verdict where the deciding value is not stated, or could not be read."""
DISAGREE = 0.6
"""What is left of the confidence where two passages would decide otherwise."""
_YES_OR_NO = re.compile(r"(?:is|are|was|were|do|does|did|may|must|can|shall|should|will|would|has|have|need)\b", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:never|neither|nor|cannot|not(?! (?:less|later|more|fewer|exceed|only|limited|unreasonably))|no(?! (?:less|later|more|fewer)))\b",
    re.IGNORECASE,
)
WORDS = ("yes_no", "text")
"""Kinds of values that are no figures."""
HEADED = 0.75
"""What is left of the confidence that a clause is not there where a heading says that it is, and only its wording speaks against it."""
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
    citations = evidence.shown(leaning.passages) + leaning.extra
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


class _Judge:
    def __init__(self, rule: Rule, evidence: Evidence, terms: Terms, likeness: Likeness) -> None:
        self.rule, self.evidence, self.terms, self.likeness = rule, evidence, terms, likeness
        self.source = _speaking(evidence, rule.about)

    def verdict(self) -> _Leaning:
        reason = wrong_kind(self.evidence) or self._not_meant()
        if reason is not None:
            return _Leaning("not_applicable", 0.9, reason)
        gate, sure = self._gate()
        if gate is not None:
            return gate
        under = (*self.rule.applies_to.jurisdiction, *self.evidence.loaded.playbook.applies_to.jurisdiction)
        if under and not self._laws():
            said = f"it is for contracts under the law of {say.any_of(under)}, and no governing law was found"
            return _Leaning("needs_review", UNSURE, f"Whether the rule applies cannot be told: {said}.")
        leaning = self._meant()
        leaning.confidence *= sure
        return leaning

    def _gate(self) -> tuple[_Leaning | None, float]:
        """What `when` comes to where it does not hold, and how sure it is that it does where it does."""
        if self.rule.when is None:
            return None, 1.0
        gate = self._told(self.rule.when)
        sure = self._sure(gate)
        if gate.holds:
            return None, sure
        values = tuple(value for _, value in gate.values)
        said: dict[str, Any] = {"values": values, "test": "; ".join(gate.decided), "extra": [value.citation for value in values]}
        if gate.holds is None and any(self._known(self._label(name)) for name in gate.names):
            return _Leaning("needs_review", UNSURE, f"Whether the rule applies cannot be told: {self._stated(gate)}.", **said), 1.0
        reason = f"For documents with {say.wanted(gate)}; here {self._stated(gate)}."
        return _Leaning("not_applicable", sure, reason, **said), 1.0

    def _meant(self) -> _Leaning:
        """The verdict on a document that the rule is for."""
        rule, evidence = self.rule, self.evidence
        chance = self.source.chance(rule.about)
        opposed = self._opposed(chance)
        if opposed is not None:
            return opposed
        if not chance.present:
            return self._absent(chance.probability)
        leaning = self._present()
        leaning.confidence *= chance.probability
        leaning.passages = leaning.passages or self.source.passages(rule.about, SHOWN)
        if self.source is not evidence:
            leaning.amended_by = self.source.document.path
            leaning.reason = f"As amended by {PurePath(self.source.document.path).name}: {leaning.reason}"
        return leaning

    def _not_meant(self) -> str | None:
        """Why the rule is not for this document, by what it and the playbook apply to."""
        evidence = self.evidence
        if evidence.amends is not None and not evidence.chance(self.rule.about).probability >= LIKELY:
            return f"Amends {PurePath(evidence.amends).name} and leaves this as it is."
        return self._excluded("playbook", evidence.loaded.playbook.applies_to) or self._excluded("rule", self.rule.applies_to)

    def _excluded(self, what: str, meant: AppliesTo) -> str | None:
        evidence = self.evidence
        if meant.domain and evidence.document.domain not in meant.domain:
            return f"The {what} is for {say.any_of(meant.domain)} documents; this one reads as {evidence.document.domain}."
        if meant.side and self.terms.side is not None and self.terms.side.casefold() not in (side.casefold() for side in meant.side):
            return f"The {what} is for the side of {say.any_of(meant.side)}; we are {self.terms.side}."
        if evidence.kind is not None and (kinds := other_type(evidence.kind, meant)) is not None:
            return f"The {what} is {kinds}; this one is called {evidence.kind!r}."
        filing = evidence.filing
        if meant.form and filing.form is not None and filing.form.casefold() not in (form.casefold() for form in meant.form):
            return f"The {what} is for {say.forms(meant.form)}; this document is {say.form(filing.form)}."
        if meant.period_from is not None and filing.period_end is not None and filing.period_end < meant.period_from:
            return f"The {what} is for periods that end on {meant.period_from} or later; this report's ended on {filing.period_end}."
        if meant.jurisdiction:
            laws = self._laws()
            wanted = Comparison.model_validate({"in": meant.jurisdiction})
            if laws and holds("jurisdiction", laws[0].normalised, wanted, self.terms.as_of) is False:
                law = laws[0].normalised
                return f"The {what} is for contracts under the law of {say.any_of(meant.jurisdiction)}; this one is under that of {law}."
        return None

    def _laws(self) -> list[Value]:
        return values_of(self.evidence.document, self.evidence.passages("Governing Law"), "jurisdiction", "governing_law")

    def _opposed(self, own: Chance) -> _Leaning | None:
        """By a passage that is the walk-away position by its label, which may stand where the rule's own clause does not."""
        stance = self.rule.positions.walk_away
        if stance is None or stance.label is None or stance.test is not None:
            return None
        other = _speaking(self.evidence, stance.label)
        chance = other.chance(stance.label)
        if chance.probability < LIKELY or own.probability > chance.probability:
            return None
        passages = other.passages(stance.label, SHOWN)
        reason = f"The walk-away position: a passage on {stance.label!r}{where(passages[0].citation if passages else None)}."
        amended_by = other.document.path if other is not self.evidence else None
        return _Leaning("violation", chance.probability, reason, passages=passages, position="walk_away", amended_by=amended_by)

    # The clause is not there

    def _absent(self, probability: float) -> _Leaning:
        rule, searched = self.rule, self.source.searched(self.rule.about)
        read = 1.0 - len(searched.unread) / searched.pages if searched.pages else 1.0
        sure = (1.0 - probability) * read
        if rule.requirement in ("required", "preferred") and searched.usual and not self.source.chance(rule.about).fitted:
            sure *= HEADED
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
                return self._by_position() or self._found("violation", "Forbidden, and there")
            return self._by_forbidding(rule.test)
        decided = self._by_position()
        if decided is not None:
            return decided
        if rule.test is not None:
            told_of = self._told(rule.test)
            if told_of.holds:
                return self._of_test("compliant", told_of, say.tested(told_of, self._stated(told_of)))
            if told_of.holds is False:
                return self._of_test(self._failed, told_of, say.tested(told_of, self._stated(told_of)))
            return self._unsure(self._failed, told_of)
        if rule.positions.preferred is not None or rule.positions.fallback is not None:
            return _Leaning(self._failed, UNSURE, "The clause is there, but worded like none of the playbook's positions.")
        return self._found("compliant", "Found")

    def _by_forbidding(self, test: Condition) -> _Leaning:
        """A clause that is forbidden in a form that passes its test."""
        told_of = self._told(test)
        if told_of.holds is None:
            return self._unsure("violation", told_of)
        stated, there = self._stated(told_of), f"{say.passage(self.rule)}{where(self._best)}"
        if told_of.said:  # what words are asked for is of no use to who reads it
            reason = f"Forbidden, and there: {there}; {stated}." if told_of.holds else f"There is {there}, but {stated}."
        else:
            reason = f"Forbidden {'with' if told_of.holds else 'only with'} {say.wanted(told_of)}; {stated}."
        return self._of_test("violation" if told_of.holds else "compliant", told_of, reason)

    def _found(self, verdict: Verdict, what: str) -> _Leaning:
        """By the clause's being there; one that negates what a question asks may answer no."""
        reason = f"{what}: {say.passage(self.rule)}{where(self._best)}."
        best = self.source.passages(self.rule.about)[:1]
        if self.rule.question is not None and best and _may_say_no(self.rule.question, best[0].text):
            return _Leaning(verdict, UNSURE, f"{reason} It negates, so that the answer may be no.")
        return _Leaning(verdict, 1.0, reason)

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
                    asked = say.aim(told_of)
                    reason = f"The {say.named(name)} position{f' ({asked})' if asked else ''}: {self._stated(told_of)}."
                    return replace(self._of_test(verdicts[name], told_of, reason), position=name)
            elif stance.label is not None and name != "walk_away":
                other = _speaking(self.evidence, stance.label)
                chance = other.chance(stance.label)
                if chance.present:
                    passages = other.passages(stance.label, SHOWN)
                    place = where(passages[0].citation if passages else None)
                    reason = f"The {say.named(name)} position: a passage on {stance.label!r}{place}."
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
        reason = f"Worded like the {say.named(name)} position (likeness {like:.2f}){where(clause.citation)}."
        return _Leaning(verdicts[name], sure, reason, position=name, likeness=round(like, 4))

    def _of_test(self, verdict: Verdict, told_of: Told, reason: str) -> _Leaning:
        sure = self._sure(told_of)
        values = tuple(value for _, value in told_of.values)
        beside = told_of.against[:1]
        if beside:
            reason += f" But {say.listed(beside)} is stated too."
        passages = self.source.passages(self.rule.about)
        extra = [value.citation for _, value in (*told_of.values, *beside) if not _inside(value, passages)]
        return _Leaning(verdict, sure, reason, values=values, test="; ".join(told_of.decided), extra=extra)

    def _sure(self, told_of: Told) -> float:
        """How sure it is that a condition was told right: its values may be misread, or those of another label not be there."""
        sure = min((READ_RIGHT[value.kind] for _, value in told_of.values), default=1.0)
        for label in dict.fromkeys(self._label(name) for name in told_of.names):
            if label == self.rule.about:
                continue
            chance = _speaking(self.evidence, label).chance(label)
            sure *= chance.probability if chance.present else 1.0 - chance.probability
        unread = {name for name in set(told_of.names) - {name for name, _ in told_of.values} if self.rule.values[name].read not in WORDS}
        if any(_speaking(self.evidence, self._label(name)).left_out(self._label(name)) for name in unread):
            sure *= UNSURE
        return sure * DISAGREE if told_of.against else sure

    def _unsure(self, verdict: Verdict, told_of: Told) -> _Leaning:
        leans: Verdict = "compliant" if self.rule.requirement == "conditional" else verdict
        reason = f"The clause is there, but {self._stated(told_of)}, so that {say.wanted(told_of)} cannot be tested."
        return _Leaning(leans, UNSURE, reason, values=tuple(value for _, value in told_of.values), test="; ".join(told_of.decided))

    # Values

    def _label(self, name: str) -> str:
        """The label whose passages hold the value."""
        return self.rule.values[name].label or self.rule.about

    def _known(self, label: str) -> bool:
        """Whether there is a passage of a label."""
        source = _speaking(self.evidence, label)
        return source.chance(label).present and bool(source.passages(label))

    def _stated(self, told_of: Told) -> str:
        """What a condition read, and of what it did not read why."""
        if told_of.values or told_of.said:
            return say.stated(told_of, self.rule)
        said = []
        for name in told_of.names:
            label = self._label(name)
            passages = _speaking(self.evidence, label).passages(label) if self._known(label) else []
            said.append(say.unread(name, self.rule.values[name].read, label, [clause.text for clause in passages]))
        return say.together(said)

    def _told(self, condition: Condition) -> Told:
        return told(condition, self._read, self.terms.as_of)

    def _read(self, name: str) -> tuple[ValueKind, list[Value]]:
        spec = self.rule.values[name]
        label = self._label(name)
        source = _speaking(self.evidence, label)
        if (
            spec.read not in WORDS and source is self.evidence and self.source is not self.evidence
        ):  # an amendment has the last word on what its clause states
            amended = values_of(self.source.document, self.source.passages(self.rule.about), spec.read, name)
            if amended:
                return spec.read, amended
        passages = source.passages(label)
        if not passages or not source.chance(label).present:
            return spec.read, []
        if spec.read in WORDS:
            stated = "yes" if spec.read == "yes_no" else passages[0].text
            return spec.read, [Value(kind=spec.read, normalised=stated, citation=passages[0].citation)]
        found = values_of(source.document, passages, spec.read, name)
        found = found or values_of(source.document, source.passages(label, SPEAKS), spec.read, name)
        if not found and source is not self.evidence:  # the amendment touches the clause, but not this
            found = values_of(self.evidence.document, self.evidence.passages(label), spec.read, name)
        return spec.read, found


def _may_say_no(question: str, passage: str) -> bool:
    return bool(_YES_OR_NO.match(question.strip()) and _NEGATION.search(passage) and not _NEGATION.search(question))


def _speaking(evidence: Evidence, label: str) -> Evidence:
    """The document whose clause holds: the latest amendment that has one, else the document itself."""
    for amendment in evidence.amendments:
        chance = amendment.chance(label)
        if chance.present and chance.probability >= LIKELY:
            return amendment
    return evidence


def _inside(value: Value, passages: Sequence[Clause]) -> bool:
    return any(
        clause.citation.document_id == value.citation.document_id and clause.citation.span.contains(value.citation.span)
        for clause in passages
    )
