"""Text in a document that addresses a language model instead of a reader, and document text made safe to stand in a prompt.

What is found is flagged, not removed: the document stays what it is. What could end the marks around it, or speak in the name of the
system, is broken where text goes into a prompt (OWASP LLM01, prompt injection).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["instruction", "role", "mark", "hidden"]

_OWN_MARKS = "document|passage|outline|statements"
_CONTROL = re.compile(
    rf"<(?=\||/?(?:{_OWN_MARKS})\b|/?s>|</?SYS>>|<SYS>>|/?(?:system|assistant|user|think|tool_call)>|start_of_turn|end_of_turn)"
    r"|\[(?=/?INST\])",
    re.IGNORECASE,
)
_BROKEN = {"<": "\u2039", "[": "\u2045"}
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_HIDDEN = re.compile("[\U000e0020-\U000e007e]+|[\u200b\u200c\u2060-\u2064]{4,}|[\u202d\u202e]")

_EARLIER = r"(?:previous|prior|preceding|earlier|above|foregoing|existing|original|your|system|all(?:\s+(?:of\s+)?(?:the|your|my|other))?)"
_ORDERS = r"(?:instructions?|prompts?|directions?|guidelines|rules|commands)"
_INSTRUCTION = re.compile(
    rf"\b(?:ignore|disregard|forget|override|bypass)\s+(?:the\s+)?(?:{_EARLIER}\s+){{1,3}}{_ORDERS}\b"
    r"|\b(?:ignorez|oubliez)\s+(?:toutes\s+)?les\s+(?:consignes|instructions)\s+(?:précédentes|ci-dessus)"
    r"|\b(?:ignorier\w*|vergiss|vergessen\s+sie)\s+(?:alle\s+)?(?:vorherigen|bisherigen|obigen)\s+(?:anweisungen|anleitungen|befehle)"
    r"|\b(?:ignora|olvida|ignore)\s+(?:todas\s+)?las\s+(?:instrucciones|indicaciones)\s+(?:anteriores|previas)"
    r"|\bignor[ae]\s+tod[ao]s\s+as\s+instruções\s+anteriores|\bignora\s+tutte\s+le\s+istruzioni\s+precedenti"
    r"|\b(?:reveal|print|repeat|output)\s+(?:your|the)\s+(?:system\s+)?prompt\b"
    r"|\b(?:do\s+not|never|don't)\s+(?:tell|inform|mention\s+(?:this|it)\s+to)\s+the\s+user\b"
    r"|\b(?:respond|reply|answer)\s+(?:only\s+)?with\s+(?:the\s+(?:word|phrase|text)|exactly|only)\b"
    r"|忽略(?:之前|以上|上述|先前)的?(?:所有)?(?:指令|指示)|игнорируй(?:те)?\s+(?:все\s+)?предыдущие\s+инструкции",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\byou\s+are\s+(?:now\s+)?(?:an?\s+)?(?:AI|language\s+model|chatbot|assistant|LLM|DAN|GPT\S*)\b|\bas\s+an?\s+AI\s+(?:language\s+)?(?:model|assistant)\b"
    r"|\b(?:AI|LLM|language\s+models?|chatbots?)\s*(?:,|:)?\s+(?:reading|processing|summari[sz]ing|reviewing)\s+this\b"
    r"|\b(?:instructions?|note|message)\s+(?:to|for)\s+(?:the\s+)?(?:AI|LLMs?|language\s+models?|chatbots?)\b"
    r"|^\s*(?:system|assistant)\s*:\s*(?=you\b|ignore\b|the\s+user\b|please\b|always\b|never\b)",
    re.IGNORECASE | re.MULTILINE,
)
_MARK = re.compile(
    rf"<\|[^|<>\n]{{1,40}}\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>|</(?:{_OWN_MARKS})>|</?(?:system|assistant)>",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Flag:
    """Characters [start, end) of a text that address a model: an "instruction", a "role" given to it, a chat "mark", or "hidden" text."""

    start: int
    end: int
    kind: Kind
    reason: str


_KINDS: tuple[tuple[Kind, re.Pattern[str], str], ...] = (
    ("instruction", _INSTRUCTION, "tells a language model what to do"),
    ("role", _ROLE, "speaks to a language model"),
    ("mark", _MARK, "is a mark by which a language model tells who speaks"),
    ("hidden", _HIDDEN, "is text that a reader does not see"),
)


def suspicious(text: str) -> list[Flag]:
    """What of `text` addresses a language model, in order."""
    return sorted(_found(text), key=lambda flag: flag.start)


def _found(text: str) -> Iterator[Flag]:
    for kind, pattern, reason in _KINDS:
        for found in pattern.finditer(text):
            yield Flag(found.start(), found.end(), kind, reason)


def neutralised(text: str) -> str:
    """`text` without invisible characters, and with the first character of every mark of a chat template, and of longdoc's own marks
    around documents, exchanged for one that looks like it. All else stays, so that quotes from it are found in the document."""
    return _CONTROL.sub(lambda found: _BROKEN[found[0]], _INVISIBLE.sub("", text))
