"""Files become Documents: sniffed by content, read by one ingestor a format, given structure, cut into chunks.

bytes -> sniff -> Ingestor.parse -> Parsed -> structure -> Document -> chunk -> Chunks
"""

from longdoc.ingest.parse import PARSE_VERSION, OpenedFile, ParsedFile, open_bytes, open_file, parse_bytes, parse_file

__all__ = ["PARSE_VERSION", "OpenedFile", "ParsedFile", "open_bytes", "open_file", "parse_bytes", "parse_file"]
