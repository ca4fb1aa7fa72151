"""The README does what it says: its Python runs, its commands end well and print the lines that are shown."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from cli.library import run
from example_corpus import ExampleCorpus

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OMITTED = "…"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def plain(text: str) -> str:
    """Blanks and line ends as one blank; scores, which follow the weights, as one number."""
    return re.sub(r"\b[01]\.\d\d(?=\*?(?:\s|$))", "0.00", " ".join(text.split()))


@pytest.fixture
def checkout(example_corpus: ExampleCorpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to run in that holds `examples` and their corpus, and may be written to."""
    for name in ("examples", ".longdoc"):
        (tmp_path / name).symlink_to(example_corpus.folder / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", blocks("console"), ids=lambda block: block.splitlines()[0][10:60])
def test_a_command_prints_what_the_readme_shows(block: str, checkout: Path) -> None:
    command, _, shown = block.replace("\\\n", " ").partition("\n")
    program, *arguments = shlex.split(command.removeprefix("$ "))
    assert program == "longdoc"
    result = run(*arguments)
    assert result.code == 0, result.err
    printed, position = plain(result.out + result.err).replace(OMITTED, ""), 0
    for part in map(plain, re.split(rf"{OMITTED}|\n", shown)):
        found = printed.find(part, position)
        assert found >= 0, f"not printed, or not in this place: {part!r}\n{printed}"
        position = found + len(part)


@pytest.mark.parametrize("block", blocks("python"), ids=["tables", "use", "promise", "review", "context", "cache", "engine"])
def test_the_python_of_the_readme_runs(block: str, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if "load_model" in block:  # what a user has: a checkpoint and a long text
        from checkpoints import TEXT, checkpoint

        checkpoint(checkout / "path" / "to" / "Qwen2.5-7B-Instruct-1M")
        (checkout / "annual-report.txt").write_text(TEXT * 10, encoding="utf-8")
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
    assert len(capsys.readouterr().out.splitlines()) >= 3


def test_the_label_set_shown_is_part_of_the_one_in_the_examples() -> None:
    import yaml

    (shown,) = (yaml.safe_load(block) for block in blocks("yaml"))
    whole = yaml.safe_load((ROOT / "examples" / "labels" / "vendor.yaml").read_text(encoding="utf-8"))
    assert all(label in whole["labels"] for label in shown["labels"])


def test_every_link_to_a_file_leads_to_one() -> None:
    targets = set(re.findall(r"\]\(([^)#:]+)\)", README))
    assert [target for target in sorted(targets) if not (ROOT / target).exists()] == []


def test_every_command_and_exit_code_is_in_the_readme() -> None:
    from longdoc.cli import INTERRUPTED
    from longdoc.cli.commands import app
    from longdoc.errors import InputError, StoreError, UsageError

    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert {name for name in names if f"longdoc {name}" not in README} == set()
    for code in (0, UsageError.exit_code, InputError.exit_code, StoreError.exit_code, INTERRUPTED):
        assert f"\n| {code} | " in README
