"""Whether a document is of the kind that a playbook or a rule is for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from longdoc_pipelines.playbook.schema import AppliesTo
from longdoc_pipelines.review import phrases as say
from longdoc_pipelines.review.evidence import Evidence


def wrong_kind(evidence: Evidence) -> str | None:
    """Why a document is none for the playbook, by its domain."""
    wanted, found = evidence.loaded.playbook.domain, evidence.document.domain
    if wanted == "legal" and found == "plain" and evidence.nameless:
        return "Names no parties and reads as no contract; to review it all the same, ingest it with --domain legal."
    if "plain" in (wanted, found) or wanted == found or (wanted == "financial" and evidence.filing.form is not None):
        return None
    return f"Reads as a {found} document, the playbook is for {wanted} ones; to review it all the same, ingest it with --domain {wanted}."


def other_type(title: str, meant: AppliesTo) -> str | None:
    """What agreements are meant, if a document of that title is none of them."""

    def named(words: Sequence[str]) -> list[str]:
        return [word for word in words if re.search(rf"\b{re.escape(word)}", title, re.IGNORECASE)]

    if named(meant.agreement_type):
        return None
    excluded = named(meant.not_agreement_type)
    if excluded:
        return f"not for {excluded[0]} agreements"
    if meant.agreement_type and not meant.not_agreement_type:
        return f"for {say.any_of(meant.agreement_type)} agreements"
    return None
