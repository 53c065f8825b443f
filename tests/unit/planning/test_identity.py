"""Identity from night to night: ids, re-keyed users, merged staff, login names, the root."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.group.choices import MatchWith
from shared.domain.group.customer import LinkedCustomer
from shared.domain.ids import CustomerId, GroupId, SourcedId, record_id
from shared.domain.roster.change import LoginClaim
from shared.domain.roster.collection import CollectionStatus
from shared.planning.columns import stripped
from shared.planning.record_ids import record_id_sql
from tests.unit.planning.nights import (
    ENROLLMENTS,
    ORGS,
    USERS,
    Night,
    Nights,
    Rows,
    enrollment,
    org,
    own_id,
    role,
    small,
    user,
)

texts = st.text(st.characters(exclude_categories=["Cs"]))
TEACHER = role("teacher")


@given(group=texts, entity=texts, sourced_id=texts)
@settings(deadline=None)
def test_sql_derives_the_same_ids_as_python(group: str, entity: str, sourced_id: str) -> None:
    [row] = duckdb.execute(
        f"SELECT {record_id_sql('?', '?', '?')}", [group, entity, sourced_id]
    ).fetchall()
    assert row == (record_id(GroupId(group), entity, sourced_id),)


@given(text=texts, around=st.text(st.sampled_from(" \t\n\r\x0b\x1c\x1f\x85\xa0\u1680\u2028\u3000")))
@settings(deadline=None)
def test_sql_strips_what_python_strips(text: str, around: str) -> None:
    whole = around + text + around[::-1]
    assert duckdb.execute(f"SELECT {stripped('?')}", [whole]).fetchall() == [(whole.strip(),)]


def test_ids_stay_the_same_for_ever() -> None:
    # Roster keys, content and history depend on them.
    assert record_id(GroupId("g"), "users", "1") == "034f3b56efcb8cb7dbc201e78b274607"


# Re-keyed users


def _matching(nights: Nights, match_with: MatchWith) -> None:
    nights.config = nights.config.model_copy(update={"match_with": match_with})


@pytest.mark.parametrize("match_with", [m for m in MatchWith if m is not MatchWith.SOURCED_ID])
def test_a_user_with_a_new_sourced_id_and_the_same_match_keeps_its_id(
    nights: Nights, match_with: MatchWith
) -> None:
    _matching(nights, match_with)
    values = {"identifier": "4711", "username": "Ann", "email": "Ann@x.example"}
    rows = small().but(USERS, "ann", **values)
    nights.run(rows)
    other = {name: value.lower() for name, value in values.items()} | {"given_name": "Anna"}
    moved = rows.but(USERS, "ann", sourced_id="new", **other).but(
        ENROLLMENTS, "e-ann", sourced_id="e-new", user="new"
    )
    night = nights.run(moved)
    assert night.did() == {("users", "rekey", "new")}
    assert night.states(USERS) == {"new": "current", "tom": "current"}
    assert night.id(USERS, "new") == own_id(USERS, "ann")
    assert night.states(ENROLLMENTS) == {"e-new": "current", "e-tom": "current"}
    counts = night.outcome.counts["users"]
    assert (counts.rekeyed, counts.created, counts.unchanged) == (1, 0, 1)
    assert nights.run(moved).written == set()
    # Another user may get the old sourcedId, but not the id that moved with the first user.
    again = nights.run(moved.plus(USERS, user("ann", username="another")))
    assert again.did() == {("users", "create", "ann")}
    assert again.id(USERS, "ann") not in (own_id(USERS, "ann"), again.id(USERS, "new"))
    assert nights.run(moved.plus(USERS, user("ann", username="another"))).written == set()


def test_only_a_one_to_one_match_re_keys_a_user(nights: Nights) -> None:
    _matching(nights, MatchWith.IDENTIFIER)
    rows = small().plus(
        USERS,
        user("a1", identifier="A"), user("a2", identifier="a"), user("b1", identifier="B"),
        user("c1", identifier="C"), user("d1", identifier="D"), user("e1"),
    )  # fmt: skip
    nights.run(rows)
    nights.run(rows.minus(USERS, "d1"))
    fresh = rows.minus(USERS, "a1", "a2", "b1", "d1", "e1").plus(
        USERS,
        user("a3", identifier="A"),  # two are gone with this value
        user("b2", identifier="B"), user("b3", identifier="B"),  # two are new with it
        user("c2", identifier="C"),  # its holder is still here
        user("d2", identifier="D"),  # its holder was gone before
        user("e2"),
    )  # fmt: skip
    night = nights.run(fresh)
    assert {did[1:] for did in night.did()} == {
        ("create", name) for name in ("a3", "b2", "b3", "c2", "d2", "e2")
    }
    assert night.states(USERS)["b1"] == "pending gone"


def test_nobody_is_re_keyed_without_proof_or_by_default(nights: Nights) -> None:
    rows = small().plus(USERS, user("eve", username="eve"))
    nights.run(rows)
    moved = rows.but(USERS, "ann", sourced_id="new")
    assert ("users", "create", "new") in nights.run(moved).did()
    _matching(nights, MatchWith.USERNAME)
    night = nights.run(
        moved.but(USERS, "eve", sourced_id="eva"), {USERS: CollectionStatus.UNPROVEN}
    )
    assert ("users", "create", "eva") in night.did()


# Staff with several sourcedIds


def test_staff_rows_of_one_username_are_one_user_and_students_are_not(nights: Nights) -> None:
    rows = small().plus(
        USERS,
        user("t1", TEACHER, username="Kim"),
        user("t2", role("aide", "district"), username="kIM", email="kim@x.example"),
        user("s1", username="sam"), user("s2", username="sam"),
        user("g1", role("parent"), username="pat"),
        user("n1", TEACHER), user("n2", TEACHER),
    ).plus(ENROLLMENTS, enrollment("e-1", "class", "t1", role="teacher"),
           enrollment("e-2", "class", "t2", role="aide"))  # fmt: skip
    night = nights.run(rows)
    change = night.change(USERS, "t2")
    assert [row["sourced_id"] for row in change.rows] == ["t1", "t2"]
    assert change.id == own_id(USERS, "t1")
    assert change.login == LoginClaim(take="Kim")
    assert night.row(ENROLLMENTS, "e-2")["user_id"] == change.id
    assert night.outcome.counts["users"].created == 7
    assert len({night.id(USERS, name) for name in ("s1", "s2", "n1", "n2")}) == 4
    assert nights.run(rows).written == set()

    # A change in either row changes the user. If one row is gone, the user stays.
    changed = nights.run(rows.but(USERS, "t2", email=None))
    assert changed.did() == {("users", "update", "t1")}
    less = nights.run(rows.minus(USERS, "t2").minus(ENROLLMENTS, "e-2"))
    assert less.id(USERS, "t2") == change.id
    assert less.states(USERS)["t2"] == "pending gone"
    nights.run(rows)

    # Another username: two users again. The id stays with its row, and memberships follow.
    parted = nights.run(rows.but(USERS, "t2", username="kit"))
    assert parted.did() == {
        ("users", "update", "t1"), ("users", "create", "t2"), ("enrollments", "create", "e-2"),
    }  # fmt: skip
    assert (parted.id(USERS, "t1"), parted.id(USERS, "t2")) == (change.id, own_id(USERS, "t2"))
    memberships = {
        row["user_id"]: row["state"]
        for row in parted.held[ENROLLMENTS]
        if row["sourced_id"] == "e-2"
    }
    assert memberships == {change.id: "pending", own_id(USERS, "t2"): "current"}
    # Two who both exist stay two.
    assert {did[1] for did in nights.run(rows).did()} == {"update"}


def test_a_new_row_joins_the_member_of_staff_who_is_known(nights: Nights) -> None:
    rows = small().plus(USERS, user("t2", TEACHER, username="kim"))
    nights.run(rows)
    night = nights.run(rows.plus(USERS, user("t1", role("aide", "district"), username="KIM")))
    assert night.did() == {("users", "update", "t1")}
    assert night.id(USERS, "t1") == own_id(USERS, "t2")


def test_separated_staff_are_held_once_after_an_abandoned_run(nights: Nights) -> None:
    rows = small().plus(
        USERS, user("t1", TEACHER, username="kim"), user("t2", TEACHER, username="kim")
    )
    nights.run(rows)
    apart = rows.but(USERS, "t2", username="kit")
    nights.run(apart, stops=True)
    night = nights.run(apart)
    assert len(night.held[USERS]) == 4
    assert [row["sourced_id"] for row in night.change(USERS, "t2").rows] == ["t2"]
    assert [row["sourced_id"] for row in night.change(USERS, "t1").rows] == ["t1"]
    assert nights.run(apart).written == set()


def test_new_staff_do_not_get_the_id_of_a_re_keyed_user(nights: Nights) -> None:
    _matching(nights, MatchWith.USERNAME)
    rows = small().plus(USERS, user("t1", TEACHER, username="kim"))
    nights.run(rows)
    moved = small().plus(USERS, user("t9", TEACHER, username="kim"))
    assert nights.run(moved).id(USERS, "t9") == own_id(USERS, "t1")
    two = (user("t1", TEACHER, username="kit"), user("t2", TEACHER, username="kit"))
    night = nights.run(moved.plus(USERS, *two))
    assert night.id(USERS, "t1") == night.id(USERS, "t2") != own_id(USERS, "t1")
    assert night.id(USERS, "t9") == own_id(USERS, "t1")


# Login names


def _login(night: Night, sourced_id: str) -> LoginClaim | None:
    return night.change(USERS, sourced_id).login


def test_login_names_are_claimed_if_they_change_or_are_uncertain(
    nights: Nights,
) -> None:
    rows = small()
    nights.run(rows)
    renamed = rows.but(USERS, "ann", username="anna").but(USERS, "tom", username=None)
    night = nights.run(renamed)
    assert _login(night, "ann") == LoginClaim(take="anna", release=("ann",))
    assert _login(night, "tom") == LoginClaim(take=None, release=("tom",))
    again = renamed.but(USERS, "ann", username="annie")
    nights.run(again, stops=True)
    # The name that the abandoned run may have claimed is released in any case.
    claim = _login(nights.run(renamed.but(USERS, "ann", username="nan")), "ann")
    assert claim is not None
    assert (claim.take, set(claim.release)) == ("nan", {"anna", "annie"})
    nights.run(renamed.but(USERS, "ann", username="x"), stops=True)
    claim = _login(nights.run(renamed.but(USERS, "ann", username="nan")), "ann")
    assert claim == LoginClaim(take="nan", release=("x",))


def test_another_suffix_or_client_partner_writes_everything_again(nights: Nights) -> None:
    rows = small().plus(USERS, user("gone"))
    nights.run(rows)
    nights.config = nights.config.model_copy(update={"suffix": "@o'hara"})
    rows = rows.minus(USERS, "gone")
    night = nights.run(rows)
    assert len(night.changes) == 11
    assert {change.action for change in night.changes} == {"update"}
    assert _login(night, "ann") == LoginClaim(take="ann@o'hara", release=("ann",))
    assert night.row(USERS, "ann")["login_name"] == "ann@o'hara"
    assert night.outcome.counts["users"].updated == 2
    assert nights.run(rows).changes == []
    nights.config = nights.config.model_copy(update={"client_partner_id": "school"})
    night = nights.run(rows)
    assert len(night.changes) == 11
    assert _login(night, "ann") is None
    assert [r["sourced_id"] for r in night.held[ORGS] if r["root"]] == ["school"]


# Dirty


def test_changes_of_an_abandoned_run_are_written_again(nights: Nights) -> None:
    rows = small()
    nights.run(rows)
    changed = (
        rows.but(USERS, "ann", given_name="Other")
        .plus(USERS, user("eve", username="eve"))
        .plus(ENROLLMENTS, enrollment("e-eve", "class", "eve"))
    )
    nights.run(changed, stops=True)
    night = nights.run(rows)
    # Eve may be in the roster, though no source has her: she stays until she is deleted.
    assert night.did() == {
        ("users", "update", "ann"), ("users", "create", "eve"), ("enrollments", "create", "e-eve"),
    }  # fmt: skip
    assert night.states(USERS)["eve"] == "pending gone"
    assert night.states(ENROLLMENTS)["e-eve"] == "pending gone"
    assert _login(night, "eve") == LoginClaim(take="eve")
    assert night.row(USERS, "ann")["given_name"] == "Given"
    assert night.outcome.counts["users"].created == 0
    assert nights.run(rows).written == set()


def test_a_first_load_that_was_abandoned_is_loaded_again(nights: Nights) -> None:
    first = nights.run(small(), stops=True)
    nights.run(small().but(USERS, "ann", given_name="Second"), stops=True)
    night = nights.run(small())
    assert night.did() == first.did()
    assert {change.action for change in night.changes} == {"create"}
    assert nights.run(small()).written == set()


# The root, and customers


def _roots(night: Night) -> list[str]:
    return [row["sourced_id"] for row in night.held[ORGS] if row["root"]]


def test_the_root_is_found_by_sourced_id_or_identifier_or_made_and_kept(nights: Nights) -> None:
    assert _roots(nights.run(small())) == ["district"]
    kept = nights.run(small().minus(ORGS, "district"))
    assert (_roots(kept), kept.changes, kept.notices) == (["district"], [], [])
    assert kept.states(ORGS) == {"district": "current", "school": "current"}
    said = nights.run(small().but(ORGS, "district", status="tobedeleted"))
    assert (said.states(ORGS)["district"], said.notices) == ("current", [])

    by_identifier = SourcedId("D-1")
    nights.config = nights.config.model_copy(update={"client_partner_id": by_identifier})
    rows = small().but(ORGS, "district", identifier=" D-1 ")
    assert _roots(nights.run(rows)) == ["district"]
    both = rows.plus(ORGS, org("D-1"))
    assert _roots(nights.run(both)) == ["D-1"]


def test_a_root_is_made_if_the_source_has_none(nights: Nights) -> None:
    rows = Rows(small() | {ORGS: [org("school")]})
    night = nights.run(rows)
    assert _roots(night) == ["district"]
    assert night.row(ORGS, "district")["name"] == nights.config.name
    assert night.notices == ["root_made"]
    assert night.outcome.counts["partners"].created == 2
    again = nights.run(rows)
    assert (again.notices, again.written, again.changes) == ([], set(), [])
    assert nights.run(Rows({})).written == set()
    came = nights.run(rows.plus(ORGS, org("district", "Real", type="district")))
    assert came.did() == {("partners", "update", "district")}


def test_customers_are_linked_to_the_partners_of_their_orgs(nights: Nights) -> None:
    nights.run(small())

    def link(*pairs: tuple[str, str | None]) -> None:
        customers = tuple(
            LinkedCustomer(customer_id=CustomerId(c), org_sourced_id=SourcedId(o) if o else None)
            for c, o in pairs
        )
        nights.config = nights.config.model_copy(update={"customers": customers})

    link(("c1", "school"), ("c2", None), ("c3", "elsewhere"))
    night = nights.run(small())
    assert night.did() == {("partners", "update", "school")}
    assert night.row(ORGS, "school")["customer_id"] == "c1"
    assert nights.run(small()).changes == []
    link(("c4", "school"), ("c1", "school"))
    night = nights.run(small())
    assert night.row(ORGS, "school")["customer_id"] == "c4", "of several the first named"
    assert night.outcome.counts["partners"].updated == 1
    link()
    assert nights.run(small()).row(ORGS, "school")["customer_id"] is None
