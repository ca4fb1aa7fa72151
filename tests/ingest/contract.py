"""What every ingestor must do. A format's tests inherit `IngestorContract` and name a sample and what is in it."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from pathlib import Path
from typing import ClassVar

import pytest

from ingest.mutations import mutations_of
from longdoc.errors import InputError, LimitError
from longdoc.ingest import ParsedFile, parse_file
from longdoc.ingest.chunk import HARD_MAXIMUM
from longdoc.ingest.sandbox import ProcessExecutor
from longdoc.protocols import Ingestor, Job, Limits
from longdoc.types import Span

PARSE_FILE = "longdoc.ingest:parse_file"
PARSE_BYTES = "longdoc.ingest:parse_bytes"
MUTATIONS = 30
A_BUG = re.compile(r"could not be read \(\w+: |crashed on it")
"""How the sandbox tells of an error that no code raised on purpose."""


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


class IngestorContract:
    """`running_text` is all that a reader of the file would read in it; `plain_text` is what a plain extractor, of another library, finds.

    What it is about the sandbox runs in a worker, as in a run.
    """

    ingestor: ClassVar[type[Ingestor]]
    suffix: ClassVar[str]

    def sample(self) -> bytes:
        raise NotImplementedError("a contract test names its sample")

    def running_text(self) -> str:
        raise NotImplementedError("a contract test names what its sample says")

    def plain_text(self) -> str | None:
        """The words that a plain extractor finds in the sample; None where there is no such extractor."""
        return None

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

    def test_a_worker_gives_the_same_document(self, path: str, parsed: ParsedFile, sandbox: ProcessExecutor) -> None:
        (done,) = sandbox.map(PARSE_FILE, [Job("sample", {"path": path})])
        assert done.error is None
        assert done.value == parsed

    def test_what_a_plain_extractor_finds_is_in_the_text_or_beside_it(self, parsed: ParsedFile) -> None:
        beside = "\n".join(aside.text for aside in parsed.document.asides)
        assert words(self.plain_text() or "") - words(f"{parsed.document.text}\n{beside}") == Counter()

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

    def test_no_entry_of_a_table_of_contents_is_a_section(self, parsed: ParsedFile) -> None:
        listed = [block.span for block in parsed.document.blocks if block.kind == "contents"]
        assert not any(span.overlaps(section.heading) for section in parsed.document.sections for span in listed)

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

    def test_cells_of_tables_are_filled_in_order_and_apart_from_each_other(self, parsed: ParsedFile) -> None:
        document = parsed.document
        blocks = [block.span for block in document.blocks if block.kind == "table"]
        ends = [table.span.end for table in document.tables]
        assert all(before <= after.span.start for before, after in zip(ends, document.tables[1:], strict=False))
        for table in document.tables:
            assert any(span.overlaps(table.span) for span in blocks)
            end, places = table.span.start, set()
            for row, column, rows, columns, start, stop in table.cells:
                assert end <= start < stop <= table.span.end
                assert document.text[start:stop] == document.text[start:stop].strip()
                covered = {(row + down, column + across) for down in range(rows) for across in range(columns)}
                assert not covered & places
                end, places = stop, places | covered
            assert table.header_rows <= len({cell[0] for cell in table.cells})

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

    def test_more_text_than_the_limit_is_refused_with_both_numbers(self, path: str, parsed: ParsedFile) -> None:
        size = len(parsed.document.text)
        with pytest.raises(LimitError, match=rf"{size} characters of text, the limit is {size - 1}"):
            parse_file(path, limits=Limits(characters=size - 1))
        with pytest.raises(LimitError, match="the limit is 0"):
            parse_file(path, limits=Limits(parts=0))
        if parsed.document.pages:
            with pytest.raises(LimitError, match=rf"{len(parsed.document.pages)} pages, the limit is 0"):
                parse_file(path, limits=Limits(pages=0))

    def test_tables_and_asides_lie_in_the_text(self, parsed: ParsedFile) -> None:
        whole = Span(start=0, end=len(parsed.document.text))
        for table in parsed.document.tables:
            assert whole.contains(table.span)
            for row, column, rows, columns, start, end in table.cells:
                assert min(row, column) >= 0
                assert min(rows, columns) >= 1
                assert table.span.start <= start <= end <= table.span.end
        for aside in parsed.document.asides:
            assert aside.span is None or whole.contains(aside.span)
            assert aside.anchor is None or 0 <= aside.anchor <= whole.end
            assert aside.page is None or aside.page in [page.number for page in parsed.document.pages]

    def test_a_sample_made_worse_is_read_or_refused_for_a_reason(self, sandbox: ProcessExecutor) -> None:
        sample, dice = self.sample(), random.Random(8)
        kinds = mutations_of(sample)
        jobs = []
        for number in range(MUTATIONS):
            kind = dice.choice(list(kinds))
            worse = kinds[kind](sample, b"", dice)
            jobs.append(Job(f"{number} {kind}", {"data": worse, "path": f"worse{self.suffix}"}))
        for done in sandbox.map(PARSE_BYTES, jobs):
            if done.error is None:
                assert done.value.document.text.strip(), done.key
            else:
                assert isinstance(done.error, InputError), done.key
                assert not A_BUG.search(str(done.error)), (done.key, str(done.error))

    def test_boxes_of_words_lie_on_their_pages(self, parsed: ParsedFile) -> None:
        document = parsed.document
        assert [row[0] for row in document.word_boxes] == sorted(row[0] for row in document.word_boxes)
        for start, end, number, x0, y0, x1, y1 in document.word_boxes:
            page = document.pages[number - 1]
            assert page.span.start <= start < end <= page.span.end
            assert not any(character.isspace() for character in document.text[start:end])
            assert 0 <= x0 <= x1 <= page.width + 1
            assert 0 <= y0 <= y1 <= page.height + 1
