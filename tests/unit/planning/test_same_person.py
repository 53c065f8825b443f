"""Nobody is two people, and no two people are one: who is recognised, and who waits."""

from typing import Any

import pytest

from shared.domain.group.choices import MatchWith
from shared.domain.group.guard import HoldRule
from shared.domain.group.hold import Decision
from shared.domain.roster.placeholders import PLACEHOLDERS
from shared.domain.run.run import Mode
from tests.unit.planning.nights import ENROLLMENTS, USERS, Nights, Rows, own_id, role, small, user

TEACHER = role("teacher")
MATCHES = [each for each in MatchWith if each is not MatchWith.SOURCED_ID]
ANN = {
    "username": "ann", "email": "ann@x.example", "identifier": "4711",
    "given_name": "Ann", "family_name": "Lee",
}  # fmt: skip
ZOE = {
    "username": "zoe", "email": "zoe@x.example", "identifier": "4712",
    "given_name": "Zoe", "family_name": "Mayer",
}  # fmt: skip


def _graduate(nights: Nights, match_with: MatchWith, **values: Any) -> Rows:
    """Ann is gone, and a new row has her value of ``match_with``; the rest is Zoe's."""
    nights.config = nights.config.model_copy(update={"match_with": match_with})
    nights.run(small().but(USERS, "ann", **ANN))
    new = ZOE | {match_with.value: ANN[match_with.value]} | values
    left = small().minus(USERS, "ann").minus(ENROLLMENTS, "e-ann")
    return left.plus(USERS, user("new", **new))


@pytest.mark.parametrize("match_with", MATCHES)
@pytest.mark.parametrize("decision", [None, Decision.APPROVE, Decision.REJECT])
def test_a_recycled_value_alone_does_not_give_anybody_a_graduates_id(
    nights: Nights, match_with: MatchWith, decision: Decision | None
) -> None:
    left = _graduate(nights, match_with)
    held = nights.run(left)
    assert held.did() == set()
    assert held.row(USERS, "ann")["hold"] == HoldRule.IDENTITIES_CHANGED
    again = nights.run(left)
    assert again.did() == set()
    if decision is None:
        return
    decided = nights.run(Rows(), mode=Mode.UPDATE, decision=decision)
    later = nights.run(left)
    if decision is Decision.APPROVE:
        assert decided.did() == {("users", "rekey", "new")}
        assert later.id(USERS, "new") == own_id(USERS, "ann")
    else:
        assert later.did() == {("users", "create", "new")}
        assert later.id(USERS, "new") == own_id(USERS, "new")
        assert later.row(USERS, "ann")["hold"] is None
    assert nights.run(left).did() == set()


@pytest.mark.parametrize("match_with", MATCHES)
@pytest.mark.parametrize(
    "agreeing",
    [("given_name", "family_name"), *((each.value,) for each in MATCHES)],
    ids=lambda names: " ".join(names),
)
def test_whoever_agrees_in_more_is_recognised(
    nights: Nights, match_with: MatchWith, agreeing: tuple[str, ...]
) -> None:
    if match_with.value in agreeing:
        pytest.skip("it agrees anyway")
    # Of the names, the family name may change: people marry.
    same = {name: ANN[name].upper() for name in (*agreeing, "given_name")}
    left = _graduate(nights, match_with, **same)
    assert nights.run(left).did() == {("users", "rekey", "new")}


@pytest.mark.parametrize("match_with", MATCHES)
def test_a_pupil_does_not_become_a_teacher_by_a_new_sourced_id(
    nights: Nights, match_with: MatchWith
) -> None:
    left = _graduate(nights, match_with, **ANN)
    night = nights.run(left.but(USERS, "new", roles=[TEACHER]))
    assert night.did() == set()
    assert night.row(USERS, "ann")["hold"] == HoldRule.IDENTITIES_CHANGED


@pytest.mark.parametrize("kept", [(), ("given_name",), ("family_name",), ("email",), ("username",)])
def test_a_sourced_id_that_is_given_to_somebody_else_waits(
    nights: Nights, kept: tuple[str, ...]
) -> None:
    nights.run(small().but(USERS, "ann", **ANN))
    values = ZOE | {name: ANN[name] for name in kept}
    night = nights.run(small().but(USERS, "ann", **values))
    assert night.did() == (set() if not kept else {("users", "update", "ann")})
    assert night.row(USERS, "ann")["hold"] == (None if kept else HoldRule.IDENTITIES_CHANGED)


def _staff(*people: dict[str, Any]) -> Rows:
    return small().plus(
        USERS, *(user(f"staff-{n}", TEACHER, **each) for n, each in enumerate(people))
    )


def _ids(nights: Nights, rows: Rows) -> int:
    night = nights.run(rows)
    return len({row["id"] for row in night.held[USERS] if row["sourced_id"].startswith("staff")})


JOHN = {"username": "smith", "given_name": "John", "family_name": "Smith"}


@pytest.mark.parametrize(
    ("other", "people"),
    [
        ({}, 1),
        ({"given_name": "JOHN ", "family_name": "Smíth"}, 1),
        ({"given_name": "Jane"}, 2),
        ({"given_name": "Jane", "identifier": "7"}, 2),
    ],
    ids=["the same", "spelt otherwise", "Jane", "Jane with a number"],
)
def test_staff_of_one_username_are_one_person_if_their_names_agree(
    nights: Nights, other: dict[str, Any], people: int
) -> None:
    assert _ids(nights, _staff(JOHN, JOHN | other)) == people


def test_staff_of_one_username_and_identifier_are_one_person(nights: Nights) -> None:
    one = JOHN | {"identifier": "7"}
    assert _ids(nights, _staff(one, one | {"given_name": "Johnny"})) == 1


@pytest.mark.parametrize("placeholder", sorted(PLACEHOLDERS))
@pytest.mark.parametrize("field", ["username", "identifier", "email"])
def test_a_placeholder_joins_nobody_and_is_reported(
    nights: Nights, placeholder: str, field: str
) -> None:
    people = [{"given_name": name, field: placeholder.upper()} for name in "ABCDE"]
    rows = _staff(*people)
    night = nights.run(rows)
    staff = [row for row in night.held[USERS] if row["sourced_id"].startswith("staff")]
    assert (len({row["id"] for row in staff}), {row[field] for row in staff}) == (5, {None})
    codes = [f["code"] for f in night.findings if f["field"] == field]
    assert codes == ["placeholder"] * 5


def test_a_teacher_and_a_pupil_of_one_username_are_two(nights: Nights) -> None:
    night = nights.run(small().plus(USERS, user("pupil", **JOHN), user("teacher", TEACHER, **JOHN)))
    assert night.id(USERS, "pupil") != night.id(USERS, "teacher")


def test_a_name_that_looks_like_a_placeholder_is_one(nights: Nights) -> None:
    night = nights.run(small().but(USERS, "ann", given_name="None", family_name="Null"))
    row = night.row(USERS, "ann")
    assert (row["given_name"], row["family_name"]) == ("None", "Null")


def test_a_name_in_another_encoding_is_the_same_name(nights: Nights) -> None:
    nights.run(small().but(USERS, "ann", family_name="Müller"))
    misread = "Müller".encode().decode("cp1252")
    night = nights.run(small().but(USERS, "ann", family_name=misread))
    assert night.did() == set()
    assert night.row(USERS, "ann")["family_name"] == "Müller"
    assert [f["code"] for f in night.findings] == ["misread_encoding"]
