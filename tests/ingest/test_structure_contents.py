"""Tables of contents: told from text in every layout, never sections, and a help in finding headings."""

import pytest

from ingest.structure_samples import FILLER, outline, paragraphs, read
from longdoc.ingest import parse_bytes
from longdoc.types import Document

DOTTED = """TABLE OF CONTENTS

1. Flour .............................. 2
2. Price .............................. 3
3. Weather ............................ 5"""
SPACED = """Table of contents

1   Flour                               2

2   Price                               3

3   Weather                             5"""
UNHEADED = """SECTION 1 Flour.......................Page 2
SECTION 2 Price.......................Page 3
SECTION 3 Weather.....................Page 5"""
LISTED = paragraphs("CONTENTS", "1. Flour", "2. Price", "3. Weather")
BODY = paragraphs("1. Flour", FILLER, "2. Price", FILLER, "3. Weather", FILLER)


def kinds(document: Document, kind: str) -> str:
    return "\n".join(document.quote(block.span) for block in document.blocks if block.kind == kind)


@pytest.mark.parametrize("contents", [DOTTED, SPACED, UNHEADED, LISTED], ids=["dotted", "spaced", "unheaded", "without pages"])
def test_a_table_of_contents_is_not_text(contents: str) -> None:
    document = read(paragraphs("SUPPLY AGREEMENT", contents, FILLER, BODY))
    assert "Weather" in kinds(document, "contents")
    assert "miller" not in kinds(document, "contents")
    assert outline(document) == ["SUPPLY AGREEMENT", "1. Flour", "2. Price", "3. Weather"]


def test_nothing_of_it_is_read_or_cut() -> None:
    parsed = parse_bytes(paragraphs("SUPPLY AGREEMENT", DOTTED, FILLER, BODY).encode(), "sample.txt")
    assert not any("......" in parsed.document.quote(chunk.span) for chunk in parsed.chunks)
    assert all(not block.running for block in parsed.document.blocks if block.kind == "contents")


def test_contents_in_html_are_told_from_text() -> None:
    rows = "".join(
        f"<tr><td>Item {place}.</td><td>{title}</td><td>{page}</td></tr>"
        for place, title, page in ((1, "Mill", 3), (2, "River", 7), (3, "Suits", 9))
    )
    items = "".join(f"<p><b>Item {place}. {title}</b></p><p>{FILLER}</p>" for place, title in ((1, "Mill"), (2, "River"), (3, "Suits")))
    document = parse_bytes(
        f"<html><body><p><b>TABLE OF CONTENTS</b></p><table>{rows}</table>{items}</body></html>".encode(), "report.html"
    ).document
    assert outline(document) == ["Item 1. Mill", "Item 2. River", "Item 3. Suits"]
    assert "River" in kinds(document, "contents")


def test_what_is_listed_is_a_heading_where_it_stands() -> None:
    contents = "CONTENTS\n\nThe flour and its price ........ 2\n\nhow it is carried .............. 4\n\nThe weather .................... 5"
    body = paragraphs("The flour and its price", "It is low.", "how it is carried", "By wagon.", "The weather", "It is fair.")
    assert outline(read(paragraphs(contents, FILLER, body))) == ["The flour and its price", "how it is carried", "The weather"]


def test_a_table_of_figures_and_a_list_of_exhibits_are_text() -> None:
    table = "Region        2021\nNorth          120\nSouth          130\nEast           140\nWest           150"
    exhibits = paragraphs("EXHIBIT INDEX", "10.1 Lease of the mill", "10.2 Deed of the river", "10.3 Plan of the yard")
    document = read(paragraphs("1. Flour. " + FILLER, table, exhibits))
    assert kinds(document, "contents") == ""


def test_a_link_to_the_contents_on_every_page_is_no_table_of_contents() -> None:
    document = read(paragraphs(*(part for place in range(1, 5) for part in (f"{place}. Clause {place}. " + FILLER, "Table of Contents"))))
    assert kinds(document, "contents") == ""
