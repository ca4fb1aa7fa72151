"""Full submissions: recognised, split, decoded, with what is passed over and why."""

from pathlib import Path

import pytest

from ingest import filing_samples
from longdoc.errors import DamagedError, LimitError
from longdoc.ingest import open_file, parse_bytes
from longdoc.ingest.edgar import is_submission, split_submission
from longdoc.ingest.sniff import sniff
from longdoc.protocols import Limits

PDF = b"%PDF-1.4\n" + bytes(range(256)) * 3
SUBMISSION = filing_samples.submission(PDF)


def test_a_submission_is_known_by_its_head_or_by_several_documents() -> None:
    assert is_submission(SUBMISSION)
    assert is_submission(b"-----BEGIN PRIVACY-ENHANCED MESSAGE-----\n\n" + SUBMISSION)
    assert is_submission(SUBMISSION[SUBMISSION.index(b"<DOCUMENT>") :])
    assert not is_submission(filing_samples.wrapped("EX-10.1", 1, "a.htm", filing_samples.EXHIBIT))
    assert not is_submission(filing_samples.annual_report())
    assert not is_submission(filing_samples.OLD_FILING.encode())


def test_documents_are_split_with_names_and_bytes_as_they_were_filed() -> None:
    members = split_submission(SUBMISSION, "s.txt", Limits())
    assert [member.name for member in members][:4] == ["hvc-20240630.htm", "hvc-ex101.htm", "hvc-ex991.txt", "hvc-ex992.pdf"]
    assert members[0].data.strip() == filing_samples.annual_report().strip()
    assert members[1].data.strip() == filing_samples.EXHIBIT
    assert members[3].data == PDF
    assert parse_bytes(members[0].data, "s.txt/hvc-20240630.htm").document.pages


def test_each_document_carries_what_the_header_says_of_the_filing() -> None:
    first, second, *_ = split_submission(SUBMISSION, "s.txt", Limits())
    filing = {
        "company": "HARROW VALVE CORP",
        "cik": "0009999999",
        "form_type": "10-K",
        "period_of_report": "2024-06-30",
        "filed": "2024-08-20",
    }
    assert filing.items() <= first.metadata.items()
    assert filing.items() <= second.metadata.items()
    assert (second.metadata["document_type"], second.metadata["description"]) == ("EX-10.1", "SUPPLY AGREEMENT")


def test_pictures_and_copies_of_the_data_are_passed_over_with_a_reason() -> None:
    problems = {member.name: member.problem for member in split_submission(SUBMISSION, "s.txt", Limits())}
    assert str(problems["logo.jpg"]) == "s.txt/logo.jpg: passed over, it is a picture"
    assert "XBRL data that the main document holds inline" in str(problems["hvc-20240630.xsd"])
    assert problems["hvc-ex101.htm"] is None


def test_a_submission_is_opened_as_what_holds_other_files(tmp_path: Path) -> None:
    assert sniff(SUBMISSION, "0009999999-24-000012.txt") == "edgar"
    file = tmp_path / "0009999999-24-000012.txt"
    file.write_bytes(SUBMISSION)
    opened = open_file(str(file))
    assert opened.parsed is None
    assert [member.name for member in opened.members][:2] == ["hvc-20240630.htm", "hvc-ex101.htm"]


def test_a_document_without_a_file_name_is_named_by_its_type() -> None:
    (member,) = split_submission(
        b"<SEC-DOCUMENT>\n<DOCUMENT>\n<TYPE>10-K405\n<SEQUENCE>1\n<TEXT>\nText.\n</TEXT>\n</DOCUMENT>\n", "s.txt", Limits()
    )
    assert (member.name, member.data) == ("10-k405-1.txt", b"Text.\n")


def test_a_submission_that_is_cut_gives_what_is_there() -> None:
    cut = SUBMISSION[: SUBMISSION.index(b"The Seller")]
    members = split_submission(cut, "s.txt", Limits())
    assert [member.name for member in members] == ["hvc-20240630.htm", "hvc-ex101.htm"]


def test_bad_submissions_are_refused_for_a_reason() -> None:
    with pytest.raises(DamagedError, match="holds no <DOCUMENT>"):
        split_submission(b"<SEC-DOCUMENT>x\n", "s.txt", Limits())
    with pytest.raises(LimitError, match=r"hvc-ex992\.pdf: has \d+ bytes, the limit is 500"):
        split_submission(
            SUBMISSION[: SUBMISSION.index(b"<DOCUMENT>")] + SUBMISSION[SUBMISSION.index(b"<DOCUMENT>\n<TYPE>EX-99.2") :],
            "s.txt",
            Limits(file_size=500),
        )
    with pytest.raises(LimitError, match="more than 2000 documents"):
        split_submission(b"<SEC-DOCUMENT>\n" + b"<DOCUMENT>\n<TYPE>A\n<TEXT>\nx\n</TEXT>\n</DOCUMENT>\n" * 2001, "s.txt", Limits())
    damaged = filing_samples.wrapped("EX-99", 1, "a.pdf", b"begin 644 a.pdf\n" + b"\x7f\xff\xfe!!\n")
    with pytest.raises(DamagedError, match="uuencoded"):
        split_submission(b"<SEC-DOCUMENT>\n" + damaged, "s.txt", Limits())
