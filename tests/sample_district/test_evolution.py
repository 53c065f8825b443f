"""What becomes of a district: each step changes what it says, and nothing else."""

from dataclasses import replace

import pytest

from local.sample_district.evolution import (
    renumber_enrollments,
    rollover,
    with_prefixed_users,
    with_records,
    with_user,
    without_records,
    without_users,
)
from local.sample_district.people import GRADES
from local.sample_district.records import District, Org
from local.sample_district.roster import generate
from tests.sample_district.test_roster import check_classes, check_whole


def _ids(district: District, collection: str) -> set[str]:
    return {record.sourced_id for record in district.records(collection)}


def _pupils(district: District) -> dict[str, int]:
    return {u.sourced_id: int(u.grade) for u in district.users if u.role == "student" and u.grade}


@pytest.mark.parametrize("pupils", [60, 700])
@pytest.mark.parametrize("intake", [0, 20])
def test_august_is_whole(pupils: int, intake: int) -> None:
    august = rollover(generate(pupils=pupils), intake=intake)
    check_whole(august)
    check_classes(august)
    assert august == rollover(generate(pupils=pupils), intake=intake)


def test_in_august_all_is_new_but_people_and_courses(district: District) -> None:
    august = rollover(district)
    for collection in ("academicSessions", "classes", "enrollments"):
        assert not _ids(august, collection) & _ids(district, collection)
    assert _ids(august, "orgs") == _ids(district, "orgs")
    assert _ids(august, "courses") == _ids(district, "courses")
    assert _ids(august, "users") < _ids(district, "users")


def test_in_august_everybody_is_a_grade_up(district: District) -> None:
    june, august = _pupils(district), _pupils(rollover(district, intake=5))
    stayed = {pupil: grade + 1 for pupil, grade in june.items() if grade < len(GRADES)}
    assert {pupil: august[pupil] for pupil in stayed} == stayed
    new = august.keys() - stayed.keys()
    assert len(new) == 5
    assert not new & june.keys()
    assert {august[pupil] for pupil in new} == {1}


def test_years_follow_each_other(district: District) -> None:
    later = rollover(rollover(district, intake=8), intake=8)
    assert later.year == district.year + 2
    check_whole(later)
    check_classes(later)


def test_renumbering_changes_only_the_ids_of_enrollments(district: District) -> None:
    renumbered = renumber_enrollments(district)
    assert replace(renumbered, enrollments=()) == replace(district, enrollments=())
    assert not _ids(renumbered, "enrollments") & _ids(district, "enrollments")

    def bare(of: District) -> set[object]:
        return {replace(e, sourced_id="") for e in of.enrollments}

    assert bare(renumbered) == bare(district)


def test_prefixes_reach_enrollments_and_agents(district: District) -> None:
    prefixed = with_prefixed_users(district)
    check_whole(prefixed)
    assert {u.sourced_id[:2] for u in prefixed.users if u.role == "student"} == {"s+"}
    assert {u.sourced_id[:2] for u in prefixed.users if u.role == "teacher"} == {"t+"}
    stripped = {u.sourced_id[2:]: u.username for u in prefixed.users}
    assert stripped == {u.sourced_id: u.username for u in district.users}
    assert len(prefixed.enrollments) == len(district.enrollments)


def test_one_user_changes(district: District) -> None:
    changed = with_user(district, "pupil-000001", role="wizard")
    assert set(changed.users) ^ set(district.users) == {
        next(u for u in of.users if u.sourced_id == "pupil-000001") for of in (changed, district)
    }
    with pytest.raises(ValueError, match="unpack"):
        with_user(district, "nobody", role="wizard")


def test_users_leave_with_their_enrollments(district: District) -> None:
    guardian = next(u for u in district.users if u.role == "guardian")
    left = without_users(district, [guardian.sourced_id, "pupil-000002"])
    check_whole(left)
    assert len(left.users) == len(district.users) - 2
    assert len(left.enrollments) == len(district.enrollments) - 4


def test_records_come_and_go(district: District) -> None:
    annex = Org("annex", "Annex", "school", "A", "district")
    more = with_records(district, "orgs", annex)
    assert more.orgs[0] == annex
    assert with_records(more, "orgs", replace(annex, name="New")).orgs[0].name == "New"
    assert without_records(more, "orgs", ["annex"]) == district
