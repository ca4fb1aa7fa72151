"""An EDGAR full submission: the text file in which the SEC hands out a filing, all its documents one after another.

Each stands in `<DOCUMENT>` with its type, sequence, file name and description, its text in `<TEXT>`; a header tells who filed what and
when. Pictures, PDFs and ZIPs are uuencoded. https://www.sec.gov/info/edgar/specifications
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from longdoc.errors import DamagedError, LimitError, UnsupportedError
from longdoc.ingest.containers import Member
from longdoc.protocols import Limits

MOST_DOCUMENTS = 2000
HEAD = 4096

_SUBMISSION = re.compile(
    rb"\s*(?:-----BEGIN PRIVACY-ENHANCED MESSAGE-----|<SEC-DOCUMENT>|<IMS-DOCUMENT>|<SEC-HEADER>|<IMS-HEADER>|<SUBMISSION>)"
)
_DOCUMENT = re.compile(rb"^<DOCUMENT>[ \t]*\r?$", re.MULTILINE)
_DOCUMENT_END = re.compile(rb"^</DOCUMENT>", re.MULTILINE)
_TEXT = re.compile(rb"^<TEXT>[ \t]*\r?\n?", re.MULTILINE)
_TEXT_END = re.compile(rb"^</TEXT>", re.MULTILINE)
_TAG = re.compile(r"^<(TYPE|SEQUENCE|FILENAME|DESCRIPTION)>(.*)$", re.MULTILINE)
_UUENCODED = re.compile(rb"\s*(?:<(PDF|ZIP|GRAPHIC)>\s*)?begin \d{3,4} ([^\r\n]+)\r?\n", re.IGNORECASE)
_INNER = re.compile(rb"\s*<(XML|XBRL|PDF|JSON)>[ \t]*\r?\n?", re.IGNORECASE)
_HEADER_END = re.compile(rb"</(?:SEC|IMS)-HEADER>|^<DOCUMENT>", re.MULTILINE)

# The header's own words, with the names that they go by here.
_HEADER_FACTS = {
    "ACCESSION NUMBER": "accession_number", "CONFORMED SUBMISSION TYPE": "form_type", "CONFORMED PERIOD OF REPORT": "period_of_report",
    "FILED AS OF DATE": "filed", "COMPANY CONFORMED NAME": "company", "CENTRAL INDEX KEY": "cik", "STATE OF INCORPORATION": "state",
    "FISCAL YEAR END": "fiscal_year_end", "STANDARD INDUSTRIAL CLASSIFICATION": "industry", "SEC FILE NUMBER": "file_number",
}  # fmt: skip
_WRAPPER_FACTS = {"TYPE": "document_type", "SEQUENCE": "sequence", "FILENAME": "filename", "DESCRIPTION": "description"}
_PASSED_OVER = {
    ".jpg": "a picture", ".jpeg": "a picture", ".gif": "a picture", ".png": "a picture", ".bmp": "a picture", ".tif": "a picture",
    ".zip": "a ZIP archive of the same filing's data", ".xsd": "an XBRL schema", ".xml": "XBRL data that the main document holds inline",
    ".js": "a script", ".css": "a style sheet", ".json": "data that the main document holds inline",
    ".xlsx": "data that the main document holds inline",
}  # fmt: skip
_READ_XML_TYPES = ("3", "4", "5", "13F", "D", "144", "N-", "SC 13", "SCHEDULE 13")
"""Forms that are filed as XML and nothing else: theirs is the document itself, not a copy of its data."""


class EdgarContainer:
    """Opens a full submission: its documents are the files in it."""

    format = "edgar"

    def members(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> list[Member]:
        """The documents, those that are not read with the reason. Raises: as `split_submission`."""
        return split_submission(data, name, limits)


def is_submission(data: bytes) -> bool:
    """Whether these are the bytes of a full submission (or of its first document's wrapper, if several follow)."""
    if _SUBMISSION.match(data[:HEAD]):
        return _DOCUMENT.search(data) is not None
    return data.lstrip()[:10] == b"<DOCUMENT>" and len(_DOCUMENT.findall(data, 0, len(data))) > 1


def split_submission(data: bytes, name: str, limits: Limits) -> list[Member]:
    """The submission's documents in order. A member that is not to be read has no bytes and says why in its `problem`.

    Metadata of each: the header's facts (company, cik, form_type, period_of_report, filed: dates as ISO 8601) and the document's own
    (document_type, sequence, filename, description).

    Raises: DamagedError where no document begins; LimitError for more than 2,000 documents or a decoded one above `limits.file_size`.
    """
    header = header_facts(data)
    members: list[Member] = []
    for wrapper, content in _documents(data, name):
        facts = wrapper_facts(wrapper)
        number = facts.get("sequence") or str(len(members) + 1)
        file_name = facts.get("filename") or f"{_slug(facts.get('document_type', 'document'))}-{number}.txt"
        decoded, content_name = _content(content, name)
        if len(decoded) > limits.file_size:
            raise LimitError(
                f"{name}/{file_name}: has {len(decoded)} bytes, the limit is {limits.file_size}; raise max_file_size to read it"
            )
        reason = _reason(file_name if "." in file_name else content_name or file_name, facts.get("document_type", ""), decoded)
        problem = UnsupportedError(f"{name}/{file_name}: passed over, it is {reason}") if reason is not None else None
        members.append(Member(file_name, b"" if problem else decoded, header | facts, problem))
    if not members:
        raise DamagedError(f"{name}: begins as an EDGAR submission but holds no <DOCUMENT>; get the file again")
    return members


def header_facts(data: bytes) -> dict[str, str]:
    """What the submission's header says of the filing and of the first company in it."""
    end = _HEADER_END.search(data)
    text = data[: end.start() if end else HEAD].decode("latin-1")
    facts: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.strip().partition(":")
        known = _HEADER_FACTS.get(key.strip())
        if colon and known and value.strip():
            facts.setdefault(known, _iso(value.strip()) if known in ("filed", "period_of_report") else value.strip())
    return facts


def wrapper_facts(wrapper: str) -> dict[str, str]:
    """What the tags before a document's text say: document_type, sequence, filename, description."""
    return {_WRAPPER_FACTS[tag]: value.strip() for tag, value in _TAG.findall(wrapper) if value.strip()}


def _documents(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """The tags before each document's text, and the text."""
    position, count = 0, 0
    while (begin := _DOCUMENT.search(data, position)) is not None:
        count += 1
        if count > MOST_DOCUMENTS:
            raise LimitError(f"{name}: holds more than {MOST_DOCUMENTS} documents, the limit is {MOST_DOCUMENTS}; split it")
        end = _DOCUMENT_END.search(data, begin.end())
        stop = end.start() if end else len(data)
        text = _TEXT.search(data, begin.end(), stop)
        start = text.end() if text else stop
        # A document may show these tags itself, so the last one counts.
        closing = data.rfind(b"\n</TEXT>", start, stop)
        yield data[begin.end() : start].decode("latin-1"), data[start : closing + 1 if closing >= 0 else stop]
        position = end.end() if end else len(data)


def _content(content: bytes, name: str) -> tuple[bytes, str]:
    """The document's bytes, decoded if they are uuencoded, and the name that the encoding gives."""
    encoded = _UUENCODED.match(content)
    if encoded is not None:
        return _uudecode(content[encoded.end() :], name), encoded[2].decode("latin-1").strip()
    inner = _INNER.match(content)
    if inner is not None:
        closing = content.rfind(b"</" + inner[1] + b">")
        return content[inner.end() : closing if closing > 0 else len(content)], ""
    return content, ""


def _uudecode(lines: bytes, name: str) -> bytes:
    decoded = []
    for line in lines.splitlines():
        if line.strip() in (b"end", b"`", b""):
            if line.strip() == b"end":
                break
            continue
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Encoders that pad a line too long are common; the first byte says how much of it counts.
            wanted = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                decoded.append(binascii.a2b_uu(line[:wanted]))
            except binascii.Error as error:
                raise DamagedError(f"{name}: a uuencoded document is damaged ({error}); get the file again") from error
    return b"".join(decoded)


def _reason(file_name: str, document_type: str, data: bytes) -> str | None:
    """Why a document is not read, None if it is."""
    suffix = "." + file_name.lower().rpartition(".")[2]
    kind = document_type.upper()
    if kind == "GRAPHIC":
        return "a picture"
    if kind == "ZIP" or (data.startswith(b"PK\x03\x04") and suffix == ".zip"):
        return _PASSED_OVER[".zip"]
    if kind.startswith("EX-101") or kind.startswith("EX-104"):
        return "XBRL data that the main document holds inline"
    if suffix == ".xml" and kind.startswith(_READ_XML_TYPES):
        return None
    if suffix in _PASSED_OVER and not (suffix == ".xlsx" and kind.startswith("EX-")):
        return _PASSED_OVER[suffix]
    return None if data.strip() else "an empty document"


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-").lower() or "document"


def _iso(date: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:8]}" if re.fullmatch(r"\d{8}", date) else date
