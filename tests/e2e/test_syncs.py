"""From an added group to a roster, the whole way: API, queues, functions, tables, under IAM."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from local.api import Api
from local.sample_district.evolution import (
    renumber_enrollments,
    rollover,
    with_prefixed_users,
    with_user,
    without_users,
)
from local.sample_district.quirks import Quirks
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.stack import Stack
from local.stored_roster import stored_records
from tests.e2e.deployed import logs_of
from tests.e2e.roster import (
    PATHS,
    add_group,
    ask,
    check_district,
    counted,
    ids,
    records,
    sync,
    written_by,
)

NOTHING = dict.fromkeys(
    ("partners", "academicSessions", "courses", "classes", "users", "enrollments"), 0
)


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=60)


@pytest.fixture
def server(district: District) -> Iterator[DistrictServer]:
    with DistrictServer(district) as running:
        yield running


@pytest.mark.parametrize(
    ("version", "authorization"), [("1.1", "OAuth1.0"), ("1.1", "OAuth2.0"), ("1.2", "OAuth2.0")]
)
def test_the_whole_way(
    stack: Stack, api: Api, server: DistrictServer, version: str, authorization: str
) -> None:
    group_id = add_group(api, server, version=version, authorization=authorization)
    run = sync(api, group_id)
    assert run["state"] == "Succeeded"
    assert counted(run, "created") == server.district.counts()
    check_district(stack, group_id, server.district)

    batches = len(_batches_applied(stack, group_id))
    again = sync(api, group_id)
    assert again["state"] == "Succeeded"
    assert counted(again, "unchanged") == server.district.counts()
    assert written_by(stack, group_id, again) == 0
    assert len(_batches_applied(stack, group_id)) == batches, "an upsert message was sent"


def _batches_applied(stack: Stack, group_id: str) -> list[str]:
    """What the roster's writer has logged of a group; each batch begins with such a line."""
    return [line for line in logs_of(stack, "upsert_entities") if "batch applied" in line
            and group_id in line]  # fmt: skip


def test_a_new_auto_group_starts_its_first_sync(api: Api, server: DistrictServer) -> None:
    group_id = add_group(api, server, syncFrequency="Auto", period="Weekly")
    runs = api.get(f"/groups/{group_id}/syncs")["syncs"]
    assert [(run["runId"], run["trigger"]) for run in runs] == [("1", "newGroup")]
    assert api.follow_run(group_id, "1", 60)["state"] == "Succeeded"


def test_a_second_request_is_told_which_run_is_under_way(api: Api, server: DistrictServer) -> None:
    server.quirks = Quirks(latency_seconds=0.5)
    group_id = add_group(api, server)
    run_id = ask(api, group_id).body["runId"]
    second = ask(api, group_id)
    assert (second.status, second.body["code"]) == (409, "run_under_way")
    assert second.body["runId"] == run_id
    assert api.follow_run(group_id, run_id, 60)["state"] == "Succeeded"


def test_august_over_june(stack: Stack, api: Api, server: DistrictServer) -> None:
    june = server.district
    group_id = add_group(api, server)
    sync(api, group_id)
    before = ids(stack, group_id, "U")
    server.district = august = rollover(june)
    run = sync(api, group_id)
    assert run["state"] == "Succeeded"
    assert counted(run, "created") == NOTHING | {
        "academicSessions": len(august.sessions),
        "classes": len(august.classes),
        "enrollments": august.counts()["enrollments"],
    }
    pupils = [user for user in august.users if user.role == "student"]
    assert counted(run, "updated")["users"] == len(pupils)
    assert counted(run, "deleted") == NOTHING
    # What June had and August has not is pending: still there, and said.
    after = records(stack, group_id, "U")
    assert {doc["sourcedId"] for doc in after.values()} == before.keys()
    grades = {doc["sourcedId"]: doc.get("grades") for doc in after.values()}
    assert all(grades[pupil.sourced_id] == [pupil.grade] for pupil in pupils)
    assert ids(stack, group_id, "U") == before
    assert [notice["code"] for notice in run["notices"]] == ["pending_deletions"]


def test_renumbered_enrollments_are_no_change(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    group_id = add_group(api, server)
    sync(api, group_id)
    server.district = renumber_enrollments(server.district)
    run = sync(api, group_id)
    assert counted(run, "unchanged") == server.district.counts()
    assert written_by(stack, group_id, run) == 0


def test_a_group_re_pointed_to_1_2_keeps_its_users(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    district = server.district
    server.district = with_prefixed_users(district)
    group_id = add_group(api, server, matchWith="username")
    sync(api, group_id)
    before = {doc["username"]: id_ for id_, doc in records(stack, group_id, "U").items()}
    memberships = {
        (doc["classId"], doc["userId"]) for doc in records(stack, group_id, "E").values()
    }
    server.district = district
    changed = api.call(
        "PATCH",
        f"/groups/{group_id}",
        {
            "onboardingType": "OneRoster1.2",
            "connection": {
                "path": PATHS["1.2"],
                "authorization": "OAuth2.0",
                "secretKey": server.credentials.secret,
            },
        },
    )
    assert changed.status == 200, changed
    run = sync(api, group_id)
    users = district.counts()["users"]
    assert counted(run, "rekeyed") == NOTHING | {"users": users}
    assert counted(run, "created") == NOTHING
    assert counted(run, "unchanged")["enrollments"] == district.counts()["enrollments"]
    check_district(stack, group_id, district)
    after = {doc["username"]: id_ for id_, doc in records(stack, group_id, "U").items()}
    assert after == before
    assert memberships == {
        (doc["classId"], doc["userId"]) for doc in records(stack, group_id, "E").values()
    }


def test_a_user_row_that_turned_bad_leaves_all_as_it_was(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    group_id = add_group(api, server)
    sync(api, group_id)
    server.quirks = Quirks(bad_users=("pupil-000001",))
    run = sync(api, group_id)
    assert run["state"] == "Succeeded"
    assert counted(run, "rejected") == NOTHING | {"users": 1}
    assert written_by(stack, group_id, run) == 0
    check_district(stack, group_id, server.district)


def test_one_username_in_two_groups_is_two_users(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    small = without_users(
        server.district, [u.sourced_id for u in server.district.users if u.role == "guardian"]
    )
    server.district = with_user(small, "pupil-000001", username="jsmith")
    first = add_group(api, server, name="North", suffix="@north")
    second = add_group(api, server, name="South", suffix="@south")
    assert sync(api, first)["state"] == "Succeeded"
    assert sync(api, second)["state"] == "Succeeded"
    people = [
        (item["sk"], item["doc"]["loginName"])
        for group_id in (first, second)
        for item in stored_records(stack, group_id)
        if item["doc"].get("username") == "jsmith"
    ]
    assert {login for _, login in people} == {"jsmith@north", "jsmith@south"}
    assert len({id_ for id_, _ in people}) == 2


def test_a_login_name_of_another_group_is_named_and_healed(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    few = [user for user in server.district.users if user.sourced_id == "admin-district"]
    server.district = replace(server.district, users=tuple(few), enrollments=(), classes=())
    first = add_group(api, server, name="North")
    second = add_group(api, server, name="South")
    assert sync(api, first)["state"] == "Succeeded"
    run = sync(api, second)
    assert run["state"] == "SucceededWithErrors"
    assert (run["reason"]["code"], run["reason"]["field"]) == ("login_name_taken", "suffix")
    [user] = records(stack, second, "U").values()
    assert "loginName" not in user
    assert api.call("PATCH", f"/groups/{second}", {"suffix": "@south"}).status == 200
    assert sync(api, second)["state"] == "Succeeded"
    [user] = records(stack, second, "U").values()
    assert user["loginName"] == f"{few[0].username}@south"
