"""Reasons why a file of a bundle cannot be read; each says what to change."""

from shared.domain.run.run import Reason


def line_too_long(file: str, line: int) -> Reason:
    """A line is longer than any row of a roster."""
    return Reason(
        code="line_too_long",
        message=f"{file} has a line of more than a million characters after line {line}. It is "
        "not a CSV file; export it again.",
    )


def column_twice(file: str, name: str) -> Reason:
    """A header names a column twice."""
    return Reason(
        code="column_twice",
        message=f"{file} has the column {name} twice. Remove one of them; nothing was changed.",
    )


def missing_column(file: str, name: str) -> Reason:
    """A column is missing without which no row can be read."""
    return Reason(
        code="missing_column",
        message=f"{file} has no column {name}. Export it with its header, spelled as in the "
        "OneRoster standard; nothing was changed.",
    )


def file_twice(name: str) -> Reason:
    """Two files' names differ only in case."""
    return Reason(
        code="file_twice",
        message=f"The folder holds {name} twice, in different spellings. Remove one of them; "
        "nothing was changed.",
    )


def nothing_to_read() -> Reason:
    """None of the files belongs to a roster."""
    return Reason(
        code="no_roster_files",
        message="The bundle holds none of the roster's CSV files (orgs.csv, users.csv, "
        "classes.csv, enrollments.csv and others). Export it again; nothing was changed.",
    )
