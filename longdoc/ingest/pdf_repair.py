"""Pages of a PDF whose end is missing.

The page tree and the table of objects stand at a PDF's end; the pages themselves mostly do not. Objects are found by their
"N G obj" marks, those packed in object streams are unpacked, and a new tree over all page objects is written behind them.
PDFium then rebuilds its own table from that.
"""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(?<![\w])(\d{1,7})\s+(\d{1,5})\s+obj\b")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_PACKED = re.compile(rb"/Type\s*/ObjStm\b")
_ENCRYPTED = re.compile(rb"/Encrypt\s+\d+\s+\d+\s+R")
_FIRST = re.compile(rb"/First\s+(\d+)")
_COUNT = re.compile(rb"/N\s+(\d+)")
LARGEST_STREAM = 64 << 20


def rebuild(data: bytes) -> bytes | None:
    """The file with a new page tree, None where it has no pages or they are encrypted."""
    if _ENCRYPTED.search(data):
        return None
    starts = [(found.start(), int(found[1]), found.end()) for found in _OBJECT.finditer(data)]
    pages: list[int] = []
    unpacked: list[bytes] = []
    highest = 0
    for place, (_, number, begin) in enumerate(starts):
        end = starts[place + 1][0] if place + 1 < len(starts) else len(data)
        highest = max(highest, number)
        head = data[begin : min(end, begin + 4096)].partition(b"stream")[0]
        if _PAGE.search(head):
            pages.append(number)
        elif _PACKED.search(head):
            for inner, content in _unpack(data[begin:end]):
                highest = max(highest, inner)
                unpacked.append(b"%d 0 obj\n%s\nendobj\n" % (inner, content))
                if _PAGE.search(content):
                    pages.append(inner)
    if not pages:
        return None
    tree, root = highest + 1, highest + 2
    kids = b" ".join(b"%d 0 R" % number for number in dict.fromkeys(pages))
    added = b"".join(unpacked)
    added += b"%d 0 obj\n<</Type/Pages/MediaBox[0 0 612 792]/Count %d/Kids[%s]>>\nendobj\n" % (tree, len(dict.fromkeys(pages)), kids)
    added += b"%d 0 obj\n<</Type/Catalog/Pages %d 0 R>>\nendobj\n" % (root, tree)
    added += b"trailer\n<</Root %d 0 R/Size %d>>\n%%%%EOF\n" % (root, root + 1)
    # What was cut in the middle of a stream is closed, so that the objects behind it are seen.
    closing = b"\nendstream\nendobj\n" if data.rfind(b"endstream") < data.rfind(b"stream\n") else b"\nendobj\n"
    return data + closing + added


def _unpack(content: bytes) -> list[tuple[int, bytes]]:
    head, found, body = content.partition(b"stream")
    first, count = _FIRST.search(head), _COUNT.search(head)
    if not found or first is None or count is None:
        return []
    body = body.removeprefix(b"\r").removeprefix(b"\n")
    if b"/FlateDecode" in head:
        try:
            body = zlib.decompressobj().decompress(body, LARGEST_STREAM)
        except zlib.error:
            # A stream that was cut off or overwritten: the objects in it are lost, the others are not.
            return []
    numbers = body[: int(first[1])].split()
    try:
        pairs = [(int(numbers[2 * place]), int(numbers[2 * place + 1])) for place in range(min(int(count[1]), len(numbers) // 2))]
    except ValueError:
        return []
    offsets = [offset for _, offset in pairs] + [len(body) - int(first[1])]
    base = int(first[1])
    return [(number, body[base + offset : base + offsets[place + 1]].strip()) for place, (number, offset) in enumerate(pairs)]
