"""The generated district: the same for the same seed, and whole."""

import os
import subprocess
import sys
import zlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.sample_district.people import GRADES
from local.sample_district.records import District
from local.sample_district.roster import generate
from local.sample_district.school_year import year_under_way

ROOT = Path(__file__).parents[2]


def check_whole(district: District) -> None:
    """Every reference leads somewhere, every collection is in order and without doubles."""
    ids = {}
    for collection in ("orgs", "academicSessions", "courses", "classes", "users", "enrollments"):
        listed = [record.sourced_id for record in district.records(collection)]
        assert listed == sorted(set(listed)), collection
        ids[collection] = set(listed)
    assert {org.parent for org in district.orgs} <= {None, *ids["orgs"]}
    assert {each.parent for each in district.sessions} <= {None, *ids["academicSessions"]}
    assert {course.org for course in district.courses} <= ids["orgs"]
    assert {course.school_year for course in district.courses} <= ids["academicSessions"]
    assert {each.school for each in district.classes} <= ids["orgs"]
    assert {each.course for each in district.classes} <= ids["courses"]
    assert {term for each in district.classes for term in each.terms} <= ids["academicSessions"]
    assert {org for user in district.users for org in user.orgs} <= ids["orgs"]
    assert {agent for user in district.users for agent in user.agents} <= ids["users"]
    assert {e.user for e in district.enrollments} <= ids["users"]
    schools = {each.sourced_id: each.school for each in district.classes}
    assert all(schools[e.class_id] == e.school for e in district.enrollments)
    assert len({user.username for user in district.users}) == len(district.users)


def check_classes(district: District) -> None:
    """Every pupil sits in the classes of the own grade and school, with one primary teacher."""
    users = {user.sourced_id: user for user in district.users}
    classes = {each.sourced_id: each for each in district.classes}
    seated = dict.fromkeys((u.sourced_id for u in district.users if u.role == "student"), 0)
    primary = dict.fromkeys(classes, 0)
    for e in district.enrollments:
        user, each = users[e.user], classes[e.class_id]
        assert each.school in user.orgs
        assert e.begin is not None
        assert e.end is not None
        assert e.begin < e.end
        if e.role == "student":
            seated[e.user] += 1
            assert user.grade == each.grade
        else:
            primary[e.class_id] += e.primary is True
    assert set(seated.values()) <= {4}
    assert set(primary.values()) <= {1}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(), pupils=st.integers(0, 120))
def test_any_district_is_whole(seed: int, pupils: int) -> None:
    district = generate(seed, pupils)
    check_whole(district)
    check_classes(district)
    assert generate(seed, pupils) == district


def test_the_default_is_a_district_of_five_thousand() -> None:
    district = generate()
    assert district.counts() == {
        "partners": 9,
        "academicSessions": 3,
        "courses": 32,
        "classes": 768,
        "users": 4809,
        "enrollments": 19168,
    }
    check_whole(district)
    check_classes(district)


def test_another_seed_is_another_district() -> None:
    assert generate(1, 60).users != generate(2, 60).users


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_it_is_the_same_in_every_process(hash_seed: str) -> None:
    program = (
        "import zlib; from local.sample_district.roster import generate\n"
        "print(zlib.crc32(repr(generate(7, 60)).encode()))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(found.stdout) == zlib.crc32(repr(generate(7, 60)).encode())


def test_it_has_what_districts_have(district: District) -> None:
    users = district.users
    assert {user.role for user in users} == {
        "student", "teacher", "aide", "administrator", "guardian",
    }  # fmt: skip
    assert any(not user.enabled for user in generate(pupils=100).users)
    assert any(user.email is None for user in users)
    assert any(not user.given_name.isascii() for user in users)
    assert any(len(user.orgs) > 1 for user in users)
    assert any(user.agents for user in users if user.role == "student")
    assert {user.grade for user in users if user.role == "student"} == set(GRADES)
    assert len({e.begin for e in district.enrollments}) > 1
    assert len({e.end for e in district.enrollments}) > 1


def test_guardians_are_not_counted(district: District) -> None:
    guardians = {user.sourced_id for user in district.users if user.role == "guardian"}
    assert guardians
    assert district.counts()["users"] == len(district.users) - len(guardians)
    assert not guardians & {e.user for e in district.enrollments}


@pytest.mark.parametrize(
    ("today", "year"),
    [("2026-08-01", 2026), ("2026-12-31", 2026), ("2027-06-12", 2026), ("2027-07-31", 2026)],
)
def test_the_school_year_under_way_began_last_august(today: str, year: int) -> None:
    assert year_under_way(date.fromisoformat(today)) == year
