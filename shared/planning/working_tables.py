"""The working tables of a plan: staged rows, the base, and uncertain changes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from shared.domain.roster.collection import Collection
from shared.domain.roster.staged_rows import FILE_COLUMNS, PRESENT_COLUMNS, STAGED_COLUMNS
from shared.planning.columns import SNAPSHOT_COLUMNS, definition, names, spelled, table
from shared.planning.duckdb_connection import Connection
from shared.planning.fingerprint import fingerprint

MEMORY_LIMIT = "600MB"
"""DuckDB's memory before it spills to disk; the process has as much again for everything else."""


def open_workspace(directory: Path, memory_limit: str, threads: int) -> Connection:
    """Open an empty database that spills into ``directory`` past ``memory_limit`` (``"1GB"``)."""
    connection = Connection(
        duckdb.connect(
            ":memory:",
            config={
                "memory_limit": memory_limit,
                "threads": threads,
                "temp_directory": str(directory / "spill"),
                "home_directory": str(directory),
                # Download nothing: every extension in use is built into the wheel.
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
    )
    connection.execute("SET preserve_insertion_order = true")
    connection.execute(
        "CREATE TABLE findings (collection VARCHAR, code VARCHAR, severity VARCHAR, "
        "consequence VARCHAR, row BIGINT, sourced_id VARCHAR, school VARCHAR, field VARCHAR, "
        "found VARCHAR, file VARCHAR, line BIGINT, rows BIGINT)"
    )
    connection.execute("CREATE TABLE rekeyed (sourced_id VARCHAR, id VARCHAR)")
    # The collections whose absent records could not be asked for.
    connection.execute("CREATE TABLE unasked (collection VARCHAR)")
    return connection


def load_staged(
    connection: Connection,
    collection: Collection,
    files: Sequence[Path],
    date_orders: Mapping[str, str],
) -> None:
    """Make ``staged_…``: the rows as delivered, numbered from 1, with their fingerprints.

    :param date_orders: the order of the dates in some columns; only these dates are rewritten.
    """
    columns = {name: kind.value for name, kind in STAGED_COLUMNS[collection].items()}
    if not files:
        place = {"row": "BIGINT", "line": "BIGINT", "broken": "VARCHAR"}
        shape = definition(place | columns | {"fingerprint": "UBIGINT"})
        connection.execute(f"CREATE TABLE {table('staged', collection)} ({shape})")
        return
    values = ", ".join(
        f'{iso_date(name, date_orders[name])} AS "{name}"' if name in date_orders else f'"{name}"'
        for name in columns
    )
    source, given = staged_rows(columns, files)
    connection.execute(
        f"CREATE TABLE {table('staged', collection)} AS "
        f"SELECT row, coalesce(line, row) AS line, broken, {names(columns, 's')}, "
        f"{fingerprint(collection, 's')} AS fingerprint "
        f"FROM (SELECT row_number() OVER () AS row, line, broken, {values} FROM {source}) AS s",
        given,
    )


def staged_rows(
    columns: Mapping[str, str], files: Sequence[Path]
) -> tuple[str, dict[str, list[str]]]:
    """SQL for the rows of staged ``files``, in order, and its parameters; no rows without files."""
    columns = dict(columns) | FILE_COLUMNS
    if not files:
        nothing = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in columns.items())
        return f"(SELECT {nothing} WHERE false)", {}
    return (
        f"read_json($files, format = 'newline_delimited', columns = {spelled(columns)}, "
        "compression = 'gzip', maximum_object_size = 67108864)"
    ), {"files": [str(path) for path in files]}


def iso_date(column: str, order: str) -> str:
    """SQL that rewrites dates in ``order`` (``mdy``, ``dmy``) as YYYY-MM-DD."""
    written = "%m/%d/%Y" if order == "mdy" else "%d/%m/%Y"
    day = f"""try_strptime(regexp_replace(trim("{column}"), '[-.]', '/', 'g'), '{written}')"""
    slashed = f"""regexp_full_match(trim("{column}"), '\\d{{1,2}}[/.-]\\d{{1,2}}[/.-]\\d{{4}}')"""
    return f"""CASE WHEN {slashed} THEN coalesce(strftime({day}, '%Y-%m-%d'), "{column}")
        ELSE "{column}" END"""


def load_base(connection: Connection, collection: Collection, file: Path | None) -> None:
    """Make ``base_…``: what the roster holds. ``fresh`` marks records in no snapshot yet."""
    load_snapshot(connection, table("base", collection), collection, file)


def load_snapshot(
    connection: Connection, name: str, collection: Collection, file: Path | None
) -> str:
    """Make the table ``name`` from a snapshot's file; returns the name.

    Only known columns are read, by name. A column that an older version lacked is null; a column
    that a newer version added is ignored.
    """
    columns = SNAPSHOT_COLUMNS[collection]
    connection.execute(f"CREATE TABLE {name} ({definition(columns)}, fresh BOOLEAN)")
    if file is not None:
        read_snapshot(connection, name, columns, file)
        connection.execute(f"UPDATE {name} SET fresh = false")
        # Up to shape 2 ``since`` was a day.
        connection.execute(
            f"UPDATE {name} SET since = since || 'T00:00:00+00:00' WHERE length(since) = 10"
        )
    return name


def read_snapshot(
    connection: Connection, name: str, columns: Mapping[str, str], file: Path
) -> None:
    """Fill the table ``name`` with those of ``columns`` that a Parquet file has, by name."""
    there = {
        str(column): str(kind)
        for column, kind, *_ in connection.execute(
            "DESCRIBE SELECT * FROM read_parquet($file)", {"file": str(file)}
        ).fetchall()
    }
    known = {column: there[column] for column in columns if column in there}
    values = ", ".join(
        f'{_as_known(column, columns[column], kind)} AS "{column}"'
        for column, kind in known.items()
    )
    connection.execute(
        f"INSERT INTO {name} BY NAME SELECT {values} FROM read_parquet($file)",
        {"file": str(file)},
    )


def _as_known(column: str, known: str, stored: str) -> str:
    """SQL that converts a stored column to the known type; a struct may differ in its fields."""
    if not known.startswith("STRUCT") or stored.replace('"', "") == known:
        return f'"{column}"'
    # Through JSON, because a cast requires the same fields.
    return f"""from_json(to_json("{column}"), '{_json_shape(known)}')"""


def _json_shape(struct: str) -> str:
    """The structure of a list of structs (``STRUCT(a VARCHAR, …)[]``) for ``from_json``."""
    fields = struct.removeprefix("STRUCT(").removesuffix(")[]").split(", ")
    pairs = (field.split(" ", 1) for field in fields)
    return "[{" + ", ".join(f'"{name}":"{kind}"' for name, kind in pairs) + "}]"


def load_present(connection: Connection, collection: Collection, files: Sequence[Path]) -> None:
    """Make ``present_…``: what turned up when the source was asked again."""
    source, given = staged_rows(PRESENT_COLUMNS, files)
    connection.execute(
        f"CREATE TABLE {table('present', collection)} AS "
        f"SELECT DISTINCT {names(PRESENT_COLUMNS)} FROM {source}",
        given,
    )
