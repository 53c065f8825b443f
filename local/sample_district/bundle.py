"""The district as a OneRoster CSV bundle: versions 1.0, 1.1, 1.2 and 1.2.1, bulk or delta.

The rows are made from the same JSON that the district serves over REST, so both agree.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO

from local.sample_district.records import COLLECTIONS, District
from local.sample_district.render import render

VERSIONS = ("1.0", "1.1", "1.2", "1.2.1")
_PACKED_AT = (2026, 8, 15, 6, 0, 0)

Json = dict[str, Any]
Cells = dict[str, str]

_HEADERS: dict[str, str] = {
    "orgs": "name type identifier parentSourcedId",
    "academicSessions": "title type startDate endDate parentSourcedId schoolYear",
    "courses": "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes",
    "classes": "title grades courseSourcedId classCode classType location schoolSourcedId "
    "termSourcedIds subjects subjectCodes periods",
    "users": "enabledUser orgSourcedIds role username userIds givenName familyName middleName "
    "identifier email sms phone agentSourcedIds grades password",
    "enrollments": "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
}
_HEADERS_1_2: dict[str, str] = _HEADERS | {
    "users": "enabledUser username userIds givenName familyName middleName identifier email sms "
    "phone agentSourcedIds grades password userMasterIdentifier resourceSourcedIds "
    "preferredGivenName preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns",
    "roles": "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
    "userProfiles": "userSourcedId profileType vendorId applicationId description credentialType "
    "username password",
}
_HEADERS_1_0: dict[str, str] = {
    "orgs": "name type identifier metadata.classification metadata.gender metadata.boarding "
    "parentSourcedId",
    "academicSessions": "title type startDate endDate parentSourcedId",
    "courses": "schoolYearId metadata.duration title courseCode grade orgSourcedId subjects",
    "classes": "title grade courseSourcedId classCode classType location schoolSourcedId "
    "termSourcedId subjects",
    "users": "orgSourcedIds role username userId givenName familyName identifier email sms phone "
    "agents",
}
_ENROLLMENTS_1_0 = (
    "sourcedId classSourcedId schoolSourcedId userSourcedId role status dateLastModified primary"
)
_FILES_1_1 = (
    "academicSessions", "categories", "classes", "classResources", "courses", "courseResources",
    "demographics", "enrollments", "lineItems", "orgs", "resources", "results", "users",
)  # fmt: skip
_FILES_1_2 = (
    *_FILES_1_1, "lineItemLearningObjectiveIds", "lineItemScoreScales",
    "resultLearningObjectiveIds", "resultScoreScales", "roles", "scoreScales", "userProfiles",
    "userResources",
)  # fmt: skip
_GRADEBOOK = {
    "categories.csv": "sourcedId,status,dateLastModified,title\r\nc-1,,,Homework\r\n",
    "lineItems.csv": "sourcedId,status,dateLastModified,title\r\nl-1,,,Essay\r\n",
    "results.csv": "sourcedId,status,dateLastModified,score\r\nr-1,,,12\r\n",
}


def csv_files(district: District, version: str, *, gradebook: bool = False) -> dict[str, bytes]:
    """Write the whole district in bulk; returns contents by file name.

    It contains passwords, profiles and demographics, to show that nobody stores them.
    """
    rows = {name: render(district, name, _rest(version)) for name in COLLECTIONS}
    if gradebook and version == "1.0":
        message = "version 1.0 has no gradebook"
        raise ValueError(message)
    files = _files(rows, version, delta=False)
    if version != "1.0":
        if gradebook:
            files |= {name: text.encode() for name, text in _GRADEBOOK.items()}
        files["manifest.csv"] = _manifest(version, dict.fromkeys(files, "bulk"))
    return files


def delta_files(before: District, after: District, version: str, modified: str) -> dict[str, bytes]:
    """Write the changes from one district to another; unchanged records are left out."""
    rows = {name: _changed(before, after, name, _rest(version), modified) for name in COLLECTIONS}
    files = _files({name: found for name, found in rows.items() if found}, version, delta=True)
    files["manifest.csv"] = _manifest(version, dict.fromkeys(files, "delta"))
    return files


def pack(
    files: Mapping[str, bytes], *, folder: str = "", compression: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Zip files, inside a ``folder`` of the archive if given."""
    packed = io.BytesIO()
    pack_into(packed, files, folder=folder, compression=compression)
    return packed.getvalue()


def pack_into(
    target: BinaryIO,
    files: Mapping[str, bytes],
    *,
    folder: str = "",
    compression: int = zipfile.ZIP_DEFLATED,
    packed_at: tuple[int, int, int, int, int, int] = _PACKED_AT,
) -> None:
    """Zip files into a binary file."""
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, contents in files.items():
            info = zipfile.ZipInfo(f"{folder}/{name}" if folder else name, packed_at)
            info.compress_type = compression
            archive.writestr(info, contents)


def _rest(version: str) -> str:
    return "1.2" if version.startswith("1.2") else "1.1"


def _files(rows: Mapping[str, list[Json]], version: str, *, delta: bool) -> dict[str, bytes]:
    tables = {name: [_cells(name, row, delta) for row in found] for name, found in rows.items()}
    if version.startswith("1.2") and "users" in rows:
        tables["roles"] = [cells for row in rows["users"] for cells in _roles(row, delta)]
        if not delta:
            tables["userProfiles"] = [_profile(row) for row in rows["users"][:3]]
    files = {f"{name}.csv": _csv(_header(name, version), found) for name, found in tables.items()}
    if not delta and version != "1.0":
        files["demographics.csv"] = _demographics(rows["users"])
    return files


def _header(name: str, version: str) -> list[str]:
    common = ["sourcedId", "status", "dateLastModified"]
    if version == "1.0":
        if name == "enrollments":
            return _ENROLLMENTS_1_0.split()
        return common + _HEADERS_1_0[name].split()
    headers = _HEADERS if version == "1.1" else _HEADERS_1_2
    return common + headers[name].split()


def _csv(header: list[str], rows: Iterable[Cells]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _manifest(version: str, modes: Mapping[str, str]) -> bytes:
    known = _FILES_1_1 if version == "1.1" else _FILES_1_2
    rows = [("manifest.version", "1.0"), ("oneroster.version", version)]
    rows += [(f"file.{name}", modes.get(f"{name}.csv", "absent")) for name in known]
    rows += [("source.systemName", "Springfield SIS"), ("source.systemCode", "springfield")]
    return _csv(["propertyName", "value"], ({"propertyName": n, "value": v} for n, v in rows))


def _cells(name: str, row: Json, delta: bool) -> Cells:
    cells = {"sourcedId": row["sourcedId"]} | _status(row, delta)
    return cells | {key: value for key, value in _CELLS[name](row).items() if value is not None}


def _status(row: Json, delta: bool) -> Cells:
    """Status and time: blank in bulk, unless the record is not active."""
    if delta or row["status"] != "active":
        return {"status": row["status"], "dateLastModified": row["dateLastModified"]}
    return {}


def _ref(value: Json | None) -> str | None:
    return value["sourcedId"] if value else None


def _refs(values: list[Json]) -> str:
    return ",".join(value["sourcedId"] for value in values)


def _org(row: Json) -> dict[str, str | None]:
    return {
        "name": row["name"],
        "type": row["type"],
        "identifier": row["identifier"],
        "parentSourcedId": _ref(row.get("parent")),
    }


def _session(row: Json) -> dict[str, str | None]:
    return {
        "title": row["title"],
        "type": row["type"],
        "startDate": row["startDate"],
        "endDate": row["endDate"],
        "parentSourcedId": _ref(row.get("parent")),
        "schoolYear": str(row["schoolYear"]),
    }


def _course(row: Json) -> dict[str, str | None]:
    grades, year = ",".join(row["grades"]), _ref(row["schoolYear"])
    return {
        "schoolYearSourcedId": year,
        "schoolYearId": year,
        "title": row["title"],
        "courseCode": row["courseCode"],
        "grades": grades,
        "grade": grades,
        "orgSourcedId": _ref(row["org"]),
        "subjects": ",".join(row["subjects"]),
    }


def _class(row: Json) -> dict[str, str | None]:
    grades, terms = ",".join(row["grades"]), _refs(row["terms"])
    return {
        "title": row["title"],
        "grades": grades,
        "grade": grades,
        "courseSourcedId": _ref(row["course"]),
        "classCode": row["classCode"],
        "classType": row["classType"],
        "location": row.get("location"),
        "schoolSourcedId": _ref(row["school"]),
        "termSourcedIds": terms,
        "termSourcedId": terms,
        "subjects": ",".join(row["subjects"]),
        "periods": ",".join(row["periods"]),
    }


def _user(row: Json) -> dict[str, str | None]:
    agents = _refs(row["agents"])
    return {
        "enabledUser": _boolean(row["enabledUser"]),
        "orgSourcedIds": _refs(row.get("orgs", [])),
        "role": row.get("role"),
        "username": row["username"],
        "userIds": f"{{LDAP:{row['sourcedId']}}}",
        "givenName": row["givenName"],
        "familyName": row["familyName"],
        "identifier": row["identifier"],
        "email": row.get("email"),
        "phone": row["phone"],
        "agentSourcedIds": agents,
        "agents": agents,
        "grades": ",".join(row["grades"]),
        "password": row["password"],
        "preferredGivenName": row.get("preferredFirstName"),
        "primaryOrgSourcedId": _ref(row.get("primaryOrg")),
    }


def _enrollment(row: Json) -> dict[str, str | None]:
    primary = row.get("primary")
    return {
        "classSourcedId": _ref(row["class"]),
        "schoolSourcedId": _ref(row["school"]),
        "userSourcedId": _ref(row["user"]),
        "role": row["role"],
        "primary": None if primary is None else _boolean(primary),
        "beginDate": row.get("beginDate"),
        "endDate": row.get("endDate"),
    }


_CELLS: dict[str, Callable[[Json], dict[str, str | None]]] = {
    "orgs": _org,
    "academicSessions": _session,
    "courses": _course,
    "classes": _class,
    "users": _user,
    "enrollments": _enrollment,
}


def _boolean(value: bool | str) -> str:
    return str(value).lower()


def _roles(user: Json, delta: bool) -> Iterable[Cells]:
    for role in user["roles"]:
        org = role["org"]["sourcedId"]
        yield _status(user, delta) | {
            "sourcedId": f"{user['sourcedId']}-at-{org}",
            "userSourcedId": user["sourcedId"],
            "roleType": role["roleType"],
            "role": role["role"],
            "orgSourcedId": org,
        }


def _profile(user: Json) -> Cells:
    return {
        "sourcedId": f"profile-{user['sourcedId']}",
        "userSourcedId": user["sourcedId"],
        "profileType": "learning",
        "vendorId": "vendor",
        "credentialType": "basic",
        "username": "profile-name",
        "password": "never-store-this",
    }


def _demographics(users: list[Json]) -> bytes:
    header = ["sourcedId", "status", "dateLastModified", "birthDate", "sex", "cityOfBirth"]
    rows = (
        {"sourcedId": user["sourcedId"], "birthDate": "2015-03-14", "cityOfBirth": "Never-Store"}
        for user in users[:3]
    )
    return _csv(header, rows)


def _changed(
    before: District, after: District, name: str, version: str, modified: str
) -> list[Json]:
    """Write the rows of a collection that are new, changed or gone."""
    new = after.records(name)
    known = {record.sourced_id: record for record in before.records(name)}
    fresh = {record.sourced_id for record in new if known.get(record.sourced_id) != record}
    gone = known.keys() - {record.sourced_id for record in new}
    rows = [row for row in render(after, name, version) if row["sourcedId"] in fresh]
    rows += [
        row | {"status": "tobedeleted"}
        for row in render(before, name, version)
        if row["sourcedId"] in gone
    ]
    return [row | {"dateLastModified": modified} for row in rows]
