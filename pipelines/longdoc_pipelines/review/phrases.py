"""The words in which a finding gives its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence

from longdoc.model.values import business_days
from longdoc.types import Citation, Position, Searched, Value
from longdoc_pipelines.playbook.conditions import Told
from longdoc_pipelines.playbook.quantities import readable
from longdoc_pipelines.playbook.schema import Rule, ValueKind


def about(rule: Rule) -> str:
    """The label or question of a rule, quoted."""
    return repr(rule.label) if rule.label is not None else repr(rule.question)


def extent(searched: Searched) -> str:
    """`in 35 sections on 14 pages, among them Item 4. Controls and Procedures (page 12); page 3 could not be read`."""
    sections = f"{searched.sections} section{'s' * (searched.sections != 1)}" if searched.sections else "the whole text"
    pages = f" on {searched.pages} page{'s' * (searched.pages != 1)}" if searched.pages else ""
    usual = f", among them {_listed(searched.usual)}" if searched.usual else ""
    unread = f"; page{'s' * (len(searched.unread) > 1)} {_ranges(searched.unread)} could not be read" if searched.unread else ""
    return f"in {sections}{pages}{usual}{unread}"


def _ranges(numbers: Sequence[int]) -> str:
    """`3, 7-9 and 12`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return _listed([str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs])


def _listed(words: Sequence[str]) -> str:
    """`one, two and three`."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def nearest(searched: Searched) -> str:
    """` The nearest passage, on page 7, has a score of 0.12.`; nothing where there is none."""
    if searched.nearest is None:
        return ""
    place = where(searched.nearest)
    return f" The nearest passage{f',{place},' if place else ''} has a score of {searched.score:.2f}."


def passage(rule: Rule) -> str:
    """What was looked for, as something that is there."""
    return f"a passage on {rule.label!r}" if rule.label is not None else f"a passage that answers {rule.question!r}"


def stated(told_of: Told, rule: Rule) -> str:
    """`the notice period is 90 days (page 3)`, and where that cannot be compared why not."""
    said: dict[str, None] = {}
    for name, value in told_of.values:
        why = _incomparable(value, rule.values[name].read) if told_of.holds is None else ""
        named = name.replace("_", " ")
        said[f"the {named} {_is(named)} {shown(value)}{page(value.citation)}{why}"] = None
    return " and ".join(said)


def listed(values: Sequence[tuple[str, Value]]) -> str:
    """`30 days (page 3)`."""
    return " and ".join(f"{shown(value)}{page(value.citation)}" for _, value in values)


def unread(name: str, kind: ValueKind, label: str, passages: Sequence[str]) -> str:
    """Why a value was not read from these passages of a label."""
    said = name.replace("_", " ")
    if not passages:
        return f"there is no passage on {label!r} that could state the {said}"
    if kind == "duration":
        for text in passages:
            for start, end in business_days(text):
                return f"the {said} {_is(said)} given as {' '.join(text[start:end].split())!r}, which no calendar turns into days"
    return f"the {said} {_is(said)} not stated, or could not be read"


def _incomparable(value: Value, kind: ValueKind) -> str:
    if kind == "date" and value.kind != "date":
        return ", a length of time and no date"
    return ", in another currency than the test" if kind == "amount" else ""


def _is(name: str) -> str:
    return "are" if re.search(r"[^sui]s$", name) else "is"


def shown(value: Value) -> str:
    """A value as a person reads it."""
    if value.kind in ("text", "party"):
        return repr(re.sub(r"\s+", " ", value.normalised)[:80])
    return "stated" if value.kind == "yes_no" else readable(value.kind, value.normalised)


def wanted(told_of: Told) -> str:
    """What a condition asks for."""
    return " and ".join(told_of.wanted)


def page(citation: Citation) -> str:
    """`(page 3)`, nothing where there is none."""
    return f" (page {citation.page})" if citation.page is not None else ""


def where(citation: Citation | None) -> str:
    """`on page 3`, nothing where there is none."""
    return f" on page {citation.page}" if citation is not None and citation.page is not None else ""


def named(position: Position) -> str:
    """A position as it is written."""
    return position.replace("_", "-")


def form(name: str) -> str:
    """`a report on Form 10-K`; what is no form of the SEC by its name."""
    if name.startswith("EX-"):
        return f"exhibit {name.removeprefix('EX-')} of a filing"
    return f"a report on Form {name}" if name[:1].isdigit() else f"a{'n' * (name[:1].lower() in 'aeiou')} {name}"


def forms(names: Sequence[str]) -> str:
    """`reports on Form 10-K or 10-Q`."""
    numbered = [name for name in names if name[:1].isdigit()]
    others = [f"{name}s" if name.islower() else name for name in names if name not in numbered]
    return any_of([*([f"reports on Form {any_of(numbered)}"] if numbered else []), *others])


def any_of(words: Sequence[str]) -> str:
    """Words of which one is enough."""
    return " or ".join(words)


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
