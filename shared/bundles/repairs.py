"""Collects what was repaired while a file was read: one entry for each kind of repair of a column.

If every row of a district needs the same repair, the district is told once, with the first line and
the number of rows. The entries become lines of the error report.
"""

from shared.domain.roster.findings import FileFinding

MAX_KINDS = 100
"""How many kinds of repairs are kept for a file, because they are stored in the run's item."""


class FileFindings:
    """Collects the repairs of one file, in addition to those collected ``before``."""

    def __init__(self, file: str, before: tuple[FileFinding, ...] = ()) -> None:
        self._file = file
        self._found = {(finding.code, finding.field): finding for finding in before}

    def note(self, code: str, line: int = 1, field: str = "", found: str = "") -> None:
        """Note one repair; the same code and field again only raises the count.

        :param code: a code of ``MESSAGES``.
        :param line: the line in the file.
        :param field: the column, by its header.
        :param found: what was found; never a personal value.
        """
        known = self._found.get((code, field))
        if known is not None:
            known.count += 1
        elif len(self._found) < MAX_KINDS:
            self._found[code, field] = FileFinding(
                file=self._file, code=code, line=line, field=field[:100], found=found[:100]
            )

    def all(self) -> tuple[FileFinding, ...]:
        """All repairs, in the order in which they first occurred."""
        return tuple(self._found.values())
