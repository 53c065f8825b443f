"""The district's records as OneRoster JSON, in version 1.1 and in version 1.2."""

from typing import Any

from local.sample_district.roster import (
    Class,
    Course,
    District,
    Enrollment,
    Org,
    Session,
    User,
)

MODIFIED = "2026-08-01T06:00:00.000Z"
COLLECTIONS = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
SINGULAR = dict(
    zip(
        COLLECTIONS,
        ("org", "academicSession", "course", "class", "user", "enrollment"),
        strict=True,
    )
)
Json = dict[str, Any]


def render(district: District, collection: str, version: str) -> list[Json]:
    """All records of a collection, in the order of sourcedId; ``version`` is ``1.1`` or ``1.2``."""
    match collection:
        case "orgs":
            return [_org(each) for each in district.orgs]
        case "academicSessions":
            return [_session(each) for each in district.sessions]
        case "courses":
            return [_course(each) for each in district.courses]
        case "classes":
            return [_class(each) for each in district.classes]
        case "users":
            return [_user(each, version) for each in district.users]
        case _:
            return [_enrollment(each, version) for each in district.enrollments]


def _base(sourced_id: str) -> Json:
    return {"sourcedId": sourced_id, "status": "active", "dateLastModified": MODIFIED}


def _ref(kind: str, sourced_id: str) -> Json:
    path = {"academicSession": "academicSessions", "class": "classes"}.get(kind, f"{kind}s")
    return {"href": f"/{path}/{sourced_id}", "sourcedId": sourced_id, "type": kind}


def _org(org: Org) -> Json:
    record = _base(org.sourced_id) | {
        "name": org.name, "type": org.type, "identifier": org.identifier,
    }  # fmt: skip
    return record | ({"parent": _ref("org", org.parent)} if org.parent else {})


def _session(session: Session) -> Json:
    record = _base(session.sourced_id) | {
        "title": session.title,
        "type": session.type,
        "startDate": session.start,
        "endDate": session.end,
        "schoolYear": session.school_year,
    }
    return record | ({"parent": _ref("academicSession", session.parent)} if session.parent else {})


def _course(course: Course) -> Json:
    return _base(course.sourced_id) | {
        "title": course.title,
        "courseCode": course.code,
        "grades": [course.grade],
        "subjects": [course.title.rsplit(" ", 1)[0]],
        "org": _ref("org", course.org),
        "schoolYear": _ref("academicSession", course.school_year),
    }


def _class(each: Class) -> Json:
    return _base(each.sourced_id) | {
        "title": each.title,
        "classCode": each.code,
        "classType": each.type,
        "grades": [each.grade],
        "course": _ref("course", each.course),
        "school": _ref("org", each.school),
        "terms": [_ref("academicSession", term) for term in each.terms],
        "periods": [each.period],
    }


def _user(user: User, version: str) -> Json:
    record = _base(user.sourced_id) | {
        "username": user.username,
        "givenName": user.given_name,
        "familyName": user.family_name,
        "identifier": user.identifier,
        "phone": "555-0100",
        "password": "never-store-this",
        "agents": [_ref("user", agent) for agent in user.agents],
        "grades": [user.grade] if user.grade else [],
    }
    if user.email:
        record["email"] = user.email
    if version == "1.1":
        orgs = [_ref("org", org) for org in user.orgs]
        return record | {"enabledUser": user.enabled, "role": user.role, "orgs": orgs}
    role = "districtAdministrator" if user.role == "administrator" else user.role
    roles = [
        {"roleType": "primary" if n == 0 else "secondary", "role": role, "org": _ref("org", org)}
        for n, org in enumerate(user.orgs)
    ]
    enabled = "true" if user.enabled else "false"
    return record | {"enabledUser": enabled, "roles": roles}


def _enrollment(enrollment: Enrollment, version: str) -> Json:
    record = _base(enrollment.sourced_id) | {
        "user": _ref("user", enrollment.user),
        "class": _ref("class", enrollment.class_id),
        "school": _ref("org", enrollment.school),
        "role": enrollment.role,
    }
    if enrollment.primary is not None:
        text = "true" if enrollment.primary else "false"
        record["primary"] = enrollment.primary if version == "1.1" else text
    if enrollment.begin:
        record["beginDate"] = enrollment.begin
    if enrollment.end:
        record["endDate"] = enrollment.end
    return record
