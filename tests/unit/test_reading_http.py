"""Reading a roster over HTTP: the real handler and adapters over tables in memory."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from shared import clock
from shared.domain.roster.collection import Collection
from tests.fakes.rosters import class_, enrollment, gone, user
from tests.unit.http_stack import HttpStack
from tests.unit.reading import NOW, SHARDS, Roster


def test_a_record_is_shown_as_it_is_stored_and_nothing_of_how(roster: Roster) -> None:
    roster.write(user(roster.id, "ann", givenName="Ann", grades=["07"]))
    shown = roster.get(f"users/{roster.user_id('ann')}")
    north = roster.id_of(Collection.ORGS, "north")
    assert shown == {
        "id": roster.user_id("ann"),
        "sourcedId": "ann",
        "enabled": True,
        "username": "ann",
        "givenName": "Ann",
        "grades": ["07"],
        "roles": [{"role": "student", "partnerId": north}],
        "partnerIds": [north],
        "clientPartnerId": "springfield",
        "updatedAt": NOW.isoformat(),
    }
    assert roster.get("users")["users"] == [shown]


def test_what_a_newer_version_has_stored_is_left_out_and_costs_nothing_else(
    roster: Roster,
) -> None:
    north = roster.id_of(Collection.ORGS, "north")
    role = {"role": "student", "partnerId": north, "since": "2026-08-17"}
    roster.write(user(roster.id, "ann", shoeSize="37", roles=[role]), user(roster.id, "bob"))
    ann, bob = sorted(roster.get("users")["users"], key=lambda shown: str(shown["sourcedId"]))
    assert ann["roles"] == [{"role": "student", "partnerId": north}]
    assert ann.keys() == bob.keys()


def test_every_kind_is_listed_and_read(roster: Roster) -> None:
    roster.write(
        class_(roster.id, "math"), user(roster.id, "ann"), enrollment(roster.id, "math", "ann")
    )
    assert roster.names("partners") == ["north", "south"]
    assert roster.names("classes") == ["math"]
    assert roster.names("users") == ["ann"]
    assert roster.names("enrollments") == [roster.user_id("ann")]
    assert roster.names(f"classes/{roster.class_id('math')}/users") == ["ann"]
    assert roster.names(f"users/{roster.user_id('ann')}/classes") == ["math"]
    assert roster.get(f"classes/{roster.class_id('math')}")["sourcedId"] == "math"
    assert roster.get(f"partners/{roster.id_of(Collection.ORGS, 'north')}")["type"] == "school"


def test_a_group_without_roster_has_empty_lists(stack: HttpStack) -> None:
    roster = Roster(stack, stack.create()["groupId"])
    for name in ("partners", "classes", "users", "enrollments"):
        assert roster.get(name) == {name: [], "cursor": None, "asOf": None, "runUnderWay": None}
    missing = roster.ask("users/" + "0" * 32)
    assert (missing.status, missing.json["code"]) == (404, "record_not_found")


@pytest.mark.parametrize("id_", ["0" * 32, "x" * 2000, "a%23b", "a b"])
def test_what_is_not_there_is_not_found(roster: Roster, id_: str) -> None:
    for path in ("partners/{}", "classes/{}", "users/{}", "classes/{}/users", "users/{}/classes"):
        answer = roster.ask(path.format(id_))
        assert (answer.status, answer.json["code"]) == (404, "record_not_found")


def test_anothers_group_is_not_found(roster: Roster) -> None:
    roster.write(user(roster.id, "ann"))
    for path in (
        "partners",
        "classes",
        "users",
        "enrollments",
        f"users/{roster.user_id('ann')}",
        f"users/{roster.user_id('ann')}/classes",
    ):
        answer = roster.ask(path, enterprise="globex")
        assert (answer.status, answer.json["code"]) == (404, "group_not_found")


class TestPages:
    @pytest.mark.parametrize("limit", [1, 2, 3, 50])
    def test_each_record_is_on_one_page(self, roster: Roster, limit: int) -> None:
        people = [f"u{number:02d}" for number in range(13)]
        roster.write(class_(roster.id, "math"))
        for name in people:
            roster.write(user(roster.id, name), enrollment(roster.id, "math", name))
        assert roster.names(f"users?limit={limit}") == people
        assert roster.names(f"enrollments?limit={limit}") == sorted(map(roster.user_id, people))
        assert roster.names(f"classes/{roster.class_id('math')}/users?limit={limit}") == people

    @pytest.mark.parametrize("limit", [1, 2, 50])
    def test_a_user_s_classes_are_paged(self, roster: Roster, limit: int) -> None:
        names = [f"c{number}" for number in range(7)]
        roster.write(user(roster.id, "ann"))
        for name in names:
            roster.write(class_(roster.id, name), enrollment(roster.id, name, "ann"))
        path = f"users/{roster.user_id('ann')}/classes?limit={limit}"
        assert roster.names(path) == names

    def test_the_last_page_has_no_cursor(self, roster: Roster) -> None:
        page = roster.get("partners?limit=3")
        assert (len(page["partners"]), page["cursor"]) == (2, None)

    def test_a_cursor_leads_nowhere_but_on_in_the_group_of_the_path(self, roster: Roster) -> None:
        other = roster.stack.create(name="Other", clientGroupId="OTHER")["groupId"]
        roster.stack.set_on_group(other, shards={"N": str(SHARDS)})
        for number in range(9):
            roster.write(user(roster.id, f"u{number}"))
        cursor = roster.get("users?limit=1")["cursor"]
        text = base64.urlsafe_b64decode(cursor).decode()
        assert roster.id not in text
        assert "acme" not in text
        page = roster.stack.roster(f"GET /groups/{other}/users?cursor={cursor}").json
        assert (page["users"], page["cursor"]) == ([], None)

    @pytest.mark.parametrize(
        "text", ["", "x", "9/", "3/", "-1/", "0/a#b#c", "0/../x", "0/a\n", "é", "0/" + "a" * 65]
    )
    def test_a_cursor_of_somebody_s_making_is_refused(self, roster: Roster, text: str) -> None:
        cursor = base64.urlsafe_b64encode(text.encode()).decode() or "%20"
        answer = roster.ask(f"users?cursor={cursor}")
        assert (answer.status, answer.fields) == (422, ["cursor"])

    @pytest.mark.parametrize("text", ["x#y#z", "a#b", "", "0/a"])
    def test_a_cursor_within_a_class_is_an_enrollment(self, roster: Roster, text: str) -> None:
        roster.write(class_(roster.id, "math"))
        cursor = base64.urlsafe_b64encode(text.encode()).decode() or "%20"
        path = f"classes/{roster.class_id('math')}/users?cursor={cursor}"
        assert roster.ask(path).fields == ["cursor"]

    def test_a_page_says_which_run_it_shows_and_which_is_under_way(self, roster: Roster) -> None:
        base = json.dumps({"seq": 7, "shape_version": 2, "settings": "s", "objects": {}})
        roster.stack.set_on_group(
            roster.id,
            base={"S": base},
            baseAt={"S": NOW.isoformat()},
            activeRun={"N": "8"},
        )
        for path in ("partners", "classes", "users", "enrollments"):
            page = roster.get(path)
            assert page["asOf"] == {"runId": "7", "committedAt": NOW.isoformat()}
            assert page["runUnderWay"] == "8"


class TestWhatHasLeft:
    def test_deleted_records_are_gone_for_readers(self, roster: Roster) -> None:
        math, ann = class_(roster.id, "math"), user(roster.id, "ann")
        roster.write(math, ann, enrollment(roster.id, "math", "ann"))
        roster.write(user(roster.id, "ann", removal=gone("deleted")), seq=2)
        assert roster.names("users") == []
        assert roster.names("users?sourcedId=ann") == []
        assert roster.ask(f"users/{roster.user_id('ann')}").status == 404
        # Its enrollment may be there a moment longer.
        assert roster.names("enrollments") == []
        assert roster.names(f"classes/{roster.class_id('math')}/users") == []
        roster.write(user(roster.id, "ann"), seq=3)
        assert roster.names(f"classes/{roster.class_id('math')}/users") == ["ann"]

    def test_users_and_classes_that_are_not_there_yet_are_passed_over(self, roster: Roster) -> None:
        roster.write(class_(roster.id, "math"), user(roster.id, "ann"), user(roster.id, "bob"))
        roster.write(
            enrollment(roster.id, "math", "ann"),
            enrollment(roster.id, "math", "eve"),
            enrollment(roster.id, "art", "ann"),
        )
        assert roster.names("enrollments") == [roster.user_id("ann")]
        assert roster.names(f"classes/{roster.class_id('math')}/users") == ["ann"]
        assert roster.names(f"users/{roster.user_id('ann')}/classes") == ["math"]

    def test_an_ended_class_is_listed_among_the_past(self, roster: Roster) -> None:
        roster.write(
            class_(roster.id, "math"), user(roster.id, "ann"), enrollment(roster.id, "math", "ann")
        )
        roster.write(
            class_(roster.id, "math", removal=gone("ended", NOW - timedelta(days=2), 60)),
            enrollment(roster.id, "math", "ann", removal=gone("ended", days=60)),
            seq=2,
        )
        assert roster.names("classes") == []
        assert roster.names("classes?include=past") == ["math"]
        assert roster.names("classes?on=2026-09-12") == ["math"]
        assert roster.names("classes?on=2026-09-13") == []
        assert roster.names("classes?sourcedId=math") == ["math"]
        path = f"classes/{roster.class_id('math')}"
        assert roster.get(path)["endedAt"] == (NOW - timedelta(days=2)).isoformat()
        assert roster.names(f"{path}/users") == []
        assert roster.names(f"{path}/users?include=past") == ["ann"]
        of_ann = f"users/{roster.user_id('ann')}/classes"
        assert (roster.names(of_ann), roster.names(f"{of_ann}?include=past")) == ([], ["math"])

    def test_who_is_in_a_class_that_has_ended_is_past_whatever_the_dates(
        self, roster: Roster
    ) -> None:
        # Between two writes of a run the class has ended, and its enrollment not yet.
        roster.write(
            class_(roster.id, "math"), user(roster.id, "ann"), enrollment(roster.id, "math", "ann")
        )
        roster.write(class_(roster.id, "math", removal=gone("ended")), seq=2)
        for path in (
            "enrollments",
            f"classes/{roster.class_id('math')}/users",
            f"users/{roster.user_id('ann')}/classes",
        ):
            assert roster.names(path) == []
            assert len(roster.names(f"{path}?include=past")) == 1

    @pytest.mark.parametrize("kind", ["deleted", "ended"])
    def test_what_has_expired_is_gone_before_the_table_removes_it(
        self, roster: Roster, kind: Literal["deleted", "ended"]
    ) -> None:
        long_ago = NOW - timedelta(days=61)
        roster.write(
            class_(roster.id, "math"), user(roster.id, "ann"), enrollment(roster.id, "math", "ann")
        )
        roster.write(
            class_(roster.id, "math", removal=gone(kind, long_ago, 60)),
            enrollment(roster.id, "math", "ann", removal=gone(kind, long_ago, 60)),
            seq=2,
        )
        assert roster.names("classes?include=past") == []
        assert roster.names("classes?sourcedId=math") == []
        assert roster.names("enrollments?include=past") == []
        assert roster.ask(f"classes/{roster.class_id('math')}").status == 404
        assert roster.ask(f"classes/{roster.class_id('math')}/users").status == 404
        assert roster.names(f"users/{roster.user_id('ann')}/classes?include=past") == []


class TestDays:
    @pytest.fixture
    def members(self, roster: Roster) -> Roster:
        roster.write(class_(roster.id, "math"))
        for name, begin, end in (
            ("now", "2026-09-01", "2026-12-20"),
            ("last", None, "2026-09-15"),
            ("ended", None, "2026-09-14"),
            ("next", "2026-09-16", None),
            ("open", None, None),
        ):
            roster.write(
                user(roster.id, name),
                enrollment(roster.id, "math", name, beginDate=begin, endDate=end),
            )
        return roster

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", ["last", "now", "open"]),
            ("?on=2026-09-15", ["last", "now", "open"]),
            ("?on=2026-09-14", ["ended", "last", "now", "open"]),
            ("?on=2026-09-16", ["next", "now", "open"]),
            ("?include=past", ["ended", "last", "now", "open"]),
            ("?include=future", ["last", "next", "now", "open"]),
            ("?include=past,future", ["ended", "last", "next", "now", "open"]),
            ("?on=2026-12-21&include=past", ["ended", "last", "next", "now", "open"]),
        ],
    )
    def test_who_is_in_a_class(self, members: Roster, query: str, expected: list[str]) -> None:
        assert members.names(f"classes/{members.class_id('math')}/users{query}") == expected
        ids = sorted(members.user_id(name) for name in expected)
        assert members.names(f"enrollments{query}") == ids
        for name in ("now", "last", "ended", "next", "open"):
            listed = members.names(f"users/{members.user_id(name)}/classes{query}")
            assert listed == (["math"] if name in expected else [])

    def test_today_is_the_group_s(self, members: Roster, monkeypatch: pytest.MonkeyPatch) -> None:
        # Eight in the evening of the 15th in New York is the 16th in UTC.
        monkeypatch.setattr(clock, "now", lambda: datetime(2026, 9, 16, 0, 30, tzinfo=UTC))
        path = f"classes/{members.class_id('math')}/users"
        assert members.names(path) == ["next", "now", "open"]
        members.stack.set_on_group(members.id, timeZone={"S": "America/New_York"})
        assert members.names(path) == ["last", "now", "open"]

    def test_each_is_shown_with_its_enrollment(self, members: Roster) -> None:
        path = f"classes/{members.class_id('math')}/users"
        [shown] = [row for row in members.get(path)["users"] if row["sourcedId"] == "now"]
        del shown["enrollment"]["id"]
        assert shown["enrollment"] == {
            "role": "student",
            "beginDate": "2026-09-01",
            "endDate": "2026-12-20",
        }

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("on=15.09.2026", "on"),
            ("on=2026-02-30", "on"),
            ("on=20260915", "on"),
            ("include=all", "include"),
            ("include=current", "include"),
            ("grade=", "grade"),
            ("status=disabled", "status"),
            ("school=north", "school"),
            ("limit=0", "limit"),
        ],
    )
    def test_what_cannot_be_asked_is_named(self, members: Roster, query: str, field: str) -> None:
        answer = members.ask(f"classes/{members.class_id('math')}/users?{query}")
        assert (answer.status, answer.fields) == (422, [field])
