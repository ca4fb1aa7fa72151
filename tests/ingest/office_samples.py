"""Workbooks, presentations and messages made for the tests."""

from __future__ import annotations

import io
import itertools
import struct
import zipfile
from collections.abc import Mapping
from datetime import date
from email.message import EmailMessage
from functools import cache

import openpyxl
import pptx
from openpyxl.comments import Comment
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches


@cache
def workbook() -> bytes:
    """Two sheets: figures under a merged head with a comment, and one that is hidden."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Income"
    sheet["A1"] = "Harbour Mills Ltd."
    sheet["A3"], sheet["B3"] = "Line", "Year ended"
    sheet.merge_cells("B3:C3")
    sheet["B4"], sheet["C4"] = date(2023, 12, 31), date(2022, 12, 31)
    sheet.append(["Net sales", 81400.5, 77900])
    sheet.append(["Growth", 0.0449, -0.012])
    sheet.append(["Loss on sale", -52, True])
    for cell in ("B5", "C5"):
        sheet[cell].number_format = '"$"#,##0.00'
    for cell in ("B6", "C6"):
        sheet[cell].number_format = "0.0%"
    sheet["B7"].number_format = "#,##0_);(#,##0)"
    sheet["B5"].comment = Comment("Check with audit", "Ines")
    hidden = book.create_sheet("Drafts")
    hidden.sheet_state = "hidden"
    hidden.append(["Only a draft"])
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


def formula(cached: bool) -> bytes:
    """A workbook whose one formula has been computed, or has not."""
    book = openpyxl.Workbook()
    book.active["A1"], book.active["A2"] = "Total", "=1+1"
    output = io.BytesIO()
    book.save(output)
    made = output.getvalue()
    return replaced(made, "xl/worksheets/sheet1.xml", b"</f><v></v>", b"</f><v>2</v>") if cached else made


def replaced(package: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """The package with bytes of one of its parts replaced."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(old, new) if name == part else content)
    return output.getvalue()


@cache
def slides() -> bytes:
    """Three slides: text boxes out of order with notes, a table, a chart."""
    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[5])
    first.shapes.title.text = "Quarterly review"
    for words, left, top in (("Lower box", 1, 5), ("Upper right", 5, 2), ("Upper left", 1, 2)):
        first.shapes.add_textbox(Inches(left), Inches(top), Inches(3), Inches(1)).text_frame.text = words
    first.notes_slide.notes_text_frame.text = "Say hello to the board"
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Fees"
    table = second.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for place, words in enumerate(("Floor", "Fee", "Ground", "300")):
        table.cell(place // 2, place % 2).text = words
    third = deck.slides.add_slide(deck.slide_layouts[6])
    data = CategoryChartData()
    data.categories = ["North", "South"]
    data.add_series("Sales", (19.2, 21.4))
    third.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(1), Inches(5), Inches(4), data)
    output = io.BytesIO()
    deck.save(output)
    return output.getvalue()


def message(attachments: Mapping[str, bytes] | None = None, **header: str) -> EmailMessage:
    """A letter with a reply in it, plain and as HTML."""
    made = EmailMessage()
    for name, value in {
        "From": "Ines Götz <ines@example.com>",
        "To": "lars@example.com",
        "Date": "Tue, 05 Mar 2024 10:00:00 +0100",
        "Subject": "Lease of the mill – signed",
        "Message-ID": "<1@example.com>",
        **header,
    }.items():
        made[name] = value
    made.set_content("Dear Lars,\n\nthe lease is signed.\n\nOn Monday Lars wrote:\n> Is it signed?\n")
    made.add_alternative("<html><body><p>Dear Lars, as HTML</p></body></html>", subtype="html")
    for name, content in (attachments or {}).items():
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made


SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def outlook(subject: str, body: str, sender: str, attachment: tuple[str, bytes] | None = None) -> bytes:
    """An Outlook message with its properties, one recipient, and perhaps an attachment."""
    streams: dict[str, bytes] = {
        "__properties_version1.0": bytes(8) + struct.pack("<IIII", 1, bool(attachment), 1, bool(attachment)) + bytes(8)
    }

    def text(folder: str, tag: int, value: str) -> None:
        streams[f"{folder}__substg1.0_{tag:04X}001F"] = value.encode("utf-16-le")
        key = f"{folder}__properties_version1.0"
        streams[key] = streams[key] + struct.pack("<HHIQ", 0x001F, tag, 6, len(value) * 2 + 2)

    for tag, value in ((0x0037, subject), (0x1000, body), (0x0C1A, sender)):
        text("", tag, value)
    recipient = "__recip_version1.0_#00000000/"
    streams[f"{recipient}__properties_version1.0"] = bytes(8)
    text(recipient, 0x3001, "Lars")
    text(recipient, 0x39FE, "lars@example.com")
    if attachment:
        folder = "__attach_version1.0_#00000000/"
        streams[f"{folder}__properties_version1.0"] = bytes(8) + struct.pack("<HHIQ", 0x0003, 0x3705, 6, 1)
        text(folder, 0x3707, attachment[0])
        streams[f"{folder}__substg1.0_37010102"] = attachment[1]
        streams[f"{folder}__properties_version1.0"] += struct.pack("<HHIQ", 0x0102, 0x3701, 6, len(attachment[1]))
    return compound(streams)


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file (MS-CFB, version 3) of streams by name, "folder/name" for one in a storage. Streams are padded to whole sectors
    of 4,096 bytes' worth so that none goes to the small-stream store."""
    folders = sorted({name.partition("/")[0] for name in streams if "/" in name})
    entries: list[tuple[str, int, str, bytes]] = [("Root Entry", 5, "", b"")]
    entries += [(folder, 1, "", b"") for folder in folders]
    entries += [(name.rpartition("/")[2], 2, name.rpartition("/")[0], content) for name, content in streams.items()]
    small, minis, fat_of_small = b"", {}, []
    for place, (_, kind, _, content) in enumerate(entries):
        if kind == 2 and content and len(content) < 4096:
            first, count = len(small) // 64, -(-len(content) // 64)
            minis[place] = first
            fat_of_small += [*range(first + 1, first + count), _END]
            small += content.ljust(count * 64, b"\0")
    large = {place: content for place, (_, kind, _, content) in enumerate(entries) if kind == 2 and len(content) >= 4096}
    directory = bytearray()
    sectors: list[bytes] = []
    chains: list[int] = []

    def store(content: bytes) -> int:
        first, count = len(sectors), -(-len(content) // SECTOR)
        sectors.extend(content[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, count * SECTOR, SECTOR))
        chains.extend([*range(first + 1, first + count), _END])
        return first if count else _END

    starts = {place: store(content) for place, content in large.items()}
    small_start = store(small)
    mini_fat = store(struct.pack(f"<{len(fat_of_small)}I", *fat_of_small).ljust(-(-len(fat_of_small) * 4 // SECTOR) * SECTOR, b"\xff"))
    children: dict[str, list[int]] = {}
    for place, (_, kind, folder, _) in enumerate(entries):
        if kind != 5:
            children.setdefault(folder if kind == 2 else "", []).append(place)
    right: dict[int, int] = {}
    child: dict[int, int] = {}
    for folder, places in children.items():
        # A list as a tree that leans to one side, in the order that readers look for.
        ordered = sorted(places, key=lambda place: (len(entries[place][0]), entries[place][0].upper()))
        child[0 if not folder else 1 + folders.index(folder)] = ordered[0]
        right |= dict(itertools.pairwise(ordered))
    for place, (name, kind, _, content) in enumerate(entries):
        start = small_start if kind == 5 else minis.get(place, starts.get(place, _END)) if kind == 2 else 0
        size = len(small) if kind == 5 else len(content)
        encoded = name.encode("utf-16-le") + b"\0\0"
        linked = (_FREE, right.get(place, _FREE), child.get(place, _FREE))
        directory += encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded), kind, 1, *linked)
        directory += bytes(36) + struct.pack("<IQ", start, size)
    while len(directory) % SECTOR:
        directory += bytes(64) + struct.pack("<HBBIII", 0, 0, 0, _FREE, _FREE, _FREE) + bytes(48)
    first_directory = store(bytes(directory))
    fats = 1
    while fats * 128 < len(sectors) + fats:
        fats += 1
    table = [*chains, *([_FAT] * fats)]
    table += [_FREE] * (fats * 128 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, fats, first_directory, 0, 4096, mini_fat, -(-len(fat_of_small) * 4 // SECTOR), _END, 0)
    header += struct.pack("<109I", *range(len(sectors), len(sectors) + fats), *([_FREE] * (109 - fats)))
    return header + b"".join(sectors) + struct.pack(f"<{len(table)}I", *table)
