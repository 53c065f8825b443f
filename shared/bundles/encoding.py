"""Reads a CSV file's bytes as lines of text, whatever its encoding.

The standard requires UTF-8 (CSV binding, section 3). In practice there are byte order marks, UTF-16
from spreadsheets, Windows-1252 from older systems, and lines that end with carriage returns alone.
"""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from shared.bundles import file_reasons
from shared.bundles.repairs import FileFindings
from shared.domain.errors import GiveUpError

CHUNK_BYTES = 256 * 1024
DOS_END = "\x1a"
"""With this character (Ctrl-Z), DOS ends a text file."""
MAX_LINE = 1024 * 1024
"""The longest line in characters: longer ones are not CSV, and memory must stay bounded."""


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error("as_windows_1252", _as_windows_1252)


def read_lines(stream: BinaryIO, file: str, findings: FileFindings) -> Iterator[str]:
    """Yield the lines of a file, each with its line end.

    Bytes that are not UTF-8 are read as Windows-1252, one by one. Text that is valid UTF-8 does not
    change, and text in Windows-1252 is hardly ever valid UTF-8 by accident.

    :raises GiveUpError: a line is longer than any row can be.
    """
    first = stream.read(CHUNK_BYTES)
    encoding, mark = _encoding(first)
    if mark:
        findings.note("byte_order_mark")
    if encoding != "utf-8":
        findings.note("utf_16", found=encoding.upper())
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    rest, line, end = "", 1, "\n"
    chunk = first[mark:]
    while True:
        last = not chunk
        text = _decode(decoder, chunk, last, line, findings)
        begun = rest + text if line == 1 else ""
        # A return at the chunk's end may be the first half of a pair that two chunks share.
        if end == "\n" and "\n" not in begun and "\r" in begun[:-1]:
            end = "\r"
            findings.note("carriage_returns")
        # Do not split a pair of line ends.
        lines = (rest + text).split(end)
        rest = lines.pop()
        for each in lines:
            yield each.rstrip("\r") + "\n"
        line += len(lines)
        if len(rest) > MAX_LINE or any(len(each) > MAX_LINE for each in lines):
            raise GiveUpError(file_reasons.line_too_long(file, line))
        if last:
            text = rest.rstrip("\r").rstrip(DOS_END)
            if text != rest.rstrip("\r"):
                findings.note("dos_end", line)
            if text:
                yield text
            return
        chunk = stream.read(CHUNK_BYTES)


def _decode(
    decoder: codecs.IncrementalDecoder, chunk: bytes, last: bool, line: int, findings: FileFindings
) -> str:
    try:
        return decoder.decode(chunk, last)
    except UnicodeDecodeError as error:
        line += chunk[: error.start].count(b"\n")
        if decoder.errors == "strict":
            findings.note("windows_1252", line)
            decoder.errors = "as_windows_1252"
        return decoder.decode(chunk, last)


def _encoding(first: bytes) -> tuple[str, int]:
    """The encoding, judged by a file's first bytes, and the length of its byte order mark."""
    if first.startswith(codecs.BOM_UTF8):
        return "utf-8", 3
    if first.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le", 2
    if first.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be", 2
    # A header is ASCII, so in UTF-16 every other byte is zero.
    if first[1:6:2] == b"\0\0\0":
        return "utf-16-le", 0
    if first[0:5:2] == b"\0\0\0":
        return "utf-16-be", 0
    return "utf-8", 0
