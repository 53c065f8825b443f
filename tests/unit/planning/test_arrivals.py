"""Another source changes nothing, too many arrivals wait, and a missing partner keeps its roles."""

from datetime import date

import pytest

from shared.domain.errors import GiveUpError
from shared.domain.group.choices import MatchWith
from shared.domain.group.guard import GuardSettings, HoldRule
from shared.domain.group.hold import Decision
from shared.domain.run.another_source import Recognised, reason_to_stop
from shared.domain.run.run import Mode
from tests.unit.planning.nights import (
    CLASSES,
    ENROLLMENTS,
    ORGS,
    SESSIONS,
    USERS,
    Nights,
    Rows,
    class_,
    enrollment,
    org,
    own_id,
    role,
    session,
    small,
    user,
)
from tests.unit.planning.test_updates import district, numbers, without

UPDATE = Mode.UPDATE


def foreign(pupils: int, prefix: str = "f-") -> Rows:
    """Another district, with people of its own."""
    rows = Rows({ORGS: [org("district", type="district")], CLASSES: [], USERS: [], ENROLLMENTS: []})
    for number in range(pupils):
        school, name = f"{prefix}school-{number // 20}", f"{prefix}{number}"
        if number % 20 == 0:
            rows[ORGS].append(org(school, parent="district"))
            rows[CLASSES].append(class_(f"{school}-room", school))
        values = {"given_name": f"Foreign {name}", "family_name": "Other", "username": f"u-{name}"}
        rows[USERS].append(user(name, role("student", school), **values))
        rows[ENROLLMENTS].append(enrollment(f"e-{name}", f"{school}-room", name))
    return rows


@pytest.mark.parametrize("pupils", [3, 200])
@pytest.mark.parametrize("mode", [Mode.SYNC, UPDATE, Mode.PREVIEW])
def test_the_address_of_another_district_changes_nothing(
    nights: Nights, pupils: int, mode: Mode
) -> None:
    rows = without(district(50), [f"{s}-{n}" for s in ("north", "south") for n in range(3, 50)])
    nights.run(rows)
    before = dict(nights.roster)
    with pytest.raises(GiveUpError) as stopped:
        nights.run(foreign(pupils), mode=mode)
    assert stopped.value.reason.code == "another_source"
    assert f"{pupils} users that it delivers, 0 are among the 6" in stopped.value.reason.message
    assert nights.roster == before
    assert nights.run(rows, mode=UPDATE).changes == []


def test_known_ids_of_strangers_are_another_source(nights: Nights) -> None:
    nights.run(district(50))
    strangers = [
        row | {"given_name": f"Other {row['sourced_id']}", "family_name": "Stranger"}
        for row in district(50)[USERS]
    ]
    with pytest.raises(GiveUpError) as stopped:
        nights.run(Rows(district(50) | {USERS: strangers}), mode=UPDATE)
    assert stopped.value.reason.code == "another_source"


def test_the_advice_to_set_match_with_keeps_everybody(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    new = {row["sourced_id"]: f"new-{row['sourced_id']}" for row in rows[USERS]}
    schools = {"north": "school-1", "south": "school-2"}
    moved = Rows(
        rows
        | {
            ORGS: [r | {"sourced_id": schools.get(r["sourced_id"], "d2")} for r in rows[ORGS]],
            CLASSES: [r | {"school": schools[r["school"]]} for r in rows[CLASSES]],
            USERS: [
                r
                | {
                    "sourced_id": new[r["sourced_id"]],
                    "roles": [role("student", schools[r["roles"][0]["org"]])],
                }
                for r in rows[USERS]
            ],
            ENROLLMENTS: [r | {"user": new[r["user"]]} for r in rows[ENROLLMENTS]],
        }
    )
    with pytest.raises(GiveUpError) as stopped:
        nights.run(moved, mode=UPDATE)
    assert "set matchWith to username and sync again" in stopped.value.reason.message
    nights.config = nights.config.model_copy(update={"match_with": MatchWith.USERNAME})
    night = nights.run(moved, mode=UPDATE)
    if night.outcome.hold is not None:
        night = nights.run(Rows(), mode=UPDATE, decision=Decision.APPROVE)
    after = nights.run(moved, mode=UPDATE)
    ids = {row["sourced_id"]: row["id"] for row in after.held[USERS] if row["state"] == "current"}
    assert ids == {new[old]: own_id(USERS, old) for old in new}


@pytest.mark.parametrize(
    ("values", "stops"),
    [
        ({}, True),
        ({"same": 20}, False),
        ({"users": 2, "orgs": 1}, False),
        ({"known": 2}, False),
        ({"orgs_known": 1}, False),
        ({"orgs_known": 4, "others": 26}, True),
        ({"orgs_known": 4, "others": 25}, False),
    ],
)
def test_what_is_another_source(values: dict[str, int], stops: bool) -> None:
    nobody = {MatchWith.EMAIL: 0}
    numbers = {"users": 100, "known": 100, "same": 0, "others": 0, "orgs": 4, "orgs_known": 0}
    found = Recognised(**(numbers | values), matches=nobody)
    assert (reason_to_stop(found, GuardSettings()) is not None) == stops
    assert reason_to_stop(found, GuardSettings(rekeyed_percent=100)) is None


def test_a_staging_district_beside_the_real_one_waits(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    both = Rows({c: [*few, *foreign(240).get(c, [])] for c, few in rows.items()})
    both = Rows(both | {ORGS: [*rows[ORGS], *foreign(240)[ORGS][1:]]})
    night = nights.run(both, mode=UPDATE)
    assert night.did() == set()
    rules = {r["rule"] for r in night.outcome.hold.by_rule}  # type: ignore[union-attr]
    assert rules == {HoldRule.TOO_MANY_NEW, HoldRule.WITH_HELD}
    assert nights.run(rows, mode=UPDATE).outcome.hold is None


@pytest.mark.parametrize(("new", "waits"), [(9, 0), (50, 0), (51, 51)])
def test_new_pupils_wait_when_they_are_more_than_half_of_the_known(
    nights: Nights, new: int, waits: int
) -> None:
    rows = district(50)
    nights.run(rows)
    more = rows.plus(USERS, *(user(f"n-{n}", role("student", "north")) for n in range(new)))
    counts = nights.run(more, mode=UPDATE).outcome.counts["users"]
    assert (counts.created, counts.held_new) == (new - waits, waits)


def test_the_first_of_a_kind_do_not_wait(nights: Nights) -> None:
    pupils = district(50)
    teachers = [user(f"t-{n}", role("teacher", "north")) for n in range(20)]
    nights.run(Rows(pupils | {USERS: teachers, ENROLLMENTS: []}))
    night = nights.run(pupils.plus(USERS, *teachers), mode=UPDATE)
    assert night.outcome.counts["users"].created == 100


def test_staff_of_two_schools_keep_both_while_one_of_them_waits(nights: Nights) -> None:
    both = [role("teacher", "north"), role("teacher", "south")]
    rows = district(50).plus(USERS, user("floats", *both))
    nights.run(rows)
    south = [f"south-{n}" for n in range(50)]
    left = without(rows.minus(ORGS, "south"), south).but(USERS, "floats", roles=both[:1])
    left = Rows(left | {CLASSES: [r for r in left[CLASSES] if r["school"] != "south"]})
    night = nights.run(left, mode=UPDATE)
    assert night.changes == []
    assert len(night.row(USERS, "floats")["roles"]) == 2
    assert nights.run(rows, mode=UPDATE).outcome.hold is None
    nights.run(left, mode=UPDATE)
    approved = nights.run(Rows(), mode=UPDATE, decision=Decision.APPROVE)
    assert ("partners", "delete", "south") in approved.did()
    assert numbers(approved)[0] == 50
    assert len(approved.row(USERS, "floats")["roles"]) == 1
    after = nights.run(left, mode=UPDATE)
    assert (after.changes, after.outcome.hold) == ([], None)


def test_a_class_without_terms_is_over_when_all_sessions_are(nights: Nights) -> None:
    rows = small().but(CLASSES, "class", terms=[]).plus(CLASSES, class_("stays", terms=[]))
    ends = date(2026, 9, 10).isoformat()
    rows = Rows(rows | {SESSIONS: [session("year", type="schoolYear", end_date=ends)]})
    nights.run(rows)
    left = rows.minus(CLASSES, "class").minus(ENROLLMENTS, "e-ann", "e-tom")
    left = left.plus(ENROLLMENTS, enrollment("e-2", "stays", "ann"))
    night = nights.run(left, mode=UPDATE)
    assert night.states(CLASSES)["class"] == "ended gone"
