"""Reads the header of a CSV file: where each column is, and what had to be tolerated."""

from dataclasses import dataclass

from shared.bundles import file_reasons
from shared.bundles.repairs import FileFindings
from shared.domain.errors import GiveUpError
from shared.domain.roster.csv_columns import ALIASES, FILES, FileColumns

METADATA = "metadata."


@dataclass(frozen=True)
class Header:
    """Where the columns of a file are.

    ``places``: the index of each column, by the standard's names.
    ``metadata``: the index of each metadata column, by what follows ``metadata.`` in the header.
    ``width``: how many columns there are, without blank ones at the end.
    ``cells``: how many cells the header has, with blank ones at the end.
    """

    places: dict[str, int]
    metadata: dict[str, int]
    width: int
    cells: int


def read_header(
    stem: str, file: str, cells: list[str], findings: FileFindings, *, metadata_stored: bool = False
) -> Header:
    """Find a file's columns in its header's ``cells``.

    :param stem: the file's name in lower case without ``.csv``: a key of ``FILES``.
    :param metadata_stored: whether the group stores metadata; otherwise its columns are noted.
    :raises GiveUpError: a column occurs twice, or a column that every row needs is missing.
    """
    columns = FILES[stem]
    known = {name.casefold(): name for name in (*columns.order, *columns.old_order)}
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    if width < len(cells):
        findings.note("blank_headers", found=str(len(cells) - width))
    places: dict[str, int] = {}
    metadata: dict[str, int] = {}
    for place, cell in enumerate(cells[:width]):
        text = cell.strip()
        folded = text.casefold()
        if folded.startswith(METADATA):
            metadata.setdefault(text[len(METADATA) :], place)
            if not metadata_stored:
                findings.note("metadata_column", field=text, found=text)
            continue
        old = columns.old_names.get(folded)
        name = known.get(folded) or old or columns.aliases.get(folded) or ALIASES.get(folded)
        if name is None:
            findings.note("unknown_column" if text else "blank_headers", field=text, found=text)
            continue
        if name in places:
            raise GiveUpError(file_reasons.column_twice(file, name))
        places[name] = place
        if cell != name and old is None:
            findings.note("header_spelling", field=name, found=cell)
    for needed in columns.needed:
        if not any(name in places for name in needed):
            raise GiveUpError(file_reasons.missing_column(file, needed[0]))
    if not _in_order(columns, places):
        findings.note("column_order")
    return Header(places, metadata, width, len(cells))


def _in_order(columns: FileColumns, places: dict[str, int]) -> bool:
    found = sorted(places, key=lambda name: places[name])
    return any(
        found == [name for name in order if name in places]
        for order in (columns.order, columns.old_order)
    )
