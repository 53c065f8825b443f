"""Flattens OneRoster JSON, 1.1 or 1.2, to the columns of a staged row, and judges nothing.

It tolerates what servers do: null for missing values, booleans as bool, text or number, a single
value instead of a list (1.1 ``periods``), references without ``href`` or ``type``, or as plain
text. It ignores fields that are never stored (passwords, demographics).
"""

import json
from collections.abc import Callable, Sequence
from collections.abc import Collection as Items
from typing import Any

from shared.domain.group.choices import StoredField
from shared.domain.roster.collection import Collection

Json = dict[str, Any]
Row = dict[str, Any]


def staged_row(collection: Collection, entity: Json, stored: Items[StoredField]) -> Row:
    """Flatten one entity.

    :param stored: the optional personal fields that the group stores.
    """
    row = {"sourced_id": _text(entity.get("sourcedId")), "status": _text(entity.get("status"))}
    row |= _FIELDS[collection](entity)
    if collection is Collection.USERS:
        row |= _optional_fields(entity, stored)
    return row


def _text(value: object) -> str | None:
    """A value as text: blank becomes null, booleans are spelled as in OneRoster 1.2."""
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if text.strip() else None


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for each in values if (text := _text(each)) is not None]


def _ref(value: object) -> str | None:
    return _text(value.get("sourcedId") if isinstance(value, dict) else value)


def _refs(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [ref for each in values if (ref := _ref(each)) is not None]


def _org(entity: Json) -> Row:
    return {
        "name": _text(entity.get("name")),
        "type": _text(entity.get("type")),
        "identifier": _text(entity.get("identifier")),
        "parent": _ref(entity.get("parent")),
    }


def _academic_session(entity: Json) -> Row:
    return {
        "title": _text(entity.get("title")),
        "type": _text(entity.get("type")),
        "start_date": _text(entity.get("startDate")),
        "end_date": _text(entity.get("endDate")),
        "parent": _ref(entity.get("parent")),
        "school_year": _text(entity.get("schoolYear")),
    }


def _course(entity: Json) -> Row:
    return {
        "title": _text(entity.get("title")),
        "course_code": _text(entity.get("courseCode")),
        "grades": _texts(entity.get("grades")),
        "org": _ref(entity.get("org")),
        "school_year": _ref(entity.get("schoolYear")),
        "subjects": _texts(entity.get("subjects")),
        "subject_codes": _texts(entity.get("subjectCodes")),
    }


def _class(entity: Json) -> Row:
    return {
        "title": _text(entity.get("title")),
        "class_code": _text(entity.get("classCode")),
        "class_type": _text(entity.get("classType")),
        "location": _text(entity.get("location")),
        "grades": _texts(entity.get("grades")),
        "course": _ref(entity.get("course")),
        "school": _ref(entity.get("school")),
        "terms": _refs(entity.get("terms")),
        "subjects": _texts(entity.get("subjects")),
        "subject_codes": _texts(entity.get("subjectCodes")),
        "periods": _texts(entity.get("periods")),
    }


def _user(entity: Json) -> Row:
    return {
        "enabled_user": _text(entity.get("enabledUser")),
        "username": _text(entity.get("username")),
        "given_name": _text(entity.get("givenName")),
        "middle_name": _text(entity.get("middleName")),
        "family_name": _text(entity.get("familyName")),
        "preferred_given_name": _text(entity.get("preferredFirstName")),
        "preferred_middle_name": _text(entity.get("preferredMiddleName")),
        "preferred_family_name": _text(entity.get("preferredLastName")),
        "identifier": _text(entity.get("identifier")),
        "email": _text(entity.get("email")),
        "grades": _texts(entity.get("grades")),
        "roles": _roles(entity),
        "primary_org": _ref(entity.get("primaryOrg")),
    }


def _roles(entity: Json) -> list[Row]:
    """The roles of a user: 1.2 has a list; for 1.1, one is made for each org.

    Some proxies serve 1.2 data under a 1.1 path, so the data decides, not the version.
    """
    roles = entity.get("roles")
    if isinstance(roles, list):
        return [
            {
                "role": _text(role.get("role")),
                "role_type": _text(role.get("roleType")),
                "org": _ref(role.get("org")),
                "begin_date": _text(role.get("beginDate")),
                "end_date": _text(role.get("endDate")),
            }
            for role in roles
            if isinstance(role, dict)
        ]
    role = _text(entity.get("role"))
    return roles_of(role, _refs(entity.get("orgs"))) if role is not None else []


def roles_of(role: str, orgs: Sequence[str]) -> list[Row]:
    """Make the roles of a 1.1 user: one for each org, or one without an org.

    The standard does not say which org is the primary one, so we take the first.
    """
    places: Sequence[str | None] = orgs or [None]
    return [
        {
            "role": role,
            "role_type": "primary" if place == 0 else "secondary",
            "org": org,
            "begin_date": None,
            "end_date": None,
        }
        for place, org in enumerate(places)
    ]


def _optional_fields(entity: Json, stored: Items[StoredField]) -> Row:
    row: Row = {}
    if StoredField.PHONES in stored:
        row |= {"phone": _text(entity.get("phone")), "sms": _text(entity.get("sms"))}
    if StoredField.AGENTS in stored:
        row["agents"] = _refs(entity.get("agents"))
    metadata = entity.get("metadata")
    if StoredField.METADATA in stored and isinstance(metadata, dict):
        row["metadata"] = json.dumps(metadata, sort_keys=True, ensure_ascii=False)
    return row


def _enrollment(entity: Json) -> Row:
    return {
        "class": _ref(entity.get("class")),
        "school": _ref(entity.get("school")),
        "user": _ref(entity.get("user")),
        "role": _text(entity.get("role")),
        "primary": _text(entity.get("primary")),
        "begin_date": _text(entity.get("beginDate")),
        "end_date": _text(entity.get("endDate")),
    }


_FIELDS: dict[Collection, Callable[[Json], Row]] = {
    Collection.ORGS: _org,
    Collection.ACADEMIC_SESSIONS: _academic_session,
    Collection.COURSES: _course,
    Collection.CLASSES: _class,
    Collection.USERS: _user,
    Collection.ENROLLMENTS: _enrollment,
}
