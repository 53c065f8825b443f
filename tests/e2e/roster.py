"""What the roster holds after a sync, beside what the district has: record by record."""

from collections.abc import Iterator
from typing import Any

from local.api import Answer, Api
from local.sample_district.roster import District
from local.sample_district.server import DistrictServer
from local.stack import Stack
from local.stored_roster import letter_of, stored_items, stored_records

RUN_SECONDS = 90

Json = dict[str, Any]

PATHS = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}


def add_group(
    api: Api,
    server: DistrictServer,
    *,
    name: str = "Springfield",
    version: str = "1.1",
    authorization: str = "OAuth1.0",
    connection: Json | None = None,
    **fields: Any,
) -> str:
    """Add a group that syncs with the sample server; returns its id."""
    body = {
        "name": name,
        "email": "it@springfield.example",
        "clientGroupId": name.replace(" ", "-"),
        "onboardingType": f"OneRoster{version}",
        "clientPartnerId": server.district.client_partner_id,
        "connection": {
            "url": server.url,
            "authorization": authorization,
            "consumerKey": server.credentials.key,
            "secretKey": server.credentials.secret,
        }
        | (connection or {}),
    }
    answer = api.call("POST", "/groups", body | fields)
    assert answer.status == 201, answer
    return str(answer.body["groupId"])


def ask(api: Api, group_id: str, mode: str = "sync") -> Answer:
    """Ask for a sync."""
    return api.call("POST", f"/groups/{group_id}/syncs", {"mode": mode})


def sync(api: Api, group_id: str, seconds: float = RUN_SECONDS, mode: str = "sync") -> Json:
    """Ask for a sync and wait for its end."""
    answer = ask(api, group_id, mode)
    assert answer.status == 202, answer
    assert answer.body["message"] == "Sync up request is accepted"
    return api.follow_run(group_id, answer.body["runId"], seconds)


def counted(run: Json, column: str) -> dict[str, int]:
    """One column of a run's counts."""
    return {name: counts[column] for name, counts in run["counts"].items()}


def group_items(stack: Stack, group_id: str) -> list[Json]:
    """Everything of one group in the roster table: records, and what is assigned to them."""
    return list(stored_items(stack, group_id))


def written_by(stack: Stack, group_id: str, run: Json) -> int:
    """How many roster items a run has written: each bears the number of its last run."""
    number = int(run["runId"])
    return sum(item["seq"] == number for item in stored_records(stack, group_id))


def records(stack: Stack, group_id: str, letter: str) -> dict[str, Json]:
    """The documents of one kind (P, S, K, C, U, E) that are there, by id."""
    return _records(stored_records(stack, group_id), letter)


def _records(items_: list[Json], letter: str) -> dict[str, Json]:
    return {
        item["sk"].rsplit("#", 1)[-1]: item["doc"]
        for item in items_
        if letter_of(item) == letter and "deletedAt" not in item
    }


def ids(stack: Stack, group_id: str, letter: str) -> dict[str, str]:
    """The ids of one kind, by sourcedId."""
    return {doc["sourcedId"]: id_ for id_, doc in records(stack, group_id, letter).items()}


def check_district(stack: Stack, group_id: str, district: District) -> None:
    """The roster holds exactly this district (students and staff), entity by entity."""
    there = stored_records(stack, group_id)
    found = {letter: _records(there, letter) for letter in "PSKCUE"}
    by_id = {id_: doc["sourcedId"] for letter in "PSKCU" for id_, doc in found[letter].items()}

    def named(letter: str) -> dict[str, Json]:
        return {doc["sourcedId"]: doc for doc in found[letter].values()}

    def of(doc: Json, name: str) -> str | None:
        return by_id[doc[name]] if name in doc else None

    partners = {
        key: (doc["name"], doc["type"], of(doc, "parentId")) for key, doc in named("P").items()
    }
    assert partners == {org.sourced_id: (org.name, org.type, org.parent) for org in district.orgs}
    sessions = {key: (doc["startDate"], doc["endDate"]) for key, doc in named("S").items()}
    assert sessions == {each.sourced_id: (each.start, each.end) for each in district.sessions}
    assert named("K").keys() == {course.sourced_id for course in district.courses}
    classes = {
        key: (
            doc["title"],
            of(doc, "partnerId"),
            of(doc, "courseId"),
            {by_id[t] for t in doc["termIds"]},
        )
        for key, doc in named("C").items()
    }
    assert classes == {
        each.sourced_id: (each.title, each.school, each.course, set(each.terms))
        for each in district.classes
    }
    assert dict(_users(named("U"), by_id)) == dict(_people(district))
    memberships = {
        (by_id[doc["classId"]], by_id[doc["userId"]], doc["role"], doc.get("endDate"))
        for doc in found["E"].values()
    }
    guardians = {user.sourced_id for user in district.users if user.role == "guardian"}
    assert memberships == {
        (e.class_id, e.user, e.role, e.end) for e in district.enrollments if e.user not in guardians
    }


def _users(users: dict[str, Json], by_id: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for key, doc in users.items():
        yield (
            key,
            (
                doc["username"],
                doc["givenName"],
                doc["familyName"],
                doc.get("email"),
                doc["enabled"],
                doc.get("grades", []),
                sorted(by_id[partner] for partner in doc["partnerIds"]),
            ),
        )


def _people(district: District) -> Iterator[tuple[str, Any]]:
    for user in district.users:
        if user.role != "guardian":
            yield (
                user.sourced_id,
                (
                    user.username,
                    user.given_name,
                    user.family_name,
                    user.email,
                    user.enabled,
                    [user.grade] if user.grade else [],
                    sorted(user.orgs),
                ),
            )
