"""Plain text: the canonical text is the decoded file; paragraphs, page numbers and repeated source lines are found in it."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from statistics import median

from longdoc.errors import EncodingError
from longdoc.ingest.numbering import is_bullet, read_number
from longdoc.ingest.txt_pages import find_pages
from longdoc.ingest.txt_tables import find_tables
from longdoc.protocols import Limits, Parsed
from longdoc.types import Block, BlockKind, Span

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\x00\x00", "utf-32-le"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_LINE = re.compile(r"[^\r\n\f\x0b]*(?:\r\n|[\r\n\f\x0b]|$)")
_WIDE_GAP = re.compile(r"[ \t\u00a0]{3,}")
_CELL_GAP = re.compile(r"(?<=\S)(?: {2,}|\t+ *)(?=\S)")
_FIGURE_END = re.compile(r"(?:\d[)%]*|--|\u2014)$")
_PAGE_NUMBER = re.compile(
    r"(?:page\s+)?[-\u2013\u2014\[(]?\s*(?:[A-Z]{1,2}-)?(\d{1,4}|[ivxl]{1,7})\s*[-\u2013\u2014\])]?(?:\s+of\s+\d{1,4})?", re.IGNORECASE
)
_EDGAR_TAG = re.compile(r"</?(?:PAGE|DOCUMENT|TYPE|SEQUENCE|FILENAME|DESCRIPTION|TEXT|S|C|CAPTION|TABLE)>.*")
LONG_LINE = 400
_ENDED = re.compile(r"[.;:?!][\"”’)]*$|[;,]\s*(?:and|or)$")
SAMPLE = 1 << 18


class TxtIngestor:
    """Reads text in UTF-8, UTF-16, or an encoding guessed from its bytes."""

    format = "txt"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The decoded file with its blocks. Raises: EncodingError."""
        text, warnings = decode(data, name)
        blocks = tuple(find_blocks(text))
        pages, asides = find_pages(text, blocks)
        tables = find_tables(text, blocks)
        return Parsed(text=text, format=self.format, pages=pages, blocks=blocks, warnings=warnings, asides=asides, tables=tables)


def decode(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """The text without byte order mark, and a warning where the encoding had to be guessed.

    Raises: EncodingError.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), ()
            except UnicodeDecodeError as error:
                raise EncodingError(f"{name}: marked as {encoding}, but byte {error.start} is not valid; save it anew as UTF-8") from error
    if b"\x00" in data[:SAMPLE]:
        encoding = "utf-16-le" if data[:SAMPLE:2].count(0) < data[1:SAMPLE:2].count(0) else "utf-16-be"
        try:
            return data.decode(encoding), ()
        except UnicodeDecodeError as error:
            raise EncodingError(
                f"{name}: NUL bytes as in {encoding}, but byte {error.start} is not valid; save it anew as UTF-8"
            ) from error
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        return _decode_unknown(data, name, error)


def _decode_unknown(data: bytes, name: str, error: UnicodeDecodeError) -> tuple[str, tuple[str, ...]]:
    lenient = data.decode("utf-8", errors="replace")
    broken = lenient.count("\ufffd")
    multibyte = sum(character >= "\x80" for character in lenient[:SAMPLE]) - lenient[:SAMPLE].count("\ufffd")
    if broken * 1000 < len(lenient) and multibyte > 4 * broken:
        return lenient, (f"{broken} byte sequences are not valid UTF-8 (the first at byte {error.start}); each is shown as \ufffd",)
    from charset_normalizer import from_bytes

    best = from_bytes(data[:SAMPLE]).best()
    if best is None:
        raise EncodingError(
            f"{name}: not valid UTF-8 (byte {error.start}) and in no encoding that could be recognised; save it anew as UTF-8"
        ) from error
    encoding = "cp1252" if "cp1252" in (best.encoding, *best.could_be_from_charset) else best.encoding
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as failure:
        raise EncodingError(
            f"{name}: looks like {encoding}, but byte {failure.start} is not valid in it; save it anew as UTF-8"
        ) from failure
    return text, (f"not valid UTF-8: read as {encoding}, which was guessed; save it as UTF-8 to be sure",)


def find_blocks(text: str) -> list[Block]:
    """Paragraphs, tables and furniture of plain text, in order, trimmed of white space."""
    lines = [(found.start(), found.end()) for found in _LINE.finditer(text) if found.end() > found.start()]
    stripped = [text[start:end].strip() for start, end in lines]
    furniture = find_furniture(stripped, [start for start, _ in lines])
    blocks: list[Block] = []
    group: list[int] = []
    for index, content in enumerate([*stripped, ""]):
        if index < len(lines) and index in furniture:
            blocks += _close(text, lines, group)
            group = []
            blocks.append(_block(text, "furniture", *lines[index]))
        elif not content:
            blocks += _close(text, lines, group)
            group = []
        else:
            if group and _opens_block(stripped, lines, text, group, index):
                blocks += _close(text, lines, group)
                group = []
            group.append(index)
    return blocks


def find_furniture(lines: list[str], offsets: list[int]) -> set[int]:
    """Indices of lines that are page numbers in sequence, or that stand alone and come back every page or so."""
    alone = [
        index
        for index, line in enumerate(lines)
        if line and len(line) <= 120 and (index == 0 or not lines[index - 1]) and (index + 1 == len(lines) or _is_apart(lines[index + 1]))
    ]
    found = {index for index, line in enumerate(lines) if line.startswith("<") and _EDGAR_TAG.fullmatch(line)}
    numbers: list[tuple[int, int]] = []
    repeated: dict[str, list[int]] = defaultdict(list)
    for index in alone:
        number = _PAGE_NUMBER.fullmatch(lines[index])
        if number is not None:
            if number[1].isdigit():
                numbers.append((index, int(number[1])))
        else:
            repeated[re.sub(r"\d+", "#", " ".join(lines[index].split()))].append(index)
    by_value = {value: index for index, value in numbers}
    for index, value in numbers:
        before, after = by_value.get(value - 1), by_value.get(value + 1)
        if (before is not None and before < index) or (after is not None and after > index):
            found.add(index)
    for line, places in repeated.items():
        apart = [offsets[after] - offsets[before] for before, after in itertools.pairwise(places)]
        if len(places) >= 3 and min(len(line.split()), 3) >= 2 and not line.endswith(":") and median(apart) >= 1000:
            found.update(places)
    return found


def _is_apart(line: str) -> bool:
    """Whether a line is blank or the mark of a new page, before which a page number stands alone too."""
    return not line or line.startswith("<PAGE>")


def _opens_block(stripped: list[str], lines: list[tuple[int, int]], text: str, group: list[int], index: int) -> bool:
    """Whether a line opens a block although no blank line stands before it."""
    line, before = stripped[index], stripped[group[-1]]
    ended = _ENDED.search(before) is not None
    short = len(before) < 0.7 * max(len(stripped[member]) for member in (*group, index))
    if is_bullet(line) or read_number(line):
        return ended or short or before.isupper() or _indent(text, lines[index]) > _indent(text, lines[group[-1]])
    if _CELL_GAP.search(line) and (_CELL_GAP.search(before) or (_FIGURE_END.search(line) and _is_row(stripped, group))):
        return False
    words = sum(map(str.isalpha, before)) > 2 < sum(map(str.isalpha, line))
    if words and before.isupper() != line.isupper() and (len(group) == 1 or line.isupper()):
        return short or len(before) < 60
    return ended and _indent(text, lines[index]) >= 2 + _indent(text, lines[group[-1]])


def _is_row(stripped: list[str], group: list[int]) -> bool:
    """Whether one of the last lines ends with a figure behind a gap: then a caption without figures stands within a table."""
    return any(_CELL_GAP.search(stripped[member]) and _FIGURE_END.search(stripped[member]) for member in group[-4:-1])


def _indent(text: str, line: tuple[int, int]) -> int:
    content = text[line[0] : line[1]]
    return len(content) - len(content.lstrip(" \t\u00a0"))


def _close(text: str, lines: list[tuple[int, int]], group: list[int]) -> list[Block]:
    if not group:
        return []
    start, end = lines[group[0]][0], lines[group[-1]][1]
    kind = _kind([text[lines[index][0] : lines[index][1]].strip() for index in group])
    if kind != "table" and any(lines[index][1] - lines[index][0] > LONG_LINE for index in group):
        return [_block(text, "paragraph", *piece) for piece in _split_at_gaps(text, start, end)]
    return [_block(text, kind, start, end)]


def _kind(lines: list[str]) -> BlockKind:
    gaps = [len(_CELL_GAP.findall(line)) for line in lines]
    rows = sum(count >= 1 for count in gaps)
    digits = sum(any(character.isdigit() for character in line) for line in lines)
    if (
        len(lines) >= 2
        and rows * 2 >= len(lines)
        and max(len(line) for line in lines) <= LONG_LINE
        and (digits * 2 >= len(lines) or min(gaps) >= 1)
    ):
        return "table"
    return "list_item" if is_bullet(lines[0]) else "paragraph"


def _split_at_gaps(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Pieces of a line that holds several paragraphs, as text taken out of a web page does: three spaces stand between them."""
    pieces = []
    begin = start
    for gap in _WIDE_GAP.finditer(text, start, end):
        before, after = text[begin : gap.start()].strip(), text[gap.end() : gap.end() + 80]
        if not before or not after.strip():
            continue
        if before[-1] in '.;:!?”"' or before.isupper() or read_number(after) or is_bullet(after) or after.split("   ")[0].isupper():
            pieces.append((begin, gap.start()))
            begin = gap.end()
    return [*pieces, (begin, end)]


def _block(text: str, kind: BlockKind, start: int, end: int) -> Block:
    content = text[start:end]
    left = len(content) - len(content.lstrip())
    return Block(kind=kind, span=Span(start=start + left, end=start + len(content.rstrip())))
