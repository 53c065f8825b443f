"""A record as the roster table holds it, and the snapshot rows that make its document."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.group.retention import Left
from shared.domain.ids import RecordId
from shared.domain.roster.change import Action
from shared.domain.roster.collection import Collection
from shared.domain.roster.documents import Document, Row

_ACTIONS: dict[Left | None, Action] = {
    None: Action.UPDATE,
    "deleted": Action.DELETE,
    "ended": Action.END,
}


@dataclass(frozen=True)
class TableRecord:
    """One record of the roster table.

    ``collection``, ``id``: the record.
    ``doc``: its document.
    ``order``: the number that its last write carried.
    ``left``: how it left; None if it is still there.
    ``since``: when it left (aware UTC).
    """

    collection: Collection
    id: RecordId
    doc: Document
    order: int
    left: Left | None = None
    since: datetime | None = None

    def to_line(self) -> dict[str, Any]:
        """Convert it to a line that ``planning.surveyed_table`` reads."""
        login = self.doc.get("loginName")
        return {
            "collection": self.collection.value,
            "id": self.id,
            "written": self.order,
            "action": _ACTIONS[self.left].value,
            "since": self.since.isoformat() if self.since else None,
            "rows": rows_of(self.collection, self.doc),
            "login": {"take": login, "release": []} if login else None,
        }


def rows_of(collection: Collection, doc: Document) -> list[Row]:
    """Make the snapshot rows from which ``documents`` would make this document.

    A document refers to records by our own ids, so the rows lack the sourcedIds of references, and
    everything else that the document does not contain. If a user has several rows, the first gets
    all roles.
    """
    return _ROWS[collection](doc)


def _partner(doc: Document) -> list[Row]:
    return [
        {
            "sourced_id": doc.get("sourcedId"),
            "name": doc.get("name"),
            "type": doc.get("type"),
            "identifier": doc.get("identifier"),
            "parent_id": doc.get("parentId"),
            "customer_id": doc.get("customerId"),
            "root": bool(doc.get("root")),
        }
    ]


def _academic_session(doc: Document) -> list[Row]:
    return [
        {
            "sourced_id": doc.get("sourcedId"),
            "title": doc.get("title"),
            "type": doc.get("type"),
            "start_date": doc.get("startDate"),
            "end_date": doc.get("endDate"),
            "school_year": doc.get("schoolYear"),
            "parent_id": doc.get("parentId"),
        }
    ]


def _course(doc: Document) -> list[Row]:
    return [
        {
            "sourced_id": doc.get("sourcedId"),
            "title": doc.get("title"),
            "course_code": doc.get("courseCode"),
            "grades": doc.get("grades"),
            "subjects": doc.get("subjects"),
            "subject_codes": doc.get("subjectCodes"),
            "org_id": doc.get("partnerId"),
            "school_year_id": doc.get("schoolYearId"),
        }
    ]


def _class(doc: Document) -> list[Row]:
    return [
        {
            "sourced_id": doc.get("sourcedId"),
            "title": doc.get("title"),
            "class_code": doc.get("classCode"),
            "class_type": doc.get("classType"),
            "location": doc.get("location"),
            "grades": doc.get("grades"),
            "subjects": doc.get("subjects"),
            "subject_codes": doc.get("subjectCodes"),
            "periods": doc.get("periods"),
            "school_id": doc.get("partnerId"),
            "course_id": doc.get("courseId"),
            "term_ids": doc.get("termIds"),
        }
    ]


def _user(doc: Document) -> list[Row]:
    roles = doc.get("roles", [])
    first = {
        "sourced_id": doc.get("sourcedId"),
        "enabled": bool(doc.get("enabled")),
        "username": doc.get("username"),
        "login_name": doc.get("loginName"),
        "given_name": doc.get("givenName"),
        "middle_name": doc.get("middleName"),
        "family_name": doc.get("familyName"),
        "preferred_given_name": doc.get("preferredGivenName"),
        "preferred_middle_name": doc.get("preferredMiddleName"),
        "preferred_family_name": doc.get("preferredFamilyName"),
        "identifier": doc.get("identifier"),
        "email": doc.get("email"),
        "grades": doc.get("grades"),
        "roles": [
            {
                "role": role.get("role"),
                "role_type": role.get("roleType"),
                "begin_date": role.get("beginDate"),
                "end_date": role.get("endDate"),
            }
            for role in roles
        ],
        "org_ids": [role.get("partnerId") for role in roles],
        "primary_org_id": doc.get("primaryPartnerId"),
        "phone": doc.get("phone"),
        "sms": doc.get("sms"),
        "agent_ids": doc.get("agentIds"),
        "metadata": doc.get("metadata"),
    }
    others = [name for name in doc.get("sourcedIds", ()) if name != first["sourced_id"]]
    return [first, *(first | {"sourced_id": name, "roles": [], "org_ids": []} for name in others)]


def _enrollment(doc: Document) -> list[Row]:
    return [
        {
            "class_id": doc.get("classId"),
            "user_id": doc.get("userId"),
            "school_id": doc.get("partnerId"),
            "role": doc.get("role"),
            "primary": doc.get("primary"),
            "begin_date": doc.get("beginDate"),
            "end_date": doc.get("endDate"),
        }
    ]


_ROWS: dict[Collection, Callable[[Document], list[Row]]] = {
    Collection.ORGS: _partner,
    Collection.ACADEMIC_SESSIONS: _academic_session,
    Collection.COURSES: _course,
    Collection.CLASSES: _class,
    Collection.USERS: _user,
    Collection.ENROLLMENTS: _enrollment,
}
