"""The columns of a roster's CSV files: the standard's names, and misspellings of them.

These are the tables of the OneRoster CSV bindings 1.0, 1.1, 1.2 and 1.2.1, by file. Columns that
are never stored (passwords, ids of other systems) are known but have no staged column.
"""

from dataclasses import dataclass, field

_COMMON = ("sourcedId", "status", "dateLastModified")


@dataclass(frozen=True)
class FileColumns:
    """What a file's columns mean.

    ``order``: the standard's order, for 1.1 and 1.2 together.
    ``old_order``: the order of 1.0.
    ``staged``: the staged column for a header.
    ``lists``: headers whose cells hold several values.
    ``dates``: headers whose cells hold dates.
    ``needed``: groups of headers; a file must have one of each, or no row could be read.
    ``old_names``: names of 1.0, in lower case, with today's names.
    ``aliases``: misspellings, in lower case, with the right names.
    """

    order: tuple[str, ...]
    old_order: tuple[str, ...]
    staged: dict[str, str]
    lists: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    needed: tuple[tuple[str, ...], ...] = ()
    old_names: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)


FILES: dict[str, FileColumns] = {
    "orgs": FileColumns(
        order=(*_COMMON, "name", "type", "identifier", "parentSourcedId"),
        old_order=(*_COMMON, "name", "type", "identifier", "parentSourcedId"),
        staged={
            "name": "name",
            "type": "type",
            "identifier": "identifier",
            "parentSourcedId": "parent",
        },
        needed=(("sourcedId",), ("name",)),
    ),
    "academicsessions": FileColumns(
        order=(*_COMMON, "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"),
        old_order=(*_COMMON, "title", "type", "startDate", "endDate", "parentSourcedId"),
        staged={
            "title": "title",
            "type": "type",
            "startDate": "start_date",
            "endDate": "end_date",
            "parentSourcedId": "parent",
            "schoolYear": "school_year",
        },
        dates=frozenset({"startDate", "endDate"}),
        needed=(("sourcedId",), ("title",), ("startDate",), ("endDate",)),
    ),
    "courses": FileColumns(
        order=(
            *_COMMON, "schoolYearSourcedId", "title", "courseCode", "grades", "orgSourcedId",
            "subjects", "subjectCodes",
        ),
        old_order=(
            *_COMMON, "schoolYearSourcedId", "title", "courseCode", "grades", "orgSourcedId",
            "subjects",
        ),
        staged={
            "schoolYearSourcedId": "school_year",
            "title": "title",
            "courseCode": "course_code",
            "grades": "grades",
            "orgSourcedId": "org",
            "subjects": "subjects",
            "subjectCodes": "subject_codes",
        },
        lists=frozenset({"grades", "subjects", "subjectCodes"}),
        needed=(("sourcedId",), ("title",)),
        old_names={"schoolyearid": "schoolYearSourcedId", "grade": "grades"},
    ),
    "classes": FileColumns(
        order=(
            *_COMMON, "title", "grades", "courseSourcedId", "classCode", "classType", "location",
            "schoolSourcedId", "termSourcedIds", "subjects", "subjectCodes", "periods",
        ),
        old_order=(
            *_COMMON, "title", "grades", "courseSourcedId", "classCode", "classType", "location",
            "schoolSourcedId", "termSourcedIds", "subjects",
        ),
        staged={
            "title": "title",
            "grades": "grades",
            "courseSourcedId": "course",
            "classCode": "class_code",
            "classType": "class_type",
            "location": "location",
            "schoolSourcedId": "school",
            "termSourcedIds": "terms",
            "subjects": "subjects",
            "subjectCodes": "subject_codes",
            "periods": "periods",
        },
        lists=frozenset({"grades", "termSourcedIds", "subjects", "subjectCodes", "periods"}),
        needed=(("sourcedId",), ("title",), ("schoolSourcedId",)),
        old_names={"termsourcedid": "termSourcedIds", "grade": "grades"},
    ),
    "users": FileColumns(
        order=(
            *_COMMON, "enabledUser", "orgSourcedIds", "role", "username", "userIds", "givenName",
            "familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds",
            "grades", "password", "userMasterIdentifier", "resourceSourcedIds",
            "preferredGivenName", "preferredMiddleName", "preferredFamilyName",
            "primaryOrgSourcedId", "pronouns",
        ),
        old_order=(
            *_COMMON, "orgSourcedIds", "role", "username", "userId", "givenName", "familyName",
            "identifier", "email", "sms", "phone", "agentSourcedIds",
        ),
        staged={
            "enabledUser": "enabled_user",
            "orgSourcedIds": "orgs",
            "role": "role",
            "username": "username",
            "givenName": "given_name",
            "familyName": "family_name",
            "middleName": "middle_name",
            "identifier": "identifier",
            "email": "email",
            "sms": "sms",
            "phone": "phone",
            "agentSourcedIds": "agents",
            "grades": "grades",
            "preferredGivenName": "preferred_given_name",
            "preferredMiddleName": "preferred_middle_name",
            "preferredFamilyName": "preferred_family_name",
            "primaryOrgSourcedId": "primary_org",
        },
        lists=frozenset({"orgSourcedIds", "agentSourcedIds", "grades"}),
        needed=(("sourcedId",), ("givenName", "familyName")),
        old_names={"agents": "agentSourcedIds"},
        aliases={
            "agentsourceids": "agentSourcedIds",
            "orgsourcedid": "orgSourcedIds",
            "preferredfirstname": "preferredGivenName",
            "preferredlastname": "preferredFamilyName",
            "prefferedgivenname": "preferredGivenName",
            "prefferedmiddlename": "preferredMiddleName",
            "prefferedfamilyname": "preferredFamilyName",
        },
    ),
    "roles": FileColumns(
        order=(
            *_COMMON, "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId",
            "userProfileSourcedId",
        ),
        old_order=(),
        staged={
            "userSourcedId": "user",
            "roleType": "role_type",
            "role": "role",
            "beginDate": "begin_date",
            "endDate": "end_date",
            "orgSourcedId": "org",
        },
        dates=frozenset({"beginDate", "endDate"}),
        needed=(("sourcedId",), ("userSourcedId",), ("role",)),
    ),
    "enrollments": FileColumns(
        order=(
            *_COMMON, "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary",
            "beginDate", "endDate",
        ),
        old_order=(
            "sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "status",
            "dateLastModified", "primary",
        ),
        staged={
            "classSourcedId": "class",
            "schoolSourcedId": "school",
            "userSourcedId": "user",
            "role": "role",
            "primary": "primary",
            "beginDate": "begin_date",
            "endDate": "end_date",
        },
        dates=frozenset({"beginDate", "endDate"}),
        needed=(("classSourcedId",), ("userSourcedId",), ("role",)),
    ),
}  # fmt: skip
"""By file, in lower case and without ``.csv``."""

ALIASES = {"sourceid": "sourcedId", "datalastmodified": "dateLastModified"}
"""Misspellings that occur in any file, in lower case."""
