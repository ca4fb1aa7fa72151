"""Which of the lengths of time in a text is the one that a label asks for: a notice, a term, a time to pay."""

from __future__ import annotations

import re

Found = tuple[int, int, str]
"""Start and end within the text, and the normalised form."""

_NOTICE_AFTER = re.compile(
    r"^['’]?\s*(?:advance\s+|written\s+|prior\s+)*(?:notice|prior|before|in advance|preceding|previous)\b", re.IGNORECASE
)
_NOTICE_BEFORE = re.compile(r"\b(?:notice|notif\w+|at least|no(?:t)? (?:less|later|fewer) than)\b[^.;]{0,30}$", re.IGNORECASE)
_NOTIFIED_WITHIN = re.compile(
    r"\b(?:notif\w+|notice|inform\w*|report\w*|advise\w*|tell)\b[^.;]{0,150}\b(?:within|not? later than)\b[^.;]{0,20}$", re.IGNORECASE
)
_TERM_BEFORE = re.compile(
    r"\b(?:renew\w*|exten[ds]\w*|successive|additional|terms?|for (?:\w+ ){0,3}periods?|force|continue\w*)\b"
    r"(?:(?!\bwithin\b|\bleast\b|\bthan\b)[^.;]){0,80}$",
    re.IGNORECASE,
)
_TERM_AFTER = re.compile(
    r"[\s-]*(?:(?:renewals?|extensions?|extended|additional|initial)[\s-]*)?(?:terms?|periods?|renewals?|extensions?)\b", re.IGNORECASE
)
"""A contract's term, and that of its renewal, are no periods of notice."""
_CUES = (
    (
        re.compile(r"confidential", re.IGNORECASE),
        re.compile(
            r"\b(?:surviv\w*|confiden\w*|secre\w*|non-?disclosure|obligations?|undertakings?|restrictions?|dut(?:y|ies))\b[^.;]*$",
            re.IGNORECASE,
        ),
        re.compile(r"\b(?:solicit\w*|hire|employ|standstill|acquire)\b", re.IGNORECASE),
    ),
    (
        re.compile(r"\bpayment\b", re.IGNORECASE),
        re.compile(r"\b(?:pay|pays|paid|payable|payments?|due|remit\w*)\b[^.;]{0,100}$", re.IGNORECASE),
        re.compile(r"\b(?:submit\w*|disput\w*|notif\w*|notice)\b", re.IGNORECASE),
    ),
    (
        re.compile(r"\b(?:return|deletion)\b", re.IGNORECASE),
        re.compile(r"\b(?:within|not? later than)\b[^.;]{0,40}$", re.IGNORECASE),
        None,
    ),
)
"""What a label asks for, what stands before a period of that kind, and what tells that a text without that has none: how long a secret is
kept (not for how long nobody is hired away), by when something is paid (not by when it is disputed) or given back."""
_CUE_REACH = 200


def period_of(text: str, label: str, found: list[Found], in_business_days: list[tuple[int, int]]) -> Found | None:
    """A period of notice where the label asks for one, else a period that is none; `found` are those of the text, `in_business_days` the
    places of those that ISO 8601 cannot say."""
    notice = [one for one in found if is_notice(text, *one[:2])]
    if "notice" in label.lower():
        unsaid = any(is_notice(text, *place) for place in in_business_days)
        terms = [one for one in found if _TERM_BEFORE.search(text[: one[0]]) or _TERM_AFTER.match(text, one[1])]
        return _first(notice, [] if unsaid else [one for one in found if one not in terms])
    others = [one for one in found if one not in notice]
    for asked, cue, other in _CUES:
        if asked.search(label):
            cued = [one for one in others if cue.search(text[max(0, one[0] - _CUE_REACH) : one[0]])]
            if not cued and other is not None and other.search(text):
                return None
            others = [*cued, *others]
    if "renewal" in label.lower():
        renewed = re.search(r"\b(?:renew|exten|additional|successive|thereafter)", text, re.IGNORECASE)
        later = [one for one in others if renewed and one[0] >= renewed.start() - 10]
        return _first(later, others)
    return _first(others, found)


def is_notice(text: str, start: int, end: int) -> bool:
    """Whether the period at `start` is one of notice."""
    before = text[max(0, start - 200) : start]
    return bool(_NOTICE_AFTER.search(text[end : end + 60]) or _NOTICE_BEFORE.search(before[-60:]) or _NOTIFIED_WITHIN.search(before))


def _first(*preferred: list[Found]) -> Found | None:
    return next((one for found in preferred for one in found), None)
