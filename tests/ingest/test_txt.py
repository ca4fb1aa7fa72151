"""Plain text: the canonical text is the file; encodings; furniture; paragraphs."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import samples
from ingest.contract import IngestorContract
from longdoc.errors import EmptyFileError, EncodingError
from longdoc.ingest import parse_bytes
from longdoc.ingest.chunk import HARD_MAXIMUM
from longdoc.ingest.txt import TxtIngestor, find_blocks
from longdoc.types import Document

SAMPLE = (samples.DATA / "txt" / "supply-agreement.txt").read_bytes()


def read(data: bytes) -> Document:
    return parse_bytes(data, "sample.txt").document


class TestTxtContract(IngestorContract):
    ingestor = TxtIngestor
    suffix = ".txt"

    def sample(self) -> bytes:
        return SAMPLE

    def running_text(self) -> str:
        return "\n".join(line for line in SAMPLE.decode().splitlines() if not line.startswith("Page "))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_the_text_is_the_decoded_file_without_its_byte_order_mark(encoding: str) -> None:
    content = "The fee is 5 €.\r\n\r\nIt is paid “monthly”.\n" * 10
    document = read(content.encode(encoding))
    assert document.text == content
    assert document.warnings == ()


def test_windows_text_is_read_with_a_warning() -> None:
    content = "The “Supplier” delivers – at its own cost – to the Buyer’s mill in Düsseldorf every month.\n" * 20
    document = read(content.encode("cp1252"))
    assert document.text == content
    assert "guessed" in document.warnings[0]


def test_a_few_broken_bytes_do_not_turn_utf8_into_another_encoding() -> None:
    content = "Le prix du blé est fixé à l’été, après la récolte.\n" * 50
    document = read(content.encode() + b"\xff end")
    assert document.text == content + "\ufffd end"
    assert "not valid UTF-8" in document.warnings[0]


def test_bytes_of_no_encoding_are_refused() -> None:
    with pytest.raises(EncodingError, match="save it anew as UTF-8"):
        read(b"\xff\xfe" + b"\x00\xd8" * 40)


def test_a_file_of_white_space_is_empty() -> None:
    with pytest.raises(EmptyFileError):
        read(b" \n\t\n")


def test_page_numbers_in_sequence_and_lines_that_come_back_are_furniture() -> None:
    pages = "\n\n".join(f"{samples.paragraphs(6, 6 * page)[0] * 8}\n\n{page + 1}\n\nSource: MILLS INC, 8-K, 1/2/2020" for page in range(4))
    furniture = [read(pages.encode()).quote(block.span) for block in find_blocks(pages) if block.kind == "furniture"]
    assert furniture == [line for page in range(4) for line in (str(page + 1), "Source: MILLS INC, 8-K, 1/2/2020")]


def test_signature_lines_that_come_back_close_together_are_text() -> None:
    text = "\n\n".join(["Signed by both parties.", *["By the director", "Name of signer"] * 4])
    assert all(block.kind != "furniture" for block in find_blocks(text))


def test_three_spaces_part_the_paragraphs_of_a_long_line() -> None:
    first, second = samples.paragraphs(2)
    text = f"{first}   {second}   3. Term. {first}   ARTICLE II   {second}"
    assert [text[block.span.start : block.span.end] for block in find_blocks(text)] == [
        first,
        second,
        f"3. Term. {first}",
        "ARTICLE II",
        second,
    ]


def test_columns_of_figures_are_a_table() -> None:
    document = read(SAMPLE)
    tables = [document.quote(block.span) for block in document.blocks if block.kind == "table"]
    assert len(tables) == 1
    assert tables[0].count("\n") == 3


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab A.1(\n\r\t ;\u00a0é-"), max_size=3000))
def test_any_text_is_covered_by_its_blocks_and_chunks(text: str) -> None:
    blocks = find_blocks(text)
    end = 0
    covered: set[int] = set()
    for block in blocks:
        assert end <= block.span.start < block.span.end
        end = block.span.end
        covered.update(range(block.span.start, block.span.end))
    assert all(position in covered for position, character in enumerate(text) if not character.isspace())
    if text.strip():
        chunks = parse_bytes(text.encode(), "any.txt").chunks
        assert all(len(chunk.span) <= HARD_MAXIMUM for chunk in chunks)
        assert all(before.span.end <= after.span.start for before, after in itertools.pairwise(chunks))


def test_the_heading_of_a_part_is_no_title() -> None:
    text = "Introduction\n\nWe study how rivers silt up, and what mills do to it.\n\nMethods\n\nWe measured the depth each week.\n"
    assert parse_bytes(text.encode(), "rivers.txt").document.title is None
