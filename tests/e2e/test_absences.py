"""How an absence over REST is proven, the whole way: by what was delivered, or by asking again."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from local.api import Api
from local.sample_district.evolution import with_records, without_users
from local.sample_district.quirks import Quirks
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.stack import Stack
from tests.e2e.roster import add_group, check_district, counted, records, sync

Json = dict[str, Any]


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=120)


@pytest.fixture
def server(district: District) -> Iterator[DistrictServer]:
    with DistrictServer(district) as running:
        yield running


def _pupils(district: District) -> list[str]:
    return [user.sourced_id for user in district.users if user.role == "student"]


def _moved(district: District) -> District:
    """One pupil changes class; the row of the enrollment keeps its sourcedId."""
    rows = [e for e in district.enrollments if e.role == "student"]
    row = rows[0]
    taken = {e.class_id for e in rows if e.user == row.user}
    free = next(
        each.sourced_id
        for each in district.classes
        if each.school == row.school and each.sourced_id not in taken
    )
    return with_records(district, "enrollments", replace(row, class_id=free))


def _numbered(district: District) -> District:
    """Number the enrollments from 1 on, without the third: all behind it move up."""
    kept = [e for place, e in enumerate(district.enrollments) if place != 2]
    return district.having(
        enrollments=(replace(e, sourced_id=str(place)) for place, e in enumerate(kept, 1))
    )


def test_a_pupil_who_changes_class_while_the_row_keeps_its_id_is_only_in_the_new_class(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    group_id = add_group(api, server)
    sync(api, group_id)
    server.district = _moved(server.district)
    run = sync(api, group_id, mode="update")
    assert run["state"] == "Succeeded", run["reason"]
    check_district(stack, group_id, server.district)


def test_rows_that_are_numbered_anew_leave_nobody_in_two_classes(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    enrollments = server.district.enrollments
    server.district = server.district.having(
        enrollments=(replace(e, sourced_id=str(place)) for place, e in enumerate(enrollments, 1))
    )
    group_id = add_group(api, server)
    sync(api, group_id)
    server.district = _numbered(server.district)
    run = sync(api, group_id, mode="update")
    assert run["state"] == "Succeeded", run["reason"]
    assert counted(run, "deleted")["enrollments"] == 1
    check_district(stack, group_id, server.district)


@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(no_single_records=200),
        Quirks(no_single_records=404),
        Quirks(no_single_records=403),
        Quirks(no_single_records=500),
        Quirks(single_records_as="list"),
        Quirks(single_records_as="html"),
        Quirks(refuse_in_ids="-"),
    ],
    ids=["{}", "404", "403", "500", "a list", "HTML", "a proxy that refuses ids"],
)
def test_without_single_records_a_leaver_goes_and_nobody_else(
    stack: Stack, api: Api, server: DistrictServer, quirks: Quirks
) -> None:
    district = server.district
    [leaver, skipped, new] = _pupils(district)[:3]
    server.district = without_users(district, [new])
    group_id = add_group(api, server, connection={"pageSize": 40})
    sync(api, group_id)
    # While the pages are read the leaver goes, and so does somebody on the first page: paging
    # skips whoever stood behind.
    server.district = without_users(district, [leaver])
    server.quirks = replace(quirks, delete_while_paging=("users", 1, skipped))
    run = sync(api, group_id, mode="update")
    assert run["state"] == "Succeeded", run["reason"]
    # Whoever was skipped is still in classes: the delivery says so itself.
    assert [notice["code"] for notice in run["notices"]] == ["contradicted"]
    there = {doc["sourcedId"] for doc in records(stack, group_id, "U").values()}
    pupils = set(_pupils(district))
    # Who was delivered before going is seen gone the night after.
    assert there & pupils == pupils - {leaver}


def test_who_cannot_be_asked_for_stays_and_the_run_says_so(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    district = server.district
    [leaver, new] = _pupils(district)[:2]
    server.district = without_users(district, [new])
    group_id = add_group(api, server)
    sync(api, group_id)
    before = len([seen for seen in server.requests if seen.path.endswith("/users")])
    server.district = without_users(district, [leaver])
    server.quirks = Quirks(no_single_records=404, forbid_after=("users", before))
    run = sync(api, group_id, mode="update")
    assert run["state"] == "Succeeded", run["reason"]
    [notice] = run["notices"]
    assert notice["code"] == "absence_unasked"
    assert notice["message"].startswith("1 user is missing")
    there = {doc["sourcedId"] for doc in records(stack, group_id, "U").values()}
    assert {leaver, new} <= there
    assert counted(run, "deleted")["enrollments"] > 0
    server.quirks = Quirks()
    run = sync(api, group_id, mode="update")
    assert counted(run, "deleted")["users"] == 1
    check_district(stack, group_id, server.district)
