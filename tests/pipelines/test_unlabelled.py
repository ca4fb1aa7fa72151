from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from longdoc.errors import DamagedError, NotFoundError
from longdoc_pipelines.unlabelled import sentences_in

ONE = "The regulator may ask a firm for its records at any time."
OTHER = "A firm keeps its records for at least six years."


def test_strings_at_any_depth_of_json_lines_are_cut_into_sentences(tmp_path: Path) -> None:
    path = tmp_path / "papers.jsonl.gz"
    rows = [{"id": "x1", "sections": [{"title": "Short", "text": f"{ONE} {OTHER}"}]}, {"source": [OTHER], "rank": 3}]
    path.write_bytes(gzip.compress("\n".join(json.dumps(row) for row in rows).encode()))
    assert list(sentences_in(path)) == [ONE, OTHER, OTHER]


def test_plain_text_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text(f"{ONE}\n\n{OTHER} {ONE}\nToo short.\n")
    assert list(sentences_in(path)) == [ONE, OTHER, ONE]


def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps({"text": ONE}) + "\n{not json\n")
    with pytest.raises(DamagedError, match=r"bad\.jsonl, line 2: not JSON"):
        list(sentences_in(path))
    cut = tmp_path / "cut.txt.gz"
    cut.write_bytes(gzip.compress(ONE.encode() * 50)[:-12])
    with pytest.raises(DamagedError, match=r"cut\.txt\.gz: cannot be read"):
        list(sentences_in(cut))
    with pytest.raises(NotFoundError, match="no such file"):
        list(sentences_in(tmp_path / "none.txt"))
