"""What only a process shows: pipes, signals, terminals, exit codes."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from longdoc import cli

from .library import CONTRACT, Library, Longdoc

COMMAND = (sys.executable, "-m", "longdoc")


def test_a_closed_pipe_ends_quietly(library: Library) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    arguments = ("--store", library.store, "ingest", library.folder, "--format", "jsonl")
    with os.fdopen(writer, "wb") as stdout:
        run = subprocess.run([*COMMAND, *arguments], stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_off_a_terminal_there_are_no_bars_and_no_colour(library: Library) -> None:
    run = subprocess.run([*COMMAND, "--store", library.store, "ingest", library.folder], capture_output=True, text=True, check=True)
    assert "contract.txt" in run.stdout
    assert "\x1b" not in run.stdout
    assert run.stderr == ""


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_no_color_is_honoured_on_a_terminal(no_color: str, coloured: bool) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": no_color}
    subprocess.run([*COMMAND, "doctor", "--help"], stdout=theirs, stderr=theirs, check=True, env=environment)
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    assert (b"\x1b[36m" in shown or b"\x1b[1;36m" in shown) == coloured


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux tells the end of a terminal this way
        return b""


def test_ctrl_c_keeps_what_is_done_and_tells_how_to_go_on(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "00.txt").write_text(CONTRACT)
    for number in range(1, 8):  # long enough for the interrupt to come in time, however busy the machine is
        (tmp_path / "many" / f"{number:02}.txt").write_text(f"Copy number {number}.\n\n" + CONTRACT * 60)
    command = [*COMMAND, "ingest", "many", "-v", "--workers", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stderr is not None
    first = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert first.startswith(b"ok: many/00.txt")
    assert out == b""
    assert b"Run the same command again" in err
    assert b"Traceback" not in err
    assert json.loads(longdoc("status", "--json").out)["records"][0]["last_run"]["state"] == "interrupted"
    again = longdoc("ingest", "many/00.txt", "--format", "jsonl")
    assert [(line["outcome"], line["cached"]) for line in again.lines] == [("ok", True)]


def test_the_version_is_printed_and_an_unknown_option_is_wrong_usage() -> None:
    version = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("longdoc ")
    wrong = subprocess.run([*COMMAND, "ingest", "--no-such-option"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")


def test_results_are_utf8_whatever_the_locale(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "naïve.txt").write_text("The café contract — 契約 — is here.", encoding="utf-8")
    assert longdoc("ingest", "naïve.txt").code == 0
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    run = subprocess.run(
        [*COMMAND, "show", "naïve.txt:4-8", "--format", "jsonl"], cwd=tmp_path, capture_output=True, env=environment, check=True
    )
    assert "café" in run.stdout.decode("utf-8")
    assert "naïve.txt" in run.stdout.decode("utf-8")


@pytest.mark.parametrize(("error", "code"), [(ZeroDivisionError("a fault"), 4), (KeyboardInterrupt(), 130)])
def test_a_fault_of_ours_is_fatal_and_never_taken_for_a_finding(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "run", fail)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == code
    assert ("please report it" in capsys.readouterr().err) == (code == 4)
