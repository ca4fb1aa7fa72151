"""`longdoc bench attention`: what it prints, draws and refuses."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from longdoc import registry

from .library import Library, Longdoc

QUICK = ("--runs", "1", "--top-k", "64", "--length", "256")
NAMES = {*registry.known("patterns"), "tiered_cache"}


def test_without_documents_all_patterns_are_compared_on_drawn_tensors_which_is_said(longdoc: Longdoc, tmp_path: Path) -> None:
    result = longdoc("bench", "attention", *QUICK, "--plot", "plot.svg", "--format", "table,md,csv,json,jsonl", "--out", "out")
    assert result.code == 0, result.err
    table = (tmp_path / "out" / "bench-attention.txt").read_text()
    assert "drawn tensors of no text" in table
    assert all(name in table for name in NAMES)
    setup, *rows = [json.loads(line) for line in (tmp_path / "out" / "bench-attention.jsonl").read_text().splitlines()]
    assert (setup["kind"], setup["tokens"], setup["layers"]) == ("setup", 256, [0, 1])
    assert setup["machine"]["cores"] >= 1
    assert {row["pattern"] for row in rows} == NAMES
    dense = next(row for row in rows if (row["pattern"], row["queries"]) == ("dense", "prefill"))
    assert dense["mass_kept"] == pytest.approx(1.0, abs=1e-5)
    assert (dense["error"], dense["density"], dense["times_dense"]) == (0.0, 1.0, 1.0)
    assert next(row for row in rows if row["pattern"] == "performer")["mass_kept"] is None
    assert json.loads((tmp_path / "out" / "bench-attention.json").read_text())["records"] == [setup, *rows]
    listed = list(csv.DictReader(io.StringIO((tmp_path / "out" / "bench-attention.csv").read_text())))
    assert [line["pattern"] for line in listed] == ["", *(row["pattern"] for row in rows)]
    drawing = (tmp_path / "plot.svg").read_text()
    assert drawing.startswith("<svg")
    assert all(f">{name}</text>" in drawing for name in NAMES)
    assert not (tmp_path / ".longdoc").exists(), "nothing was read"


def test_a_document_is_read_by_the_shipped_encoder(library: Library, tmp_path: Path) -> None:
    result = library.run(
        "bench", "attention", library.contract, *QUICK, "--layer", "0", "--pattern", "block_local", "--pattern", "retrieval",
        "--plot", tmp_path / "plot.html", "--format", "jsonl",
    )  # fmt: skip
    assert result.code == 0, result.err
    setup, *rows = result.lines
    assert str(library.contract) in setup["source"]
    assert (setup["layers"], setup["heads"], setup["head_size"], setup["top_k"]) == ([0], 12, 32, 64)
    names = [(row["pattern"], row["queries"]) for row in rows]
    assert names == [("dense", "prefill"), ("block_local", "prefill"), ("dense", "decode"), ("retrieval", "decode")]
    assert rows[1]["mass_kept"] == pytest.approx(1.0, abs=1e-5)
    assert 0.1 < rows[3]["mass_kept"] <= 1.0
    page = (tmp_path / "plot.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "<td>block_local</td>" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", ""), "a page that needs nothing beside it"


def test_a_length_beyond_the_text_names_both_numbers(library: Library) -> None:
    result = library.run("bench", "attention", library.contract, "--length", "9000")
    assert result.code == 2
    assert "9,000 tokens are needed, there are " in result.err


def test_a_document_that_is_not_there_is_told_and_nothing_is_compared(library: Library) -> None:
    result = library.run("bench", "attention", "absent.pdf")
    assert result.code == 3
    assert "absent.pdf" in result.err
    assert result.out == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--pattern", "dens"), "no pattern 'dens'. Known: antidiagonal, auto"),
        (("--length", "100"), "a length of 100 tokens is too short to compare; 256 are the least"),
        (("--plot", "plot.png"), "--plot plot.png: the name must end in .svg (the drawing) or .html"),
        (("--model", "absent"), "--model absent: holds neither a checkpoint of transformers (config.json) nor a model of longdoc"),
        (("--layer", "2", "--length", "256"), "no layer 2; there are 2"),
    ],
)
def test_what_makes_no_sense_is_refused(longdoc: Longdoc, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    result = longdoc("bench", "attention", *arguments)
    assert result.code == 2
    assert told in result.err
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_needs_a_text(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    result = longdoc("bench", "attention", "--model", "model")
    assert (result.code, "name documents whose text it shall read" in result.err) == (2, True)


def test_a_checkpoint_that_transformers_does_not_know_is_refused(library: Library, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "abacus"}')
    result = library.run("bench", "attention", library.contract, "--model", tmp_path)
    assert (result.code, "not a checkpoint that transformers loads" in result.err) == (2, True)


def test_help_loads_no_torch() -> None:
    code = "import sys; from longdoc.cli.commands import app; app(['bench', 'attention', '--help'], standalone_mode=False)"
    done = subprocess.run([sys.executable, "-c", code + "; print('torch' in sys.modules)"], capture_output=True, text=True, check=True)
    assert "--plot" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"
