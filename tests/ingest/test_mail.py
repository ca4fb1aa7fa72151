"""Messages: what a person sees of them is the text, what is attached to them lies inside."""

from __future__ import annotations

import pytest

from ingest import office_samples as samples
from ingest.contract import IngestorContract
from longdoc.errors import DamagedError, LimitError
from longdoc.ingest import open_bytes, parse_bytes
from longdoc.ingest.mail import MailIngestor
from longdoc.ingest.msg import MsgIngestor
from longdoc.ingest.sniff import sniff
from longdoc.protocols import Limits

SHOWN = (
    "From: Ines Götz <ines@example.com>\nTo: lars@example.com\nDate: 2024-03-05 10:00:00+01:00\nSubject: Lease of the mill – signed\n\n"
    "Dear Lars,\n\nthe lease is signed.\n\nOn Monday Lars wrote:\n> Is it signed?"
)


class TestMail(IngestorContract):
    ingestor = MailIngestor
    suffix = ".eml"

    def sample(self) -> bytes:
        return samples.message({"lease.pdf": b"%PDF-"}).as_bytes()

    def running_text(self) -> str:
        return SHOWN


class TestMsg(IngestorContract):
    ingestor = MsgIngestor
    suffix = ".msg"

    def sample(self) -> bytes:
        return samples.outlook("The mill", "Dear Lars,\r\n\r\nthe lease is signed.", "Ines", ("lease.txt", b"The lease runs."))

    def running_text(self) -> str:
        return "From: Ines To: Lars <lars@example.com> Subject: The mill Dear Lars, the lease is signed."


def test_the_header_stands_above_the_plain_body_and_in_the_metadata() -> None:
    document = parse_bytes(samples.message().as_bytes(), "a.eml").document
    assert document.text == SHOWN
    assert document.title == "Lease of the mill – signed"
    assert document.metadata["from"] == "Ines Götz <ines@example.com>"
    assert document.metadata["date"] == "2024-03-05 10:00:00+01:00"


def test_attachments_lie_inside_and_are_named_beside_the_text() -> None:
    inner = samples.message({"deep.txt": b"deep"}, Subject="Inner / one")
    outer = samples.message({"lease.pdf": b"%PDF-1.4", "Größe.txt": b"x"})
    outer.add_attachment(inner)
    opened = open_bytes(outer.as_bytes(), "a.eml")
    assert opened.parsed is not None
    assert [member.name for member in opened.members] == ["lease.pdf", "Größe.txt", "Inner _ one.eml"]
    assert opened.members[0].data == b"%PDF-1.4"
    assert [aside.name for aside in opened.parsed.document.asides] == ["lease.pdf", "Größe.txt", "Inner _ one.eml"]
    assert sniff(opened.members[2].data, "x.eml") == "eml"
    assert [member.name for member in open_bytes(opened.members[2].data, "x.eml").members] == ["deep.txt"]


def test_a_message_of_html_alone_is_read_as_a_page() -> None:
    header = b"From: a@b.c\nSubject: T\nMIME-Version: 1.0\nContent-Type: text/html; charset=iso-8859-1\n\n"
    data = header + b"<h2>Stra\xdfe</h2><p>Ten <b>years</b></p>"
    document = parse_bytes(data, "a.eml").document
    assert document.text == "From: a@b.c\nSubject: T\n\nStraße\n\nTen years"
    assert [section.title for section in document.sections] == ["Straße"]


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("utf-8", "Größe".encode(), "Größe"),
        ("no-such-charset", "Größe".encode(), "Größe"),
        ("us-ascii", "Größe".encode("cp1252"), "Größe"),
        ("zip", b"plain", "plain"),
    ],
)
def test_a_charset_that_is_declared_wrongly_is_told_from_the_bytes(charset: str, body: bytes, text: str) -> None:
    data = (
        b"From: a@b.c\nSubject: T\nContent-Type: text/plain; charset=" + charset.encode() + b"\nContent-Transfer-Encoding: 8bit\n\n" + body
    )
    assert parse_bytes(data, "a.eml").document.text.endswith(text)


def test_odd_header_lines_are_read() -> None:
    data = b"From: =?utf-8?q?In=C3=A9s?= <i@b.c>\nSubject: =?bad?x?y?= =?utf-8?b?w7w=?=\n folded\nDate: never\nTo: \xe9mile\n\nHello"
    document = parse_bytes(data, "a.eml").document
    assert "From: Inés <i@b.c>" in document.text
    assert "Date: never" in document.text
    assert "émile" in document.text
    assert "Subject: =?bad?x?y?= ü folded" in document.text


def test_a_memo_in_a_text_file_is_no_message() -> None:
    memo = b"To: All staff\nFrom: Ines\nDate: today\nSubject: Mills\n\nText"
    assert sniff(memo, "memo.txt") == "txt"
    assert sniff(memo, "memo.eml") == "eml"
    assert sniff(b"Received: from a\n" + memo, "memo") == "eml"


def test_more_attachments_than_the_limit_leave_the_message_and_say_so() -> None:
    message = samples.message({f"{number}.txt": b"x" for number in range(5)})
    opened = open_bytes(message.as_bytes(), "a.eml", limits=Limits(members=4))
    assert opened.members == ()
    assert opened.parsed is not None
    assert opened.parsed.document.warnings == ("a.eml: holds 5 files or more, the limit is 4; unpack it, or raise max_members",)


def test_parts_that_lie_in_each_other_without_end_are_refused() -> None:
    data = b"From: a@b.c\nSubject: T\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (number, number) for number in range(60)
    )
    with pytest.raises(LimitError, match="more than the 50 levels"):
        parse_bytes(data + b"\ntext", "a.eml")


def test_an_outlook_message_holds_its_attachment() -> None:
    opened = open_bytes(TestMsg().sample(), "a.msg")
    assert [(member.name, member.data) for member in opened.members] == [("lease.txt", b"The lease runs.")]
    assert opened.parsed is not None
    assert opened.parsed.document.title == "The mill"


def test_a_damaged_outlook_message_is_damaged() -> None:
    with pytest.raises(DamagedError, match=r"a\.msg"):
        parse_bytes(TestMsg().sample()[:700], "a.msg")
