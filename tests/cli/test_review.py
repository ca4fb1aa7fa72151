"""`review` and `verdict` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .library import CONTRACT, Library, Longdoc, make_documents

HOUSE = """playbook: house
version: "1"
rules:
  - {id: LAW, title: Law of Delaware, label: Governing Law, values: {law: jurisdiction}, test: {law: {in: [Delaware]}}, severity: high}
  - {id: CAP, title: Liability is capped, label: Cap On Liability, severity: high}
  - {id: INS, title: Insurance, label: Insurance, severity: low}
  - {id: MFN, title: No most favoured nation clause, label: Most Favored Nation, requirement: forbidden, severity: critical}
"""
GIVEN = json.dumps(
    {"document_id": "d", "path": "x.txt", "rule": "LAW", "rule_version": "1", "verdict": "compliant", "was": "missing", "by": "Mei"}
    | {"at": "2026-11-20"}
)
KEYS = {"path", "rule", "verdict", "confidence", "severity", "citations", "values", "reason"}


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A contract and a playbook, reviewed once."""
    base = tmp_path_factory.mktemp("reviewed")
    made = Library(base / "files", base / "store")
    made.folder.mkdir()
    made.contract.write_text(CONTRACT, encoding="utf-8")
    (base / "house.yaml").write_text(HOUSE, encoding="utf-8")
    assert made.run("review", made.folder, "--playbook", base / "house.yaml").code == 1
    return made


def house(library: Library) -> Path:
    return library.folder.parent / "house.yaml"


def test_a_line_a_document_and_rule_with_exact_citations(reviewed: Library) -> None:
    result = reviewed.run("review", reviewed.folder, "--playbook", house(reviewed), "--format", "jsonl", "--review-below", "0")
    assert [line["rule"] for line in result.lines] == ["LAW", "CAP", "INS", "MFN"]
    assert {line["rule"]: line["verdict"] for line in result.lines} == {
        "LAW": "violation",
        "CAP": "compliant",
        "INS": "compliant",
        "MFN": "compliant",
    }
    for line in result.lines:
        assert set(line) >= KEYS
        assert line["path"] == str(reviewed.contract)
        for place in (*line["citations"], *line["values"]):
            assert CONTRACT[place["start"] : place["end"]] == place["quote"]
            assert place["page"] is None
    assert result.lines[0]["values"][0]["normalised"] == "New York"
    assert result.lines[0]["severity"] == "high"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 1),
        (("--fail-on", "critical"), 0),
        (("--fail-on", "info"), 1),
        (("--fail-on", "never"), 0),
        (("--fail-on", "never", "--threshold", "violation=0"), 1),
        (("--fail-on", "never", "--threshold", "violation=50%", "--threshold", "failed=0"), 0),
        (("--fail-on", "never", "--threshold", "documents_per_second=1e9"), 2),
        (("--fail-on", "never", "--threshold", "documents_per_second=999999"), 1),
        (("--fail-on", "never", "--threshold", "needs_reviw=1"), 2),
        (("--fail-on", "grave"), 2),
        (("--review-below", "7"), 2),
    ],
)
def test_the_exit_code_tells_of_grave_findings_and_thresholds(reviewed: Library, options: tuple[str, ...], code: int) -> None:
    result = reviewed.run("review", reviewed.folder, "--playbook", house(reviewed), *options)
    assert result.code == code, result.err


def test_an_input_that_fails_wins_over_a_finding(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "house.yaml").write_text(HOUSE, encoding="utf-8")
    result = longdoc("review", "contract.txt", "nothing.txt", "--playbook", "house.yaml", "--format", "jsonl")
    assert result.code == 3
    assert len(result.lines) == 4


def test_every_format_goes_to_a_folder_with_a_manifest(reviewed: Library, tmp_path: Path) -> None:
    formats = "html,xlsx,json,jsonl,csv,md,sarif,junit"
    out = tmp_path / "out"
    result = reviewed.run("review", reviewed.folder, "--playbook", house(reviewed), "--format", formats, "--out", out)
    assert result.code == 1, result.err
    names = {file.name for file in out.iterdir() if file.is_file()}
    suffixes = ("html", "xlsx", "json", "jsonl", "csv", "md", "sarif", "junit.xml")
    assert names == {"manifest.json", *(f"review.{suffix}" for suffix in suffixes)}
    whole = json.loads((out / "review.json").read_text())
    assert whole["playbook"]["name"] == "house"
    assert len(whole["audit_head"]) == 64
    assert whole["model"]["name"] == "embedded"
    assert len(whole["records"]) == 4
    assert json.loads((out / "manifest.json").read_text())["playbook"] == whole["playbook"]
    page = (out / "review.md").read_text(encoding="utf-8")
    assert page.startswith("# Review by house ")
    assert page.endswith(f"Head of the audit log: `{whole['audit_head']}`\n")
    for name in ("review.html", "review.sarif", "review.junit.xml"):
        assert whole["records"][0]["rule"] in (out / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--format", "html"), "name it with --out"),
        (("--format", "html,jsonl"), "name a folder"),
        (("--format", "htm"), "Known: table, json, jsonl, csv, md, html, xlsx, sarif, junit"),
        (("--playbook", "vendor_servises"), "did you mean 'vendor_services'"),
    ],
)
def test_a_wrong_option_is_told_before_anything_is_read(longdoc: Longdoc, tmp_path: Path, options: tuple[str, ...], part: str) -> None:
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "house.yaml").write_text(HOUSE, encoding="utf-8")
    named = () if "--playbook" in options else ("--playbook", "house.yaml")
    result = longdoc("review", "contract.txt", *named, *options)
    assert result.code == 2
    assert part in result.err
    assert not list(tmp_path.glob("*.html"))


def test_other_commands_have_no_reports(reviewed: Library, tmp_path: Path) -> None:
    result = reviewed.run("extract", reviewed.folder, "--format", "html", "--out", tmp_path / "x.html")
    assert result.code == 2
    assert "Known: table, json, jsonl, csv, md\n" in result.err


def test_a_bad_playbook_is_refused_with_the_line(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "house.yaml").write_text(HOUSE.replace("label: Insurance", "label: Insurence"), encoding="utf-8")
    result = longdoc("review", "contract.txt", "--playbook", "house.yaml")
    assert result.code == 2
    assert "house.yaml:6:33: rules[3] (INS).label: no label 'Insurence'" in result.err
    assert "did you mean 'Insurance'?" in result.err


def test_a_document_of_the_wrong_kind_is_not_applicable_and_says_why(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    result = longdoc("review", "contract.txt", "--playbook", "research_paper", "--format", "jsonl")
    assert result.code == 0, result.err
    assert {line["verdict"] for line in result.lines} == {"not_applicable"}
    assert "Reads as a legal document, the playbook is for research ones" in result.lines[0]["reason"]


def test_changes_and_the_audit_head_are_told_on_stderr(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "house.yaml").write_text(HOUSE, encoding="utf-8")
    first = longdoc("review", "contract.txt", "--playbook", "house.yaml")
    assert "1 document: 1 violation, 3 compliant" in first.err
    assert "since the last run" not in first.err
    (tmp_path / "house.yaml").write_text(HOUSE.replace("[Delaware]", "[New York]"), encoding="utf-8")
    second = longdoc("review", "contract.txt", "--playbook", "house.yaml")
    assert second.code == 0
    assert "since the last run: 1 fixed" in second.err
    heads = [line.rpartition(" ")[2] for line in (first.err + second.err).splitlines() if line.startswith("audit log head: ")]
    assert len({len(head) for head in heads} | {64}) == 1
    assert len(set(heads)) == 2


def test_the_metrics_of_a_run_are_written_for_prometheus(reviewed: Library, tmp_path: Path) -> None:
    file = tmp_path / "metrics" / "review.prom"
    reviewed.run("review", reviewed.folder, "--playbook", house(reviewed), "--metrics-file", file)
    lines = file.read_text().splitlines()
    assert 'longdoc_review_documents{playbook="house"} 1.0' in lines
    assert 'longdoc_review_verdicts{playbook="house",verdict="violation"} 1.0' in lines
    assert any(line.startswith('longdoc_review_documents_per_second{playbook="house"}') for line in lines)


def test_a_threshold_is_told_of_and_counted_where_an_input_failed_too(longdoc: Longdoc, tmp_path: Path) -> None:
    make_documents(tmp_path / "docs")
    (tmp_path / "docs" / "empty.txt").write_bytes(b"")
    options = ("--playbook", "cuad_benchmark", "--fail-on", "never", "--threshold", "failed=0", "--format", "jsonl")
    result = longdoc("review", tmp_path / "docs", *options, "--metrics-file", tmp_path / "metrics.prom")
    assert result.code == 3
    assert "threshold passed: failed is 1, the threshold is 0" in result.err
    samples = metrics(tmp_path / "metrics.prom")
    assert samples['failed_files{stage="parse"}'] == 1
    assert samples["documents"] / samples["seconds"] == pytest.approx(samples["documents_per_second"], rel=0.01)
    assert samples["seconds"] > 0.1  # parsing and reading took that much, not the verdicts alone


def metrics(file: Path) -> dict[str, float]:
    """Name without its prefix, with what labels it has but the playbook's, -> value, as Prometheus reads the file."""
    from prometheus_client.parser import text_string_to_metric_families

    found = {}
    for family in text_string_to_metric_families(file.read_text(encoding="utf-8")):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()) if name != "playbook")
            found[sample.name.removeprefix("longdoc_review_") + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


@pytest.mark.parametrize("options", [("--format", "html", "--out", "FILE/x.html"), ("--format", "jsonl", "--metrics-file", "FILE/x.prom")])
def test_where_nothing_can_be_written_is_told_before_anything_is_read(longdoc: Longdoc, tmp_path: Path, options: tuple[str, ...]) -> None:
    make_documents(tmp_path / "docs")
    (tmp_path / "file").write_text("in the way")
    chosen = [option.replace("FILE", str(tmp_path / "file")) for option in options]
    result = longdoc("review", tmp_path / "docs", "--playbook", "cuad_benchmark", *chosen)
    assert (result.code, "cannot be written" in result.err) == (2, True)
    assert not (tmp_path / ".longdoc").exists()


def test_a_decision_on_the_command_line_stands_in_the_next_run(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "house.yaml").write_text(HOUSE, encoding="utf-8")

    def verdict() -> tuple[str, str | None]:
        (law, *_) = longdoc("review", "contract.txt", "--playbook", "house.yaml", "--format", "jsonl").lines
        return law["verdict"], law["machine"]

    assert verdict() == ("violation", None)
    decided = longdoc(
        "verdict",
        "--path",
        "contract.txt",
        "--rule",
        "LAW",
        "--verdict",
        "compliant",
        "--by",
        "Mei",
        "--note",
        "agreed",
        "--format",
        "jsonl",
    )
    assert decided.code == 0, decided.err
    (row,) = decided.lines
    assert (row["rule"], row["verdict"], row["was"], row["by"], row["note"]) == ("LAW", "compliant", "violation", "Mei", "agreed")
    assert verdict() == ("compliant", "violation")
    assert longdoc("verdict", "--path", "contract.txt", "--rule", "LAW", "--withdraw", "--by", "Ada").code == 0
    assert verdict() == ("violation", None)
    log = longdoc("verdict", "--log", "--format", "jsonl").lines
    assert [(line["event"], line["by"]) for line in log] == [
        ("review", None),
        ("verdict", "Mei"),
        ("review", None),
        ("withdrawn", "Ada"),
        ("review", None),
    ]


def test_exported_corrections_are_applied_and_taught_from(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "house.yaml").write_text(HOUSE, encoding="utf-8")
    lines = longdoc("review", "contract.txt", "--playbook", "house.yaml", "--format", "jsonl").lines
    law = lines[0]
    start = CONTRACT.index("This Agreement is governed")
    said = {name: law[name] for name in ("document_id", "path", "rule", "rule_version")}
    place = {"start": start, "end": start + 26, "quote": CONTRACT[start : start + 26], "page": None}
    row = {**said, "verdict": "compliant", "was": "violation", "by": "Mei", "at": "2026-11-20T10:00:00.000Z", "note": "", "citation": place}
    (tmp_path / "corrections.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    applied = longdoc("verdict", "--apply", "corrections.jsonl", "--training", "rows.jsonl", "--playbook", "house.yaml")
    assert applied.code == 0, applied.err
    assert "1 new decision" in applied.err
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    (taught,) = [row for row in rows if row["label"] == "Governing Law"]
    assert (taught["start"], taught["end"], taught["correct"], taught["label_set"]) == (start, start + 26, "yes", "cuad")
    assert "of 'cuad': longdoc train clauses --data rows.jsonl --labels cuad --out DIR; what it makes stands in place of" in applied.err
    assert "0 new decisions" in longdoc("verdict", "--apply", "corrections.jsonl").err


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("{", "corrections.jsonl:1: no correction"),
        ('{"rule": "LAW"}', "corrections.jsonl:1: document_id: Field required"),
        ("[1]", "corrections.jsonl:1: "),
        ('{"citation": {"start": 1}}', "corrections.jsonl:1: no correction"),
        ('[1]\n\n{"rule": 7}', "corrections.jsonl:3: document_id: Field required"),
        ("{", "nothing of corrections.jsonl was applied; mend these lines or take them out"),
        (GIVEN.replace("compliant", "complaint"), "corrections.jsonl:1: verdict: 'complaint' is no verdict; decide for one of compliant"),
        (GIVEN.replace("2026-11-20", "yesterday"), "corrections.jsonl:1: no correction"),
        (GIVEN, "x.txt: no review here has judged this document by a rule 'LAW'; review it first"),
        (f"{GIVEN}\n{GIVEN}", "no decision was taken over"),
    ],
)
def test_a_bad_file_of_corrections_is_refused_with_its_line(longdoc: Longdoc, tmp_path: Path, content: str, part: str) -> None:
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    longdoc("ingest", "contract.txt")
    (tmp_path / "corrections.jsonl").write_text(content, encoding="utf-8")
    result = longdoc("verdict", "--apply", "corrections.jsonl")
    assert result.code == 2
    assert part in result.err


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--path", "contract.txt"), "to decide name --path, --rule, --by and --verdict"),
        (("--path", "contract.txt", "--rule", "XXX", "--by", "Mei", "--verdict", "compliant"), "a rule 'XXX'; known: CAP, INS, LAW, MFN"),
        (("--path", "contract.txt", "--rule", "law", "--by", "Mei", "--verdict", "compliant"), "a rule 'law'; did you mean 'LAW'?"),
        (("--path", "contract.txt", "--rule", "LAW", "--by", "Mei", "--verdict", "fine"), "decide for one of compliant, fallback"),
        (("--path", "contract.txt", "--rule", "LAW", "--by", "Mei", "--verdict", "complaint"), "did you mean 'compliant'?"),
        (("--path", "contract.txt", "--rule", "LAW", "--by", " ", "--verdict", "compliant"), "--by: name who decides"),
        (("--path", "contract.txt", "--rule", "LAW", "--by", "", "--withdraw"), "--by: name who takes it back"),
        (("--path", "other.txt", "--rule", "LAW", "--by", "Mei", "--verdict", "compliant"), "names 0 documents"),
        (("--path", "contract.txt", "--rule", "LAW", "--by", "Mei", "--withdraw"), "nobody has decided about rule 'LAW'"),
        (("--training", "rows.jsonl"), "name the playbook"),
    ],
)
def test_a_decision_that_cannot_be_taken_is_told(reviewed: Library, options: tuple[str, ...], part: str) -> None:
    given = [str(reviewed.contract) if option == "contract.txt" else option for option in options]
    result = reviewed.run("verdict", *given)
    assert result.code == 2
    assert part in result.err


def test_a_decision_may_point_at_its_passage(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "house.yaml").write_text(HOUSE, encoding="utf-8")
    longdoc("review", "contract.txt", "--playbook", "house.yaml", "--format", "jsonl")
    decide = ("verdict", "--path", "contract.txt", "--rule", "LAW", "--verdict", "fallback", "--by", "Mei", "--format", "jsonl")
    (decided,) = longdoc(*decide, "--passage", "4-40").lines
    assert (decided["start"], decided["end"], decided["quote"]) == (4, 40, CONTRACT[4:40])
    law = longdoc("review", "contract.txt", "--playbook", "house.yaml", "--format", "jsonl").lines[0]
    assert law["citations"][0]["quote"] == CONTRACT[4:40]
    for passage, part in (("40-4", "START below END"), (f"4-{len(CONTRACT) + 90}", "is not there")):
        refused = longdoc(*decide, "--passage", passage)
        assert (refused.code, part in refused.err) == (2, True)


def test_of_two_decisions_the_later_stands_and_the_conflict_is_told(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "house.yaml").write_text(HOUSE, encoding="utf-8")
    law = longdoc("review", "contract.txt", "--playbook", "house.yaml", "--format", "jsonl").lines[0]
    said = {name: law[name] for name in ("document_id", "path", "rule", "rule_version")} | {"was": "violation"}
    early = {**said, "verdict": "fallback", "by": "Ada", "at": "2026-11-19T23:30:00-05:00"}
    late = {**said, "verdict": "compliant", "by": "Mei", "at": "2026-11-20T10:00:00.000Z"}
    (tmp_path / "corrections.jsonl").write_text("\n".join(map(json.dumps, (late, early))), encoding="utf-8")
    applied = longdoc("verdict", "--apply", "corrections.jsonl", "--format", "jsonl")
    assert applied.code == 0, applied.err
    assert [(row["by"], row["verdict"]) for row in applied.lines] == [("Mei", "compliant")]
    assert "contract.txt, LAW: Ada decided fallback on 2026-11-19T23:30:00-05:00, Mei decided compliant on 2026" in applied.err
    assert "1 new decision" in applied.err


def test_a_decision_about_an_earlier_text_is_told_of_and_decides_nothing(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "house.yaml").write_text(HOUSE, encoding="utf-8")

    def law() -> dict[str, object]:
        return longdoc("review", "contract.txt", "--playbook", "house.yaml", "--format", "jsonl").lines[0]

    law()
    longdoc("verdict", "--path", "contract.txt", "--rule", "LAW", "--verdict", "compliant", "--by", "Mei")
    (tmp_path / "contract.txt").write_text(CONTRACT.replace("reasonable skill", "all due skill"), encoding="utf-8")
    changed = law()
    assert (changed["verdict"], changed["correction"]) == ("violation", None)
    assert "Of an earlier text of this file Mei decided on 20" in str(changed["reason"])
    (tmp_path / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    again = law()
    assert (again["verdict"], "earlier text" in str(again["reason"])) == ("compliant", False)
    (tmp_path / "contract.txt").rename(tmp_path / "moved.txt")
    moved = longdoc("review", "moved.txt", "--playbook", "house.yaml", "--format", "jsonl").lines[0]
    assert moved["verdict"] == "compliant"
    assert [row["path"] for row in longdoc("verdict", "--format", "jsonl").lines] == ["moved.txt"]


def test_an_amendment_beside_its_contract_is_known_from_the_command_line(longdoc: Longdoc, tmp_path: Path) -> None:
    make_documents(tmp_path / "files")
    (tmp_path / "house.yaml").write_text(HOUSE, encoding="utf-8")
    lines = longdoc("review", "files", "--playbook", "house.yaml", "--format", "jsonl", "--review-below", "0").lines
    (law,) = [line for line in lines if line["path"].endswith("contract.txt") and line["rule"] == "LAW"]
    assert law["verdict"] == "compliant"
    assert law["amended_by"] == str(Path("files", "nested", "amendment.docx"))
