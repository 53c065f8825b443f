"""Writes a snapshot as a OneRoster 1.2 bundle that loads again as the same roster.

Records that have left are not in it. Values are written as they were parsed. A role without its own
sourcedId, as over REST, gets one.
"""

import csv
import zipfile
from collections.abc import Mapping
from pathlib import Path

from shared.domain.roster.collection import Collection
from shared.domain.roster.csv_columns import FILES
from shared.domain.roster.staged_rows import LIST, STAGED_COLUMNS
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import LEFT
from shared.planning.working_tables import load_base

FILE_NAMES = {
    Collection.ORGS: "orgs",
    Collection.ACADEMIC_SESSIONS: "academicSessions",
    Collection.COURSES: "courses",
    Collection.CLASSES: "classes",
    Collection.USERS: "users",
    Collection.ENROLLMENTS: "enrollments",
}
ROLES = "roles"
_ABSENT = (
    "categories", "classResources", "courseResources", "demographics", "lineItems", "resources",
    "results", "lineItemLearningObjectiveIds", "lineItemScoreScales",
    "resultLearningObjectiveIds", "resultScoreScales", "scoreScales", "userProfiles",
    "userResources",
)  # fmt: skip
_NOT_IN_1_2 = {"orgSourcedIds", "role"}
_THERE = f"state NOT IN {LEFT}"


def write_bundle(
    connection: Connection, snapshot: Mapping[Collection, Path], directory: Path, target: Path
) -> None:
    """Write a snapshot as a zip.

    :param snapshot: a Parquet file for each collection.
    :param directory: scratch space, for one file at a time.
    :param target: the zip.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        manifest = directory / "manifest.csv"
        _write_manifest(manifest)
        archive.write(manifest, manifest.name)
        for collection, name in FILE_NAMES.items():
            load_base(connection, collection, snapshot.get(collection))
            base = table("base", collection)
            _pack(connection, _select(collection, base), directory / f"{name}.csv", archive)
            if collection is Collection.USERS:
                _pack(connection, _roles(base), directory / f"{ROLES}.csv", archive)
            connection.execute(f"DROP TABLE {base}")


def _pack(connection: Connection, query: str, path: Path, archive: zipfile.ZipFile) -> None:
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT csv, HEADER true)")
    archive.write(path, path.name)
    path.unlink()


def _write_manifest(path: Path) -> None:
    rows = [
        ("manifest.version", "1.0"),
        ("oneroster.version", "1.2"),
        *((f"file.{name}", "bulk") for name in (*FILE_NAMES.values(), ROLES)),
        *((f"file.{name}", "absent") for name in _ABSENT),
        ("source.systemName", "Homeroom"),
        ("source.systemCode", "homeroom"),
    ]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("propertyName", "value"))
        writer.writerows(rows)


def _select(collection: Collection, base: str) -> str:
    """The rows of a file, in the standard's columns and their order."""
    file = FILES[FILE_NAMES[collection].lower()]
    columns = [
        f'{_value(collection, file.staged.get(name), name)} AS "{name}"'
        for name in file.order
        if not (collection is Collection.USERS and name in _NOT_IN_1_2)
    ]
    return f"SELECT {', '.join(columns)} FROM {base} WHERE {_THERE} ORDER BY sourced_id, id"


def _value(collection: Collection, staged: str | None, name: str) -> str:
    """SQL for the value under a header; empty for values that are never stored."""
    if name == "sourcedId":
        return "coalesce(sourced_id, id)"
    if staged == "enabled_user":
        return "CASE WHEN enabled THEN 'true' ELSE 'false' END"
    if staged is None:
        return "''"
    if STAGED_COLUMNS[collection][staged] is LIST:
        return f"array_to_string(\"{staged}\", ',')"
    return f"coalesce(\"{staged}\"::VARCHAR, '')"


def _roles(base: str) -> str:
    """The rows of ``roles.csv``."""
    return f"""
        SELECT coalesce(role.sourced_id, "user" || '-' || place) AS "sourcedId",
               '' AS status, '' AS "dateLastModified", "user" AS "userSourcedId",
               coalesce(role.role_type, '') AS "roleType", role.role AS role,
               coalesce(role.begin_date, '') AS "beginDate",
               coalesce(role.end_date, '') AS "endDate",
               coalesce(role.org, '') AS "orgSourcedId", '' AS "userProfileSourcedId"
        FROM (SELECT sourced_id AS "user", unnest(roles) AS role,
                     generate_subscripts(roles, 1) AS place
              FROM {base} WHERE {_THERE})
        ORDER BY "user", place
        """
