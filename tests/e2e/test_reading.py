"""The roster as the learning platform reads it, the whole way: days, content, tenants, accesses."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from local.api import Api
from local.sample_district.bundle import csv_files, pack
from local.sample_district.evolution import with_records, without_records
from local.sample_district.roster import District, generate
from local.stack import Stack
from tests.e2e.bundles import add_zip_group, sync_zip
from tests.e2e.conftest import AdminMaker
from tests.e2e.roster import ids

Json = dict[str, Any]
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=60)


def bring(api: Api, group_id: str, district: District, mode: str = "sync") -> Json:
    run = sync_zip(api, group_id, pack(csv_files(district, "1.1")), mode=mode)
    assert run["state"] == "Succeeded", run
    return run


def every(api: Api, group_id: str, path: str, query: str = "limit=200") -> list[Json]:
    """Read all pages of a list."""
    rows, cursor = [], ""
    while True:
        page = api.get(f"/groups/{group_id}/{path}?{query}{cursor}")
        [name] = [name for name, value in page.items() if isinstance(value, list)]
        rows += page[name]
        if page["cursor"] is None:
            return rows
        cursor = f"&cursor={page['cursor']}"


def named(rows: list[Json]) -> list[str]:
    return sorted(row["sourcedId"] for row in rows)


def today() -> date:
    """The groups here are in UTC. Whoever begins just before midnight waits for the next day."""
    return datetime.now(UTC).date()


def one_class(district: District, **dates: tuple[str | None, str | None]) -> tuple[District, str]:
    """Give the first class just these pupils, by name of their place, between these dates."""
    class_id = district.classes[0].sourced_id
    others = [e for e in district.enrollments if e.class_id != class_id]
    [some, *_] = [e for e in district.enrollments if e.class_id == class_id]
    pupils = [user.sourced_id for user in district.users if user.role == "student"]
    members = [
        replace(
            some,
            sourced_id=f"dated-{name}",
            user=pupils[number],
            role="student",
            begin=begin,
            end=end,
        )
        for number, (name, (begin, end)) in enumerate(dates.items())
    ]
    return district.having(enrollments=(*others, *members)), class_id


def test_the_roster_reads_as_the_district_is(stack: Stack, api: Api, district: District) -> None:
    group_id = add_zip_group(api, district.client_partner_id)
    empty = api.get(f"/groups/{group_id}/users")
    assert empty == {"users": [], "cursor": None, "asOf": None, "runUnderWay": None}
    run = bring(api, group_id, district)
    assert named(every(api, group_id, "partners")) == sorted(o.sourced_id for o in district.orgs)
    assert named(every(api, group_id, "classes", "limit=7")) == sorted(
        each.sourced_id for each in district.classes
    )
    people = {user.sourced_id: user for user in district.users if user.role != "guardian"}
    users = {row["sourcedId"]: row for row in every(api, group_id, "users", "limit=50")}
    assert users.keys() == people.keys()
    assert all(row["givenName"] == people[key].given_name for key, row in users.items())
    assert len(every(api, group_id, "enrollments", "limit=150&include=past,future")) == sum(
        e.user in people for e in district.enrollments
    )
    page = api.get(f"/groups/{group_id}/users?limit=1")
    assert (page["asOf"]["runId"], page["runUnderWay"]) == (run["runId"], None)
    finished = api.get(f"/groups/{group_id}/syncs/{run['runId']}")["finishedAt"]
    assert page["asOf"]["committedAt"] == finished

    school = next(org.sourced_id for org in district.orgs if org.type == "school")
    teachers = [u.sourced_id for u in people.values() if u.role == "teacher" and school in u.orgs]
    assert named(every(api, group_id, "users", f"school={school}&role=teacher")) == sorted(teachers)
    [found] = every(api, group_id, "users", f"sourcedId={teachers[0]}")
    assert found == users[teachers[0]]
    single = api.get(f"/groups/{group_id}/users/{found['id']}")
    assert single == found
    assert not {"pk", "sk", "seq", "doc"} & single.keys()


def test_who_is_in_a_class_depends_on_the_day(stack: Stack, api: Api, district: District) -> None:
    now = today()
    before, after = (now - DAY).isoformat(), (now + DAY).isoformat()
    dated, class_id = one_class(
        district,
        ended=(None, before),
        last=(None, now.isoformat()),
        next=(after, None),
        open=(None, None),
    )
    group_id = add_zip_group(api, district.client_partner_id, "By the day")
    bring(api, group_id, dated)
    pupils = {
        e.sourced_id.removeprefix("dated-"): e.user
        for e in dated.enrollments
        if e.class_id == class_id
    }
    class_ = ids(stack, group_id, "C")[class_id]
    users = ids(stack, group_id, "U")
    for query, expected in {
        "limit=1": {"last", "open"},
        f"on={before}": {"ended", "last", "open"},
        f"on={now}": {"last", "open"},
        f"on={after}": {"next", "open"},
        "include=past": {"ended", "last", "open"},
        "include=past,future&limit=2": {"ended", "last", "next", "open"},
    }.items():
        if today() != now:
            pytest.skip("the day has changed meanwhile")
        listed = named(every(api, group_id, f"classes/{class_}/users", query))
        assert listed == sorted(pupils[name] for name in expected), query
        for name, pupil in pupils.items():
            classes = named(every(api, group_id, f"users/{users[pupil]}/classes", query))
            assert (class_id in classes) == (name in expected), (query, name)


def test_content_outlives_a_class_that_is_deleted_and_returns(
    stack: Stack, api: Api, district: District
) -> None:
    now = today().isoformat()
    dated, class_id = one_class(district, open=(None, None), other=(now, None))
    pupil = next(e.user for e in dated.enrollments if e.sourced_id == "dated-open")
    # Its term goes on for years, so that a class which is gone has not ended.
    first = dated.classes[0]
    long = replace(dated.sessions[0], sourced_id="long", start="2020-01-01", end="2099-12-31")
    dated = with_records(dated, "academicSessions", long)
    dated = with_records(dated, "classes", replace(first, terms=("long",)))
    group_id = add_zip_group(api, district.client_partner_id, "With content")
    bring(api, group_id, dated)
    class_ = f"/groups/{group_id}/classes/{ids(stack, group_id, 'C')[class_id]}"
    user = f"/groups/{group_id}/users/{ids(stack, group_id, 'U')[pupil]}"

    def listed(path: str) -> list[tuple[str, str]]:
        rows = api.get(f"{path}/contents")["contents"]
        return [(row["contentId"], row["from"]["type"]) for row in rows]

    for _ in range(2):
        assert api.call("PUT", f"{class_}/contents/algebra-1.0:en").status == 204
        assert api.call("PUT", f"{user}/contents/own%3Areading").status == 204
    both = [("own:reading", "user"), ("algebra-1.0:en", "class")]
    assert (listed(class_), listed(user)) == (both[1:], both)
    wrong = api.call("PUT", f"{class_}/contents/{'x' * 129}")
    assert (wrong.status, wrong.body["errors"][0]["field"]) == (422, "contentId")

    gone = without_records(dated, "classes", [class_id])
    gone = gone.having(enrollments=[e for e in gone.enrollments if e.class_id != class_id])
    run = bring(api, group_id, gone, "update")
    assert run["counts"]["classes"]["deleted"] == 1
    assert listed(user) == both[:1]
    for method, path in (("GET", ""), ("GET", "/contents"), ("PUT", "/contents/late")):
        answer = api.call(method, f"{class_}{path}")
        assert (answer.status, answer.body["code"]) == (404, "record_not_found")

    bring(api, group_id, dated, "update")
    assert (listed(class_), listed(user)) == (both[1:], both)
    assert api.call("DELETE", f"{class_}/contents/algebra-1.0:en").status == 204
    assert (listed(class_), listed(user)) == ([], both[:1])


def test_tenants_are_apart_and_reads_of_people_are_recorded(
    stack: Stack, api: Api, admin_of: AdminMaker, district: District
) -> None:
    group_id = add_zip_group(api, district.client_partner_id, "Recorded")
    run = bring(api, group_id, district)
    class_, user = (next(iter(ids(stack, group_id, letter).values())) for letter in "CU")
    other = admin_of("globex")
    calls = {
        "GET": (
            *("partners", "classes", "users", "enrollments", "accesses"),
            *(f"classes/{class_}", f"users/{user}"),
            *(f"classes/{class_}/users", f"users/{user}/classes"),
            *(f"classes/{class_}/contents", f"users/{user}/contents"),
        ),
        "PUT": (f"classes/{class_}/contents/algebra", f"users/{user}/contents/algebra"),
        "DELETE": (f"classes/{class_}/contents/algebra", f"users/{user}/contents/algebra"),
    }
    for method, paths in calls.items():
        for path in paths:
            answer = other.call(method, f"/groups/{group_id}/{path}")
            assert (answer.status, answer.body["code"]) == (404, "group_not_found"), path
            assert Api(stack.api_url).call(method, f"/groups/{group_id}/{path}").status == 401
    assert api.get(f"/groups/{group_id}/accesses")["accesses"] == []

    for method, paths in calls.items():
        for path in paths:
            assert api.call(method, f"/groups/{group_id}/{path}").status in (200, 204), path
    api.call("GET", f"/groups/{group_id}/syncs/{run['runId']}/changes")
    rows = every(api, group_id, "accesses", "limit=2")
    whats = [row["what"].removeprefix("GET /groups/{groupId}/") for row in rows]
    assert whats == [
        "syncs/{runId}/changes",
        "users/{id}/contents",
        "users/{id}/classes",
        "classes/{id}/users",
        "users/{id}",
        "enrollments",
        "users",
    ]
    assert user not in str(rows)
    assert len({row["person"] for row in rows}) == 1
