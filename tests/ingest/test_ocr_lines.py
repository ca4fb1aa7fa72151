"""Words seen in a picture in their order on the page, with the size of their type."""

from longdoc.ingest.ocr_lines import compose
from longdoc.ingest.ocr_words import SeenWord

LETTER = 12.0
"""Pixels that a letter of these samples is wide; capitals are 17 high, x 12, tails 5."""


def line(text: str, x: float, base: float, scale: float = 1.0) -> list[SeenWord]:
    """Words that stand on `base`, each in the box of its ink."""
    words = []
    for word in text.split():
        high = 17.0 if any(letter in "bdfhklt" or letter.isupper() or letter.isdigit() for letter in word) else 11.5
        low = 5.0 if any(letter in "gjpqy" for letter in word) else 0.0
        end = x + LETTER * scale * len(word)
        words.append(SeenWord(word, 0.99, x, base - high * scale, end, base + low * scale))
        x = end + LETTER * scale
    return words


def texts(seen: list[list[SeenWord]]) -> list[str]:
    return compose(seen, 1, 0.36).text.splitlines()


def test_two_columns_are_read_one_after_the_other_though_their_lines_stand_on_other_heights() -> None:
    left = [line(f"left column line number {place} says", 100, 200 + 40 * place) for place in range(10)]
    right = [line(f"right column line number {place} says", 800, 213 + 40 * place) for place in range(10)]
    title = line("This title stands across both of the columns of the page and is longer than either", 150, 120)
    mixed = [title, *(part for pair in zip(right, left, strict=True) for part in pair)]
    found = texts(mixed)
    assert found[0].startswith("This title")
    assert [text.split()[0] for text in found[1:]] == ["left"] * 10 + ["right"] * 10
    assert [int(text.split()[4]) for text in found[1:]] == [*range(10), *range(10)]


def test_rows_of_a_table_stay_rows() -> None:
    heads = [line(f"Item {place} of many in stock", 100, 200 + 40 * place) for place in range(8)]
    figures = [line(f"{place},400 {place}.5", 900, 200 + 40 * place) for place in range(8)]
    found = texts([*heads, *figures])
    assert found[:4] == ["Item 0 of many in stock", "0,400 0.5", "Item 1 of many in stock", "1,400 1.5"]


def test_lines_of_one_type_have_one_size_whatever_letters_are_in_them_and_a_heading_is_larger() -> None:
    seen = [
        line("Large Heading", 100, 100, scale=1.5),
        *(line("plain words of type with tails going by", 100, 200 + 40 * place) for place in range(6)),
        line("as seven", 100, 500),
        line("Hello THERE", 100, 540),
        line("gypsy", 100, 580),
    ]
    sizes = [round(one.size, 1) for one in compose(seen, 1, 0.36).lines]
    assert len(set(sizes[1:])) == 1
    assert 1.3 < sizes[0] / sizes[1] < 1.7


def test_signs_that_the_engine_is_not_sure_of_are_dirt_and_words_are_not() -> None:
    dirty = [SeenWord("|", 0.2, 10, 90, 14, 110), *line("Kept words", 100, 100), SeenWord("faint", 0.3, 600, 88, 660, 100)]
    assert texts([dirty, [SeenWord("~'", 0.1, 10, 300, 20, 310)]]) == ["Kept words faint"]
