"""PDF: the order of reading in one, two, three and mixed columns, and of pages that were drawn in no order or in two passes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

import pytest
from reportlab.pdfgen.canvas import Canvas

from ingest import samples
from longdoc.ingest import parse_bytes
from longdoc.types import Document

Put = Callable[[Canvas, float, float, str], None]


def read(draw: Callable[[Canvas], None]) -> Document:
    return parse_bytes(samples.pdf(draw), "sample.pdf").document


def prose(name: str, count: int) -> str:
    """Sentences whose words are numbered: name0, name1, ..."""
    return " ".join(f"{name}{place} stands in its place on this page and" for place in range(count))


def numbers(document: Document, name: str) -> list[int]:
    return [int(number) for number in re.findall(rf"\b{name}(\d+)", document.text)]


def in_turn(canvas: Canvas, columns: Sequence[Sequence[str]], lefts: Sequence[float], top: float, size: float = 10) -> float:
    """The rows of columns one after another, as a printer that knows no columns draws them."""
    canvas.setFont("Times-Roman", size)
    rows = max(map(len, columns))
    for row in range(rows):
        for column, left in zip(columns, lefts, strict=True):
            if row < len(column):
                canvas.drawString(left, samples.HEIGHT - top - 12 * row, column[row])
    return top + 12 * rows


def assert_in_order(document: Document, *names: str) -> None:
    """Each text is whole, and they follow each other."""
    places = []
    for name in names:
        found = numbers(document, name)
        assert found == list(range(len(found))) != []
        places += [match.start() for match in re.finditer(rf"\b{name}\d", document.text)]
    assert places == sorted(places)


def test_three_columns_are_read_one_after_the_other() -> None:
    def draw(canvas: Canvas) -> None:
        samples.put(canvas, ["News of the Three Rivers"], 180, 60, "Times-Bold", 16)
        in_turn(canvas, [samples.wrap(canvas, prose(name, 24), 150, size=10) for name in ("one", "two", "three")], (54, 222, 390), 110)

    document = read(draw)
    assert document.text.startswith("News of the Three Rivers")
    assert_in_order(document, "one", "two", "three")


def test_a_part_in_two_columns_may_stand_below_one_in_one_and_above_one_in_three() -> None:
    def draw(canvas: Canvas) -> None:
        top = samples.put(canvas, samples.wrap(canvas, prose("whole", 12), 490, size=10), 54, 40, size=10) + 24
        halves = [samples.wrap(canvas, prose(name, 14), 230, size=10) for name in ("left", "right")]
        top = in_turn(canvas, halves, (54, 314), top) + 24
        in_turn(canvas, [samples.wrap(canvas, prose(name, 14), 150, size=10) for name in ("one", "two", "three")], (54, 222, 390), top)

    assert_in_order(read(draw), "whole", "left", "right", "one", "two", "three")


def test_a_table_across_both_columns_stays_whole_between_them() -> None:
    def draw(canvas: Canvas) -> None:
        halves = [samples.wrap(canvas, prose(name, 16), 230, size=10) for name in ("left", "right")]
        top = in_turn(canvas, halves, (54, 314), 60) + 12
        for place, row in enumerate(
            (("Grain", "2023", "2022"), ("Wheat", "81.4", "77.9"), ("Barley", "52.0", "49.3"), ("Rye", "9.1", "8.8"))
        ):
            for left, cell in zip((54, 300, 500), row, strict=True):
                canvas.drawString(left, samples.HEIGHT - top - 12 * place, cell)
        in_turn(canvas, [samples.wrap(canvas, prose(name, 16), 230, size=10) for name in ("third", "fourth")], (54, 314), top + 70)

    document = read(draw)
    assert "Wheat\t81.4\t77.9\nBarley\t52.0\t49.3" in document.text
    assert_in_order(document, "left", "right")
    assert_in_order(document, "third", "fourth")
    assert numbers(document, "right")
    assert document.text.index("right0") < document.text.index("Wheat") < document.text.index("third0")


def test_columns_whose_lines_come_in_no_order_are_put_in_order() -> None:
    def draw(canvas: Canvas) -> None:
        halves = [(name, left, samples.wrap(canvas, prose(name, 24), 230, size=10)) for name, left in (("left", 54), ("right", 314))]
        placed = [(left, 60 + 12 * row, line) for _, left, column in halves for row, line in enumerate(column)]
        random.Random(5).shuffle(placed)
        canvas.setFont("Times-Roman", 10)
        for left, top, line in placed:
            canvas.drawString(left, samples.HEIGHT - top, line)

    assert_in_order(read(draw), "left", "right")


def test_a_table_of_words_is_not_cut_into_columns() -> None:
    words = samples.WORDS

    def draw(canvas: Canvas) -> None:
        rows = [[f"{words[(3 * row + 7 * column) % 30].title()} {words[(row + column) % 30]}" for row in range(14)] for column in range(4)]
        in_turn(canvas, rows, (54, 190, 326, 462), 80)

    document = read(draw)
    first = [f"{words[7 * column % 30].title()} {words[column]}" for column in range(4)]
    assert re.search(r"\s+".join(map(re.escape, first)), document.text)


def test_headings_that_were_drawn_after_the_text_stand_above_their_clauses() -> None:
    clauses = samples.paragraphs(5)

    def draw(canvas: Canvas) -> None:
        top, places = 60.0, []
        for text in clauses:
            places.append(top)
            top = samples.put(canvas, samples.wrap(canvas, text, 460), 72, top + 26) + 20
        for number, place in enumerate(places, 1):
            samples.put(canvas, [f"{number}. {samples.PARTS[number - 1]}"], 72, place, "Times-Bold")

    document = read(draw)
    expected = [part for number, text in enumerate(clauses, 1) for part in (f"{number}. {samples.PARTS[number - 1]}", text)]
    assert [document.quote(block.span) for block in document.blocks] == expected


def test_a_caption_that_was_drawn_last_does_not_cut_the_sentence_around_the_picture() -> None:
    lines = ("The supplier keeps the premises clean and tells the", "customer of every accident on them within two days,")
    more = ("whatever its cause may be and whoever has suffered", "from it, and bears what it has cost the customer.")

    def draw(canvas: Canvas) -> None:
        samples.put(canvas, lines, 72, 60)
        samples.put(canvas, more, 72, 260)
        samples.put(canvas, ["Figure 1: The premises"], 72, 230)

    text = read(draw).text
    assert text.index("whatever its cause") < text.index("Figure 1")


@pytest.mark.parametrize("last", ["customer has", "customer."])
def test_footnotes_below_a_column_do_not_part_its_text_from_the_next_column(last: str) -> None:
    def draw(canvas: Canvas) -> None:
        left = samples.wrap(canvas, prose("left", 34) + " " + last, 230, size=10)
        right = samples.wrap(canvas, "has seen them and " + prose("right", 34), 230, size=10)
        samples.put(canvas, left, 54, 60, size=10, pitch=12)
        samples.put(
            canvas, samples.wrap(canvas, "1 See the annex, which lists the premises of both.", 230, size=7), 54, 700, size=7, pitch=8
        )
        samples.put(canvas, right, 314, 60, size=10, pitch=12)
        samples.put(canvas, samples.wrap(canvas, "2 In the wording of the first amendment to it.", 230, size=7), 314, 700, size=7, pitch=8)

    document = read(draw)
    notes = [document.quote(block.span) for block in document.blocks if block.kind == "footnote"]
    assert [note[:9] for note in notes] == ["1 See the", "2 In the "]
    assert_in_order(document, "left", "right")
    assert ("customer has has seen them" in document.text) == (last == "customer has")


def test_letters_set_apart_are_words_and_lead_back_to_the_page() -> None:
    def draw(canvas: Canvas) -> None:
        samples.put(canvas, ["S U P P L Y   A G R E E M E N T"], 180, 60)
        samples.put(canvas, ["a b c d are the villages"], 72, 90)
        samples.put(canvas, ["1 2 3 4 5 6 7"], 72, 120)

    document = read(draw)
    assert "SUPPLY AGREEMENT" in document.text
    assert "a b c d are the villages" in document.text
    assert "1 2 3 4 5 6 7" in document.text
    start = document.text.index("AGREEMENT")
    places = [
        (page, index + start + place - first)
        for place in range(9)
        for first, page, index, length in document.source_map
        if first <= start + place < first + length
    ]
    assert len(places) == len(set(places)) == 9


def test_letters_drawn_one_by_one_are_words_and_figures() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 11)
        for row, cells in enumerate((("Mills", "2023", "2022"), ("International", "2,131", "1,594"), ("Worldwide", "4,300", "3,971"))):
            for left, cell in zip((72, 300, 400), cells, strict=True):
                for letter in cell:
                    canvas.drawString(left, samples.HEIGHT - 80 - 14 * row, letter)
                    left += canvas.stringWidth(letter, "Times-Roman", 11)

    document = read(draw)
    assert "International\t2,131\t1,594\nWorldwide\t4,300\t3,971" in document.text
