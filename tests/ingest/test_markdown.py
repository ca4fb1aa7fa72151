"""Markdown: the canonical text is the file; headings, lists, tables, code."""

from ingest import samples
from ingest.contract import IngestorContract
from longdoc.ingest import parse_bytes
from longdoc.ingest.markdown import MarkdownIngestor

SAMPLE = (samples.DATA / "markdown" / "travel-policy.md").read_bytes()


class TestMarkdownContract(IngestorContract):
    ingestor = MarkdownIngestor
    suffix = ".md"

    def sample(self) -> bytes:
        return SAMPLE

    def running_text(self) -> str:
        return SAMPLE.decode().split("---\n", 2)[2]


def test_each_kind_of_block_is_told_apart() -> None:
    document = parse_bytes(SAMPLE, "travel-policy.md").document
    assert document.text == SAMPLE.decode()
    assert [(block.kind, block.level, document.quote(block.span)[:24]) for block in document.blocks] == [
        ("furniture", None, "---\ntitle: Travel Policy"),
        ("heading", 1, "Travel Policy"),
        ("paragraph", None, "Who may travel, and *how"),
        ("heading", 2, "1. Booking"),
        ("list_item", None, "- Book by rail below 600"),
        ("list_item", None, "- Book economy class\n  o"),
        ("heading", 2, "Setext heading"),
        ("table", None, "| Grade | Limit per nigh"),
        ("code", None, "```python\n# not a headin"),
        ("heading", 3, "Exceptions"),
        ("list_item", None, "1. The director approves"),
        ("list_item", None, "2. They are recorded."),
    ]


def test_the_title_comes_from_the_front_matter() -> None:
    assert parse_bytes(SAMPLE, "travel-policy.md").document.title == "Travel Policy"


def test_headings_nest_by_their_marks() -> None:
    document = parse_bytes(SAMPLE, "travel-policy.md").document
    assert document.heading_path(document.text.index("director")) == ("Travel Policy", "Setext heading", "Exceptions", "1.")
