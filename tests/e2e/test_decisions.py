"""What a person decides, the whole way: a part of a hold, a release, and exceptions that stick."""

import csv
import io
from typing import Any

from local.api import Api
from local.sample_district.evolution import without_users
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.stack import Stack
from tests.e2e.roster import RUN_SECONDS, add_group, check_district, counted, ids, sync

Json = dict[str, Any]
WHY = "I asked the school."


def _pupils_of(district: District) -> dict[str, list[str]]:
    """The pupils of each school, by sourcedId."""
    found: dict[str, list[str]] = {}
    for user in district.users:
        if user.role == "student":
            found.setdefault(user.orgs[0], []).append(user.sourced_id)
    return found


def _listed(api: Api, path: str) -> list[dict[str, str]]:
    """The rows of a list that a path leads to."""
    text = api.call("GET", path).body
    return list(csv.DictReader(io.StringIO(text if isinstance(text, str) else "")))


def _decide(api: Api, group_id: str, of: str, decision: str, **part: Any) -> Json:
    """Decide on what is shown as the ``hold``, or as ``kept``; returns the run that does it."""
    shown = api.get(f"/groups/{group_id}/{of}")
    body = {"decision": decision, "digest": shown["digest"], "reason": WHY} | part
    answer = api.call("POST", f"/groups/{group_id}/{of}/decisions", body)
    assert answer.status == 202, answer
    return api.follow_run(group_id, answer.body["runId"], RUN_SECONDS)


def _restore(api: Api, group_id: str, run: Json) -> Json:
    asked = {"mode": "restore", "runId": run["runId"]}
    answer = api.call("POST", f"/groups/{group_id}/syncs", asked)
    assert answer.status == 202, answer
    return api.follow_run(group_id, answer.body["runId"], RUN_SECONDS)


def test_a_hold_is_decided_school_by_school_and_what_was_rejected_can_be_released(
    stack: Stack, api: Api
) -> None:
    district = generate(pupils=60)
    schools = _pupils_of(district)
    [closed, broken] = list(schools)[:2]
    # Both have lost two thirds of their pupils: one has closed, the other's export is broken.
    leavers, missing = (schools[each][: len(schools[each]) * 2 // 3] for each in (closed, broken))
    with DistrictServer(district) as server:
        group_id = add_group(api, server)
        sync(api, group_id)
        server.district = without_users(district, [*leavers, *missing])

        shown = sync(api, group_id, mode="preview")
        rows = _listed(api, f"/groups/{group_id}/syncs/{shown['runId']}/held")
        users = {row["sourcedId"]: row["school"] for row in rows if row["entity"] == "users"}
        assert users == dict.fromkeys(leavers, closed) | dict.fromkeys(missing, broken)
        assert counted(shown, "held")["users"] == len(users)

        held = sync(api, group_id, mode="update")
        assert held["state"] == "Held"
        approved = _decide(api, group_id, "hold", "approve", schools=[closed])
        assert counted(approved, "deleted")["users"] == len(leavers)
        check_district(stack, group_id, without_users(district, leavers))

        rejected = _decide(api, group_id, "hold", "reject")
        assert rejected["state"] == "Succeeded", rejected["reason"]
        assert counted(rejected, "kept")["users"] == len(missing)
        kept = api.get(f"/groups/{group_id}/kept")
        assert {row["school"] for row in kept["bySchool"]} == {broken}
        rows = _listed(api, f"/groups/{group_id}/kept/records")
        assert {row["sourcedId"] for row in rows if row["entity"] == "users"} == set(missing)

        _decide(api, group_id, "kept", "release")
        assert api.get(f"/groups/{group_id}/kept")["records"] == 0
        check_district(stack, group_id, without_users(district, leavers))
        assert sync(api, group_id, mode="update")["state"] == "Held"
        _decide(api, group_id, "hold", "approve")
        check_district(stack, group_id, server.district)


def test_exceptions_are_obeyed_through_a_restore(stack: Stack, api: Api) -> None:
    district = generate(pupils=30)
    [erased, on_leave] = next(iter(_pupils_of(district).values()))[:2]
    with DistrictServer(district) as server:
        group_id = add_group(api, server)
        first = sync(api, group_id)
        path = f"/groups/{group_id}/exceptions"
        for effect, pupil in (("leaveOut", erased), ("keep", on_leave)):
            body = {"effect": effect, "entity": "users", "sourcedId": pupil, "why": WHY}
            assert api.call("POST", path, body).status == 201
        server.district = without_users(district, [on_leave])

        run = sync(api, group_id, mode="update")
        assert run["state"] == "Succeeded", run["reason"]
        assert [notice["code"] for notice in run["notices"]] == ["exceptions_obeyed"]
        assert (counted(run, "deleted")["users"], counted(run, "leftOut")["users"]) == (1, 1)
        there = ids(stack, group_id, "U")
        assert on_leave in there
        assert erased not in there

        restored = _restore(api, group_id, first)
        assert restored["state"] == "Succeeded", restored["reason"]
        check_district(stack, group_id, without_users(district, [erased]))

        listed = api.get(path)["exceptions"]
        assert {each["effect"]: each["sourcedId"] for each in listed} == {
            "leaveOut": None,
            "keep": on_leave,
        }
        for each in listed:
            assert (each["why"], each["until"], each["holds"]) == (WHY, None, True)
            assert api.call("DELETE", f"{path}/{each['exceptionId']}").status == 204
        run = sync(api, group_id, mode="update")
        assert (counted(run, "restored")["users"], counted(run, "deleted")["users"]) == (1, 1)
        check_district(stack, group_id, server.district)
