"""Rosters for tests of reading: records as the upserts write them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.group.retention import Left
from shared.domain.ids import GroupId, RecordId, record_id
from shared.domain.roster.change import Removal, RosterWrite
from shared.domain.roster.collection import Collection

Doc = dict[str, Any]

ROOT: Doc = {"clientPartnerId": "springfield"}
"""What every partner, class and user carries."""

LEFT_AT = datetime(2026, 9, 15, 12, tzinfo=UTC)
"""When those leave of whom no other moment is said."""


def id_of(group_id: str, collection: Collection, sourced_id: str) -> RecordId:
    """The id that a record gets when it is first made."""
    return record_id(GroupId(group_id), collection.entity, sourced_id)


def gone(kind: Left, at: datetime = LEFT_AT, days: int = 120) -> Removal:
    """What is written of a record that has left, and is kept for some days."""
    return Removal(kind=kind, since=at, until=at + timedelta(days=days))


def record(
    group_id: str,
    collection: Collection,
    sourced_id: str,
    *,
    first: str | None = None,
    removal: Removal | None = None,
    **doc: Any,
) -> RosterWrite:
    """A partner, class or user; ``first`` is the sourcedId that it had when it was made."""
    return RosterWrite(
        collection=collection,
        id=id_of(group_id, collection, first or sourced_id),
        doc={"sourcedId": sourced_id} | doc,
        new=True,
        removal=removal,
    )


def partner(group_id: str, sourced_id: str, **doc: Any) -> RosterWrite:
    """A school."""
    fields: Doc = {"name": sourced_id, "type": "school", "root": False} | ROOT
    return record(group_id, Collection.ORGS, sourced_id, **(fields | doc))


def class_(group_id: str, sourced_id: str, school: str = "north", **doc: Any) -> RosterWrite:
    """A class of a school."""
    partner_id = id_of(group_id, Collection.ORGS, school)
    fields: Doc = {"title": sourced_id, "partnerId": partner_id} | ROOT
    return record(group_id, Collection.CLASSES, sourced_id, **(fields | doc))


def user(
    group_id: str, sourced_id: str, role: str = "student", school: str = "north", **doc: Any
) -> RosterWrite:
    """A user with one role at one school."""
    partner_id = id_of(group_id, Collection.ORGS, school)
    fields: Doc = {
        "enabled": True,
        "username": sourced_id,
        "roles": [{"role": role, "partnerId": partner_id}],
        "partnerIds": [partner_id],
    } | ROOT
    return record(group_id, Collection.USERS, sourced_id, **(fields | doc))


def enrollment(
    group_id: str,
    class_name: str,
    user_name: str,
    role: str = "student",
    *,
    removal: Removal | None = None,
    **doc: Any,
) -> RosterWrite:
    """Who is in which class of the school ``north``; ``doc`` says between which days."""
    class_id = id_of(group_id, Collection.CLASSES, class_name)
    user_id = id_of(group_id, Collection.USERS, user_name)
    fields: Doc = {
        "classId": class_id,
        "userId": user_id,
        "partnerId": id_of(group_id, Collection.ORGS, "north"),
        "role": role,
    }
    begin = doc.get("beginDate") or ""
    return RosterWrite(
        collection=Collection.ENROLLMENTS,
        id=record_id(GroupId(group_id), "enrollments", class_id, user_id, role, begin),
        doc={name: value for name, value in (fields | doc).items() if value is not None},
        new=True,
        class_id=class_id,
        user_id=user_id,
        removal=removal,
    )
