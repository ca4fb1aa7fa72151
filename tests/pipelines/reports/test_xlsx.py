"""The workbook: what each sheet says, Excel's limits, and that no text of a document is ever run."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from finding_samples import LAW, PATH, RENEWS, TEXT, closing, cut_off, finding, full, heading, review
from openpyxl import Workbook, load_workbook

from longdoc.cli.text import cell as csv_cell
from longdoc.errors import UnknownNameError, UsageError
from longdoc.types import Change, Review
from longdoc_pipelines.reports import xlsx
from longdoc_pipelines.reports.base import VERDICTS, Heading, Rule
from longdoc_pipelines.reports.cells import CHARACTERS, COLOURS, LINE_BREAKS, cell_text
from longdoc_pipelines.reports.formats import REPORTS, open_report
from longdoc_pipelines.reports.xlsx import XlsxReport

HOSTILE = [
    *('=HYPERLINK("http://x.example","open")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"),
    *("＝1+1", "＋1", "－1", "＠A1", "\x00=1+1", "\ufffe=1"),
]


def written(tmp_path: Path, *reviews: Review, of: Heading | None = None, changes: tuple[Change, ...] = (), **limits: int) -> Workbook:
    target = tmp_path / "review.xlsx"
    with XlsxReport(target, of or heading(), **limits) as report:
        for one in reviews:
            report.add(one)
        report.finish(closing(*reviews, changes=changes))
    assert [path.name for path in tmp_path.iterdir()] == ["review.xlsx"]
    return load_workbook(target)


def rows(workbook: Workbook, sheet: str) -> list[dict[str, Any]]:
    """Rows under the header, by its names."""
    header, *values = workbook[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in values]


def summary(workbook: Workbook) -> dict[Any, Any]:
    """What stands beside each name in the first column."""
    return {row[0]: row[1:] for row in workbook["Summary"].iter_rows(values_only=True)}


def test_the_matrix_has_a_row_a_document_and_a_column_a_rule(tmp_path: Path) -> None:
    workbook = written(tmp_path, full(), review(finding("compliant"), path="b.txt", title=None))
    assert rows(workbook, "Matrix") == [
        {
            **{"Document": PATH, "Title": "Our deal", "Fails": 2, "To review": 1, "Law": "violation", "Cap": "missing"},
            **{"Notice": "needs review", "Fees": "fallback", "Renewal": "compliant", "Audit": "not applicable", "Escrow": "not applicable"},
        },
        {
            **{"Document": "b.txt", "Title": None, "Fails": 0, "To review": 0, "Law": "compliant"},
            **dict.fromkeys(("Cap", "Notice", "Fees", "Renewal", "Audit", "Escrow")),
        },
    ]
    sheet = workbook["Matrix"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", "A1:K3")
    assert (sheet.print_title_rows, sheet.print_title_cols) == ("$1:$1", "$A:$A")
    fills = {sheet.cell(2, column).value: sheet.cell(2, column).fill.fgColor.rgb for column in range(5, 11)}
    assert fills == {verdict.replace("_", " "): f"00{COLOURS[verdict][0]}" for verdict in VERDICTS}


def test_a_verdict_has_its_reason_and_its_quotes_with_their_pages_beside_it(tmp_path: Path) -> None:
    sheet = written(tmp_path, full())["Matrix"]
    assert sheet["E2"].comment.text == (
        "It is violation.\np. 2, 19-55: “Nevada law governs 🙂 this Agreement.”\n57-77: “It renews each year.”"
    )
    assert sheet["I2"].comment.text.startswith("It is compliant.\nJ. Doe decided compliant on 2026-04-01: By side letter.\n")


def test_a_finding_has_a_row_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    change = Change(path=PATH, rule="law", kind="new", before="compliant", after="violation")
    found = {row["Rule"]: row for row in rows(written(tmp_path, full(), changes=(change,)), "Findings")}
    assert list(found) == ["law", "cap", "notice", "fees", "renewal", "audit", "escrow"]
    law = found["law"]
    assert (law["Page"], law["Start"], law["End"], law["Quote"]) == (2, LAW.start, LAW.end, TEXT[LAW.start : LAW.end])
    assert (law["Other places"], law["Values"]) == (f"{RENEWS.start}-{RENEWS.end}", "jurisdiction Nevada")
    assert (law["Test"], law["Amended by"], law["Change"], law["Confidence"]) == ("law: {in: [New York]}", "a.txt", "new", 0.9)
    assert (found["cap"]["Quote"], found["cap"]["Change"]) == (None, None)
    assert found["audit"]["Waiver"] == "Legal answers for it until 2027-01-01"
    decided = found["renewal"]
    assert [decided[name] for name in ("Corrected by", "Corrected at", "Note", "Machine's verdict")] == [
        *("J. Doe", "2026-04-01T10:00:00+00:00", "By side letter.", "violation"),
    ]


def test_a_verdict_leads_to_its_row_of_the_findings(tmp_path: Path) -> None:
    findings = (finding(), finding("missing", "cap"))
    workbook = written(tmp_path, *(review(*findings, path=f"{number}.txt") for number in range(4)), rows=4)
    for name in ("Matrix", "Matrix 2"):
        for row in workbook[name].iter_rows(min_row=2):
            for cell, rule in zip(row[4:6], ("law", "cap"), strict=True):
                sheet, _, place = cell.hyperlink.location.replace("'", "").rpartition("!")
                found = workbook[sheet][place].row
                assert [workbook[sheet].cell(found, column).value for column in (1, 2)] == [row[0].value, rule]


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("contracts/a b#1%20.pdf", "../contracts/a%20b%231%2520.pdf"),
        ("gone.pdf", None),
        ("s3://bucket/contract.pdf", None),
        ("../outside.pdf", None),
        ("javascript:alert(1)", "../javascript%3Aalert%281%29"),
    ],
)
def test_a_document_is_opened_from_the_workbook_where_both_move_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, leads_to: str | None
) -> None:
    start = tmp_path / "start"
    (start / "contracts").mkdir(parents=True)
    (start / "review").mkdir()
    for name in ("contracts/a b#1%20.pdf", "../outside.pdf", "javascript:alert(1)"):
        (start / name).write_bytes(b"")
    monkeypatch.chdir(start)
    link = written(start / "review", review(finding(), path=path))["Matrix"]["B2"].hyperlink
    assert (None if link is None else link.target) == leads_to


def test_a_sheet_is_printed_on_pages_that_can_be_read(tmp_path: Path) -> None:
    many = tuple(Rule(id=f"r{number}", title=f"Rule {number}", severity="low", requirement="required") for number in range(40))
    workbook = written(tmp_path, full(), of=heading(rules=many))
    assert workbook["Matrix"].page_setup.fitToWidth == 3
    assert workbook["Findings"].page_setup.fitToWidth == 1
    assert workbook["Findings"].print_area == "'Findings'!$A$1:$I$8"
    assert workbook["Findings"]["G2"].alignment.wrap_text
    assert all(sheet.page_setup.orientation == "landscape" for sheet in workbook)


def test_the_queue_is_ordered_by_what_a_look_is_worth(tmp_path: Path) -> None:
    findings = [finding("needs_review", f"r{number}", worth=worth) for number, worth in enumerate((0.1, 0.7, 0.3, 0.7))]
    queue = rows(written(tmp_path, review(*findings, finding(worth=0.9))), "Review queue")
    assert [(row["Rule"], row["Worth"]) for row in queue] == [("r1", 0.7), ("r3", 0.7), ("r2", 0.3), ("r0", 0.1)]


def test_a_long_queue_keeps_what_is_worth_most_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "QUEUE", 2)
    findings = [finding("needs_review", f"r{number}", worth=worth) for number, worth in enumerate((0.1, 0.7, 0.3, 0.2))]
    workbook = written(tmp_path, review(*findings))
    assert [row["Rule"] for row in rows(workbook, "Review queue")] == ["r1", "r2"]
    assert summary(workbook)["Note"][0] == "The review queue lists the 2 of 4 verdicts that a look is worth most."


def test_the_rules_are_told_with_their_positions(tmp_path: Path) -> None:
    told = rows(written(tmp_path, full()), "Rules")
    assert [row["Rule"] for row in told] == ["law", "cap", "notice", "fees", "renewal", "audit", "escrow"]
    assert (told[0]["Preferred"], told[0]["Walk away"]) == ("The laws of [New York](x) govern.", None)
    assert (told[0]["References"], told[0]["Escalation"], told[0]["Rationale"]) == ("Handbook", "Counsel", "We say so.")


def test_the_summary_counts_by_verdict_and_by_rule(tmp_path: Path) -> None:
    workbook = written(tmp_path, full(), review(finding(), path="b.txt"))
    said = summary(workbook)
    assert said["Playbook"][0] == "deals 1.2"
    assert (said["As of"][0], said["Model"][0], said["Our side"][0]) == ("2026-04-02", "encoder abc", "buyer")
    assert (said["Documents"][0], said["Head of the audit log"][0]) == ("2", "beef")
    assert said["violation"][1:3] == (2, 0.25)
    assert said["not applicable"][1:3] == (2, 0.25)
    assert said["law"][:8] == ("Law", "high", 2, 0, 0, 0, 0, 0)
    assert said["contracts/bad.pdf"][:3] == ("is <damaged> & unread", "failed", "parse")
    assert len(workbook["Summary"]._charts) == 2
    assert "Note" not in said


def test_the_summary_tells_what_changed_since_the_last_run(tmp_path: Path) -> None:
    change = Change(path=PATH, rule="law", kind="fixed", before="missing", after="compliant")
    said = summary(written(tmp_path, full(), of=heading(changes_since="2026-04-01"), changes=(change,)))
    assert "Since the last run (2026-04-01): 1 fixed" in said
    assert said[PATH][:4] == ("law", "fixed", "missing", "compliant")


@pytest.mark.parametrize(("changes_since", "told"), [(None, False), ("2026-04-01", True)])
def test_a_first_run_is_compared_with_none(tmp_path: Path, changes_since: str | None, told: bool) -> None:
    said = summary(written(tmp_path, full(), of=heading(changes_since=changes_since)))
    assert any(str(name).startswith("Since the last run") for name in said) is told


def test_a_sheet_that_is_full_goes_on_in_another(tmp_path: Path) -> None:
    workbook = written(tmp_path, *(review(finding(), finding("missing", "cap"), path=f"{number}.txt") for number in range(4)), rows=4)
    assert [sheet for sheet in workbook.sheetnames if sheet.startswith(("Matrix", "Findings"))] == [
        *("Matrix", "Matrix 2", "Findings", "Findings 2", "Findings 3"),
    ]
    found = [row["Document"] for sheet in ("Findings", "Findings 2", "Findings 3") for row in rows(workbook, sheet)]
    assert found == [f"{number}.txt" for number in range(4) for _ in range(2)]
    assert [workbook[sheet].auto_filter.ref for sheet in ("Findings", "Findings 3")] == ["A1:W4", "A1:W3"]
    assert workbook["Matrix 2"]["E2"].value == "violation"
    assert workbook["Matrix 2"]["E2"].comment is not None


def test_where_comments_are_many_the_failing_have_them_and_the_summary_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "FEW", 2)
    monkeypatch.setattr(xlsx, "COMMENTS", 5)
    verdicts = [["compliant", "compliant", "compliant"], ["violation", "compliant", "fallback"], ["needs_review", "missing", "missing"]]
    rules = ("law", "cap", "notice")
    reviews = [
        review(*(finding(verdict, rule) for verdict, rule in zip(row, rules, strict=True)), path=f"{number}.txt")  # type: ignore[arg-type]
        for number, row in enumerate(verdicts)
    ]
    workbook = written(tmp_path, *reviews)
    commented = [[workbook["Matrix"].cell(row, column).comment is not None for column in (5, 6, 7)] for row in (2, 3, 4)]
    assert commented == [[True, True, False], [True, False, True], [True, False, False]]
    assert str(summary(workbook)["Note"][0]).startswith("4 verdicts of the matrix have no comment")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_document_is_never_a_formula(tmp_path: Path, text: str) -> None:
    hostile = finding(reason=text, title=text, waiver=text, rule=text)
    workbook = written(tmp_path, review(hostile, title=text, path=text))
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells if cell.value.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))] == []
    assert [cell for cell in cells if cell.hyperlink] == []
    (found,) = rows(workbook, "Findings")
    assert found["Reason"].startswith("'")


@pytest.mark.parametrize("text", [*HOSTILE[:-2], "plain", "a=b", "'quoted", " =1", "#REF!", "1"])
def test_cells_are_guarded_as_those_of_csv_are(text: str) -> None:
    assert cell_text(text) == csv_cell(text).replace("\r", "\n")


def test_words_that_look_like_an_error_or_a_number_stay_words(tmp_path: Path) -> None:
    sheet = written(tmp_path, review(finding(reason="#REF!", title="007")))["Findings"]
    assert [(sheet[cell].value, sheet[cell].data_type) for cell in ("G2", "C2")] == [("#REF!", "s"), ("007", "s")]


def test_an_escape_that_would_become_a_formula_is_escaped(tmp_path: Path) -> None:
    """Excel reads `_x003D_` as `=`."""
    target = tmp_path / "one"
    target.mkdir()
    written(target, review(finding(reason="_x003D_1+1 and _x000D_, but _x03_")))
    with zipfile.ZipFile(target / "review.xlsx") as archive:
        assert b"<t>_x005F_x003D_1+1 and _x005F_x000D_, but _x03_</t>" in archive.read("xl/worksheets/sheet3.xml")


@pytest.mark.parametrize(("text", "units"), [("a" * 40_000, CHARACTERS), ("🙂" * 20_000, CHARACTERS), ("=" * 40_000, CHARACTERS)])
def test_a_cell_holds_no_more_than_excel_takes(text: str, units: int) -> None:
    held = cell_text(text)
    assert units - 1 <= len(held.encode("utf-16-le")) // 2 <= units
    assert held.endswith("…")


def test_a_cell_has_no_more_line_breaks_than_excel_takes() -> None:
    assert cell_text("a\r\n" * LINE_BREAKS) == "a\n" * LINE_BREAKS
    assert cell_text("a\n" * (LINE_BREAKS + 1)) == " ".join("a" * (LINE_BREAKS + 1))


def test_characters_that_no_file_may_hold_are_left_out(tmp_path: Path) -> None:
    nasty = "a\x00b\x1bc\ud800d\ufffee"
    workbook = written(tmp_path, review(finding(reason=nasty), title=nasty))
    assert rows(workbook, "Findings")[0]["Reason"] == "abcde"
    assert workbook["Matrix"]["E2"].comment.text.startswith("abcde\n")


def test_a_run_that_is_cut_off_leaves_no_file_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(aside))
    target = tmp_path / "out" / "review.xlsx"
    with pytest.raises(KeyboardInterrupt):
        cut_off(XlsxReport(target, heading()))
    assert list(target.parent.iterdir()) == []
    assert list(aside.iterdir()) == []


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_every_report_is_opened_by_its_name(tmp_path: Path, name: str) -> None:
    target = tmp_path / f"review.{REPORTS[name][1]}"
    with open_report(name, target, heading()) as report:
        report.add(full())
        report.finish(closing(full()))
    assert target.stat().st_size > 500


def test_a_report_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no report 'docx'\. Known: html, xlsx, sarif, junit"):
        open_report("docx", tmp_path / "x", heading())


@pytest.mark.parametrize("name", ["xlsx", "sarif", "junit"])
def test_a_report_cannot_take_the_place_of_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        open_report(name, tmp_path, heading())
