"""Finding records over HTTP: by sourcedId, and by filters."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.roster.collection import Collection
from tests.fakes.rosters import class_, enrollment, user
from tests.unit.reading import NOW, Roster


class TestSourcedIds:
    def test_one_finds_its_record(self, roster: Roster) -> None:
        roster.write(user(roster.id, "ann/1 #ä"), user(roster.id, "bob"))
        assert roster.names("users?sourcedId=ann/1%20%23%C3%A4") == ["ann/1 #ä"]
        assert roster.names("users?sourcedId=eve") == []

    def test_one_of_several_finds_a_member_of_staff(self, roster: Roster) -> None:
        roster.write(user(roster.id, "tom", role="teacher", sourcedIds=["tom", "tom-2"]))
        assert roster.names("users?sourcedId=tom-2") == ["tom"]

    def test_a_record_that_was_re_keyed_is_found_by_its_new_sourced_id_alone(
        self, roster: Roster
    ) -> None:
        roster.write(user(roster.id, "ann-2026", first="ann-2025"))
        page = roster.get("users?sourcedId=ann-2026")
        assert [row["id"] for row in page["users"]] == [roster.user_id("ann-2025")]
        assert page["cursor"] is None
        assert roster.names("users?sourcedId=ann-2025") == []

    def test_what_has_taken_a_sourced_id_over_is_found(self, roster: Roster) -> None:
        # Ann has got another one, and Bob hers: his id is derived with the run besides.
        roster.write(user(roster.id, "b", first="a"), user(roster.id, "a", first="a-with-run-7"))
        page = roster.get("users?sourcedId=a")
        assert [row["id"] for row in page["users"]] == [roster.user_id("a-with-run-7")]

    @pytest.mark.parametrize("query", ["sourcedId=ann&role=student", "sourcedId=", "colour=red"])
    def test_it_stands_alone(self, roster: Roster, query: str) -> None:
        answer = roster.ask(f"users?{query}")
        assert (answer.status, answer.fields) == (422, [query.partition("=")[0]])

    def test_enrollments_have_none(self, roster: Roster) -> None:
        # Sources number them anew at will: a membership is known by its class and user.
        assert roster.ask("enrollments?sourcedId=e1").fields == ["sourcedId"]


class TestFilters:
    @pytest.fixture
    def people(self, roster: Roster) -> Roster:
        group, north = roster.id, roster.id_of(Collection.ORGS, "north")
        both: dict[str, Any] = {
            "roles": [
                {"role": "teacher", "partnerId": north},
                {"role": "parent", "partnerId": roster.id_of(Collection.ORGS, "south")},
            ],
            "partnerIds": [north, roster.id_of(Collection.ORGS, "south")],
        }
        roster.write(
            user(group, "ann", grades=["07"]),
            user(group, "bob", school="south", grades=["07", "08"], enabled=False),
            user(group, "tom", role="teacher"),
            user(group, "both", **both),
            class_(group, "math", grades=["07"]),
            class_(group, "art", school="south"),
            enrollment(group, "math", "ann"),
            enrollment(group, "math", "tom", "teacher"),
            enrollment(group, "art", "bob", partnerId=roster.id_of(Collection.ORGS, "south")),
        )
        return roster

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("users?school=north", ["ann", "both", "tom"]),
            ("users?role=teacher", ["both", "tom"]),
            ("users?role=teacher&school=south", []),
            ("users?role=parent&school=south", ["both"]),
            ("users?grade=07", ["ann", "bob"]),
            ("users?grade=07&status=active", ["ann"]),
            ("users?status=inactive", ["bob"]),
            ("classes?school=south", ["art"]),
            ("classes?grade=07", ["math"]),
        ],
    )
    def test_a_list_can_be_narrowed(self, people: Roster, path: str, expected: list[str]) -> None:
        assert people.names(path) == expected
        by_id = path.replace("south", people.id_of(Collection.ORGS, "south"))
        assert people.names(by_id) == expected

    def test_members_can_be_narrowed(self, people: Roster) -> None:
        path = f"classes/{people.class_id('math')}/users"
        assert people.names(f"{path}?role=teacher") == ["tom"]
        assert people.names(f"{path}?grade=07") == ["ann"]
        assert people.names(f"{path}?status=inactive") == []
        assert people.names(f"users/{people.user_id('tom')}/classes?role=student") == []
        assert people.names("enrollments?role=teacher") == [people.user_id("tom")]
        assert people.names("enrollments?school=south") == [people.user_id("bob")]

    def test_what_changed_since_can_be_asked_for(self, people: Roster) -> None:
        later = NOW + timedelta(hours=1)
        people.write(user(people.id, "new"), now=later, seq=2)
        for since in (
            "2026-09-15T13:00:00Z",
            "2026-09-15T15:00:00%2B02:00",
            "2026-09-15T15:00:00+02:00",
        ):
            assert people.names(f"users?changedSince={since}") == ["new"]
        assert len(people.names("users?changedSince=2026-09-15")) == 5
        assert people.names("users?changedSince=2026-09-16") == []
        for wrong in ("2026-09-15T13:00:00", "yesterday", "20260915"):
            assert people.ask(f"users?changedSince={wrong}").fields == ["changedSince"]

    def test_a_school_that_is_not_there_is_named(self, people: Roster) -> None:
        answer = people.ask("users?school=west")
        assert (answer.status, answer.fields) == (422, ["school"])

    def test_a_filter_that_a_list_has_not_is_named(self, people: Roster) -> None:
        assert people.ask("partners?role=teacher").fields == ["role"]
        assert people.ask("users?include=past").fields == ["include"]
