"""Stages the rows of one file of a bundle.

A leg may end within a file. The next one reads the file again from its start and skips the rows
that are staged: unpacking is quick, and a zip's entries cannot be read from the middle.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from pydantic import BaseModel

from shared.bundles.csv_records import (
    CsvRecord,
    find_delimiter,
    header_cells,
    read_records,
    separator_of,
)
from shared.bundles.date_order import DateOrder, settle
from shared.bundles.encoding import read_lines
from shared.bundles.header import Header, read_header
from shared.bundles.open_bundle import OpenBundle
from shared.bundles.repairs import FileFindings
from shared.bundles.rows import ColumnsSeen, RowReader
from shared.domain import object_keys
from shared.domain.group.choices import StoredField
from shared.domain.roster.collection import CollectionStatus
from shared.domain.roster.csv_columns import FILES
from shared.domain.roster.findings import FileFinding
from shared.domain.roster.staged_rows import StagedPart
from shared.sync.leg import Leg, LegOverError
from shared.sync.staging import StagedWriter

ROWS_BETWEEN_CHECKS = 5000
"""After how many rows the leg's time is looked at."""


class FileProgress(BaseModel):
    """How far a file has been staged. The run's cursor holds it.

    ``stem``: the file's name in lower case, without ``.csv``.
    ``records``: how many records have been read.
    ``objects``: the objects that hold the staged rows.
    ``rows``: how many rows these hold.
    ``status_filled``: how many of the rows have a status.
    ``orders``: in which order each column of dates writes them, as far as it has shown.
    ``findings``: what was repaired.
    """

    stem: str
    records: int = 0
    objects: tuple[str, ...] = ()
    rows: int = 0
    status_filled: int = 0
    orders: dict[str, DateOrder] = {}
    findings: tuple[FileFinding, ...] = ()


def stage_file(
    opened: OpenBundle,
    status: CollectionStatus,
    reached: FileProgress,
    leg: Leg,
    progress: Callable[[], dict[str, Any]],
) -> StagedPart:
    """Stage one file to its end; moves ``reached`` on.

    :param status: what the manifest says of the file.
    :param progress: what the run's progress shows.
    :raises LegOverError: the leg's time is over; ``reached`` says where the next one continues.
    :raises GiveUpError: the file cannot be read.
    """
    stem, file = reached.stem, opened.entries[reached.stem].name
    stored = leg.run.config.stored_fields
    continued = reached.records > 0
    # The repairs in what is read again have been counted already.
    findings = FileFindings(file) if continued else FileFindings(file, reached.findings)
    with opened.open(stem) as stream:
        lines = read_lines(stream, file, findings)
        header, delimiter, header_line = _read_header(lines, stem, file, findings, stored)
        records = read_records(lines, delimiter, header_line)
        for _ in islice(records, reached.records):
            pass
        if continued:
            findings = FileFindings(file, reached.findings)
        seen = ColumnsSeen(reached.orders, reached.status_filled)
        bulk = status is CollectionStatus.COMPLETE
        reader = RowReader(stem, header, stored, findings, seen, bulk=bulk)
        prefix = object_keys.staged_prefix(leg.run.key, stem, leg.run.leg, leg.owner)
        writer, before = StagedWriter(leg.ports.objects, prefix), reached.objects

        def save() -> None:
            """Write the rows gathered so far, and move ``reached`` on to them."""
            writer.flush()
            reached.objects = before + writer.keys
            reached.status_filled = seen.status_filled
            reached.findings = findings.all()

        try:
            _stage_records(records, reader, writer, reached, lambda: leg.check(progress()))
        except LegOverError:
            save()
            raise
        orders = settle(seen.orders, findings)
        save()
    staged = FILES[stem].staged
    return StagedPart(
        status=status,
        objects=reached.objects,
        rows=reached.rows,
        status_filled=reached.status_filled,
        file=file,
        date_orders={staged[name]: order for name, order in orders.items()},
    )


def _read_header(
    lines: Iterator[str],
    stem: str,
    file: str,
    findings: FileFindings,
    stored: tuple[StoredField, ...],
) -> tuple[Header, str, int]:
    """Read the header; also returns the delimiter, and the header's line."""
    first, header_line = next(lines, ""), 1
    delimiter = separator_of(first)
    if delimiter is not None:
        findings.note("separator_line")
        first, header_line = next(lines, ""), 2
    delimiter = delimiter or find_delimiter(first)
    if delimiter != ",":
        findings.note("delimiter", found="tab" if delimiter == "\t" else delimiter)
    cells = header_cells(first, delimiter)
    metadata_stored = stem == "users" and StoredField.METADATA in stored
    header = read_header(stem, file, cells, findings, metadata_stored=metadata_stored)
    return header, delimiter, header_line


def _stage_records(
    records: Iterator[CsvRecord],
    reader: RowReader,
    writer: StagedWriter,
    reached: FileProgress,
    check: Callable[[], None],
) -> None:
    for record in records:
        row = reader.row(record)
        if row is not None:
            writer.add(row)
            reached.rows += 1
        reached.records += 1
        if reached.records % ROWS_BETWEEN_CHECKS == 0:
            check()
