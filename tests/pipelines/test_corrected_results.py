"""Results of `extract`, corrected by hand, as what a training learns from."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.library import run
from corpus_samples import HereExecutor
from example_corpus import ExampleCorpus

from longdoc.errors import DamagedError, NotFoundError
from longdoc.labels import load_labels
from longdoc.model.train import LabelledText
from longdoc_pipelines.labelled import read_labelled

CUAD = load_labels("cuad")
CONTRACT = """SUPPLY AGREEMENT

=Law. This Agreement is governed by
the laws of “Ohio”.

The buyer pays on time. No waiver is implied.

Notices are in writing. No waiver is implied.
"""
LAW = "=Law. This Agreement is governed by\nthe laws of “Ohio”."
Row = dict[str, Any]
Read = Callable[..., list[LabelledText]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a contract and a policy."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "policy.md").write_text("# Policy\n\nInvoices are kept for seven years.\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Read:
    """Reads rows that were written as JSON lines."""

    def of(*rows: Row) -> list[LabelledText]:
        data = folder / "corrected.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return list(read_labelled(data, CUAD, HereExecutor()))

    return of


def law(**other: Any) -> Row:
    """The row of the contract's law as `extract` gives it, but for what is `other`."""
    start = CONTRACT.index(LAW)
    row = {"path": "contract.txt", "label": "Governing Law", "score": 0.9, "start": start, "end": start + len(LAW), "text": LAW}
    return row | other


def passages(one: LabelledText) -> list[tuple[str, str]]:
    return [(gold.label, one.document.text[gold.start : gold.end]) for gold in one.gold]


@pytest.fixture(scope="module")
def extracted(example_corpus: ExampleCorpus) -> Iterator[Path]:
    """A folder with the examples' clauses as found.jsonl and found.csv, as the command line writes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(example_corpus.folder)
        names = ("services-agreement.pdf", "nda.docx", "services-agreement-amendment-1.txt")
        paths = [f"examples/documents/{name}" for name in names]
        result = run("extract", *paths, "--labels", "cuad", "--format", "jsonl,csv", "--out", "found", "--store", ".longdoc")
        assert result.code == 0, result.err
        yield next((example_corpus.folder / "found").glob("*.jsonl")).parent


@pytest.mark.parametrize("kind", ["jsonl", "csv", "csv.gz", "jsonl.gz"])
def test_what_extract_writes_is_read_back_with_every_passage_in_its_place(extracted: Path, tmp_path: Path, kind: str) -> None:
    (lines,) = extracted.glob("*.jsonl")
    rows = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    (data,) = extracted.glob(f"*.{kind.removesuffix('.gz')}")
    if kind.endswith(".gz"):
        (tmp_path / f"found.{kind}").write_bytes(gzip.compress(data.read_bytes()))
        data = tmp_path / f"found.{kind}"
    read = list(read_labelled(data, CUAD))  # in a worker process, as the command does
    assert [one.document.format for one in read] == ["pdf", "docx", "txt"]
    assert [(gold.label, gold.start, gold.end) for one in read for gold in one.gold] == [
        (row["label"], row["start"], row["end"]) for row in rows
    ]
    assert [text for one in read for _, text in passages(one)] == [row["text"] for row in rows]
    assert all(one.chunks and one.document.domain == "legal" for one in read)


def test_a_corrected_sheet_says_which_rows_are_right_and_what_was_missed(extracted: Path, tmp_path: Path) -> None:
    (found,) = extracted.glob("*.csv")
    with found.open(encoding="utf-8", newline="") as file:
        rows = [row | {"Correct": "", "my notes": "seen"} for row in csv.DictReader(file)]
    wrong, renamed = rows[0], rows[1]
    wrong["Correct"], renamed["label"] = "No", "Exclusivity"
    added = dict.fromkeys(wrong, "") | {"path": rows[0]["path"], "label": "insurance", "text": "amounts described in Section 13.4"}
    with (tmp_path / "sheet.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(wrong), delimiter=";")
        writer.writeheader()
        writer.writerows([*rows, added])
    read = list(read_labelled(tmp_path / "sheet.csv", CUAD, HereExecutor()))
    got = [passage for one in read for passage in passages(one)]
    assert len(got) == len(rows)  # one less, one more
    assert (wrong["label"], wrong["text"]) not in got
    assert ("Exclusivity", renamed["text"]) in got
    assert ("Insurance", "amounts described in Section 13.4") in got


@pytest.mark.parametrize("said", ["no", "NO", "false", False, "0", 0])
def test_a_document_whose_rows_are_all_wrong_is_learnt_from_as_one_without_passages(read: Read, said: object) -> None:
    (one,) = read(law(correct=said))
    assert (one.document.text, one.gold) == (CONTRACT, ())


@pytest.mark.parametrize("said", ["yes", "True", True, 1, None, ""])
def test_a_row_that_is_said_to_be_right_or_not_judged_counts(read: Read, said: object) -> None:
    assert passages(read(law(correct=said))[0]) == [("Governing Law", LAW)]


def test_a_row_with_a_path_alone_names_a_document(read: Read) -> None:
    contract, policy = read(law(), {"path": "policy.md"})
    assert passages(contract) == [("Governing Law", LAW)]
    assert policy.gold == ()


def test_a_passage_can_be_given_by_its_text_and_is_taken_where_that_first_stands(read: Read) -> None:
    quote = 'THIS AGREEMENT is governed by the\n laws of "Ohio".'
    (one,) = read(
        {"path": "contract.txt", "label": "governing law", "text": quote},
        {"path": "contract.txt", "label": "No-Solicit Of Customers", "text": "No waiver is implied.", "start": None, "end": ""},
    )
    assert passages(one)[0] == ("Governing Law", LAW.removeprefix("=Law. "))
    assert one.gold[1].start == CONTRACT.index("No waiver")


def test_offsets_without_a_text_are_taken_as_they_are(read: Read) -> None:
    start = CONTRACT.index("This")
    assert passages(read(law(start=start, end=f"{start + 14}.0", text=""))[0]) == [("Governing Law", "This Agreement")]


def test_paths_lead_from_the_current_folder_or_from_that_of_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "data.jsonl").write_text(json.dumps(law()) + "\n" + json.dumps(law(path="./contract.txt", label="Insurance")))
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    (one,) = read_labelled(folder / "data.jsonl", CUAD, HereExecutor())
    assert [gold.label for gold in one.gold] == ["Governing Law", "Insurance"]


def test_a_cell_that_was_kept_from_being_a_formula_is_itself_again(folder: Path) -> None:
    row = law()
    (folder / "data.csv").write_text(f'path,label,start,end,text\ncontract.txt,Governing Law,{row["start"]},{row["end"]},"\'{LAW}"\n')
    (one,) = read_labelled(folder / "data.csv", CUAD, HereExecutor())
    assert passages(one) == [("Governing Law", LAW)]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (law(start=0, end=16), "line 2: contract.txt reads 'SUPPLY AGREEMENT' at 0-16, not '=Law.*if you changed the text, empty start"),
        (law(end=9999), "line 2: 18-9999 is no stretch of contract.txt, which has .* extract again"),
        (law(start=19), "line 2: contract.txt reads 'Law"),
        (law(start="a few"), "line 2: start 'a few' and end '73' are no numbers"),
        (law(end=None), "line 2: start '18' and end '' are no numbers"),
        (law(start=None, end=None, text="Utah"), "line 2: contract.txt does not hold 'Utah'"),
        (law(start=None, end=None, text=None), "line 2: neither start and end nor a text"),
        (law(label="Governing Lew"), "line 2: label set 'cuad' has no label 'Governing Lew'; did you mean 'Governing Law'"),
        (law(correct="perhaps"), "line 2: correct is 'perhaps'; write yes or no"),
        (law(path=" "), "line 2: no path"),
    ],
)
def test_a_row_that_is_wrong_is_named_with_what_to_do(read: Read, row: Row, message: str) -> None:
    with pytest.raises(DamagedError, match=rf"corrected\.jsonl, {message}"):
        read(law(), row)


def test_a_document_that_has_changed_since_is_not_learnt_from(folder: Path, read: Read) -> None:
    (folder / "contract.txt").write_text("AMENDED " + CONTRACT, encoding="utf-8")
    with pytest.raises(DamagedError, match=r"line 1: contract.txt reads .* If the document has changed since, extract again"):
        read(law())


def test_a_document_that_is_gone_is_named_with_its_row(read: Read) -> None:
    with pytest.raises(NotFoundError, match=r"line 2: gone\.txt: no such file, neither from the current folder nor from"):
        read(law(), law(path="gone.txt"))


def test_the_line_of_a_row_is_that_of_the_file_though_cells_have_several(folder: Path) -> None:
    row = law()
    good = f'contract.txt,Governing Law,{row["start"]},{row["end"]},"{LAW}"\n'
    (folder / "data.csv").write_text(f"path,label,start,end,text\n{good}\ncontract.txt,Insurance,0,3,Utah\n")
    with pytest.raises(DamagedError, match=r"data\.csv, line 5: contract.txt reads 'SUP'"):
        list(read_labelled(folder / "data.csv", CUAD, HereExecutor()))


def test_a_sheet_without_a_column_of_paths_is_refused(folder: Path) -> None:
    (folder / "data.csv").write_text("label,text\nInsurance,x\n")
    with pytest.raises(DamagedError, match=r"data\.csv, line 1: no column path"):
        list(read_labelled(folder / "data.csv", CUAD))


@pytest.mark.slow
def test_a_model_taught_from_a_corrected_sheet_finds_what_the_sheet_added(folder: Path) -> None:
    (folder / "mine.yaml").write_text("name: rent\ndomain: legal\nlabels:\n  - {name: Rent, description: What the tenant pays.}\n")
    lines = ["path,label,text,correct"]
    for number in range(12):
        rent, garden = f"The tenant owes ${900 + number} a month.", "The garden is shared."
        (folder / f"{number}.txt").write_text(f"LEASE {number}\n\nThis Lease is made by Cedar and a tenant.\n\n{rent}\n\n{garden}\n")
        lines += [f"{number}.txt,Rent,{rent},", f"{number}.txt,Rent,{garden},no"]
    (folder / "found.csv").write_text("\n".join(lines))
    trained = run("train", "clauses", "--data", "found.csv", "--labels", "mine.yaml", "--out", "model")
    assert trained.code == 0, trained.err
    assert "12 documents" in trained.out
    (folder / "new.txt").write_text("LEASE\n\nThe garden is shared.\n\nThe tenant owes $777 a month.\n")
    found = run("extract", "new.txt", "--labels", "mine.yaml", "--model", "model", "--format", "jsonl", "--min-score", "0").lines
    assert max(found, key=lambda line: line["score"])["text"] == "The tenant owes $777 a month."
