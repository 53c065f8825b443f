"""Login names that change hands or clash, the whole way: through API, queues, functions, tables."""

import csv
import io
from dataclasses import replace

from local.api import Api
from local.sample_district.evolution import with_records, without_users
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.stack import Stack
from tests.e2e.roster import Json, add_group, records, sync


def _pupils(district: District) -> list[str]:
    return [user.sourced_id for user in district.users if user.role == "student"]


def _logins(stack: Stack, group_id: str) -> dict[str, str]:
    """By sourcedId, the login name of each user that the roster shows."""
    users = records(stack, group_id, "U").values()
    return {doc["sourcedId"]: doc["loginName"] for doc in users if "loginName" in doc}


def _owners(stack: Stack, group_id: str) -> dict[str, str]:
    """By login name, the sourcedId of the group's user who has it."""
    ids = {id_: doc["sourcedId"] for id_, doc in records(stack, group_id, "U").items()}
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.roster_table)
    return {
        item["pk"]["S"].split("#", 2)[2]: ids[item["userId"]["S"]]
        for page in pages
        for item in page["Items"]
        if item["pk"]["S"].startswith("LOGIN#") and item["groupId"]["S"] == group_id
    }


def _clashes(api: Api, group_id: str, run: Json) -> list[tuple[str, str, str]]:
    """Code, sourcedId and what was found, of each login name that the error report names."""
    # urllib follows the 303, without the token: the address is signed.
    report = api.call("GET", f"/groups/{group_id}/syncs/{run['runId']}/errors").body
    assert isinstance(report, str)
    return [
        (row["code"], row["sourcedId"], row["found"])
        for row in csv.DictReader(io.StringIO(report))
        if row["code"].startswith("login_name")
    ]


def test_a_swap_a_ring_and_an_heir_have_their_names_at_once(stack: Stack, api: Api) -> None:
    first = generate(pupils=60)
    with DistrictServer(first) as server:
        group_id = add_group(api, server, name="Swapping", suffix="@swap")
        assert sync(api, group_id)["state"] == "Succeeded"
        pupils = _pupils(first)
        by_id = {user.sourced_id: user for user in first.users}
        a, b, c, d, e, leaver = pupils[:6]
        moves = {a: b, b: a, c: d, d: e, e: c}
        moved = [replace(by_id[to], username=by_id[of].username) for to, of in moves.items()]
        heir = replace(by_id[leaver], sourced_id="heir", given_name="Heir", family_name="Apparent",
                       identifier="heir", email=None)  # fmt: skip
        server.district = with_records(without_users(first, [leaver]), "users", *moved, heir)
        run = sync(api, group_id, mode="update")
        assert run["state"] == "Succeeded", run
        expected = {u.sourced_id: f"{u.username}@swap" for u in server.district.users}
        shown = _logins(stack, group_id)
        assert shown == {name: expected[name] for name in shown}
        assert {*moves, "heir"} <= shown.keys()
        assert _owners(stack, group_id) == {name.casefold(): who for who, name in shown.items()}
        assert _clashes(api, group_id, run) == []


def test_who_cannot_have_the_name_is_named_with_who_has_it(stack: Stack, api: Api) -> None:
    district = generate(pupils=60)
    first, second = _pupils(district)[:2]
    [user] = [user for user in district.users if user.sourced_id == first]
    alone = district.having(users=[replace(user, sourced_id="alone")], enrollments=(), classes=())
    with DistrictServer(alone) as server:
        other = add_group(api, server, name="Beside", suffix="@clash")
        assert sync(api, other)["state"] == "Succeeded"
        twice = [replace(u, username="same") for u in district.users if u.sourced_id == second]
        again = replace(twice[0], sourced_id="zz-again", given_name="Another", identifier="other")
        server.district = with_records(district, "users", *twice, again)
        group_id = add_group(api, server, name="Clashing", suffix="@clash")
        run = sync(api, group_id)
        assert run["state"] == "SucceededWithErrors"
        reason = run["reason"]
        assert (reason["code"], reason["field"]) == ("login_name_taken", "suffix")
        assert f"a user of the group Beside ({other}) has it (1)" in reason["message"]
        assert "another user of this delivery has the same username (1)" in reason["message"]
        assert sorted(_clashes(api, group_id, run)) == [
            ("login_name_elsewhere", first, f"Beside ({other})"),
            ("login_name_shared", "zz-again", second),
        ]
        shown = _logins(stack, group_id)
        assert first not in shown
        assert (shown[second], "zz-again" in shown) == ("same@clash", False)
