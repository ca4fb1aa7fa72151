"""PPTX: a slide a page, its title a heading, text from top to bottom and left to right, tables, the figures of charts, notes last.

What the speaker is to say (the notes) is part of the text, as a footnote of its slide; hidden slides are read as the others.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from longdoc.errors import DamagedError, LimitError, UnsupportedError
from longdoc.ingest.number_format import shown
from longdoc.ingest.package import DAMAGE, open_package
from longdoc.ingest.table_builder import TableBuilder
from longdoc.ingest.tables import Entry
from longdoc.protocols import Limits, Parsed
from longdoc.types import Page, Span

_EMU_A_POINT = 12_700
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_SPACE = re.compile(r"[\s\x0b]+")
DEEPEST = 50
"""Groups that may lie in each other."""


class PptxIngestor:
    """Reads PowerPoint presentations (Office Open XML)."""

    format = "pptx"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The slides as pages. Raises: DamagedError, EncryptedError, LimitError; UnsupportedError without python-pptx."""
        try:
            import pptx
            from pptx.exc import PythonPptxError
        except ImportError as error:
            raise UnsupportedError(f"{name}: a PowerPoint presentation needs python-pptx: pip install 'longdoc[office]'") from error
        open_package(data, name, limits).close()
        builder = TableBuilder()
        try:
            presentation = pptx.Presentation(io.BytesIO(data))
            count = len(presentation.slides)
            if count > limits.pages:
                raise LimitError(f"{name}: has {count} pages, the limit is {limits.pages}; split it or raise max_pages")
            size = ((presentation.slide_width or 0) / _EMU_A_POINT, (presentation.slide_height or 0) / _EMU_A_POINT)
            ends = []
            for slide in presentation.slides:
                _add_slide(builder, slide)
                ends.append(builder.length)
            properties = presentation.core_properties
            told = {"author": properties.author, "created": properties.created, "modified": properties.modified}
            title = properties.title
        except (PythonPptxError, *DAMAGE) as error:
            raise DamagedError(f"{name}: not readable as a PowerPoint presentation ({error}); open it and save it anew") from error
        text, blocks, tables = builder.finish_all()
        metadata = {key: str(value) for key, value in told.items() if value}
        pages = tuple(_pages(ends, text, *size))
        return Parsed(
            text=text, format=self.format, pages=pages, blocks=tuple(blocks), title=title or None, metadata=metadata, tables=tables
        )


def _pages(ends: list[int], text: str, width: float, height: float) -> Iterator[Page]:
    start = 0
    for number, end in enumerate(ends, 1):
        begin = min(start + len(text[start:end]) - len(text[start:end].lstrip()), end) if start < end else start
        yield Page(number=number, span=Span(start=begin, end=max(begin, end)), width=width, height=height, has_text=end > begin)
        start = max(start, end)


def _add_slide(builder: TableBuilder, slide: Any) -> None:
    title = slide.shapes.title
    if title is not None and title.has_text_frame:
        builder.add("heading", _squeeze(title.text_frame.text), 1)
    placed = sorted(_shapes(slide.shapes, 0), key=lambda shape: (shape.top or 0, shape.left or 0))
    for shape in placed:
        if title is None or shape.shape_id != title.shape_id:
            _add_shape(builder, shape)
    if slide.has_notes_slide:
        frame = slide.notes_slide.notes_text_frame
        for paragraph in frame.paragraphs if frame is not None else ():
            builder.add("footnote", _squeeze(paragraph.text))


def _shapes(shapes: Any, depth: int) -> Iterator[Any]:
    """Shapes that are no groups, those of a group in its place."""
    if depth > DEEPEST:
        return
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes, depth + 1)
        else:
            yield shape


def _add_shape(builder: TableBuilder, shape: Any) -> None:
    if getattr(shape, "has_table", False):
        builder.add_table([[_entry(cell) for cell in row.cells if not cell.is_spanned] for row in shape.table.rows])
    elif getattr(shape, "has_chart", False):
        _add_chart(builder, shape.chart)
    elif shape.has_text_frame:
        for paragraph in shape.text_frame.paragraphs:
            builder.add("list_item" if paragraph.level else "paragraph", _squeeze(paragraph.text))
    else:
        for diagram in shape._element.iter(_DIAGRAM):
            _add_diagram(builder, shape.part, diagram.get(_R + "dm"))


def _entry(cell: Any) -> Entry:
    spanning = cell.is_merge_origin
    return Entry(_squeeze(cell.text), cell.span_width if spanning else 1, cell.span_height if spanning else 1)


def _add_chart(builder: TableBuilder, chart: Any) -> None:
    """A chart's title and the figures that it draws: a row a category, a column a series."""
    if chart.has_title and chart.chart_title.has_text_frame:
        builder.add("paragraph", _squeeze(chart.chart_title.text_frame.text))
    for plot in chart.plots:
        series = list(plot.series)
        head = [Entry(""), *(Entry(_squeeze(str(one.name or ""))) for one in series)]
        categories = [_squeeze(str(category)) for category in plot.categories]
        columns = [list(one.values) for one in series]
        length = max([len(categories), *map(len, columns)], default=0)
        rows = [
            [Entry(_at(categories, row)), *(Entry(shown(column[row]) if row < len(column) else "") for column in columns)]
            for row in range(length)
        ]
        builder.add_table([head, *rows])


def _at(words: list[str], place: int) -> str:
    return words[place] if place < len(words) else ""


def _add_diagram(builder: TableBuilder, part: Any, relation: str | None) -> None:
    """The words of a diagram (SmartArt), whose data lie in a part of their own."""
    from lxml import etree

    if relation is None or relation not in part.rels or part.rels[relation].is_external:
        return
    root = etree.fromstring(part.rels[relation].target_part.blob, etree.XMLParser(resolve_entities=False, no_network=True))
    for paragraph in root.iter(_A + "p"):
        builder.add("paragraph", _squeeze("".join(run.text or "" for run in paragraph.iter(_A + "t"))))


def _squeeze(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
