"""EML: a message as it went over the wire (RFC 5322, MIME), with its attachments and the messages inside it as members."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from longdoc.errors import DamagedError, EncodingError, LimitError
from longdoc.ingest.containers import Member
from longdoc.ingest.messages import Body, MailMessage, message_to_parsed
from longdoc.ingest.txt import decode
from longdoc.protocols import Limits, Parsed

KEPT = ("From", "To", "Cc", "Bcc", "Date", "Subject", "Message-ID", "In-Reply-To", "Reply-To", "Sender")
GUESSED = 200
"""Bytes from which on an encoding is guessed that is declared wrongly."""
DEEPEST = 50
"""Parts that may lie in each other in one message."""
_SPACE = re.compile(r"\s+")


class MailIngestor:
    """Reads messages (.eml)."""

    format = "eml"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The message's header lines and body. Raises: DamagedError, LimitError, EncodingError."""
        return message_to_parsed(_read(data, name), self.format, name=name, limits=limits)

    def members(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Iterator[Member]:
        """Its attachments, a message inside it as one of its own. Raises: as parse."""
        yield from _read(data, name).attachments


def _read(data: bytes, name: str) -> MailMessage:
    try:
        source = email.message_from_bytes(data, policy=email.policy.compat32)
    except (ValueError, LookupError, TypeError, IndexError, HeaderParseError) as error:
        raise DamagedError(f"{name}: not readable as a message ({error}); save it anew from the mail program") from error
    header = {key: found for key in KEPT if (found := _header(source, key))}
    if not header and not source.is_multipart():
        raise DamagedError(f"{name}: a message without a header; save it anew from the mail program")
    if "Date" in header:
        header["Date"] = _dated(header["Date"])
    bodies: list[Body] = []
    attachments: list[Member] = []
    _gather(source, bodies, attachments, name, 0)
    return MailMessage(header, tuple(bodies), tuple(attachments))


def _gather(part: Message, bodies: list[Body], attachments: list[Member], name: str, depth: int) -> None:
    """What is shown of a part, and what is attached in it."""
    if depth > DEEPEST:
        raise LimitError(f"{name}: its parts are nested more than the {DEEPEST} levels that can be read")
    kind, payload = part.get_content_type(), part.get_payload()
    inner = [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else None
    if kind == "message/rfc822" and inner:
        attachments.append(_message_member(inner[0]))
    elif kind == "multipart/alternative" and inner is not None:
        choices: list[tuple[list[Body], list[Member]]] = []
        for choice in inner:
            choices.append(([], []))
            _gather(choice, *choices[-1], name, depth + 1)
        # The first that holds words is the plainest; what only another one has attached (a calendar entry) is kept.
        bodies += next((shown for shown, _ in choices if any(body.content.strip() for body in shown)), [])
        for _, attached in choices:
            attachments += attached
    elif inner is not None:
        for one in inner:
            _gather(one, bodies, attachments, name, depth + 1)
    elif kind in ("text/plain", "text/html") and not _is_attached(part):
        bodies.append(Body(_text(part, name), html=kind == "text/html"))
    else:
        attachments.append(_member(part, kind))


def _is_attached(part: Message) -> bool:
    return (part.get_content_disposition() or "").lower() == "attachment" or bool(_filename(part))


def _text(part: Message, name: str) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    charset = part.get_param("charset")
    try:
        if isinstance(charset, str) and charset:
            return data.decode(charset)
    except (LookupError, UnicodeError):
        pass  # declared wrongly: told from the bytes, as of a text file
    try:
        # Of a few words no encoding can be guessed.
        return decode(data, name)[0] if len(data) >= GUESSED else data.decode("utf-8")
    except (EncodingError, UnicodeError):
        return data.decode("cp1252", errors="replace")


def _member(part: Message, kind: str) -> Member:
    data = part.get_payload(decode=True)
    suffix = {"text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "application/pdf": ".pdf"}.get(kind, "")
    name = _filename(part) or f"attachment{suffix}"
    return Member(name, data if isinstance(data, bytes) else b"", {"type": kind})


def _message_member(inner: Message) -> Member:
    subject = re.sub(r"[^\w .,()-]", "_", _header(inner, "Subject")[:80]).strip(" .") or "message"
    return Member(f"{subject}.eml", inner.as_bytes(unixfrom=False), {"type": "message/rfc822"})


def _filename(part: Message) -> str:
    try:
        return _decoded(part.get_filename() or "")
    except (UnicodeError, LookupError, ValueError, TypeError):
        return ""


def _header(message: Message, key: str) -> str:
    """All lines of that name, decoded, in one line."""
    found = [str(value) for name, value in message.raw_items() if name.lower() == key.lower()]
    return ", ".join(filter(None, map(_decoded, found)))


def _decoded(value: str) -> str:
    """A header value with its encoded words (RFC 2047) decoded; bytes of no charset are UTF-8, or else code page 1252."""
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        pieces = [(value, None)]
    told, before = "", None
    for piece, charset in pieces:
        raw = piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece
        # An encoded word stands between spaces, which the decoder drops.
        told += ("" if before is charset or (before and charset) else " ") + _told(raw, charset or "utf-8")
        before = charset
    return _SPACE.sub(" ", told).strip()


def _told(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset)
    except (LookupError, UnicodeError):
        return raw.decode("cp1252", errors="replace")


def _dated(value: str) -> str:
    """The date as ISO 8601 where it can be read, else as it is."""
    try:
        return parsedate_to_datetime(value).isoformat(sep=" ")
    except (ValueError, TypeError, IndexError, OverflowError):
        return value
