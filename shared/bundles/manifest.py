"""Reads ``manifest.csv``: a bundle's version and the mode of each file (CSV binding, section 3).

A file's mode is ``bulk``, ``delta`` or ``absent``. Bundles of version 1.0 have no manifest.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.bundles.csv_records import find_delimiter, separator_of
from shared.bundles.repairs import FileFindings
from shared.domain.roster.collection import CollectionStatus

MAX_ROWS = 1000
VERSIONS = ("1.0", "1.1", "1.2", "1.2.1")
_MODES = {
    "bulk": CollectionStatus.COMPLETE,
    "delta": CollectionStatus.DELTA,
    "absent": CollectionStatus.ABSENT,
}


@dataclass(frozen=True)
class Manifest:
    """What a manifest says.

    ``present``: False for a bundle without a manifest, in which nothing proves a file complete.
    ``version``: the version of OneRoster; None if unknown.
    ``files``: the mode of each file, by name in lower case without ``.csv``.
    """

    present: bool
    version: str | None = None
    files: dict[str, CollectionStatus] = field(default_factory=dict)

    @property
    def says_no_change(self) -> bool:
        """Whether it promises no file: on its own, it says that nothing has changed."""
        return self.present and all(
            status is CollectionStatus.ABSENT for status in self.files.values()
        )

    def status(self, stem: str) -> CollectionStatus:
        """The mode of a file that is in the bundle; unproven if the manifest does not name it."""
        return self.files.get(stem, CollectionStatus.UNPROVEN)


def read_manifest(lines: Iterable[str], findings: FileFindings) -> Manifest:
    """Read a manifest; a line that cannot be understood is noted, and proves nothing."""
    rows = list(_rows(lines, findings))
    if rows and [cell.strip() for cell in rows[0][1][:2]] != ["propertyName", "value"]:
        findings.note("manifest_header", found=",".join(rows[0][1])[:60])
    version = None
    files: dict[str, CollectionStatus] = {}
    for line, cells in rows[1:]:
        name, value = (cell.strip() for cell in (*cells, "", "")[:2])
        if [name, value] != list((*cells, "")[:2]):
            findings.note("manifest_spelling", line, name, name)
        key = name.strip("*").strip().casefold()
        if key.startswith("file."):
            files[key.removeprefix("file.")] = _mode(value, line, name, findings)
        elif key == "oneroster.version":
            version = value if value in VERSIONS else None
            if version is None:
                findings.note("manifest_version", line, name, value)
        elif key == "manifest.version":
            if value != "1.0":
                findings.note("manifest_version", line, name, value)
        elif key and not key.startswith("source."):
            findings.note("manifest_property", line, name, name)
    return Manifest(True, version, files)


def _mode(value: str, line: int, name: str, findings: FileFindings) -> CollectionStatus:
    mode = _MODES.get(value.casefold())
    if mode is None:
        findings.note("manifest_mode", line, name, value)
        return CollectionStatus.UNPROVEN
    if value != value.casefold():
        findings.note("manifest_spelling", line, name, value)
    return mode


def _rows(lines: Iterable[str], findings: FileFindings) -> Iterable[tuple[int, list[str]]]:
    delimiter = None
    for number, line in enumerate(lines, start=1):
        if number > MAX_ROWS:
            return
        if number == 1 and (delimiter := separator_of(line)):
            findings.note("separator_line")
            continue
        delimiter = delimiter or find_delimiter(line)
        try:
            rows = list(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error:
            findings.note("manifest_line", number)
            continue
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield number, cells
