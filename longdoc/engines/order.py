"""The order in which requests are asked, so that a server reads a text that many share once.

A server that keeps the prefixes it has read (vLLM's automatic prefix caching) reads a document once for all questions about it, if they
come while it is kept: together, and not before it has been read for the first of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from longdoc.protocols import Request

SHORTEST = 512
"""Characters of a prefix that are worth waiting for."""


def grouped(requests: Sequence[Request]) -> list[list[int]]:
    """Indices of `requests` in groups that share a long prefix, each group by length, and groups by that of their first.

    Requests share one if they have the same adapter and begin with the same `SHORTEST` characters, and with half of the shorter one: so
    that instructions which all begin with do not make one group of several documents.
    """
    parts = [[request.adapter or "", *((each["role"], each["content"]) for each in request.messages)] for request in requests]
    groups = list[list[int]]()
    last = None
    for index in sorted(range(len(requests)), key=lambda index: (parts[index], index)):
        if last is not None and _share(requests[last], requests[index]):
            groups[-1].append(index)
        else:
            groups.append([index])
        last = index
    lengths = [length(request) for request in requests]
    for group in groups:
        group.sort(key=lambda index: (lengths[index], index))
    return sorted(groups, key=lambda group: (lengths[group[0]], group[0]))


def length(request: Request) -> int:
    """Characters of a request's messages."""
    return sum(len(message["content"]) for message in request.messages)


def _share(left: Request, right: Request) -> bool:
    wanted = max(SHORTEST, min(length(left), length(right)) // 2)
    if left.adapter != right.adapter:
        return False
    for one, other in zip(left.messages, right.messages, strict=False):
        # Slices of a string as long as itself are itself: a document that requests hold together is not copied.
        if one["role"] != other["role"] or one["content"][:wanted] != other["content"][:wanted]:
            return False
        wanted -= min(len(one["content"]), len(other["content"]))
        if wanted <= 0:
            return True
        if len(one["content"]) != len(other["content"]):
            return False
    return False
