"""Makes the roster's documents, which the learning platform reads, from snapshot rows.

References in a document use our own ids. Null values and empty lists are left out, so a document
contains only what is known.
"""

from collections.abc import Callable, Sequence
from typing import Any

from shared.domain.group.group import GroupConfig
from shared.domain.group.retention import Left
from shared.domain.roster.change import Action, Change, Removal, RosterWrite
from shared.domain.roster.collection import Collection

Row = dict[str, Any]
Document = dict[str, Any]


def roster_write(change: Change, config: GroupConfig) -> RosterWrite:
    """Make the write to the roster table for a change."""
    first = change.rows[0]
    enrollment = change.collection is Collection.ENROLLMENTS
    return RosterWrite(
        collection=change.collection,
        id=change.id,
        doc=_without_blanks(_DOCUMENTS[change.collection](change.rows, config)),
        new=change.action is Action.CREATE,
        class_id=first["class_id"] if enrollment else None,
        user_id=first["user_id"] if enrollment else None,
        login=change.login,
        removal=_removal(change, config),
    )


_LEAVING: dict[Action, Left] = {Action.DELETE: "deleted", Action.END: "ended"}


def _removal(change: Change, config: GroupConfig) -> Removal | None:
    left = _LEAVING.get(change.action)
    if left is None:
        return None
    if change.since is None:
        raise ValueError("a record that leaves must say since when")
    until = config.retention.until(left, change.since)
    return Removal(kind=left, since=change.since, until=until)


def _without_blanks(document: Document) -> Document:
    return {name: value for name, value in document.items() if value not in (None, [], {})}


def _partner(rows: Sequence[Row], config: GroupConfig) -> Document:
    (row,) = rows
    return {
        "sourcedId": row["sourced_id"],
        "name": row["name"],
        "type": row["type"],
        "identifier": row["identifier"],
        "parentId": row["parent_id"],
        "customerId": row["customer_id"],
        "root": bool(row["root"]),
        "clientPartnerId": config.client_partner_id,
    }


def _academic_session(rows: Sequence[Row], config: GroupConfig) -> Document:
    (row,) = rows
    return {
        "sourcedId": row["sourced_id"],
        "title": row["title"],
        "type": row["type"],
        "startDate": row["start_date"],
        "endDate": row["end_date"],
        "schoolYear": row["school_year"],
        "parentId": row["parent_id"],
    }


def _course(rows: Sequence[Row], config: GroupConfig) -> Document:
    (row,) = rows
    return {
        "sourcedId": row["sourced_id"],
        "title": row["title"],
        "courseCode": row["course_code"],
        "grades": row["grades"],
        "subjects": row["subjects"],
        "subjectCodes": row["subject_codes"],
        "partnerId": row["org_id"],
        "schoolYearId": row["school_year_id"],
    }


def _class(rows: Sequence[Row], config: GroupConfig) -> Document:
    (row,) = rows
    return {
        "sourcedId": row["sourced_id"],
        "title": row["title"],
        "classCode": row["class_code"],
        "classType": row["class_type"],
        "location": row["location"],
        "grades": row["grades"],
        "subjects": row["subjects"],
        "subjectCodes": row["subject_codes"],
        "periods": row["periods"],
        "partnerId": row["school_id"],
        "courseId": row["course_id"],
        "termIds": row["term_ids"],
        "clientPartnerId": config.client_partner_id,
    }


def _user(rows: Sequence[Row], config: GroupConfig) -> Document:
    """Make one user from its rows: a member of staff can have several, each with its own roles.

    A single value comes from the first row that has one. The user is enabled if any row is.
    """

    def first(column: str) -> Any:
        return next((row[column] for row in rows if row[column] is not None), None)

    def union(column: str) -> list[Any]:
        return sorted({value for row in rows for value in row[column] or ()})

    roles: list[Document] = []
    for row in rows:
        for role, org_id in zip(row["roles"], row["org_ids"] or (), strict=True):
            entry = _without_blanks(
                {
                    "role": role["role"],
                    "roleType": role["role_type"],
                    "partnerId": org_id,
                    "beginDate": role["begin_date"],
                    "endDate": role["end_date"],
                }
            )
            if entry not in roles:
                roles.append(entry)
    return {
        "sourcedId": rows[0]["sourced_id"],
        "sourcedIds": [row["sourced_id"] for row in rows] if len(rows) > 1 else None,
        "enabled": any(row["enabled"] for row in rows),
        "username": first("username"),
        "loginName": first("login_name"),
        "givenName": first("given_name"),
        "middleName": first("middle_name"),
        "familyName": first("family_name"),
        "preferredGivenName": first("preferred_given_name"),
        "preferredMiddleName": first("preferred_middle_name"),
        "preferredFamilyName": first("preferred_family_name"),
        "identifier": first("identifier"),
        "email": first("email"),
        "grades": union("grades"),
        "roles": roles,
        "partnerIds": sorted({role["partnerId"] for role in roles if "partnerId" in role}),
        "primaryPartnerId": first("primary_org_id"),
        "phone": first("phone"),
        "sms": first("sms"),
        "agentIds": union("agent_ids"),
        "metadata": first("metadata"),
        "clientPartnerId": config.client_partner_id,
    }


def _enrollment(rows: Sequence[Row], config: GroupConfig) -> Document:
    (row,) = rows
    return {
        "classId": row["class_id"],
        "userId": row["user_id"],
        "partnerId": row["school_id"],
        "role": row["role"],
        "primary": row["primary"],
        "beginDate": row["begin_date"],
        "endDate": row["end_date"],
    }


_DOCUMENTS: dict[Collection, Callable[[Sequence[Row], GroupConfig], Document]] = {
    Collection.ORGS: _partner,
    Collection.ACADEMIC_SESSIONS: _academic_session,
    Collection.COURSES: _course,
    Collection.CLASSES: _class,
    Collection.USERS: _user,
    Collection.ENROLLMENTS: _enrollment,
}
