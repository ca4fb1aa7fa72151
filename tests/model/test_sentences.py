from __future__ import annotations

import pytest

from longdoc.model.sentences import LONGEST, split, split_text


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in split_text(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is so. It is not.", ["It is so.", "It is not."]),
        ("Acme Corp. v. Doe Inc. was decided. See Sec. 5.2 thereof.", ["Acme Corp. v. Doe Inc. was decided.", "See Sec. 5.2 thereof."]),
        ("  Padded.  ", ["Padded."]),
        ("One paragraph\n\nAnother paragraph", ["One paragraph", "Another paragraph"]),
        ("A line that\nis wrapped. Next.", ["A line that\nis wrapped.", "Next."]),
        (
            "Supplier shall: (a) deliver the goods; (b) insure them; and (c) pay all duties.",
            ["Supplier shall: (a) deliver the goods;", "(b) insure them; and", "(c) pay all duties."],
        ),
        (
            "1. RIGHTS    Licensor grants rights.     2. TERM   Five years.",
            ["1. RIGHTS", "Licensor grants rights.", "2. TERM", "Five years."],
        ),
        (
            "liable to either\n    Party in any way,\n    Whatever it is. Next.",
            ["liable to either\n    Party in any way,\n    Whatever it is.", "Next."],
        ),
        ("Each shall\n    (a) do this and\n    (b) do that", ["Each shall", "(a) do this and", "(b) do that"]),
        ("It ends then. 5.4.5 In no event shall it go on.", ["It ends then.", "5.4.5 In no event shall it go on."]),
    ],
)
def test_sentences_end_where_a_reader_would_say(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_a_semicolon_inside_a_sentence_does_not_cut_it() -> None:
    assert pieces("The goods are sold as they are; no warranty is given.") == ["The goods are sold as they are; no warranty is given."]


def test_a_run_without_any_end_is_cut_below_the_limit() -> None:
    text = "word " * 3000
    assert max(len(piece) for piece in pieces(text)) <= LONGEST
    assert "".join(pieces(text)).replace(" ", "") == text.replace(" ", "")


def test_furniture_holds_no_sentences_and_table_rows_are_sentences(make_document) -> None:
    assert split(make_document("Page 3 of 9", kind="furniture")).shape == (0, 2)
    table = make_document("Revenue 10 20\nCost. 5 6", kind="table")
    assert [table.text[start:end] for start, end in split(table)] == ["Revenue 10 20", "Cost. 5 6"]


def test_sentences_are_in_order_stripped_and_apart(make_document) -> None:
    document = make_document("TERM\n\nThis runs on.  Then it ends.\n\n  (a) one; (b) two;\n(c) three. \n\nLast")
    spans = split(document)
    assert (spans[1:, 0] >= spans[:-1, 1]).all()
    assert all(document.text[start:end] == document.text[start:end].strip() != "" for start, end in spans)
