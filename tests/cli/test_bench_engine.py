"""`longdoc bench engine`: what it prints and refuses."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from checkpoints import checkpoint

from .library import Longdoc

QUICK = ("--requests", "2", "--length", "512", "--write", "4", "--rounds", "2")
MODES = [("in turn", "own"), ("in turn", "shared"), ("at once", "own"), ("at once", "shared")]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("model") / "tiny")


def test_a_checkpoint_is_measured_in_every_mode_and_format(longdoc: Longdoc, model: Path, tmp_path: Path) -> None:
    result = longdoc(
        "bench", "engine", "--engine", "local", "--model", model, *QUICK,
        "--metrics-file", "m.prom", "--metrics-port", "0", "--format", "table,md,csv,json,jsonl", "--out", "out",
    )  # fmt: skip
    assert result.code == 0, result.err
    setup, *rows = [json.loads(line) for line in (tmp_path / "out" / "bench-engine.jsonl").read_text().splitlines()]
    assert (setup["kind"], setup["engine"], setup["requests"], setup["write"], setup["rounds"]) == ("setup", "local:tiny", 2, 4, 2)
    assert setup["length"] == pytest.approx(512, rel=0.1)
    assert setup["machine"]["cores"] >= 1
    assert [(row["asked"], row["document"]) for row in rows] == MODES
    for row in rows:
        assert (row["kind"], row["requests"], row["errors"], row["error"]) == ("mode", 4, 0, None)
        assert 0 < row["completion_tokens"] <= 16
        assert 0 < row["first_token_p50"] <= row["first_token_p90"] <= row["first_token_p99"] <= row["answered_p99"]
        assert 0 < row["tokens_out_per_second_least"] <= row["tokens_out_per_second"] <= row["tokens_out_per_second_most"]
    assert [row["cached_share"] > 0 for row in rows] == [False, False, False, True]
    assert json.loads((tmp_path / "out" / "bench-engine.json").read_text())["records"] == [setup, *rows]
    listed = list(csv.DictReader(io.StringIO((tmp_path / "out" / "bench-engine.csv").read_text())))
    assert [(line["asked"], line["document"]) for line in listed] == [("", ""), *MODES]
    assert float(listed[4]["answered_p99"]) == rows[3]["answered_p99"]
    table = (tmp_path / "out" / "bench-engine.txt").read_text().splitlines()
    assert table[0] == "local:tiny"
    assert [tuple(line.split("  ")[0:1]) for line in table[4:8]] == [("in turn",), ("in turn",), ("at once",), ("at once",)], (
        "a line a mode"
    )
    assert table[-1].startswith("asked from ")
    assert "| at once | shared |" in (tmp_path / "out" / "bench-engine.md").read_text()
    metrics = (tmp_path / "m.prom").read_text()
    assert (
        'gen_ai_client_operation_duration_seconds_count{error_type="",gen_ai_operation_name="chat",gen_ai_provider_name="local"' in metrics
    )
    assert not (tmp_path / ".longdoc").exists(), "nothing was read"


def test_what_is_not_as_it_should_be_about_the_checkpoint_is_told(longdoc: Longdoc, tmp_path: Path) -> None:
    plain = checkpoint(tmp_path / "plain", template=False)
    result = longdoc("bench", "engine", "--engine", "local", "--model", plain, *QUICK, "--json")
    assert result.code == 0, result.err
    assert "local:plain: its tokenizer has no chat template" in result.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no engine is named: --engine openai, vllm or local"),
        (("--engine", "local"), "--engine local needs --model"),
        (("--engine", "local", "--model", "absent", "--requests", "1"), "requests is 1; 2 is the least that can be measured"),
        (
            ("--engine", "local", "--model", "absent", "--max-tokens", "9000"),
            "it may take 126,464 tokens, --max-tokens is 9,000: ask for less",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(longdoc: Longdoc, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    result = longdoc("bench", "engine", *arguments)
    assert result.code == 2
    assert told in result.err
    assert not list(tmp_path.iterdir())


def test_more_than_the_engine_reads_is_refused_with_both_numbers(longdoc: Longdoc, model: Path) -> None:
    result = longdoc("bench", "engine", "--engine", "local", "--model", model, "--length", "9000")
    assert result.code == 2
    assert "may take 9,192; local:tiny reads at most 8,192: ask for less" in result.err


def test_a_dry_run_loads_nothing_and_tells_what_it_would_take(longdoc: Longdoc) -> None:
    result = longdoc("bench", "engine", "--engine", "local", "--model", "absent", "--dry-run", *QUICK)
    assert (result.code, result.out) == (0, "")
    assert "dry run, nothing was asked: at most 24 requests, 15,456 tokens" in result.err


def test_help_loads_no_torch() -> None:
    code = "import sys; from longdoc.cli.commands import app; app(['bench', 'engine', '--help'], standalone_mode=False)"
    done = subprocess.run([sys.executable, "-c", code + "; print('torch' in sys.modules)"], capture_output=True, text=True, check=True)
    assert "--rounds" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"
