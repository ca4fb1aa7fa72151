"""Files made worse on purpose, from a seed: bytes flipped, cut and spliced, members of archives swapped, XML with entities, numbers
that are far too large, deep nesting, one file inside another. The contract suite and benchmarks/torture.py share them."""

from __future__ import annotations

import base64
import io
import random
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable

Mutation = Callable[[bytes, bytes, random.Random], bytes]

HUGE = (b"99999999999999999999", b"-1", b"4294967296", b"2147483647", b"0", b"1e309", b"65536")
ENTITIES = (
    '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaaaaaaaaaaaa">'
    + "".join(f'<!ENTITY {after} "{f"&{before};" * 20}">' for before, after in zip("abcdefg", "bcdefgh", strict=True))
    + "]>"
)
EXTERNAL = '<!DOCTYPE r [<!ENTITY h SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>'
DEEP = 3_000
"""Levels of nesting; parsers written by recursion give up at a thousand."""
BLOAT = 50_000_000
"""Bytes of a member that packs to almost nothing."""
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_NUMBER = re.compile(rb"(?<![\w#])\d+(?![\w#])")


def flip(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """Some bytes are others, mostly near each other."""
    changed = bytearray(data)
    start, reach = dice.randrange(len(data)), dice.choice((64, 4096, len(data)))
    for _each in range(dice.choice((1, 4, 16, 64, 256))):
        changed[(start + dice.randrange(reach)) % len(data)] = dice.randrange(256)
    return bytes(changed)


def cut(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """The end, the beginning or something in the middle is missing."""
    first, second = sorted((dice.randrange(len(data)), dice.randrange(len(data))))
    return dice.choice((data[:first], data[second:], data[:first] + data[second:]))


def splice(data: bytes, other: bytes, dice: random.Random) -> bytes:
    """A stretch of another file stands in this one, in addition or instead."""
    other = other or data[::-1]
    first, place = dice.randrange(len(other)), dice.randrange(len(data))
    piece = other[first : first + dice.choice((16, 512, 8192, len(other)))]
    return data[:place] + piece + data[place + dice.choice((0, len(piece))) :]


def repeat(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """A stretch stands there many times."""
    place, length = dice.randrange(len(data)), dice.choice((1, 40, 2000))
    piece = data[place : place + length]
    return data[:place] + piece * dice.choice((2, 50, 20_000 // length + 1)) + data[place:]


def zeros(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """A stretch is zero, as after a disk error."""
    place, length = dice.randrange(len(data)), dice.choice((4, 512, 4096))
    return data[:place] + bytes(min(length, len(data) - place)) + data[place + length :]


def numbers(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """Some numbers are huge or negative: sizes, counts, levels, references."""
    return _some(data, _NUMBER, dice, lambda _found: dice.choice(HUGE))


def nest(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """Something opens thousands of times, and may or may not close."""
    opening, closing = dice.choice(
        ((b"[", b"]"), (b"<<", b">>"), (b"<div>", b"</div>"), (b"> ", b""), (b"{", b"}"), (b"<table><tr><td>", b""))
    )
    place = dice.choice((0, dice.randrange(len(data)), len(data)))
    return data[:place] + opening * DEEP + data[place:] + closing * dice.choice((0, DEEP))


def streams(data: bytes, other: bytes, dice: random.Random) -> bytes:
    """What is compressed inside a PDF is changed and compressed again, so that the parser gets to see it."""

    def changed(found: re.Match[bytes]) -> bytes:
        try:
            inner = zlib.decompressobj().decompress(found[1], 1 << 20)
        except zlib.error:
            return found[0]
        if not inner:
            return found[0]
        inner = dice.choice((flip, cut, splice, repeat, numbers, nest))(inner, other, dice)
        return b"stream\n" + zlib.compress(inner, 1) + b"\nendstream"

    return _some(data, _STREAM, dice, changed)


def inflate(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """A stream of a PDF unpacks to 200 MB: white space, or text operators."""
    bomb = zlib.compress(dice.choice((b" " * 1000, b"(a) Tj " * 143)) * 200_000, 1)
    found = _STREAM.search(data)
    return data if found is None else data[: found.start(1)] + bomb + data[found.end(1) :]


def picture(_: bytes, __: bytes, dice: random.Random) -> bytes:
    """A page whose picture says that it has billions of pixels, in a few bytes."""
    filters = dice.choice(
        (b"/FlateDecode", b"/DCTDecode", b"/JPXDecode", b"/JBIG2Decode", b"/CCITTFaxDecode", b"[/FlateDecode" * 30 + b"]" * 30)
    )
    stream = zlib.compress(bytes(50_000_000), 1)
    side = dice.choice((60_000, 2_000_000_000))
    image = b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter%b/Length %d>>"
    image = image % (side, side, filters, len(stream))
    return one_page(b"q 600 0 0 700 0 0 cm /I Do Q", b"/XObject<</I 6 0 R>>", image + b"\nstream\n" + stream + b"\nendstream")


def font(_: bytes, __: bytes, dice: random.Random) -> bytes:
    """A page in a font whose file unpacks to far more than it should, or is none, and whose table of characters maps without end."""
    stream = zlib.compress(dice.choice((b"\x00\x01\x00\x00\xff\xff", b"%!PS-AdobeFont-1.0 ")) * 5_000_000, 1)
    kind = dice.choice((b"/FontFile", b"/FontFile2", b"/FontFile3"))
    cmap = b"/CIDInit begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange\n"
    cmap = zlib.compress(cmap + b"1 beginbfrange <0000> <ffff> <0041> endbfrange\n" * 20_000, 1)
    return one_page(
        b"BT /G 12 Tf 72 700 Td <004100420043> Tj (text) Tj ET",
        b"/Font<</F 5 0 R/G 6 0 R>>",
        b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/ToUnicode 9 0 R/DescendantFonts[7 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/CIDSystemInfo<</Registry(A)/Ordering(I)/Supplement 0>>/FontDescriptor 8 0 R>>",
        b"<</Type/FontDescriptor/FontName/X/Flags 4%b 10 0 R>>" % kind,
        b"<</Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream" % (len(cmap), cmap),
        b"<</Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream" % (len(stream), stream),
    )


def loops(_: bytes, __: bytes, dice: random.Random) -> bytes:
    """Forms that draw each other, twice each: 2 to the 30th times; or pages, bookmarks and lengths that lead back to themselves."""
    if dice.random() < 0.5:
        forms = [
            b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</N %d 0 R>>>>/Length 12>>\nstream\n/N Do /N Do \nendstream"
            % (7 + n)
            for n in range(30)
        ]
        return one_page(b"/N Do BT /F 12 Tf 72 700 Td (text) Tj ET", b"/XObject<</N 6 0 R>>", *forms, b"<</Type/XObject/Subtype/Form>>")
    data = one_page(b"BT /F 12 Tf 72 700 Td (text) Tj ET", b"", b"<</First 6 0 R/Last 6 0 R/Next 6 0 R/Title(a)/Parent 6 0 R/Dest[3 0 R]>>")
    data = data.replace(b"/Type/Catalog", b"/Outlines 6 0 R/Type/Catalog")
    return data.replace(b"/Kids[3 0 R]", dice.choice((b"/Kids[3 0 R 2 0 R]", b"/Kids[" + b"3 0 R " * 30_000 + b"]")))


def one_page(content: bytes, resources: bytes, *more: bytes) -> bytes:
    """A PDF with one page; `more` are its objects from number 6 on. PDFium finds them by their marks, there is no table."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>%b>>>>" % resources,
        b"<</Length %d>>\nstream\n%b\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *more,
    )
    written = b"".join(b"%d 0 obj\n%b\nendobj\n" % (number, each) for number, each in enumerate(objects, 1))
    return b"%PDF-1.7\n" + written + b"trailer\n<</Size %d/Root 1 0 R>>\n%%%%EOF\n" % (len(objects) + 1)


def members(data: bytes, other: bytes, dice: random.Random) -> bytes:
    """A member of an archive is changed and packed again, missing, swapped with another, there twice, far too large or oddly named."""
    try:
        parts = _unpacked(data)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError, zlib.error):
        return flip(data, other, dice)
    if not parts:
        return flip(data, other, dice)
    place = dice.randrange(len(parts))
    name, content = parts[place]
    content = content or b" "
    match dice.randrange(9):
        case 0 | 1:
            parts[place] = (name, dice.choice((flip, cut, splice, repeat, numbers, nest))(content, other, dice))
        case 2:
            del parts[place]
        case 3:
            second = dice.randrange(len(parts))
            parts[place], parts[second] = (name, parts[second][1]), (parts[second][0], content)
        case 4:
            parts.append((name, content[: len(content) // 2]))
        case 5:
            parts[place] = (name, _with_doctype(content, dice))
        case 6:
            parts.append((dice.choice(("../../escaped.txt", "/etc/escaped", "a" * 60_000, "\x00", "word/document.xml")), content))
        case 7:
            parts[place] = (name, content + b" " * BLOAT)
        case _:
            parts[place] = (name, _deep_xml(content, dice))
    return packed(parts)


def markup(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """Entities that multiply or lead out of the file."""
    return _with_doctype(data, dice)


def encoding(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """Read as one encoding, written as another, with what no encoding knows."""
    text = data.decode("latin-1")
    return dice.choice(
        (b"\xff\xfe" + data, b"\xef\xbb\xbf\xff" + data, text.encode("utf-16-be"), text.encode("utf-7"), data + b"\xed\xa0\x80\xc3")
    )


def in_zip(data: bytes, other: bytes, dice: random.Random) -> bytes:
    """In an archive, which may be in another, beside another file."""
    inner = packed([(f"inner{suffix_of(data)}", data), ("second.txt", other[:1000] or b"Second.")])
    return packed([("first/inner.zip", inner)]) if dice.random() < 0.5 else inner


def in_mail(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """Attached to a message, which may have lost its end."""
    body = base64.encodebytes(data)
    message = (
        b"From: a@example.com\r\nTo: b@example.com\r\nSubject: The lease\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="=="\r\n\r\n--==\r\nContent-Type: text/plain\r\n\r\nThe lease is attached.\r\n--==\r\n'
        b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="inner' + suffix_of(data).encode() + b'"\r\n\r\n' + body + b"\r\n--==--\r\n"
    )
    return message[: dice.randrange(len(message) // 2, len(message))] if dice.random() < 0.3 else message


def in_pdf(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """Attached to a PDF of one page."""
    stream = zlib.compress(data, 1)
    name = b"inner" + suffix_of(data).encode()
    content = b"BT /F 12 Tf 72 700 Td (The lease is attached.) Tj ET"
    size = dice.choice((len(data), 0, 1 << 40))
    objects = (
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(%b)6 0 R]>>>>>>" % name,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%b\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/Filespec/F(%b)/EF<</F 7 0 R>>>>" % name,
        b"<</Type/EmbeddedFile/Filter/FlateDecode/Params<</Size %d>>/Length %d>>\nstream\n%b\nendstream" % (size, len(stream), stream),
    )
    written = b"%PDF-1.7\n"
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(written)
    return written + b"xref\n0 8\n0000000000 65535 f \n%btrailer\n<</Size 8/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (table, start)


EVERYWHERE: dict[str, Mutation] = {
    "flipped": flip, "cut": cut, "spliced": splice, "repeated": repeat, "zeroed": zeros, "huge numbers": numbers, "nested deep": nest,
}  # fmt: skip
IN_PDF: dict[str, Mutation] = {"streams": streams}
BOMBS: dict[str, Mutation] = {"bomb": inflate, "picture bomb": picture, "font bomb": font, "loops": loops}
IN_ZIP: dict[str, Mutation] = {"members": members}
IN_TEXT: dict[str, Mutation] = {"entities": markup, "encoding": encoding}
NESTED: dict[str, Mutation] = {"in a zip": in_zip, "in a mail": in_mail, "in a PDF": in_pdf}


def mutations_of(data: bytes) -> dict[str, Mutation]:
    """What can be done to this file, by name, in a moment; BOMBS and NESTED are apart."""
    if data.startswith(b"PK\x03\x04"):
        return EVERYWHERE | IN_ZIP
    return EVERYWHERE | (IN_PDF if b"%PDF-" in data[:1024] else IN_TEXT)


def suffix_of(data: bytes) -> str:
    """A suffix that fits the content."""
    return ".pdf" if b"%PDF-" in data[:1024] else ".docx" if b"word/document" in data else ".zip" if data.startswith(b"PK") else ".html"


def packed(parts: list[tuple[str, bytes]]) -> bytes:
    """A zip archive of (name, content); the same name may come twice."""
    output = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(output, "w", compresslevel=1) as archive:
        warnings.simplefilter("ignore")
        for name, content in parts:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return output.getvalue()


def _unpacked(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(each.filename, archive.read(each)) for each in archive.infolist() if each.file_size < 64 << 20]


def _some(data: bytes, pattern: re.Pattern[bytes], dice: random.Random, change: Callable[[re.Match[bytes]], bytes]) -> bytes:
    """A few of the places that match, changed."""
    found = list(pattern.finditer(data))
    for place in sorted(dice.sample(range(len(found)), min(len(found), dice.choice((1, 3, 20)))), reverse=True):
        data = data[: found[place].start()] + change(found[place]) + data[found[place].end() :]
    return data


def _with_doctype(data: bytes, dice: random.Random) -> bytes:
    doctype, entity = dice.choice(((ENTITIES, b"&h;"), (EXTERNAL, b"&h;")))
    head, found, rest = data.partition(b"?>")
    prolog, body = (head + found, rest) if found and head.lstrip().startswith(b"<?xml") else (b"", data)
    place = body.find(b">", len(body) // 2) + 1
    return prolog + doctype.encode() + body[:place] + entity + body[place:]


def _deep_xml(data: bytes, dice: random.Random) -> bytes:
    """An element of the file's own in itself, thousands of times."""
    names = re.findall(rb"<([A-Za-z][\w:]*)[ >]", data[:20_000])
    if not names:
        return nest(data, b"", dice)
    name = dice.choice(names)
    place = data.find(b"<" + name)
    return data[:place] + b"<%b>" % name * DEEP + data[place:] + b"</%b>" % name * dice.choice((0, DEEP))
