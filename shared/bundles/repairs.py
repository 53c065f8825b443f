"""What was repaired while a file was read: one entry for each kind of repair of a column.

A district whose every row needs the same repair is told so once, with the first line and how many
there are. The entries become lines of the error report.
"""

from shared.domain.roster.findings import FileFinding

MAX_KINDS = 100
"""How many kinds of repairs a file may have; the findings travel in the run's item."""


class FileFindings:
    """Collects the repairs of one file; what was collected before goes on being counted."""

    def __init__(self, file: str, before: tuple[FileFinding, ...] = ()) -> None:
        self._file = file
        self._found = {(finding.code, finding.field): finding for finding in before}

    def note(self, code: str, line: int = 1, field: str = "", found: str = "") -> None:
        """Note one repair."""
        known = self._found.get((code, field))
        if known is not None:
            known.count += 1
        elif len(self._found) < MAX_KINDS:
            self._found[code, field] = FileFinding(
                file=self._file, code=code, line=line, field=field[:100], found=found[:100]
            )

    def all(self) -> tuple[FileFinding, ...]:
        """All repairs, in the order in which they were first met."""
        return tuple(self._found.values())
