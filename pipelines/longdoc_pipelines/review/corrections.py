"""What people decided: from the file that the HTML report exports, checked against what was reviewed, and on to training."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import ValidationError

from longdoc.errors import GroundingError, PlaybookError, UsageError
from longdoc.types import Citation, Correction, Span, Verdict
from longdoc_pipelines.playbook.problems import near

if TYPE_CHECKING:
    from longdoc_pipelines.playbook.loading import Loaded
    from longdoc_pipelines.playbook.schema import Rule
    from longdoc_stores.corpus import Corpus, Entry
    from longdoc_stores.verdicts import Judged

LARGEST = 64 << 20
"""Bytes of a file of corrections."""


def read_corrections(file: Path) -> list[Correction]:
    """The corrections in a JSON Lines file, as the HTML report exports them.

    A citation needs `start` and `end` alone: the quote is looked up in the document.

    Raises: PlaybookError with every line that is wrong.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise PlaybookError(f"{file}: has {file.stat().st_size:,} bytes, the limit is {LARGEST:,}; split it")
        lines = file.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise PlaybookError(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise PlaybookError(f"{file}: is not UTF-8 ({error})") from error
    found, wrong = [], []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                found.append(_correction(line, f"{file}:{number}"))
            except PlaybookError as error:
                wrong.append(str(error))
    if wrong:
        raise PlaybookError("\n".join(wrong) + f"\nnothing of {file} was applied; mend these lines or take them out")
    return found


def _correction(line: str, where: str) -> Correction:
    try:
        content = json.loads(line)
        place = content.get("citation") if isinstance(content, dict) else None
        if isinstance(place, dict) and "span" not in place:
            content = {**content, "citation": _citation(content, place)}
        made = Correction.model_validate(content)
        datetime.fromisoformat(made.at)
        return made
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] in (("verdict",), ("was",)):
            raise PlaybookError(f"{where}: {first['loc'][0]}: {_no_verdict(str(first['input']))}") from error
        raise PlaybookError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PlaybookError(f"{where}: no correction as the report exports them ({error})") from error


def _citation(content: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    span = {"start": place["start"], "end": place["end"]}
    quote, page = place.get("quote") or "", place.get("page")
    return {"document_id": content.get("document_id", ""), "path": content.get("path", ""), "span": span, "quote": quote, "page": page}


def all_completed(corpus: Corpus, corrections: Iterable[Correction]) -> list[Correction]:
    """Every correction as `completed` gives it.

    Raises: UsageError with every one that cannot be taken; then none is.
    """
    found, wrong = [], []
    for one in corrections:
        try:
            found.append(completed(corpus, one))
        except UsageError as error:
            wrong.append(str(error))
    if wrong:
        raise UsageError("\n".join(wrong) + ("\nno decision was taken over" if found or len(wrong) > 1 else ""))
    return found


def completed(corpus: Corpus, correction: Correction) -> Correction:
    """The correction with its playbook where it names none, and with the citation made anew in the document.

    Raises: UsageError if no review has looked at this document by this rule, or the passage is not there.
    """
    judged = corpus.verdicts.rule_of(correction.document_id, correction.rule)
    if not judged:
        known = corpus.verdicts.rules_of(correction.document_id)
        what_to_do = near(correction.rule, known) if known else "; review it first, with the same --store, and export the corrections again"
        raise UsageError(f"{correction.path}: no review here has judged this document by a rule {correction.rule!r}{what_to_do}")
    fitting = [one for one in judged if correction.playbook in ("", one.playbook)] or judged
    same = next((one for one in fitting if one.rule_version == correction.rule_version), fitting[0])
    changes: dict[str, Any] = {"playbook": same.playbook, "path": same.path}
    if correction.citation is not None:
        changes["citation"] = _cited(corpus, correction, same.path)
    return correction.model_copy(update=changes)


def decided(
    corpus: Corpus, path: str, rule: str, verdict: str, *, by: str, at: str, note: str = "", playbook: str = "", passage: Span | None = None
) -> Correction:
    """A person's verdict on one document by one rule; "accept" takes the machine's. `passage` is what it rests on, in characters.

    Raises: UsageError if the document was not reviewed by such a rule, or there is no such verdict.
    """
    if not by.strip():
        raise UsageError("--by: name who decides")
    document_id, judged = _judged(corpus, path, rule, playbook)
    was = judged.verdict
    wanted = was if verdict == "accept" else verdict
    if wanted not in get_args(Verdict):
        raise UsageError(f"--verdict: {_no_verdict(verdict)}")
    if verdict == "accept" and was == "needs_review":
        raise UsageError(f"--verdict accept: the machine leaves {rule} to you; decide for one of {', '.join(get_args(Verdict))}")
    said: dict[str, Any] = {"document_id": document_id, "path": judged.path, "rule": rule, "rule_version": judged.rule_version}
    if passage is not None:
        said["citation"] = Citation(document_id=document_id, path=judged.path, span=passage, quote="")
    return Correction.model_validate({**said, "playbook": judged.playbook, "verdict": wanted, "was": was, "by": by, "at": at, "note": note})


def _no_verdict(word: str) -> str:
    return f"{word!r} is no verdict; decide for one of {', '.join(get_args(Verdict))}{near(word, get_args(Verdict), listed=False)}"


def withdrawn(corpus: Corpus, path: str, rule: str, *, by: str, playbook: str = "") -> None:
    """Take a person's verdict back.

    Raises: UsageError if there is none.
    """
    if not by.strip():
        raise UsageError("--by: name who takes it back")
    document_id, judged = _judged(corpus, path, rule, playbook)
    with corpus.writing(sweep=False):
        if not corpus.verdicts.withdraw(document_id, judged.playbook, rule, by):
            raise UsageError(f"{path}: nobody has decided about rule {rule!r}")


def _judged(corpus: Corpus, path: str, rule: str, playbook: str) -> tuple[str, Judged]:
    entries = corpus.select([path])
    if len(entries) != 1:
        raise UsageError(f"{path}: names {len(entries)} documents of the corpus; name one")
    judged = [row for row in corpus.verdicts.rule_of(entries[0].document_id, rule) if playbook in ("", row.playbook)]
    if not judged:
        known = corpus.verdicts.rules_of(entries[0].document_id)
        what_to_do = near(rule, known) if known else "; review it first"
        raise UsageError(f"{path}: no review has judged it by a rule {rule!r}{f' of {playbook}' if playbook else ''}{what_to_do}")
    if len({row.playbook for row in judged}) > 1:
        raise UsageError(f"rule {rule!r} is in {', '.join(sorted({row.playbook for row in judged}))}: name one with --playbook")
    return entries[0].document_id, judged[0]


def _cited(corpus: Corpus, correction: Correction, path: str) -> Any:
    entry = entry_of(corpus.select(), correction.document_id)
    if entry is None or correction.citation is None:
        raise UsageError(f"{path}: the document is not in the corpus any more; ingest it again")
    span = correction.citation.span
    try:
        made = corpus.document(entry).cite(Span(start=span.start, end=span.end))
    except GroundingError as error:
        raise UsageError(f"{path}: the passage of the correction by {correction.by} is not there: {error}") from error
    if correction.citation.quote and made.quote != correction.citation.quote:
        raise UsageError(f"{path}: {span.start}-{span.end} is not the text that the correction by {correction.by} quotes; export it again")
    return made


def entry_of(entries: Sequence[Entry], document_id: str) -> Entry | None:
    """The entry of a document by its id."""
    return next((entry for entry in entries if entry.document_id == document_id), None)


def write_training(corpus: Corpus, loaded: Loaded, file: Path) -> Counter[str]:
    """Write what people decided about clauses as rows for `longdoc train clauses --data`; how many there are of each label set, under ""
    those that only name a document.

    Raises: UsageError if the file cannot be written.
    """
    rows = list(training_rows(corpus, loaded))
    try:
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written ({error.strerror})") from error
    return Counter(str(row["label_set"]) for row in rows)


def training_rows(corpus: Corpus, loaded: Loaded) -> Iterator[dict[str, Any]]:
    """What people's decisions by the rules of one playbook say about clauses, in the form of corrected results of `extract`.

    Where the clause is there by a person's verdict, the passage that they point at, or else the machine's best, carries the label; where
    it is not, none of the machine's does. A verdict from which that does not follow says nothing. In a document that somebody decided
    about, what the machine found for other rules is marked too, since what no row marks would be learnt as not there. `label_set` tells
    labels of the playbook's own from those of its label set.
    """
    decided: dict[str, list[Correction]] = {}
    for one in corpus.verdicts.corrections(loaded.playbook.playbook):
        decided.setdefault(one.document_id, []).append(one)
    entries = {entry.document_id: entry for entry in corpus.select()}
    for document_id, decisions in decided.items():
        if document_id in entries:
            yield from _rows_of(corpus, loaded, entries[document_id], {one.rule: one for one in decisions})


def _rows_of(corpus: Corpus, loaded: Loaded, entry: Entry, decisions: Mapping[str, Correction]) -> Iterator[dict[str, Any]]:
    own = {label.name.casefold() for label in loaded.playbook.labels}
    named = [(rule, rule.label) for rule in loaded.playbook.rules if rule.label is not None]
    by_person = {label.casefold() for rule, label in named if rule.id in decisions}
    text = corpus.document(entry).text
    marked: set[tuple[str, Span]] = set()
    decides = False
    for rule, label in sorted(named, key=lambda one: one[0].id not in decisions):
        decision = decisions.get(rule.id)
        judged = [row for row in corpus.verdicts.rule_of(entry.document_id, rule.id) if row.playbook == loaded.playbook.playbook]
        if decision is None and (label.casefold() in by_person or not judged):
            continue
        there = is_there(rule, decision.verdict if decision is not None else judged[0].verdict)
        decides = decides or (decision is not None and there is not None)
        places = list(dict.fromkeys(place for row in judged for place in row.places))
        if there:
            places = [decision.citation.span] if decision is not None and decision.citation is not None else places[:1]
        elif there is None or decision is None:
            continue
        for place in places:
            if (label.casefold(), place) not in marked:
                marked.add((label.casefold(), place))
                base = loaded.own.name if loaded.own is not None and label.casefold() in own else loaded.base.name
                said = {"path": entry.path, "label": label, "start": place.start, "end": place.end}
                yield {**said, "text": text[place.start : place.end], "correct": "yes" if there else "no", "label_set": base}
    if decides and not marked:
        yield {"path": entry.path, "label": "", "start": None, "end": None, "text": "", "correct": "", "label_set": ""}


def is_there(rule: Rule, verdict: Verdict) -> bool | None:
    """Whether a document with this verdict has the rule's clause; None where that does not follow."""
    if rule.requirement == "forbidden":
        return {"violation": True, "compliant": False if rule.test is None else None}.get(verdict)
    if verdict in ("missing", "not_applicable"):
        return False if verdict == "missing" or rule.requirement == "conditional" else None
    return True if verdict in ("compliant", "violation") else None
