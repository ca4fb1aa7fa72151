"""What a summary of an earnings call must say: the figures of the quarter first, then what is expected, then the rest.

People on a call speak: most sentences greet, thank, hand over or explain, and the figures that a reader looks for (earnings per share,
sales of the whole company, guidance) are each said in a sentence or two among hundreds.
"""

from __future__ import annotations

import re

from longdoc.model.topics import FIGURE, Plan, Topic
from longdoc.model.wording import any_of

_SAMPLE = 40_000
_SPOKEN = re.compile(
    r"\b(?:I|I['’](?:m|ll|d|ve)|[Ww]e['’](?:re|ve|ll|d)|[Ii]t['’]s|[Tt]hat['’]s|[Ll]et['’]s|[Dd]on['’]t|[Yy]ou|[Tt]hanks|[Tt]hank you)\b"
)
_CALL = re.compile(
    r"\b(?:(?:conference|earnings|this|today['’]s) call|prepared remarks|question[- ]and[- ]answer|q&a|turn (?:it|the call) over)\b", re.I
)
_SPOKEN_SHARE, _ON_A_CALL = 0.002, 0.001
"""Words of conversation among all words from which on a text was spoken, and from which on it was if it mentions the call: reports have
less than one in 1,000 at their beginning, calls five in the mean."""


def spoken(text: str) -> bool:
    """Whether the text is what people said, as on a call, and not what they wrote."""
    sample = text[:_SAMPLE]
    share = len(_SPOKEN.findall(sample)) / max(1000, len(sample.split()))
    return share >= _SPOKEN_SHARE or (share >= _ON_A_CALL and _CALL.search(sample) is not None)


_AHEAD = (
    r"\b(?:expect(?:ed|s|ing)?|guidance|outlook|anticipat\w+|forecast\w*|project(?:ed|s|ing)?|target(?:s|ed|ing)?|to be in the range)\b"
)
_PART = (
    r"\b(?:segments?|divisions?|business unit|region\w*|category|categories|brands?|market|customers|americas|north america|international"
    r"|europe\w*|asia\w*|china|pacific)\b"
)
_PERIOD = r"\b(?:(?:first|second|third|fourth)[ -](?:fiscal )?quarter|q[1-4]|(?:the|this) quarter|quarterly)\b"
_SUM = r"\$\s?\d[\d.,]*\s(?:million|billion)"

CALL = Plan(
    brevity=0.02,
    enough=0.1,
    topics=(
        Topic(
            "earnings",
            about=(
                "Diluted earnings per share were $1.20 in the quarter.",
                "Net income for the quarter was $30 million or $0.40 per share.",
            ),
            cues=any_of(
                r"\b(?:earnings|income|loss|eps|ffo|affo|funds from operations|nareit)\b.{0,80}\$\s?\d+\.\d\d\b",
                r"\b(?:per (?:\w+ ){0,2}share|eps)\b",
                _PERIOD,
            ),
            needs=any_of(
                r"(?:\bper (?:\w+ ){0,2}share\b|\beps\b).{0,80}\$\s?\d",
                r"\$\s?\d+\.\d\d?\b.{0,30}(?:\bper (?:\w+ ){0,2}share\b|\beps\b)",
            ),
            avoids=any_of(
                _AHEAD,
                r"\b(?:dividends?|book value|accreti\w+|impact|benefit(?:ed)? (?:from|of)|charges?|repurchase\w*)\b",
                r"\b(?:average price|per share price)\b",
            ),
            early=True,
            most=2,
            first=0,
        ),
        Topic(
            "revenue",
            about=(
                "Net sales for the quarter increased 5% to $2.4 billion.",
                "Total revenue was $310 million, up 12% from the prior year.",
            ),
            cues=any_of(
                r"\b(?:sales|revenues?)\b.{0,60}" + _SUM,
                r"\b(?:total|consolidated|net|company|overall|quarter|record)\s(?:\w+\s)?(?:sales|revenues?)\b",
                _PERIOD,
            ),
            needs=any_of(r"\b(?:sales|revenues?)\b.{0,90}" + _SUM, _SUM + r".{0,40}\b(?:sales|revenues?)\b"),
            avoids=any_of(_AHEAD, _PART + r".{0,80}" + _SUM, r"\b(?:same[- ]store|comparable|cost of|deferred|percent of|% of)\b"),
            early=True,
            most=1,
            first=1,
        ),
        Topic(
            "guidance",
            about=(
                "We expect earnings per share for fiscal 2021 to be between $3.00 and $3.20.",
                "We are raising our full-year revenue guidance.",
            ),
            cues=any_of(
                r"\b(?:in (?:the|a) range|between|range of|rang(?:e|ing) from|approximately|at least)\b.{0,20}\$?\d",
                r"\b(?:per (?:\w+ ){0,2}share|eps|revenues?|sales|ebitda)\b",
                r"\b(?:full[- ]year|fiscal|(?:first|second|third|fourth) quarter|20\d\d)\b",
            ),
            needs=any_of(
                _AHEAD + r".{0,200}\d",
                r"\d.{0,200}" + _AHEAD,
                r"\b(?:rais|lower|increas|reduc|reaffirm|maintain|withdr|suspend|provid)\w*\b.{0,60}\b(?:guidance|outlook)\b",
            ),
            avoids=any_of(
                r"\b(?:slides?|let['’]s|let me)\b",
                r"\b(?:tax rate|share count|interest expense|depreciation|corporate expense)\b",
                r"\bour (?:prior|previous) (?:expectation|guidance)s?\b",
            ),
            most=2,
            first=2,
        ),
        Topic(
            "performance",
            about=(
                "Same-store sales increased 4% in the quarter.",
                "Adjusted EBITDA margin improved to 18%.",
                "Orders rose 8% and the backlog reached a record.",
            ),
            cues=any_of(
                r"\b(?:same[- ]store|comparable|comp|organic)\b",
                r"\b(?:ebitda|operating (?:income|profit|margin)|gross margin|orders|backlog|net interest income|noi|bookings|volumes?)\b",
                _PERIOD,
            ),
            needs=FIGURE,
            avoids=any_of(_AHEAD),
            most=3,
            first=3,
        ),
        Topic(
            "cash",
            about=(
                "We returned $80 million to shareholders through dividends and share repurchases.",
                "We ended the quarter with $1.2 billion of liquidity.",
            ),
            cues=any_of(
                r"\b(?:dividends?|repurchase\w*|buyback)\b", r"\b(?:cash flow|liquidity|debt|leverage|balance sheet|credit facility)\b"
            ),
            needs=FIGURE,
            avoids=any_of(_AHEAD, r"\bshares (?:that were issued|outstanding)\b"),
            most=2,
            first=4,
        ),
        Topic(
            "reasons",
            about=(
                "Growth was driven by strong demand, higher prices and the acquisition.",
                "We agreed to acquire the company to expand into a new market.",
                "Supply chain constraints and inflation weighed on our results.",
            ),
            cues=any_of(
                r"\b(?:driven by|due to|as a result of|because of|reflect(?:s|ing|ed)?|offset by)\b",
                r"\b(?:acqui\w+|launch\w*|demand|inflation|supply chain|pricing|pandemic|investment\w*|strategy|initiatives?)\b",
            ),
            avoids=any_of(r"\b(?:question|call|slide|presentation|thank\w*|turn (?:it|the))\b"),
            most=3,
            first=5,
        ),
    ),
)
