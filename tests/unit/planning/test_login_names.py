"""Who gets which login name, and what is said of those who cannot have theirs."""

from typing import Any

import pytest

from shared.domain.group.choices import Tolerance
from shared.domain.group.hold import Decision
from shared.domain.ids import GroupId, RecordId
from shared.domain.roster.change import LoginClaim
from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.login_name import LoginHolder
from shared.domain.run.run import Mode
from shared.domain.run.too_many_rejected import reason_to_refuse
from tests.unit.planning.nights import GROUP, USERS, Night, Nights, Rows, own_id, role, small, user

OTHER = LoginHolder(RecordId("stranger"), GroupId("g-2"), "Shelbyville (g-2)")


def pupils(**usernames: str | None) -> Rows:
    """A district whose pupils, by sourcedId, have these usernames."""
    rows = small()
    rows[USERS] = [user(name, username=username) for name, username in usernames.items()]
    return Rows({c: rows[c] for c in rows if c.entity != "enrollments"})


def names(night: Night) -> dict[str, str | None]:
    """By sourcedId, the login name of each user who is there."""
    rows = night.held[USERS]
    return {r["sourced_id"]: r["login_name"] for r in rows if r["state"] != "deleted"}


def claim(night: Night, sourced_id: str) -> LoginClaim | None:
    return night.change(USERS, sourced_id).login


def told(night: Night) -> list[tuple[str, str, str, str, str]]:
    """Code, line, sourcedId, consequence and what was found of each clash in the report."""
    return [
        (f["code"], f["line"], f["sourcedId"], f["consequence"], f["found"])
        for f in night.findings
        if f["code"].startswith("login_name")
    ]


def ids(*sourced_ids: str) -> tuple[RecordId, ...]:
    return tuple(sorted(RecordId(own_id(USERS, name)) for name in sourced_ids))


def reason(night: Night) -> str:
    return night.outcome.reason.message if night.outcome.reason else ""


# Who gets it


def test_users_who_swap_names_or_pass_them_on_in_a_ring_inherit_them(nights: Nights) -> None:
    others: dict[str, Any] = {name: name for name in "stuvwxyz"}
    nights.run(pupils(a="a", b="b", c="c", d="d", e="e", **others))
    changed = pupils(a="B", b="a", c="d", d="e", e="c", **others)
    night = nights.run(changed)
    assert names(night) == {"a": "B", "b": "a", "c": "d", "d": "e", "e": "c"} | others
    assert claim(night, "a") == LoginClaim(take="B", release=("a",), inherits=ids("b"))
    assert claim(night, "b") == LoginClaim(take="a", release=("b",), inherits=ids("a"))
    assert claim(night, "e") == LoginClaim(take="c", release=("e",), inherits=ids("c"))
    assert (told(night), reason(night)) == ([], "")
    assert nights.run(changed).changes == []


def test_a_column_of_usernames_that_slipped_waits_and_nobody_has_anothers_name(
    nights: Nights,
) -> None:
    there = {f"p-{n}": f"name-{n}" for n in range(6)}
    nights.run(pupils(**there))
    slipped = pupils(**{f"p-{n}": f"NAME-{(n + 1) % 6}" for n in range(6)})
    night = nights.run(slipped)
    assert {row["hold"] for row in night.held[USERS]} == {"identities_changed"}
    assert (names(night), told(night)) == (there, [])
    night = nights.run(Rows(), decision=Decision.APPROVE, mode=Mode.UPDATE)
    assert names(night) == {f"p-{n}": f"NAME-{(n + 1) % 6}" for n in range(6)}
    assert claim(night, "p-0") == LoginClaim(
        take="NAME-1", release=("name-0",), inherits=ids("p-1")
    )


def test_a_new_pupil_inherits_the_name_of_one_who_leaves_in_the_same_run(nights: Nights) -> None:
    nights.run(pupils(old="kim", **{name: name for name in "stuvwxyz"}))
    there: dict[str, Any] = {name: name for name in "stuvwxyz"}
    night = nights.run(pupils(new="kim", **there), mode=Mode.UPDATE)
    assert claim(night, "new") == LoginClaim(take="kim", inherits=ids("old"))
    assert claim(night, "old") == LoginClaim(take=None, release=("kim",))
    assert told(night) == []


def test_an_heir_of_a_deleted_row_of_a_delta_has_the_name_at_once(nights: Nights) -> None:
    nights.run(pupils(old="kim", **{name: name for name in "stuvwxyz"}))
    delta = pupils(new="kim").plus(USERS, user("old", username="kim", status="tobedeleted"))
    only_changes = dict.fromkeys(delta, CollectionStatus.DELTA)
    night = nights.run(delta, only_changes, mode=Mode.UPDATE)
    assert (names(night)["new"], told(night)) == ("kim", [])
    assert claim(night, "new") == LoginClaim(take="kim", inherits=ids("old"))


def test_an_heir_waits_while_the_name_does_and_has_it_when_the_other_leaves(
    nights: Nights,
) -> None:
    there: dict[str, Any] = {name: name for name in "stuvwxyz"}
    nights.run(pupils(old="kim", **there))
    for _ in range(2):
        night = nights.run(pupils(new="kim", **there))
        assert names(night)["new"] is None
        assert told(night) == [("login_name_waits", "1", "new", "loaded without the value", "old")]
    assert night.changes == []
    assert "is to leave or change and waits (1)" in reason(night)
    night = nights.run(pupils(new="kim", **there), mode=Mode.UPDATE)
    assert claim(night, "new") == LoginClaim(take="kim", inherits=ids("old"))
    assert (told(night), reason(night)) == ([], "")


@pytest.mark.parametrize("decision", Decision)
def test_an_heir_has_the_name_when_a_person_lets_the_others_go(
    nights: Nights, decision: Decision
) -> None:
    gone = {f"old-{n}": f"kim-{n}" for n in range(8)}
    nights.run(pupils(stays="s", **gone))
    heirs = pupils(stays="s", **{f"new-{n}": f"kim-{n}" for n in range(8)})
    night = nights.run(heirs, mode=Mode.UPDATE)
    assert night.outcome.hold is not None
    assert [each[0] for each in told(night)] == ["login_name_waits"] * 8
    assert "login_name_taken" in night.notices, "the reason of the run is the hold"
    night = nights.run(Rows(), decision=decision, mode=Mode.UPDATE)
    approved = decision is Decision.APPROVE
    assert names(night)["new-3"] == ("kim-3" if approved else None)
    assert len(told(night)) == (0 if approved else 8)


def test_one_name_for_two_goes_to_who_has_it_and_the_other_is_named_by_row(
    nights: Nights,
) -> None:
    nights.run(pupils(m="kim"))
    rows = pupils(a="KIM", m="kim").plus(USERS, user("t", role("teacher"), username="Kim"))
    for _ in range(2):
        night = nights.run(rows)
        assert names(night) == {"a": None, "m": "kim", "t": None}
        assert told(night) == [
            ("login_name_shared", "1", "a", "loaded without the value", "m"),
            ("login_name_shared", "3", "t", "loaded without the value", "m"),
        ]
    assert night.changes == []
    assert reason(night).startswith(
        "2 users cannot have their login names: another user of this delivery has the same "
        "username (2). The error report names each by row"
    )
    # As soon as it is free, the name goes to the next.
    night = nights.run(rows.but(USERS, "m", username="kit"))
    assert claim(night, "a") == LoginClaim(take="KIM", inherits=ids("m"))
    assert [each[2] for each in told(night)] == ["t"]


def test_of_new_users_with_one_name_an_enabled_one_has_it_then_the_first_by_sourced_id(
    nights: Nights,
) -> None:
    rows = pupils(c="kim", b="kim").plus(USERS, user("a", username="kim", enabled_user="false"))
    night = nights.run(rows)
    assert names(night) == {"a": None, "b": "kim", "c": None}
    assert [(each[2], each[4]) for each in told(night)] == [("c", "b"), ("a", "b")]
    assert names(nights.run(rows)) == names(night)


def test_a_delta_does_not_bring_the_user_who_has_the_name(nights: Nights) -> None:
    nights.run(pupils(m="kim"))
    only_changes = dict.fromkeys(Collection, CollectionStatus.DELTA)
    night = nights.run(pupils(a="kim"), only_changes)
    assert told(night) == [("login_name_held", "1", "a", "loaded without the value", "m")]
    assert "another user of this group has it (1)" in reason(night)
    # Whoever was not given the name is named again, although no row was delivered.
    night = nights.run(pupils(b="bob"), only_changes)
    assert told(night) == [("login_name_held", "", "a", "loaded without the value", "m")]


def test_who_has_it_keeps_it_although_a_new_one_comes_before_it(nights: Nights) -> None:
    nights.run(pupils(z="kim"))
    assert names(nights.run(pupils(a="kim", z="kim"))) == {"a": None, "z": "kim"}


def test_who_cannot_have_the_new_name_keeps_the_earlier_one_while_nobody_else_gets_it(
    nights: Nights,
) -> None:
    nights.run(pupils(a="kim", b="bob"))
    night = nights.run(pupils(a="kim", b="kim"))
    assert names(night) == {"a": "kim", "b": "bob"}
    assert told(night) == [("login_name_shared", "2", "b", "kept as before", "a")]
    assert claim(night, "b") is None
    night = nights.run(pupils(a="kim", b="kim", c="bob"))
    assert names(night) == {"a": "kim", "b": None, "c": "bob"}
    assert claim(night, "b") == LoginClaim(take=None, release=("bob",))
    assert claim(night, "c") == LoginClaim(take="bob", inherits=ids("b"))


@pytest.mark.parametrize(("one", "other"), [("Straße", "STRASSE"), ("ÅSA", "åsa"), ("İ", "i̇")])
def test_names_are_one_in_any_case_also_beyond_ascii(nights: Nights, one: str, other: str) -> None:
    night = nights.run(pupils(a=one, b=other))
    assert names(night) == {"a": one, "b": None}
    assert names(nights.run(pupils(a="x", b=other))) == {"a": "x", "b": other}


# Other groups


def test_who_wants_a_name_of_another_group_is_named_with_that_group(nights: Nights) -> None:
    nights.elsewhere = {"kim": OTHER, "bob": LoginHolder(RecordId("older"))}
    rows = pupils(a="Kim", b="bob", c="c")
    for _ in range(2):
        night = nights.run(rows)
        assert names(night) == {"a": None, "b": None, "c": "c"}
        assert told(night) == [
            ("login_name_elsewhere", "1", "a", "loaded without the value", "Shelbyville (g-2)"),
            ("login_name_elsewhere", "2", "b", "loaded without the value", ""),
        ]
    assert night.changes == []
    assert night.outcome.reason is not None
    assert night.outcome.reason.field == "suffix"
    assert "a user of the group Shelbyville (g-2) has it (2)" in reason(night)
    nights.elsewhere = {}
    night = nights.run(rows)
    assert claim(night, "a") == LoginClaim(take="Kim")
    assert told(night) == []


def test_a_name_that_another_group_has_is_not_said_to_be_shared(nights: Nights) -> None:
    nights.elsewhere = {"kim": OTHER}
    night = nights.run(pupils(a="kim", b="kim"))
    assert {each[0] for each in told(night)} == {"login_name_elsewhere"}
    assert names(night) == {"a": None, "b": None}


@pytest.mark.parametrize("group_id", [GROUP, None])
def test_a_name_that_lies_with_a_user_of_this_group_is_inherited(
    nights: Nights, group_id: GroupId | None
) -> None:
    # An older version may have left it there, and noted no group.
    nights.run(pupils(a="a", b="b"))
    nights.elsewhere = {"kim": LoginHolder(RecordId(own_id(USERS, "b")), group_id)}
    night = nights.run(pupils(a="kim", b="b"))
    assert claim(night, "a") == LoginClaim(take="kim", release=("a",), inherits=ids("b"))


def test_only_names_that_are_new_or_were_not_given_are_looked_up(nights: Nights) -> None:
    nights.elsewhere = {"taken": OTHER}
    asked: list[list[str]] = []
    look_up = nights.elsewhere_among
    nights.elsewhere_among = lambda keys: [asked.append(sorted(keys)), look_up(keys)][1]  # type: ignore
    nights.run(pupils(a="A", b="Taken"))
    nights.run(pupils(a="A", b="Taken"))
    nights.run(pupils(a="new", b=None))
    assert asked == [["a", "taken"], ["taken"], ["new"]]


def test_a_name_that_was_lost_while_the_run_was_written_is_looked_up_and_named(
    nights: Nights,
) -> None:
    nights.run(pupils(a="a"))
    nights.run(pupils(a="kim"), stops=True)
    nights.elsewhere = {"kim": OTHER}
    night = nights.run(pupils(a="kim"))
    assert [each[0] for each in told(night)] == ["login_name_elsewhere"]
    assert claim(night, "a") == LoginClaim(take=None, release=("a", "kim"))


def test_a_clash_is_no_repair_for_which_a_strict_group_stops(nights: Nights) -> None:
    nights.elsewhere = {"kim": OTHER}
    outcome = nights.run(pupils(a="kim", b="b")).outcome
    strict = nights.config.model_copy(update={"tolerance": Tolerance.STRICT})
    assert reason_to_refuse(strict, outcome.warnings, outcome.rejected_shares) is None
