"""Reads lines of text as CSV records: the dialect is found out, bad records are told apart."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class CsvRecord:
    """One record, the line on which it begins, and over how many ``lines`` it goes.

    ``cells`` is None if it cannot be read.
    """

    line: int
    cells: list[str] | None
    lines: int = 1


def find_delimiter(header: str) -> str:
    """Tell which of the known delimiters a header line uses; the standard's own is the comma."""
    return max(DELIMITERS, key=header.count)


def header_cells(header: str, delimiter: str) -> list[str]:
    """Split a header line into its cells; one that cannot be read has none."""
    try:
        return next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:
        return []


def read_records(lines: Iterator[str], delimiter: str) -> Iterator[CsvRecord]:
    """Yield the records after the header, whose line has been read already; empty lines are none.

    A record may be longer than the csv module takes, when a quote was opened and never closed: it
    cannot be read, and the next line begins anew.
    """
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        line = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield CsvRecord(line, None)
            continue
        if cells:
            yield CsvRecord(line, cells, reader.line_num + 2 - line)
