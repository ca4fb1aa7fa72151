"""The HTML report as a file: what it holds, and that it appears whole or not at all."""

from __future__ import annotations

import os
import re
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from html_pages import PICTURE, about, one_review, one_text, pictures, write
from review_samples import PDF_PATH, closing, heading, review, reviews

from longdoc.errors import ChangedError, UsageError
from longdoc.types import Document, Finding, Review, Span
from longdoc_pipelines.reports.base import Closing
from longdoc_pipelines.reports.html import CODES, HtmlReport
from longdoc_pipelines.reports.page.sources import MOST_PAGES


def test_the_overview_holds_a_letter_a_rule_for_every_document(tmp_path: Path) -> None:
    of = list(reviews(6))
    overview = write(tmp_path / "review.html", of).block("overview")
    assert [row[:6] for row in overview["documents"]] == [
        [one.document_id, one.path, one.title, one.kind, one.format, one.pages] for one in of
    ]
    assert [row[6] for row in overview["documents"]] == ["".join(CODES[finding.verdict] for finding in one.findings) for one in of]
    assert [row[7] for row in overview["documents"]] == ["".join(finding.severity[0] for finding in one.findings) for one in of]
    assert [row[8].count("p") for row in overview["documents"]] == [sum(f.correction is not None for f in one.findings) for one in of]
    assert [row[9] for row in overview["documents"]] == [[round(finding.confidence, 3) for finding in one.findings] for one in of]
    assert [row[10] for row in overview["documents"]] == [[finding.worth for finding in one.findings] for one in of]
    assert sum(row[8].count("p") for row in overview["documents"]) == 1


def test_the_overview_holds_what_the_run_was_and_what_it_came_to(tmp_path: Path) -> None:
    of = list(reviews(30))
    ends, told = closing(of), heading()
    overview = write(tmp_path / "night.html", of, told, ends).block("overview")
    said = overview["heading"]
    assert {name: said[name] for name in ("playbook", "version", "fingerprint", "as_of", "started", "model", "package", "side")} == {
        name: getattr(told, name) for name in ("playbook", "version", "fingerprint", "as_of", "started", "model", "package", "side")
    }
    assert (said["finished"], said["documents"], said["audit_head"]) == (ends.finished, 30, ends.audit_head)
    assert said["pictures"] == "night_pages"
    assert overview["verdicts"] == ends.verdicts
    assert overview["failed"] == [[one.path, one.outcome, one.stage, one.reason] for one in ends.failed]
    assert overview["changes"] == [[one.path, one.rule, one.kind, one.before, one.after] for one in ends.changes]
    assert overview["changes"]
    assert [rule["id"] for rule in overview["rules"]] == [rule.id for rule in told.rules]
    assert overview["rules"][1]["positions"] == told.rules[1].positions
    assert overview["rules"][0]["references"] == list(told.rules[0].references)


@pytest.mark.parametrize("number", [0, 3, 17])
def test_the_details_of_a_document_hold_all_that_its_findings_say(tmp_path: Path, number: int) -> None:
    one = review(number)
    details = write(tmp_path / "review.html", [one]).block("d0")
    assert list(details["findings"]) == [finding.rule for finding in one.findings]
    for finding in one.findings:
        said = details["findings"][finding.rule]
        written = finding.model_dump(mode="json")
        plain = set(Finding.model_fields) - {"document_id", "path", "rule", "citations", "values", "searched", "correction"}
        assert {name: said[name] for name in plain} == {name: written[name] for name in plain}
        assert [(cited["start"], cited["end"], cited["quote"], cited["page"]) for cited in said["citations"]] == [
            (cited.span.start, cited.span.end, cited.quote, cited.page) for cited in finding.citations
        ]
        assert [(value["kind"], value["normalised"], value["citation"]["quote"]) for value in said["values"]] == [
            (value.kind, value.normalised, value.citation.quote) for value in finding.values
        ]
        if finding.searched is not None:
            assert said["searched"]["sections"] == finding.searched.sections
            assert said["searched"]["unread"] == list(finding.searched.unread)
            nearest = finding.searched.nearest
            assert (said["searched"]["nearest"] or {}).get("quote") == (nearest.quote if nearest is not None else None)
        if finding.correction is not None:
            kept = ("by", "at", "note", "verdict", "was", "rule_version")
            assert {name: said["correction"][name] for name in kept} == {name: written["correction"][name] for name in kept}


def test_a_document_without_pages_is_shown_as_the_text_around_its_passages(tmp_path: Path) -> None:
    text = (
        "a" * 4000
        + "The first passage."
        + "b" * 2900
        + "The second passage."
        + "c" * 9000
        + "The third \N{GRINNING FACE} passage."
        + "d" * 9
    )
    document = one_text(text, "long.txt")
    spans = [Span(start=text.index(quote), end=text.index(quote) + len(quote)) for quote in ("The first passage.", "The second passage.")]
    third = "The third \N{GRINNING FACE} passage."
    spans.append(Span(start=text.index(third), end=text.index(third) + len(third)))
    details = write(
        tmp_path / "r.html", [one_review(document, {"citations": [document.cite(span) for span in spans]})], about(document)
    ).block("d0")
    (shown,) = details["texts"]
    assert shown["length"] == len(text)
    assert [(start, len(window)) for start, window in shown["windows"]] == [
        (spans[0].start - 1500, spans[1].end + 1500 - spans[0].start + 1500),
        (spans[2].start - 1500, len(text) - spans[2].start + 1500),
    ]
    assert all(text[start : start + len(window)] == window for start, window in shown["windows"])
    assert pictures(tmp_path / "r.html") == {}
    assert not (tmp_path / "r_pages").exists()


def test_a_citation_of_another_document_is_shown_in_that_one(tmp_path: Path) -> None:
    agreement, amendment = one_text("The term is one year.", "agreement.txt"), one_text("The term becomes two years.", "amendment.txt")
    both = {document.path: document for document in (agreement, amendment)}
    found = one_review(agreement, {"citations": [agreement.cite(Span(start=0, end=8)), amendment.cite(Span(start=9, end=26))]})
    details = write(tmp_path / "r.html", [found], replace(about(agreement), document=lambda path: both[path])).block("d0")
    first, second = details["findings"]["termination_notice"]["citations"]
    assert details["texts"][first["text"]]["windows"] == [[0, agreement.text]]
    assert (second["path"], details["texts"][second["text"]]["windows"]) == ("amendment.txt", [[0, amendment.text]])


def test_a_page_is_shown_as_a_picture_that_is_written_once_and_named_by_a_hash(tmp_path: Path) -> None:
    made: list[Span] = []

    def picture(document: Document, span: Span) -> bytes:
        made.append(span)
        return PICTURE + str(span.start).encode()

    one, target = review(0), tmp_path / "review.html"
    twice = one.model_copy(
        update={"findings": (*one.findings[:-1], one.findings[-1].model_copy(update={"citations": one.findings[0].citations}))}
    )
    details = write(target, [twice], heading(picture=picture)).block("d0")
    shown = {cited["start"]: cited["pictures"][0] for said in details["findings"].values() for cited in said["citations"]}
    assert len({(span.start, span.end) for span in made}) == len(made)
    assert {name: PICTURE + str(start).encode() for start, name in shown.items()}.items() <= pictures(target).items()
    assert len(pictures(target)) == len(made)
    assert all(re.fullmatch(r"[0-9a-f]{32}\.png", name) for name in pictures(target))
    assert details["texts"] == []
    write(target, [twice], heading(picture=picture))
    assert len(pictures(target)) == len(made), "a second report took the pictures of the first"


def test_the_real_page_of_a_pdf_is_beside_the_report(tmp_path: Path) -> None:
    target = tmp_path / "review.html"
    cited = write(target, [review(0)]).block("d0")["findings"]["liability_cap"]["citations"][0]
    assert cited["page"] is not None
    assert 0 <= cited["down"] <= 1
    assert pictures(target)[cited["pictures"][0]].startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize(("pages", "shown"), [(2, 2), (3, 3), (7, MOST_PAGES)])
def test_a_passage_over_the_end_of_a_page_is_shown_on_each_of_its_pages(tmp_path: Path, pages: int, shown: int) -> None:
    document, target = heading().document(PDF_PATH), tmp_path / "review.html"
    first, last = document.pages[2], document.pages[2 + pages - 1]
    passage = Span(start=first.span.end - 120, end=last.span.start + 90)
    made: list[Span] = []

    def picture(document: Document, span: Span) -> bytes:
        made.append(span)
        return PICTURE + str(span.start).encode()

    details = write(target, [one_review(document, {"citations": [document.cite(passage)]})], about(document, picture)).block("d0")
    ((cited,),) = (said["citations"] for said in details["findings"].values())
    starts = [passage.start, *(page.span.start for page in document.pages[3 : 2 + pages])][:MOST_PAGES]
    assert [pictures(target)[name] for name in cited["pictures"]] == [PICTURE + str(start).encode() for start in starts]
    assert len(cited["pictures"]) == shown
    assert {span.end for span in made} == {passage.end}


def test_a_passage_that_ends_with_its_page_is_shown_on_that_page_alone(tmp_path: Path) -> None:
    document, target = heading().document(PDF_PATH), tmp_path / "review.html"
    first = document.pages[2].span
    cited = document.cite(Span(start=first.end - 60, end=document.pages[3].span.start))
    write(target, [one_review(document, {"citations": [cited]})], about(document, lambda document, span: PICTURE))
    assert len(pictures(target)) == 1


def test_pictures_that_the_new_report_does_not_show_are_removed_and_other_files_are_left(tmp_path: Path) -> None:
    target = tmp_path / "review.html"
    folder = tmp_path / "review_pages"
    folder.mkdir()
    (folder / f"{'0' * 32}.png").write_bytes(b"of an earlier run")
    os.utime(folder / f"{'0' * 32}.png", (1_000_000_000, 1_000_000_000))
    (folder / "notes.png").write_bytes(b"somebody's own")
    os.utime(folder / "notes.png", (1_000_000_000, 1_000_000_000))
    write(target, [review(0)], heading(picture=lambda document, span: PICTURE))
    kept = pictures(target)
    assert f"{'0' * 32}.png" not in kept
    assert kept.pop("notes.png") == b"somebody's own"
    assert set(kept.values()) == {PICTURE}
    write(target, [review(1)])
    assert set(pictures(target)) == {"notes.png"}


def test_a_page_that_cannot_be_shown_any_more_is_shown_as_text_and_says_why(tmp_path: Path) -> None:
    def picture(document: Document, span: Span) -> bytes:
        raise ChangedError(f"{PDF_PATH}: is no longer the file that was read; ingest it again")

    details = write(tmp_path / "review.html", [review(0)], heading(picture=picture)).block("d0")
    cited = details["findings"]["liability_cap"]["citations"][0]
    assert cited["trouble"] == f"The page cannot be shown: {PDF_PATH}: is no longer the file that was read; ingest it again"
    start, window = [one for one in details["texts"][cited["text"]]["windows"] if one[0] <= cited["start"]][-1]
    assert window[cited["start"] - start : cited["end"] - start] == cited["quote"]


@pytest.mark.parametrize("now", ["Another text of some length, that is.", "short"])
def test_a_quote_that_the_stored_document_does_not_hold_is_given_no_place(tmp_path: Path, now: str) -> None:
    before = one_text("The text as it was once.", "a.txt")
    details = write(
        tmp_path / "r.html",
        [one_review(before, {"citations": [before.cite(Span(start=4, end=15))]})],
        about(one_text(now, "a.txt")),
    ).block("d0")
    (cited,) = details["findings"]["termination_notice"]["citations"]
    assert cited["quote"] == "text as it "
    assert "review it again" in cited["trouble"]
    assert "text" not in cited
    assert "picture" not in cited


@pytest.mark.parametrize("at", ["at once", "after a document"])
def test_a_run_that_fails_leaves_the_earlier_report_and_none_of_its_own_pictures(tmp_path: Path, at: str) -> None:
    target = tmp_path / "review.html"
    write(target, [review(0)], heading(picture=lambda document, span: PICTURE if span.start % 2 else PICTURE * 2))
    before, kept = target.read_bytes(), pictures(target)
    some = dict(list(kept.items())[:3])
    for name in set(kept) - set(some):
        (tmp_path / "review_pages" / name).unlink()
    with pytest.raises(RuntimeError, match="stopped"):
        stopped(HtmlReport(target, heading(picture=lambda document, span: PICTURE)), [review(0)][: at != "at once"])
    assert target.read_bytes() == before
    assert pictures(target) == some
    assert sorted(os.listdir(tmp_path)) == ["review.html", "review_pages"]


def test_a_run_that_fails_where_nothing_was_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stopped"):
        stopped(HtmlReport(tmp_path / "deep" / "r.html", heading()), [review(0)])
    assert os.listdir(tmp_path / "deep") == []


def stopped(report: HtmlReport, of: Sequence[Review]) -> None:
    """Fail after these documents, with their pictures there."""
    with report:
        for one in of:
            report.add(one)
            assert any(report.folder.iterdir())
        raise RuntimeError("stopped")


def test_the_page_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "review.html"
    with HtmlReport(target, heading()) as report:
        report.add(review(1))
        assert not target.exists()
        report.finish(closing([review(1)]))
        assert target.exists()
    assert os.listdir(tmp_path) == ["review.html"]


def test_a_folder_or_a_device_is_refused_as_target(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is no regular file; the HTML report writes a page and a folder beside it"):
        HtmlReport(tmp_path, heading())
    with pytest.raises(UsageError, match=r"/dev/null: is no regular file"):
        HtmlReport(Path("/dev/null"), heading())


def test_a_place_for_pictures_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "review_pages").write_text("in the way")
    with (
        pytest.raises(UsageError, match=r"review_pages: pictures cannot be kept there \(File exists\); name another --out"),
        HtmlReport(tmp_path / "review.html", heading()) as report,
    ):
        report.add(review(0))
    assert os.listdir(tmp_path) == ["review_pages"]


def test_a_finding_by_a_rule_that_nobody_announced_is_refused(tmp_path: Path) -> None:
    one = review(1)
    odd = one.model_copy(update={"findings": (one.findings[0].model_copy(update={"rule": "unheard_of"}),)})
    with (
        pytest.raises(UsageError, match=r"a finding by rule 'unheard_of', which the report's heading does not list"),
        HtmlReport(tmp_path / "r.html", heading()) as report,
    ):
        report.add(odd)


def test_a_rule_without_a_finding_is_left_blank(tmp_path: Path) -> None:
    one = review(1)
    overview = write(tmp_path / "r.html", [one.model_copy(update={"findings": one.findings[5:6]})]).block("overview")
    assert overview["documents"][0][6] == "....." + CODES[one.findings[5].verdict] + "." * 14


def test_a_report_of_no_documents_is_a_page_too(tmp_path: Path) -> None:
    overview = write(tmp_path / "r.html", []).block("overview")
    assert (overview["documents"], overview["heading"]["documents"]) == ([], 0)


def test_memory_does_not_grow_with_the_number_of_documents(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        with HtmlReport(tmp_path / f"{count}.html", heading()) as report:
            tracemalloc.start()
            try:
                for number in range(1, count + 1):
                    report.add(review(number))
                report.finish(Closing(finished="", documents=count, verdicts={}))
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    few, many = peak(4), peak(80)
    size = (tmp_path / "80.html").stat().st_size
    assert many - few < size / 4, f"{few} bytes for 4 documents, {many} for 80, whose report has {size}"
