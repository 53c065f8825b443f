"""Entities in the non-standard shapes that real servers send."""

from collections.abc import Callable
from typing import Any

from local.sample_district.query import names_of
from local.sample_district.quirks import Quirks

Json = dict[str, Any]

_ENABLED: dict[str, Callable[[bool], Any]] = {
    "bool": lambda enabled: enabled,
    "text": lambda enabled: str(enabled).lower(),
    "int": int,
}


def malformed(records: list[Json], collection: str, version: str, quirks: Quirks) -> list[Json]:
    """Give a collection's entities the shape that the quirks describe."""
    for record in records:
        if collection == "users":
            _spoil_user(record, quirks)
        if collection == "classes" and quirks.null_terms:
            record["terms"] = None
        if collection == "enrollments" and quirks.empty_dates:
            record |= {"beginDate": "", "endDate": ""}
        if quirks.null_for_absent:
            for name in names_of(collection, version) - record.keys():
                record[name] = None
    if quirks.refs_without_href or quirks.relative_href or quirks.wrong_ref_type:
        _spoil_references(records, quirks)
    if quirks.duplicate_entity and quirks.duplicate_entity[0] == collection:
        twice = quirks.duplicate_entity[1]
        return [r for record in records for r in [record] * (1 + (record["sourcedId"] == twice))]
    return records


def _spoil_user(user: Json, quirks: Quirks) -> None:
    if quirks.enabled_user_as:
        enabled = user["enabledUser"] in (True, "true")
        user["enabledUser"] = _ENABLED[quirks.enabled_user_as](enabled)
    if user["sourcedId"] in quirks.bad_users:
        for place in user.get("roles", [user]):
            place["role"] = "wizard"


def _spoil_references(value: Any, quirks: Quirks) -> None:
    if isinstance(value, dict):
        if "href" in value:
            if quirks.wrong_ref_type:
                value["type"] = "user"
            if quirks.relative_href:
                value["href"] = "~" + value["href"][value["href"].index("/ims/") :]
            if quirks.refs_without_href:
                del value["href"], value["type"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            _spoil_references(each, quirks)
