"""Repairs text that was written as UTF-8 and read as Windows-1252 or Latin-1: MÃ¼ller is Müller."""

import re

_SUSPECT = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u2013-\u2122]")
"""A first byte of UTF-8 and a second one, as the two encodings show them."""


def repair_misread(text: str) -> str | None:
    """Return what was written; None if ``text`` does not look misread.

    Only text that is valid UTF-8 as a whole, once it is turned back into bytes, counts.
    """
    if not _SUSPECT.search(text):
        return None
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return None
