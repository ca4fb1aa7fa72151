"""A summary in the document's own sentences, by the plan of its domain.

Papers whose salience was learnt are told by it: the sentences that say most, whatever their topics. Elsewhere, for a topic k and a
sentence s:

    evidence(s, k) = meaning + heading + cue + clause + salience - leaning - length,

meaning being the similarity of s to the topic's descriptions, standardised over the document's sentences. Each topic takes its
best sentences; a sentence that repeats one already taken is passed over (maximal marginal relevance, Carbonell and Goldstein,
SIGIR 1998, as a hard limit on similarity).

Axis legend: N candidate sentences, K topics, D vector size.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from longdoc.labels import LabelSet
from longdoc.model.focus import focused, near_best
from longdoc.model.plans import plan_of
from longdoc.model.quotable import Candidate, quotable
from longdoc.model.topics import BRIEF, Plan, Topic
from longdoc.model.wording import signposts
from longdoc.protocols import Reading
from longdoc.types import Chunk, Clause, Document, Statement, Summary

SUMMARY_VERSION = 3
"""Part of the key under which summaries are kept; raise it when the same input could give another summary."""

ROOMY = 10
"""Statements from which on a summary by salience leaves room for topics."""

CUE_SHARE = (0.0, 0.7, 1.0)
"""What no cue, one, and two or more are worth."""

YEAR = re.compile(r"(?<![\d$,.])(?:19|20)\d\d(?![\d,]\d|%)")

Floats = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]


@dataclass(frozen=True)
class Weights:
    """What each kind of evidence counts."""

    meaning: float = 0.40
    heading: float = 0.25
    cue: float = 0.25
    clause: float = 0.45
    salience: float = 0.10
    early: float = 0.15
    leaning: float = 0.30
    cut: float = 0.10
    work_cited: float = 0.08
    out_of_date: float = 0.15
    elsewhere: float = 0.20
    """A sentence that serves another topic better by this much is left to that one."""
    same_meaning: float = 0.93
    same_words: float = 0.55

    @property
    def whole(self) -> float:
        """The most that a sentence can have."""
        return self.meaning + self.heading + self.cue + self.clause + self.salience + self.early


def summarize(
    document: Document,
    reading: Reading,
    chunks: Sequence[Chunk],
    embed: Embed,
    sentences: int | None = None,
    clauses: Sequence[Clause] = (),
    weights: Weights = Weights(),
    focus: str | None = None,
    trained_salience: bool = False,
) -> Summary:
    """At most `sentences` statements (default: by the document's length), in the order of the plan; with a `focus` those about it alone,
    in the document's order.

    `clauses` are passages found for the labels of the plan's label set; they count as evidence for the topics that name
    their label. `trained_salience`: the reading's salience was learnt from documents of this domain, and not made by a rule.
    """
    plan = plan_of(document) if focus is None else focused(focus)
    candidates = quotable(document, reading, max((topic.longest for topic in plan.topics), default=450))
    # A summary that quotes most of a short document is none.
    most = sentences if sentences is not None else max(3, min(usual_length(reading.tokens), round(0.6 * len(candidates))))
    rows = np.array([candidate.sentence for candidate in candidates], dtype=np.int64)
    vectors = reading.sentence_vectors[rows].astype(np.float32)
    salience = reading.salience[rows].astype(np.float32)
    statements: list[Statement] = []
    if candidates and plan.topics:
        scores, likeness = evidence(plan, document, candidates, vectors, salience, embed, clauses, weights)
        if plan.salient is None or not trained_salience:
            statements = by_topic(plan, document, candidates, vectors, scores, most, weights)
        else:
            statements = by_salience(plan, document, candidates, vectors, salience, scores, likeness, most, weights)
        statements = near_best(statements) if focus is not None else statements
    if candidates and focus is None and len(statements) < min(3, most):
        statements += by_section(document, candidates, vectors, salience, most, {s.citation.span.start for s in statements}, weights)
    return Summary(
        document_id=document.id,
        path=document.path,
        title=document.title,
        domain=document.domain,
        sentences=tuple(statements),
        note=note(document, statements, focus),
    )


def usual_length(tokens: int) -> int:
    """How many statements a document of that many tokens deserves: 5 for a page, 11 for ten, 16 for forty and more."""
    return max(5, min(16, round(2.2 * math.log2(max(tokens, 1) / 200))))


def note(document: Document, statements: Sequence[Statement], focus: str | None = None) -> str | None:
    """What a reader must know of the summary."""
    if focus is not None and not statements:
        return f"No sentence speaks of {focus!r}."
    if document.language not in (None, "en"):
        return f"The text is not English ({document.language}); the shipped model reads English."
    return None if statements else "No sentence could be quoted: the document holds no running text."


def evidence(
    plan: Plan,
    document: Document,
    candidates: Sequence[Candidate],
    vectors: Floats,
    salience: Floats,
    embed: Embed,
    clauses: Sequence[Clause],
    weights: Weights,
) -> tuple[Floats, Floats]:
    """How well each sentence serves each topic, [N, K], with minus infinity where it may not; and without, wherever it stands."""
    labels = plan.label_set()
    scores = np.full((len(candidates), len(plan.topics)), -np.inf, dtype=np.float32)
    likeness = np.zeros_like(scores)
    starts = [candidate.span.start for candidate in candidates]
    common = weights.salience * salience
    common = common - weights.leaning * np.array([candidate.leaning for candidate in candidates], dtype=np.float32)
    common = common - weights.cut * np.array([candidate.cut for candidate in candidates], dtype=np.float32)
    common = common - plan.brevity * np.array([max(0, candidate.text.count(" ") + 1 - BRIEF) for candidate in candidates], dtype=np.float32)
    described = [descriptions(topic, labels) for topic in plan.topics]
    known = embed([text for texts in described for text in texts])
    bounds = np.cumsum([0, *(len(texts) for texts in described)])
    if document.domain == "financial":
        common = common - weights.out_of_date * out_of_date(document, candidates)
    if document.domain == "research":
        common = common - weights.work_cited * np.array([min(3, candidate.works_cited) for candidate in candidates], dtype=np.float32)
    earliness = np.exp(-np.array(starts, dtype=np.float32) / max(2000.0, 0.04 * len(document.text)))
    for column, topic in enumerate(plan.topics):
        near = vectors @ known[bounds[column] : bounds[column + 1]].T  # [N, descriptions]
        score = common + weights.meaning * standardised(near.max(axis=1))
        score = score + weights.heading * heading_match(candidates, topic_headings(topic, labels))
        score = score + weights.clause * clause_scores(candidates, starts, clauses, topic)
        if topic.early:
            score = score + weights.early * earliness
        for row, candidate in enumerate(candidates):
            if topic.cues is not None:
                score[row] += weights.cue * CUE_SHARE[min(2, len({cue.lower() for cue in topic.cues.findall(candidate.text)}))]
            if (topic.needs is None or topic.needs.search(candidate.text)) and not (topic.avoids and topic.avoids.search(candidate.text)):
                fits = len(candidate.text) <= topic.longest and (topic.open_ended or not candidate.open_ended)
                scores[row, column] = score[row] if fits else -np.inf
        likeness[:, column] = score - weights.early * earliness * topic.early
    return scores, likeness


def out_of_date(document: Document, candidates: Sequence[Candidate]) -> Floats:
    """1 where a sentence, or the heading it stands under, names years and all of them are before the year reported on, [N]."""
    years = Counter(int(year) for year in YEAR.findall(document.text))
    often = [year for year, times in years.items() if times >= max(years.values()) / 4]
    if not often:
        return np.zeros(len(candidates), dtype=np.float32)
    # A report tells of the latest of the years that it names often; later ones are when something falls due.
    reported = max(often)
    named = ([int(year) for year in YEAR.findall(f"{candidate.text} {candidate.headings[-1:]}")] for candidate in candidates)
    return np.array([bool(own) and max(own) < reported for own in named], dtype=np.float32)


def descriptions(topic: Topic, labels: LabelSet | None) -> list[str]:
    """Sentences that say what a topic is about: its own, and those of its labels."""
    own = list(topic.about)
    for name in topic.labels if labels is not None else ():
        label = labels.label(name) if labels is not None else None
        own += [label.description, *label.examples] if label is not None else []
    return own


def topic_headings(topic: Topic, labels: LabelSet | None) -> list[str]:
    """Headings under which a topic usually stands."""
    return [*topic.headings, *(heading for name in topic.labels if labels is not None for heading in labels.label(name).usually_in)]


def standardised(similarity: Floats) -> Floats:
    """Similarities in standard deviations above the document's mean, 0 below it, 1 from three on."""
    spread = float(similarity.std()) or 1.0
    return np.asarray(np.clip((similarity - similarity.mean()) / (3 * spread), 0.0, 1.0), dtype=np.float32)


def heading_match(candidates: Sequence[Candidate], headings: Sequence[str]) -> Floats:
    """1 where the innermost heading is one of `headings`, 0.6 where an outer one is, else 0, [N]."""
    if not headings:
        return np.zeros(len(candidates), dtype=np.float32)
    pattern = re.compile(r"\b(?:" + "|".join(re.escape(heading) for heading in headings) + r")\b", re.I)
    known: dict[tuple[str, ...], float] = {}
    for candidate in candidates:
        path = candidate.headings
        if path not in known:
            # A numbered paragraph has a heading without words; what it stands under is what counts.
            named = [heading for heading in path if any(character.isalpha() for character in heading[3:])]
            known[path] = 0.0 if not named else 1.0 if pattern.search(named[-1]) else 0.6 if pattern.search(" / ".join(named)) else 0.0
    return np.array([known[candidate.headings] for candidate in candidates], dtype=np.float32)


def clause_scores(candidates: Sequence[Candidate], starts: Sequence[int], clauses: Sequence[Clause], topic: Topic) -> Floats:
    """The best score of a clause of the topic's labels that a sentence overlaps, [N]."""
    best = np.zeros(len(candidates), dtype=np.float32)
    for clause in clauses:
        if clause.label not in topic.labels:
            continue
        span = clause.citation.span
        row = max(0, bisect_left(starts, span.start + 1) - 1)
        while row < len(candidates) and starts[row] < span.end:
            if candidates[row].span.overlaps(span):
                best[row] = max(best[row], clause.score)
            row += 1
    return best


def by_topic(
    plan: Plan,
    document: Document,
    candidates: Sequence[Candidate],
    vectors: Floats,
    scores: Floats,
    most: int,
    weights: Weights,
) -> list[Statement]:
    """Every topic's best sentence, then the second best, and so on until there are `most`; told in the plan's order."""
    taken: list[tuple[int, int]] = []  # (topic, candidate)
    order = sorted(range(len(plan.topics)), key=lambda column: (plan.topics[column].first, column))
    # A summary that is to be far longer than its plan lets every topic say more.
    times = max(1, round(most / sum(topic.most for topic in plan.topics)))
    for turn in range(times * max(topic.most for topic in plan.topics)):
        for column in order:
            if len(taken) >= most or turn >= times * plan.topics[column].most:
                continue
            row = next_best(column, taken, candidates, vectors, scores, plan.enough, weights)
            if row is not None:
                taken.append((column, row))
    taken.sort(key=lambda pair: (pair[0], candidates[pair[1]].span.start))
    return [
        statement(document, candidates[row], plan.topics[column].name, float(scores[row, column]) / weights.whole) for column, row in taken
    ]


def by_salience(
    plan: Plan,
    document: Document,
    candidates: Sequence[Candidate],
    vectors: Floats,
    salience: Floats,
    scores: Floats,
    likeness: Floats,
    most: int,
    weights: Weights,
) -> list[Statement]:
    """The sentences that say most of the document and nothing twice; where there is room, topics that they leave out. Told by topic."""
    best = scores.max(axis=1)
    value = salience + (plan.salient or 0.0) * np.where(np.isfinite(best), best, 0.0)
    order = [row for row in np.argsort(-value, kind="stable").tolist() if not signposts(candidates[row].text)]
    taken: list[int] = []

    def take(rows: Sequence[int], until: int) -> None:
        for row in rows:
            if len(taken) >= until:
                return
            if not any(repeats(row, other, candidates, vectors, weights) for other in taken):
                taken.append(row)

    room = most // 5 if most >= ROOMY else 0
    take(order, most - room)
    if room:
        told = {int(scores[row].argmax()) for row in taken}
        for column in sorted(set(range(len(plan.topics))) - told, key=lambda column: plan.topics[column].first):
            row = next_best(column, [(column, row) for row in taken], candidates, vectors, scores, plan.enough, weights)
            take([] if row is None else [row], most)
        take(order, most)
    columns = {row: int((scores if best[row] >= plan.enough else likeness)[row].argmax()) for row in taken}
    return [
        statement(document, candidates[row], plan.topics[columns[row]].name, float(salience[row]))
        for row in sorted(taken, key=lambda row: (columns[row], row))
    ]


def next_best(
    column: int,
    taken: Sequence[tuple[int, int]],
    candidates: Sequence[Candidate],
    vectors: Floats,
    scores: Floats,
    enough: float,
    weights: Weights,
) -> int | None:
    """The best sentence left for a topic that says something new, None if there is none good enough."""
    for row in np.argsort(-scores[:, column], kind="stable"):
        if scores[row, column] < enough:
            return None
        if scores[row, column] < scores[row].max() - weights.elsewhere:
            continue
        if not any(repeats(int(row), other, candidates, vectors, weights) for _, other in taken):
            return int(row)
    return None


def repeats(row: int, other: int, candidates: Sequence[Candidate], vectors: Floats, weights: Weights) -> bool:
    """Whether a sentence says again what another one says."""
    mine, theirs = candidates[row].words, candidates[other].words
    shared = len(mine & theirs) / max(1, min(len(mine), len(theirs)))
    return row == other or shared >= weights.same_words or float(vectors[row] @ vectors[other]) >= weights.same_meaning


def by_section(
    document: Document, candidates: Sequence[Candidate], vectors: Floats, salience: Floats, most: int, known: set[int], weights: Weights
) -> list[Statement]:
    """The lead, then the sentence of each section that is nearest to the whole document, the longest sections first."""
    centre = vectors.mean(axis=0)
    near = standardised(vectors @ (centre / (np.linalg.norm(centre) or 1.0)))
    faults = [candidate.leaning + 0.3 * candidate.cut + 2.0 * candidate.open_ended for candidate in candidates]
    score = near + salience - np.array(faults, dtype=np.float32)
    groups: dict[str, list[int]] = {}
    for row, candidate in enumerate(candidates):
        groups.setdefault(candidate.headings[0] if candidate.headings else "", []).append(row)
    if len(groups) == 1:
        deeper: dict[str, list[int]] = {}
        for row, candidate in enumerate(candidates):
            deeper.setdefault(" > ".join(candidate.headings[:2]), []).append(row)
        groups = deeper
    lead = next((row for row, candidate in enumerate(candidates) if not candidate.leaning and not candidate.open_ended), 0)
    taken = [] if candidates[lead].span.start in known else [lead]
    ranked = [sorted(rows, key=lambda row: -score[row]) for rows in sorted(groups.values(), key=len, reverse=True)]
    for turn in range(max(len(rows) for rows in ranked)):
        for rows in ranked:
            # A long section may speak several times, a short one once.
            if len(taken) + len(known) >= most or turn >= len(rows) or turn > len(rows) * most // len(candidates):
                continue
            row = rows[turn]
            if candidates[row].span.start not in known and not any(repeats(row, other, candidates, vectors, weights) for other in taken):
                taken.append(row)
    return [
        statement(document, candidates[row], "lead" if row == lead else section_topic(candidates[row]), float(score[row]) / 2)
        for row in sorted(taken)
    ]


def section_topic(candidate: Candidate) -> str:
    """The innermost heading in words that a sentence of a plain document stands under; a bare list number says nothing."""
    worded = [heading for heading in candidate.headings if any(len(word) > 1 and word.isalpha() for word in heading.split())]
    return worded[-1] if worded else "text"


def statement(document: Document, candidate: Candidate, topic: str, score: float) -> Statement:
    """The statement that a candidate makes; an ellipsis shows where its sentence was cut."""
    text = candidate.text + " …" if candidate.cut else candidate.text
    return Statement(text=text, citation=document.cite(candidate.span), topic=topic, score=round(min(1.0, max(0.0, score)), 4))
