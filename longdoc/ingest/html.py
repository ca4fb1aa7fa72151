"""HTML: block text in reading order with pages, tables and inline XBRL facts, also as the SEC publishes filings; hidden parts and
scripts left out."""

from __future__ import annotations

import re

from longdoc.errors import UnsupportedError
from longdoc.ingest.html_asides import cover_facts, fact_asides, other_asides
from longdoc.ingest.html_layout import Layout
from longdoc.ingest.html_pages import find_pages
from longdoc.ingest.html_source import HtmlSource, read_source
from longdoc.ingest.html_walk import Walker
from longdoc.ingest.xbrl import Facts, fact_tags, prefix_of
from longdoc.protocols import Limits, Parsed

_SPACE = re.compile(r"\s+")


class HtmlIngestor:
    """Reads HTML, XHTML and MHTML, also as the SEC publishes filings (inline XBRL, layout tables, page markers)."""

    format = "html"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The visible text with headings, lists, tables, pages and asides.

        Raises: EncodingError, DamagedError, UnsupportedError, LimitError.
        """
        source = read_source(data, name)
        prefix = prefix_of(source.text)
        facts = Facts(source.root, prefix) if prefix else None
        walker = Walker(fact_tags(prefix) if prefix else frozenset())
        walker.read(source.root)
        laid_out = Layout(find_pages(walker.pieces))
        if not laid_out.blocks:
            _refuse_frames(source, name)
        asides = [*laid_out.asides, *other_asides(walker, laid_out)]
        warnings, metadata = list(source.warnings), source.metadata
        if facts is not None:
            found, warning = fact_asides(walker, laid_out, facts)
            asides += found
            warnings += warning
            metadata = cover_facts(found) | metadata
        title = source.root.findtext(".//title")
        return Parsed(
            text=laid_out.text,
            format=self.format,
            pages=laid_out.pages,
            blocks=tuple(laid_out.blocks),
            title=_squeeze(title or "") or None,
            metadata=metadata,
            warnings=tuple(warnings),
            tables=tuple(laid_out.tables),
            asides=tuple(asides),
        )


def _refuse_frames(source: HtmlSource, name: str) -> None:
    """A page of frames holds no text itself."""
    frames = [frame.get("src", "") for frame in source.root.iter("frame", "iframe")]
    if frames:
        raise UnsupportedError(f"{name}: a page of frames whose text is in other files ({', '.join(frames[:5])}); read those instead")


def _squeeze(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
