"""Finds the schools and classes whose counts are too high."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from shared.planning.duckdb_connection import Connection

_ROWS_AT_A_TIME = 2000


def places_where(
    connection: Connection,
    counted: str,
    wrong: Callable[[int, int], bool],
    given: Mapping[str, object] | None = None,
) -> list[str]:
    """The places whose counts are too high.

    :param counted: SQL for ``(place, gone, known)``.
    :param wrong: tells whether so many gone of so many known are too many.
    :param given: the parameters of ``counted``.
    """
    each = _read(connection, counted, given or {})
    return [place for place, gone, known in each if wrong(gone, known)]


def _read(
    connection: Connection, counted: str, given: Mapping[str, object]
) -> Iterator[tuple[str, int, int]]:
    rows = connection.cursor().execute(counted, given)
    for chunk in iter(partial(rows.fetchmany, _ROWS_AT_A_TIME), []):
        yield from chunk
