"""The example scripts run and print what they are there to show."""

from __future__ import annotations

import csv
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from example_corpus import ExampleCorpus

EXAMPLES = Path(__file__).parent.parent / "examples"
RunScript = Callable[..., str]


@pytest.fixture
def run(example_corpus: ExampleCorpus, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunScript:
    """Runs a script on the shared corpus, as from a command line, and gives what it printed."""

    def run_script(name: str, *arguments: str) -> str:
        script = example_corpus.folder / "examples" / name
        monkeypatch.setattr(sys, "argv", [str(script), str(example_corpus.store), *arguments])
        runpy.run_path(str(script), run_name="__main__")
        return capsys.readouterr().out

    return run_script


def test_every_script_is_run_here() -> None:
    assert sorted(script.name for script in EXAMPLES.glob("*.py")) == [
        "ask_questions.py",
        "clauses_to_csv.py",
        "keep_states.py",
        "open_citation.py",
        "own_labels.py",
        "read_long_filing.py",
        "review_contracts.py",
        "summarize_folder.py",
    ]


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda script: script.name)
def test_a_script_imports_nothing_of_longdoc_but_its_public_face(script: Path) -> None:
    imports = [line for line in script.read_text(encoding="utf-8").splitlines() if "import" in line and "longdoc" in line]
    assert imports
    assert all(line.startswith("from longdoc import ") for line in imports)


@pytest.mark.slow
def test_a_folder_is_summarized_document_by_document_and_together(run: RunScript) -> None:
    printed = run("summarize_folder.py")
    for document in (EXAMPLES / "documents").iterdir():
        assert f"({document.name}, " in printed
    assert "parties: This Master Services Agreement" in printed
    assert "[page 3]" in printed
    assert "3 contracts: " in printed.partition("\nTogether\n")[2]


@pytest.mark.slow
def test_contracts_are_reviewed_and_the_amendment_is_told_of(run: RunScript, tmp_path: Path) -> None:
    printed = run("review_contracts.py", str(tmp_path / "page.html"))
    assert "VS-04 violation" in printed
    assert "the notice period is 120 days (page 8)" in printed.replace("The", "the")
    assert "As amended by services-agreement-amendment-1.txt" in printed
    assert "page.html: 2 documents, " in printed
    assert "VS-04" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert list((tmp_path / "page_pages").glob("*.png"))


def test_clauses_become_rows_that_can_be_checked(run: RunScript) -> None:
    rows = list(csv.DictReader(run("clauses_to_csv.py").splitlines()))
    ends = [row for row in rows if row["document"] == "services-agreement.pdf" and row["label"] == "Expiration Date"]
    assert [(row["value"], row["page"]) for row in ends] == [("2027-02-28", "7")]
    assert {row["document"] for row in rows} == {"nda.docx", "services-agreement-amendment-1.txt", "services-agreement.pdf"}


def test_questions_are_answered_with_their_places_or_left_open(run: RunScript) -> None:
    governing, incident, drones = run("ask_questions.py").strip().split("\n\n")
    assert "laws of the State of New York" in governing
    assert "services-agreement.pdf, page 14" in governing
    assert "forty-eight (48) hours" in incident
    assert "A: not found" in drones


def test_labels_of_ones_own_are_matched(run: RunScript) -> None:
    printed = run("own_labels.py")
    assert "Security Incident Notice = PT48H  (matched, page 10, Article 13. " in printed
    assert "Supplier shall not delegate a material part of the Services" in printed


def test_a_citation_leads_to_a_picture_of_its_page(run: RunScript, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    printed = run("open_citation.py", str(picture))
    assert "Master Services Agreement, page 12 of 20, printed as 10" in printed
    assert "Article 16. Limitation of Liability > 16.2" in printed
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_states_are_kept_found_and_opened_from_a_copy(run: RunScript) -> None:
    printed = run("keep_states.py")
    assert {"recent", "ram", "disk"} <= {line.partition(":")[0] for line in printed.splitlines()}
    assert "page 11: " in printed
    assert "total liability of either Party" in printed
    assert "blocks opened from the copy" in printed


@pytest.mark.slow
def test_a_filing_of_300_pages_is_read_by_a_checkpoint_and_asked_again_from_a_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from checkpoints import checkpoint
    from reportlab.pdfgen.canvas import Canvas

    filing = tmp_path / "annual-report.pdf"
    canvas = Canvas(str(filing))
    for page in range(1, 301):
        canvas.drawString(72, 740, f"Annual report, note {page}")
        canvas.drawString(72, 700, f"Site {page} had revenue of ${page * 37} thousand in the year, and {page % 7} people.")
        canvas.showPage()
    canvas.save()
    model = checkpoint(tmp_path / "tiny", max_position_embeddings=32_768)
    kept = tmp_path / "kept"
    arguments = [str(tmp_path / "store"), str(model), str(filing), "What was the revenue of site 17?", str(kept), "--explain-attention"]
    printed = []
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", ["read_long_filing.py", *arguments])
        runpy.run_path(str(EXAMPLES / "read_long_filing.py"), run_name="__main__")
        printed.append(capsys.readouterr().out)
    assert printed[0].startswith("read 300 pages, ")
    assert printed[1].startswith(f"opened {kept} in ")
    answers = [text[text.index("What was the revenue") : text.index("first token after")] for text in printed]
    assert answers[0] == answers[1]
    assert answers[0].count(" % of attention, page ") == 5
