"""Right-to-left text, whichever way a file draws it, is text in the order in which it is read."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from longdoc.ingest import parse_bytes

SHALOM = "שלום"
LETTERS = {"a": "ש", "b": "ל", "c": "ו", "d": "ם", "e": "א", "f": "ב", "x": "لا", "l": "د", "o": "و", "r": "ر"}
"""Glyphs of a standard font, and the letters that they stand for: no font with Hebrew letters is needed."""
WIDTHS = {"c": 0.5, "f": 0.278, " ": 0.278}
"""Of glyphs of Helvetica, those that are not 0.556."""


def pdf(*drawn: str) -> bytes:
    """A page with these drawing operators, in a font of 12 points whose glyphs stand for `LETTERS`, others for themselves."""
    mapped = "".join(
        f"<{ord(glyph):02X}> <{letters.encode('utf-16-be').hex()}>\n" for glyph, letters in (LETTERS | {"(": ")", ")": "("}).items()
    )
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /T def /CMapType 2 def\n"
        f"1 begincodespacerange <00> <FF> endcodespacerange\n{mapped.count(chr(10))} beginbfchar\n{mapped}endbfchar endcmap end end"
    )
    return _file(
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R /Resources << /Font << /F 4 0 R >> >> >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
        _stream("BT /F 12 Tf " + " ".join(drawn) + " ET"),
        _stream(cmap),
    )


def _stream(content: str) -> str:
    return f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"


def _file(*objects: str) -> bytes:
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF"
    return data + end.encode()


def from_the_right(glyphs: Sequence[str], y: int) -> str:
    """Glyphs each drawn by itself, the first one furthest to the right, each beside the one before."""
    drawn, x = [], 520.0
    for glyph in glyphs:
        x -= 12 * WIDTHS.get(glyph, 0.556)
        drawn.append(f"1 0 0 1 {x:.2f} {y} Tm ({glyph}) Tj")
    return " ".join(drawn)


def text_of(*drawn: str) -> str:
    return parse_bytes(pdf(*drawn), "a.pdf").document.text


@pytest.mark.parametrize(
    "drawn",
    ["1 0 0 1 480 700 Tm (dcba) Tj", from_the_right("abcd", 700)],
    ids=["drawn from left to right", "letter by letter from the right"],
)
def test_a_word_reads_from_right_to_left_however_it_is_drawn(drawn: str) -> None:
    assert text_of(drawn) == SHALOM


def test_the_letters_of_one_glyph_keep_their_order() -> None:
    assert text_of("1 0 0 1 480 700 Tm (rxol) Tj") == "دولار"


def test_a_short_line_of_right_to_left_text_is_no_watermark() -> None:
    document = parse_bytes(pdf(from_the_right("abcd abcd abcd abcd", 700), from_the_right("abcdefe", 686)), "a.pdf").document
    assert document.text.endswith("שלוםאבא")
    assert [aside for aside in document.asides if aside.kind == "watermark"] == []


def test_brackets_open_before_they_close() -> None:
    assert text_of("1 0 0 1 300 700 Tm (dcba \\(fe\\) dcba) Tj") == f"{SHALOM} (אב) {SHALOM}"


def test_what_is_around_left_to_right_text_stays_as_it_is() -> None:
    assert text_of("1 0 0 1 72 700 Tm (TERM 1 IS HERE) Tj", "1 0 0 1 72 680 Tm (SECOND [2] LINE) Tj") == "TERM 1 IS HERE SECOND [2] LINE"
