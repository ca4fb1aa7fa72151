"""What every ingestor must do. A format's tests inherit `IngestorContract` and name a sample and what is in it."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path
from typing import ClassVar

import pytest

from longdoc.errors import LimitError
from longdoc.ingest import ParsedFile, parse_file
from longdoc.ingest.chunk import HARD_MAXIMUM
from longdoc.protocols import Ingestor, Limits
from longdoc.types import Span


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


class IngestorContract:
    """`running_text` is all that a reader of the file would read in it; `furniture` is what stands on its pages beside that."""

    ingestor: ClassVar[type[Ingestor]]
    suffix: ClassVar[str]

    def sample(self) -> bytes:
        raise NotImplementedError("a contract test names its sample")

    def running_text(self) -> str:
        raise NotImplementedError("a contract test names what its sample says")

    @pytest.fixture
    def path(self, tmp_path: Path) -> str:
        file = tmp_path / f"sample{self.suffix}"
        file.write_bytes(self.sample())
        return str(file)

    @pytest.fixture
    def parsed(self, path: str) -> ParsedFile:
        return parse_file(path)

    def test_it_is_an_ingestor_of_its_format(self, parsed: ParsedFile) -> None:
        assert isinstance(self.ingestor(), Ingestor)
        assert parsed.document.format == self.ingestor.format

    def test_the_same_bytes_give_the_same_document(self, path: str, parsed: ParsedFile) -> None:
        assert parse_file(path) == parsed

    def test_no_word_is_lost_or_made_up(self, parsed: ParsedFile) -> None:
        text = "\n".join(parsed.document.quote(block.span) for block in parsed.document.blocks if block.running)
        assert words(text) == words(self.running_text())

    def test_blocks_are_in_order_apart_from_each_other_and_trimmed(self, parsed: ParsedFile) -> None:
        end = 0
        for block in parsed.document.blocks:
            assert end <= block.span.start < block.span.end <= len(parsed.document.text)
            assert parsed.document.quote(block.span) == parsed.document.quote(block.span).strip()
            end = block.span.end

    def test_pages_follow_each_other_and_cover_all_blocks(self, parsed: ParsedFile) -> None:
        pages = parsed.document.pages
        assert [page.number for page in pages] == list(range(1, len(pages) + 1))
        for before, after in itertools.pairwise(pages):
            assert before.span.start <= before.span.end <= after.span.start
        for block in parsed.document.blocks if pages else ():
            assert parsed.document.page_at(block.span.start) is not None

    def test_sections_nest(self, parsed: ParsedFile) -> None:
        for section in parsed.document.sections:
            assert section.heading.start == section.span.start
            assert section.heading.end <= section.span.end <= len(parsed.document.text)
            if section.parent is not None:
                parent = parsed.document.sections[section.parent]
                assert parent.index < section.index
                assert parent.level + 1 == section.level
                assert parent.span.contains(section.span)

    def test_chunks_cover_every_block_once_and_keep_the_maximum(self, parsed: ParsedFile) -> None:
        assert [chunk.index for chunk in parsed.chunks] == list(range(len(parsed.chunks)))
        assert all(0 < len(chunk.span) <= HARD_MAXIMUM for chunk in parsed.chunks)
        covered = sorted((chunk.span.start, chunk.span.end) for chunk in parsed.chunks)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(covered))
        inside = [position for start, end in covered for position in range(start, end)]
        wanted = {
            position
            for block in parsed.document.blocks
            if block.running
            for position in range(block.span.start, block.span.end)
            if not parsed.document.text[position].isspace()
        }
        assert wanted <= set(inside)

    def test_every_block_can_be_cited(self, parsed: ParsedFile) -> None:
        for block in parsed.document.blocks:
            citation = parsed.document.cite(block.span)
            assert citation.quote == parsed.document.text[block.span.start : block.span.end]

    def test_definitions_and_references_lie_in_the_text(self, parsed: ParsedFile) -> None:
        whole = Span(start=0, end=len(parsed.document.text))
        for definition in parsed.document.definitions:
            assert whole.contains(definition.span)
            assert definition.term in parsed.document.quote(definition.span)
        for reference in parsed.document.references:
            assert parsed.document.quote(reference.span) == reference.text

    def test_a_file_above_the_size_limit_is_refused_with_both_numbers(self, path: str) -> None:
        size = len(self.sample())
        with pytest.raises(LimitError, match=rf"{size} bytes, the limit is {size - 1}"):
            parse_file(path, limits=Limits(file_size=size - 1))

    def test_boxes_of_words_lie_on_their_pages(self, parsed: ParsedFile) -> None:
        document = parsed.document
        assert [row[0] for row in document.word_boxes] == sorted(row[0] for row in document.word_boxes)
        for start, end, number, x0, y0, x1, y1 in document.word_boxes:
            page = document.pages[number - 1]
            assert page.span.start <= start < end <= page.span.end
            assert not any(character.isspace() for character in document.text[start:end])
            assert 0 <= x0 <= x1 <= page.width + 1
            assert 0 <= y0 <= y1 <= page.height + 1
