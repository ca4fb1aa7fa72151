"""MSG: a message as Outlook saves it, through python-oxmsg."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

from longdoc.errors import DamagedError, UnsupportedError
from longdoc.ingest.containers import Member
from longdoc.ingest.messages import Body, MailMessage, message_to_parsed
from longdoc.protocols import Limits, Parsed

SENDER_NAME = 0x0C1A
"""The property with the sender's name (MS-OXPROPS, PidTagSenderName)."""
_DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError, EOFError, OverflowError, struct.error)


class MsgIngestor:
    """Reads Outlook messages (.msg)."""

    format = "msg"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The message's header lines and body. Raises: DamagedError; UnsupportedError without python-oxmsg."""
        return message_to_parsed(_read(data, name), self.format, name=name, limits=limits)

    def members(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Iterator[Member]:
        """Its attachments. Raises: as parse."""
        yield from _read(data, name).attachments


def _read(data: bytes, name: str) -> MailMessage:
    try:
        from oxmsg import Message
    except ImportError as error:
        raise UnsupportedError(f"{name}: an Outlook message needs python-oxmsg: pip install 'longdoc[office]'") from error
    try:
        message = Message.load(io.BytesIO(data))
        header = {key: value for key, value in _header(message).items() if value}
        plain, html = message.body or "", message.html_body or ""
        bodies = (Body(plain),) if plain.strip() else (Body(html, html=True),)
        attachments = tuple(_member(one) for one in message.attachments)
    except _DAMAGE as error:
        raise DamagedError(f"{name}: not readable as an Outlook message ({error}); save it anew from Outlook") from error
    return MailMessage(header, bodies, attachments)


def _header(message: Any) -> dict[str, str]:
    """The header lines that it was sent with, else what its properties say; a draft has only those."""
    sent = {name.lower(): value for name, value in (message.message_headers or {}).items()}
    people = ", ".join(_person(one) for one in message.recipients)
    return {
        "From": message.sender or message.properties.str_prop_value(SENDER_NAME) or "",
        "To": sent.get("to") or people,
        "Cc": sent.get("cc") or "",
        "Date": message.sent_date.isoformat(sep=" ") if message.sent_date else sent.get("date") or "",
        "Subject": message.subject or "",
        "Message-ID": sent.get("message-id") or "",
    }


def _person(recipient: Any) -> str:
    name, address = recipient.name or "", recipient.email_address or ""
    return f"{name} <{address}>" if name and address and name != address else name or address


def _member(attachment: Any) -> Member:
    name = attachment.file_name or "attachment"
    about = {"type": attachment.mime_type} if attachment.mime_type else {}
    if attachment.file_bytes is None:
        problem = UnsupportedError(f"/{name}: attached in a way that cannot be read; save it from Outlook")
        return Member(name, b"", about, problem)
    return Member(name, attachment.file_bytes, about)
