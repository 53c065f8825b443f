"""Parses rows that are new or changed since the last snapshot: repairs or rejects them."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from shared.domain.roster.collection import Collection
from shared.domain.roster.findings import Repairs
from shared.domain.roster.masked_values import shape_of
from shared.domain.roster.records import RECORD_MODELS
from shared.domain.roster.staged_rows import STAGED_COLUMNS
from shared.planning.columns import (
    PARSED_COLUMNS,
    definition,
    spelled,
    stripped,
    struct,
    table,
)
from shared.planning.duckdb_connection import Connection

ROWS_AT_A_TIME = 2000
_SHOWN = {"unknown_role", "unknown_term", "bad_boolean"}
_CLASS, _USER = stripped('a."class"'), stripped('a."user"')


@dataclass(frozen=True)
class RowCounts:
    """What became of the active rows of a collection.

    ``same``: how many have the fingerprint of the base.
    ``parsed``: how many were parsed.
    ``rejected``: how many could not be.
    """

    same: int
    parsed: int
    rejected: int


def parse_new_rows(connection: Connection, collection: Collection, directory: Path) -> RowCounts:
    """Make ``same_…``, ``parsed_…`` and ``rejected_…`` from the active rows; returns their numbers.

    ``same`` rows have the base's fingerprint and are not parsed. The record models parse all
    others, and their findings go to ``findings``. A row that lost a value gets no fingerprint, so
    it is parsed and reported again until it is correct.
    """
    enrollments = collection is Collection.ENROLLMENTS
    match = (
        f'b."class" = {_CLASS} AND b."user" = {_USER}' if enrollments else "b.sourced_id = a.key"
    )
    same, active = table("same", collection), table("active", collection)
    broken = f"(SELECT row FROM {table('staged', collection)} WHERE broken IS NOT NULL)"
    some_broken = connection.count(f"SELECT count(*) FROM {broken}")
    known = connection.count(
        f"CREATE TABLE {same} AS SELECT a.row, a.key, b.id FROM {active} a "
        f"JOIN {table('base', collection)} b ON {match} AND b.fingerprint = a.fingerprint"
        + (f" WHERE a.row NOT IN {broken}" if some_broken else "")
    )
    if some_broken:
        _report_broken(connection, collection)
    if not connection.count(
        f"SELECT count(*) FROM {active} WHERE row NOT IN (SELECT row FROM {same})"
    ):
        kept = definition(_parsed_columns(collection) | {"fingerprint": "UBIGINT"})
        connection.execute(f"CREATE TABLE {table('parsed', collection)} ({kept})")
        connection.execute(
            f"CREATE TABLE {table('rejected', collection)} (row BIGINT, key VARCHAR)"
        )
        return RowCounts(known, 0, 0)
    columns = {"row": "BIGINT"} | {n: str(k) for n, k in STAGED_COLUMNS[collection].items()}
    # A separate cursor, because findings are written while rows are read.
    rows = connection.cursor().execute(
        f"SELECT to_json({struct(columns, 's')}) FROM {table('staged', collection)} s "
        f"WHERE s.row IN (SELECT row FROM {active} EXCEPT SELECT row FROM {same}) "
        "AND s.broken IS NULL"
    )
    parsed_file, findings_file = directory / "parsed.json", directory / "findings.json"
    adapter = _adapter(collection)
    with parsed_file.open("wb") as parsed, findings_file.open("w") as findings:
        separator = b"["
        for chunk in iter(lambda: rows.fetchmany(ROWS_AT_A_TIME), []):
            good, wrong = _read(adapter, collection, [row for (row,) in chunk])
            findings.writelines(json.dumps(line) + "\n" for line in wrong)
            if good:
                parsed.write(separator + adapter.dump_json(good, by_alias=True)[1:-1])
                separator = b",\n"
        parsed.write(b"[]" if separator == b"[" else b"]")

    spec = spelled(_parsed_columns(collection))
    _keep_findings(connection, collection, findings_file)
    read = connection.count(
        f"CREATE TABLE {table('parsed', collection)} AS SELECT p.*, "
        "CASE WHEN p.row NOT IN (SELECT row FROM wrong) THEN a.fingerprint END AS fingerprint "
        f"FROM read_json('{parsed_file}', format = 'array', maximum_object_size = 67108864, "
        f"columns = {spec}) p JOIN {active} a ON a.row = p.row"
    )
    rejected = connection.count(
        f"CREATE TABLE {table('rejected', collection)} AS SELECT row, key FROM {active} "
        f"WHERE row NOT IN (SELECT row FROM {same}) "
        f"AND row NOT IN (SELECT row FROM {table('parsed', collection)})"
    )
    parsed_file.unlink()
    findings_file.unlink()
    return RowCounts(known, read, rejected)


def _parsed_columns(collection: Collection) -> dict[str, str]:
    return {"row": "BIGINT", "sourced_id": "VARCHAR"} | PARSED_COLUMNS[collection]


@cache
def _adapter(collection: Collection) -> TypeAdapter[Any]:
    model = RECORD_MODELS[collection]
    return TypeAdapter(list[model])  # type: ignore[valid-type]


def _read(
    adapter: TypeAdapter[Any], collection: Collection, rows: list[str]
) -> tuple[list[Any], list[dict[str, Any]]]:
    """Parse rows (JSON texts); returns the good ones, and findings for the others."""
    wrong: list[dict[str, Any]] = []
    repairs = Repairs(collection)
    try:
        good = adapter.validate_json(f"[{','.join(rows)}]", context=repairs)
    except ValidationError as error:
        bad = set()
        for problem in error.errors(include_url=False, include_context=False):
            index = int(problem["loc"][0])
            bad.add(index)
            wrong.append(_finding(json.loads(rows[index]), problem))
        repairs = Repairs(collection)
        kept = [row for index, row in enumerate(rows) if index not in bad]
        good = adapter.validate_json(f"[{','.join(kept)}]", context=repairs) if kept else []
    wrong.extend(
        {
            "code": code,
            "severity": "warning",
            "row": row,
            "sourced_id": sourced_id or None,
            "field": to_camel(name),
            "found": found,
        }
        for row, sourced_id, code, name, found in repairs.found
    )
    return good, wrong


def _finding(row: dict[str, Any], problem: Any) -> dict[str, Any]:
    named = [part for part in problem["loc"][1:] if isinstance(part, str)]
    code = problem["type"] if problem["type"] in _CODES else "bad_value"
    value = problem["input"]
    found = str(value)[:40] if code in _SHOWN else shape_of(_scalar(value))
    field = to_camel(named[-1]) if named else "givenName"
    return {
        "code": code,
        "severity": "error",
        "row": row["row"],
        "sourced_id": (row["sourced_id"] or "").strip() or None,
        "field": field,
        "found": found,
    }


_CODES = {
    "missing_sourced_id",
    "missing_value",
    "too_long",
    "bad_characters",
    "unknown_role",
    "bad_date",
    "ambiguous_date",
    "no_date",
    "end_before_begin",
}


def _scalar(value: object) -> object:
    return None if isinstance(value, dict | list) else value


def _report_broken(connection: Connection, collection: Collection) -> None:
    """Report the broken rows (``staged_rows.FILE_COLUMNS``)."""
    connection.execute(
        f"""
        INSERT INTO findings BY NAME
        SELECT '{collection}' AS collection, 'error' AS severity, s.row, a.key AS sourced_id,
               split_part(s.broken, '|', 1) AS code, split_part(s.broken, '|', 2) AS field,
               split_part(s.broken, '|', 3) AS found
        FROM {table("staged", collection)} s JOIN {table("active", collection)} a ON a.row = s.row
        WHERE s.broken IS NOT NULL
        """
    )


def _keep_findings(connection: Connection, collection: Collection, file: Path) -> None:
    columns = {
        "code": "VARCHAR",
        "severity": "VARCHAR",
        "row": "BIGINT",
        "sourced_id": "VARCHAR",
        "field": "VARCHAR",
        "found": "VARCHAR",
    }
    connection.execute(f"CREATE OR REPLACE TEMP TABLE wrong ({definition(columns)})")
    if not file.stat().st_size:
        return
    connection.execute(
        f"INSERT INTO wrong SELECT * FROM read_json('{file}', "
        f"format = 'newline_delimited', columns = {spelled(columns)})"
    )
    connection.execute(
        f"INSERT INTO findings BY NAME SELECT '{collection}' AS collection, * FROM wrong"
    )
