"""An in-memory OneRoster source: collections of 1.2 JSON entities that a test changes at will."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared.domain.roster.collection import Collection
from shared.ports.sources import Page

Json = dict[str, Any]


def _ref(sourced_id: str) -> Json:
    return {"sourcedId": sourced_id}


def org(sourced_id: str, name: str = "", parent: str | None = None) -> Json:
    kind = "school" if parent else "district"
    record = {"sourcedId": sourced_id, "name": name or sourced_id, "type": kind}
    return record | ({"parent": _ref(parent)} if parent else {})


def session(sourced_id: str) -> Json:
    days = {"startDate": "2026-08-17", "endDate": "2027-06-12"}
    return {"sourcedId": sourced_id, "title": sourced_id, "type": "term", **days}


def course(sourced_id: str, org_id: str) -> Json:
    return {"sourcedId": sourced_id, "title": sourced_id, "org": _ref(org_id)}


def class_(sourced_id: str, school: str, title: str = "", course_id: str | None = None) -> Json:
    record = {"sourcedId": sourced_id, "title": title or sourced_id, "school": _ref(school)}
    return record | ({"course": _ref(course_id)} if course_id else {})


def user(
    sourced_id: str, org_id: str, *, name: str = "", role: str = "student", username: str = ""
) -> Json:
    return {
        "sourcedId": sourced_id,
        "username": username or sourced_id,
        "givenName": name or sourced_id,
        "familyName": "Example",
        "enabledUser": "true",
        "roles": [{"role": role, "roleType": "primary", "org": _ref(org_id)}],
    }


def enrollment(sourced_id: str, class_id: str, user_id: str, role: str = "student") -> Json:
    return {
        "sourcedId": sourced_id,
        "class": _ref(class_id),
        "user": _ref(user_id),
        "role": role,
        "beginDate": "2026-08-17",
    }


@dataclass
class InMemorySource:
    """``Source`` over lists that may change between pages; ``on_page`` may raise.

    ``on_record`` answers for single records; it may raise as well.
    """

    collections: dict[Collection, dict[str, Json]] = field(
        default_factory=lambda: {collection: {} for collection in Collection}
    )
    on_page: Callable[[Collection, int], None] = lambda collection, offset: None
    on_record: Callable[[Collection, str], Json | None] = field(init=False)
    pages: int = 0
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.on_record = lambda collection, sourced_id: self.collections[collection].get(sourced_id)

    def put(self, collection: Collection, *entities: Json) -> None:
        for entity in entities:
            self.collections[collection][entity["sourcedId"]] = entity

    def page(self, collection: Collection, *, offset: int, limit: int, in_order: bool) -> Page:
        self.pages += 1
        self.on_page(collection, offset)
        records = sorted(self.collections[collection].values(), key=lambda e: str(e["sourcedId"]))
        return Page(records[offset : offset + limit], len(records))

    def record(self, collection: Collection, sourced_id: str) -> Json | None:
        self.asked.append(sourced_id)
        return self.on_record(collection, sourced_id)

    def learned(self) -> dict[str, str]:
        return {}
