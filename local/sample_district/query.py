"""The query parameters of OneRoster: limit and offset, sort, filter, fields."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local.sample_district.replies import RefusedError

DEFAULT_LIMIT = 100
_CLAUSE = re.compile(r"([\w.]+)(!=|>=|<=|=|>|<|~)'((?:[^']|'')*)'")
_JOINED = re.compile(r"^(.+?') (AND|OR) (\w.*)$")

_COMMON = "sourcedId status dateLastModified metadata"
_NAMES = {
    "orgs": "name type identifier parent children",
    "academicSessions": "title startDate endDate type parent children schoolYear",
    "courses": "title schoolYear courseCode grades subjects org subjectCodes resources",
    "classes": (
        "title classCode classType location grades subjects course school terms subjectCodes "
        "periods resources"
    ),
    "users": (
        "username userIds enabledUser givenName familyName middleName identifier email sms phone "
        "agents grades password"
    ),
    "enrollments": "user class school role primary beginDate endDate",
}
_USERS_OF = {
    "1.1": "role orgs",
    "1.2": (
        "roles userMasterIdentifier preferredFirstName preferredMiddleName preferredLastName "
        "pronouns userProfiles primaryOrg resources"
    ),
}

Json = dict[str, Any]


def names_of(collection: str, version: str) -> frozenset[str]:
    """The fields that an entity of a collection may have."""
    own = _USERS_OF[version] if collection == "users" else ""
    return frozenset(f"{_COMMON} {_NAMES[collection]} {own}".split())


@dataclass(frozen=True)
class Span:
    """The requested part of a list: ``limit`` rows from ``offset`` on."""

    limit: int
    offset: int

    @property
    def page(self) -> int:
        """The page's number, from 1."""
        return self.offset // self.limit + 1


def span_of(query: dict[str, str]) -> Span:
    """Read ``limit`` and ``offset``."""
    limit, offset = query.get("limit", str(DEFAULT_LIMIT)), query.get("offset", "0")
    if not (limit.isdecimal() and offset.isdecimal() and int(limit) > 0):
        raise RefusedError(400, "invaliddata")
    return Span(int(limit), int(offset))


def select(records: list[Json], query: dict[str, str], names: frozenset[str]) -> list[Json]:
    """Apply ``filter``, ``sort`` and ``orderBy``; an unknown field to sort by changes nothing."""
    if "filter" in query:
        clauses, join = _parse(query["filter"], names)
        records = [record for record in records if join(_fits(record, *c) for c in clauses)]
    name = query.get("sort", "")
    if name.partition(".")[0] in names:
        descending = query.get("orderBy") == "desc"
        records = sorted(
            records,
            key=lambda record: (_values(record, name), record["sourcedId"]),
            reverse=descending,
        )
    return records


def project(record: Json, fields: str | None) -> Json:
    """Apply ``fields``."""
    if fields is None:
        return record
    wanted = fields.split(",")
    return {name: value for name, value in record.items() if name in wanted}


def unknown_fields(query: dict[str, str], names: frozenset[str], version: str) -> bool:
    """Whether ``fields`` names an unknown field: 1.1 then answers with all fields.

    :raises RefusedError: a field is unknown in 1.2, or ``fields`` is empty.
    """
    fields = query.get("fields")
    if fields is None:
        return False
    if not fields:
        code = "invalid_blank_selection_field" if version == "1.1" else "invalid_selection_field"
        raise RefusedError(400, code)
    unknown = not names.issuperset(fields.split(","))
    if unknown and version != "1.1":
        raise RefusedError(400, "invalid_selection_field")
    return unknown


def _parse(text: str, names: frozenset[str]) -> tuple[list[tuple[str, str, str]], Any]:
    joined = _JOINED.match(text)
    parts, join = ([joined[1], joined[3]], any if joined[2] == "OR" else all) if joined else (
        [text], all
    )  # fmt: skip
    clauses = []
    for part in parts:
        match = _CLAUSE.fullmatch(part)
        if match is None or match[1].partition(".")[0] not in names:
            raise RefusedError(400, "invalid_filter_field")
        clauses.append((match[1], match[2], match[3].replace("''", "'")))
    return clauses, join


def _fits(record: Json, name: str, operator: str, wanted: str) -> bool:
    values = _values(record, name)
    if isinstance(_at(record, name), list):
        # A list is compared with a list: ``=`` means exactly these, ``~`` at least these.
        listed = {text.strip() for text in wanted.split(",")}
        same, among = set(values) == listed, listed.issubset(values)
        return {"=": same, "!=": not same, "~": among}.get(operator, False)
    found = values[0] if values else ""
    outcomes = {
        "=": found == wanted,
        "!=": found != wanted,
        ">": found > wanted,
        ">=": found >= wanted,
        "<": found < wanted,
        "<=": found <= wanted,
        "~": wanted in found,
    }
    return outcomes[operator]


def _at(record: Json, name: str) -> Any:
    value: Any = record
    for part in name.split("."):
        if isinstance(value, list):
            value = [each.get(part) for each in value if isinstance(each, dict)]
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _values(record: Json, name: str) -> list[str]:
    found = _at(record, name)
    return [_text(each) for each in (found if isinstance(found, list) else [found])]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return str(value.get("sourcedId", ""))
    return "" if value is None else str(value)


def parsed(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The parameters as a mapping; if one occurs twice, the first counts."""
    query: dict[str, str] = {}
    for name, value in pairs:
        query.setdefault(name, value)
    return query
