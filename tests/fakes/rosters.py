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


def record(
    group_id: str,
    collection: Collection,
    sourced_id: str,
    *,
    first: str | None = None,
    gone: Left | None = None,
    left: datetime = LEFT_AT,
    days: int = 120,
    **doc: Any,
) -> RosterWrite:
    """A partner, class or user; ``first`` is the sourcedId that it had when it was made."""
    return RosterWrite(
        collection=collection,
        id=id_of(group_id, collection, first or sourced_id),
        doc={"sourcedId": sourced_id} | doc,
        new=True,
        removal=_removal(gone, left, days),
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
    begin: str | None = None,
    end: str | None = None,
    *,
    gone: Left | None = None,
    left: datetime = LEFT_AT,
    days: int = 60,
    school: str = "north",
) -> RosterWrite:
    """Who is in which class, and between which days."""
    class_id = id_of(group_id, Collection.CLASSES, class_name)
    user_id = id_of(group_id, Collection.USERS, user_name)
    doc = {
        "classId": class_id,
        "userId": user_id,
        "partnerId": id_of(group_id, Collection.ORGS, school),
        "role": role,
        "beginDate": begin,
        "endDate": end,
    }
    return RosterWrite(
        collection=Collection.ENROLLMENTS,
        id=record_id(GroupId(group_id), "enrollments", class_id, user_id, role, begin or ""),
        doc={name: value for name, value in doc.items() if value is not None},
        new=True,
        class_id=class_id,
        user_id=user_id,
        removal=_removal(gone, left, days),
    )


def _removal(gone: Left | None, left: datetime, days: int) -> Removal | None:
    return Removal(kind=gone, since=left, until=left + timedelta(days=days)) if gone else None
