"""The district's records as OneRoster JSON, in version 1.1 and in version 1.2."""

from typing import Any

from local.sample_district.records import (
    COLLECTIONS,
    Class,
    Course,
    District,
    Enrollment,
    Org,
    Record,
    Session,
    User,
)

__all__ = ["COLLECTIONS", "SINGULAR", "render"]

SINGULAR = dict(
    zip(
        COLLECTIONS,
        ("org", "academicSession", "course", "class", "user", "enrollment"),
        strict=True,
    )
)
Json = dict[str, Any]

_PATHS = {singular: plural for plural, singular in SINGULAR.items()}


def render(district: District, collection: str, version: str, base: str = "") -> list[Json]:
    """All records of a collection, in the order of sourcedId.

    :param version: ``1.1`` or ``1.2``.
    :param base: the address that references begin with.
    """
    return [_Renderer(version, base).record(each) for each in district.records(collection)]


class _Renderer:
    def __init__(self, version: str, base: str) -> None:
        self._old = version == "1.1"
        self._base = base

    def record(self, record: Record) -> Json:
        common = {
            "sourcedId": record.sourced_id,
            "status": record.status,
            "dateLastModified": record.modified,
        }
        match record:
            case Org():
                return common | self._org(record)
            case Session():
                return common | self._session(record)
            case Course():
                return common | self._course(record)
            case Class():
                return common | self._class(record)
            case User():
                return common | self._user(record)
            case Enrollment():
                return common | self._enrollment(record)
        raise TypeError(record)

    def _ref(self, kind: str, sourced_id: str) -> Json:
        href = f"{self._base}/{_PATHS[kind]}/{sourced_id}"
        return {"href": href, "sourcedId": sourced_id, "type": kind}

    def _boolean(self, value: bool) -> bool | str:
        # In 1.2, booleans are text.
        return value if self._old else str(value).lower()

    def _org(self, org: Org) -> Json:
        entity: Json = {"name": org.name, "type": org.type, "identifier": org.identifier}
        return entity | ({"parent": self._ref("org", org.parent)} if org.parent else {})

    def _session(self, session: Session) -> Json:
        entity: Json = {
            "title": session.title,
            "type": session.type,
            "startDate": session.start,
            "endDate": session.end,
            "schoolYear": session.school_year,
        }
        if session.parent:
            entity["parent"] = self._ref("academicSession", session.parent)
        return entity

    def _course(self, course: Course) -> Json:
        return {
            "title": course.title,
            "courseCode": course.code,
            "grades": [course.grade],
            "subjects": [course.subject],
            "org": self._ref("org", course.org),
            "schoolYear": self._ref("academicSession", course.school_year),
        }

    def _class(self, each: Class) -> Json:
        entity: Json = {
            "title": each.title,
            "classCode": each.code,
            "classType": each.type,
            "grades": [each.grade],
            "subjects": [each.subject],
            "course": self._ref("course", each.course),
            "school": self._ref("org", each.school),
            "terms": [self._ref("academicSession", term) for term in each.terms],
            "periods": [each.period],
        }
        return entity | ({"location": each.location} if each.location else {})

    def _user(self, user: User) -> Json:
        entity: Json = {
            "username": user.username,
            "enabledUser": self._boolean(user.enabled),
            "givenName": user.given_name,
            "familyName": user.family_name,
            "identifier": user.identifier,
            "phone": "555-0100",
            "password": "never-store-this",
            "metadata": {"locker": f"L-{user.sourced_id}"},
            "agents": [self._ref("user", agent) for agent in user.agents],
            "grades": [user.grade] if user.grade else [],
        }
        if user.email:
            entity["email"] = user.email
        if self._old:
            orgs = [self._ref("org", org) for org in user.orgs]
            return entity | {"role": user.role, "orgs": orgs}
        if user.preferred_name:
            entity["preferredFirstName"] = user.preferred_name
        if user.primary_org:
            entity["primaryOrg"] = self._ref("org", user.primary_org)
        return entity | {"roles": [self._role(user, org) for org in user.orgs]}

    def _role(self, user: User, org: str) -> Json:
        role = user.role
        if role == "administrator":
            role = "districtAdministrator" if org == "district" else "siteAdministrator"
        kind = "primary" if org == user.orgs[0] else "secondary"
        return {"roleType": kind, "role": role, "org": self._ref("org", org)}

    def _enrollment(self, enrollment: Enrollment) -> Json:
        entity: Json = {
            "user": self._ref("user", enrollment.user),
            "class": self._ref("class", enrollment.class_id),
            "school": self._ref("org", enrollment.school),
            "role": enrollment.role,
        }
        if enrollment.primary is not None:
            entity["primary"] = self._boolean(enrollment.primary)
        if enrollment.begin:
            entity["beginDate"] = enrollment.begin
        if enrollment.end:
            entity["endDate"] = enrollment.end
        return entity
