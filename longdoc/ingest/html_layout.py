"""The canonical text that the pieces of a page make, with its pages, blocks and tables; runs learn their place in it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from longdoc.ingest.html_pages import Paged, PageText, goes_on
from longdoc.ingest.html_run import Piece, Run
from longdoc.ingest.tables import made_table
from longdoc.ingest.text_builder import SEPARATOR
from longdoc.types import Aside, Block, Page, Span, Table

SAME_INDENT = 3.0


class Layout:
    """What the pieces of a document come to. Furniture is taken out of the text and kept as asides at the place where it stood."""

    def __init__(self, paged: Paged) -> None:
        self.blocks: list[Block] = []
        self.asides: list[Aside] = []
        self._parts: list[str] = []
        self._length = 0
        self._last: Piece | None = None
        self._runs: list[Run] = []
        self._gridded: list[tuple[Piece, Span, Span | None]] = []
        pages = [self._page(number, page, paged) for number, page in enumerate(paged.pages, 1)]
        self.text = "".join(self._parts)
        self.pages: tuple[Page, ...] = tuple(pages) if paged.marked else ()
        self._page_starts = [page.span.start for page in self.pages]
        self.tables = [self._table(*gridded) for gridded in self._gridded]
        self._runs.sort(key=lambda run: run.order)
        self._orders = [run.order for run in self._runs]

    def _page(self, number: int, page: PageText, paged: Paged) -> Page:
        begin: int | None = None
        for piece in page.pieces:
            role = paged.roles.get(id(piece))
            if role is not None:
                self.asides.append(Aside(kind=role, text=piece.text, page=number if paged.marked else None, anchor=self._length))
                continue
            start = self._add(piece, first=begin is None)
            begin = start if begin is None else begin
        begin = self._length if begin is None else begin
        return Page(number=number, label=page.label, span=Span(start=begin, end=self._length))

    def _add(self, piece: Piece, first: bool) -> int:
        """Append a piece; where it begins. The first of a page may go on with the last paragraph of the page before."""
        last = self._last
        joined = first and last is not None and goes_on(last, piece)
        if last is not None:
            self._write(" " if joined else SEPARATOR)
        start = self._length
        for between, run in piece.runs:
            self._write(between)
            run.place = self._length
            self._runs.append(run)
            self._write(run.text)
        if joined:
            whole = self.blocks.pop()
            self.blocks.append(whole.model_copy(update={"span": Span(start=whole.span.start, end=self._length)}))
        elif piece.kind != "break":
            span = Span(start=start, end=self._length)
            self.blocks.append(Block(kind=piece.kind, span=span, level=piece.level))
            if piece.cells:
                caption = self.blocks[-2].span if last is not None and last.caption else None
                self._gridded.append((piece, span, caption))
        self._last = piece
        return start

    def _write(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _table(self, piece: Piece, span: Span, caption: Span | None) -> Table:
        cells = []
        for row, column, rows, columns, first, last in piece.cells:
            end = piece.runs[last][1]
            cells.append((row, column, rows, columns, piece.runs[first][1].place, end.place + end.length))
        return made_table(self.text, span, cells, header_rows=piece.header_rows or None, caption=caption, indents=_levels(piece.indents))

    def page_at(self, offset: int) -> int | None:
        """The number of the page that the character at `offset` stands on, None where the document marks no pages."""
        return max(1, bisect_right(self._page_starts, offset)) if self.pages else None

    def begin(self, point: tuple[Run, int]) -> int | None:
        """The offset of a point in a run; where that run was taken out of the text, that of the next one."""
        run, offset = point
        if run.place >= 0:
            return run.place + offset
        index = bisect_left(self._orders, run.order)
        return self._runs[index].place if index < len(self._runs) else None

    def end(self, point: tuple[Run, int]) -> int | None:
        """As `begin`, of the end of a stretch: where its run was taken out, the end of the one before."""
        run, offset = point
        if run.place >= 0:
            return run.place + offset
        index = bisect_left(self._orders, run.order) - 1
        return self._runs[index].place + self._runs[index].length if index >= 0 else None

    def anchor(self, run: Run) -> int:
        """Where in the text something hangs that stood in this run, whether or not the run has text."""
        return min(self.begin((run, 0)) or 0, len(self.text)) if run.order <= (self._orders or [0])[-1] else len(self.text)


def _levels(indents: list[float]) -> list[int]:
    """Indents in points as levels from 0; what differs by less than three points is the same level."""
    level: dict[float, int] = {}
    last, count = None, -1
    for indent in sorted(set(indents)):
        if last is None or indent - last >= SAME_INDENT:
            count += 1
            last = indent
        level[indent] = count
    return [level[indent] for indent in indents]
