"""Which rows of its source a group loads, and what becomes of the others."""

from typing import Any

import pytest

from shared.domain.group.choices import RoleScope, StatusScope
from shared.domain.group.scope import Scope
from shared.domain.ids import SourcedId
from tests.unit.planning.nights import (
    CLASSES,
    ENROLLMENTS,
    ORGS,
    USERS,
    Nights,
    Rows,
    class_,
    enrollment,
    org,
    role,
    small,
    user,
)


def _scope(nights: Nights, **values: Any) -> None:
    nights.config = nights.config.model_copy(update={"scope": Scope(**values)})


def _town() -> Rows:
    return (
        small()
        .plus(ORGS, org("other"))
        .plus(CLASSES, class_("far", "other"))
        .plus(
            USERS,
            user("bob", role(org_id="other")),
            user("both", role(org_id="other"), role("TEACHER ", "school")),
            user("mum", role("Parent")),
            user("off", enabled_user="false"),
            user("out", status="Inactive"),
            user("wiz", role("wizard", "other")),
        )
        .plus(
            ENROLLMENTS,
            enrollment("e-bob", "far", "bob"),
            enrollment("e-both", "class", "both"),
            enrollment("e-mum", "class", "mum"),
            enrollment("e-off", "class", "off"),
        )
    )


def test_guardians_stay_outside_unless_asked_for(nights: Nights) -> None:
    night = nights.run(_town())
    assert night.states(USERS).keys() == {"ann", "tom", "bob", "both", "off", "out"}
    assert "e-mum" not in night.states(ENROLLMENTS)
    # A row outside the scope is not a fault.
    assert [f["sourcedId"] for f in night.findings] == ["wiz"]
    assert {n: night.row(USERS, n)["enabled"] for n in ("ann", "off", "out")} == {
        "ann": True, "off": False, "out": False,
    }  # fmt: skip
    _scope(nights, roles=tuple(RoleScope))
    night = nights.run(_town())
    assert night.did() == {("users", "create", "mum"), ("enrollments", "create", "e-mum")}


@pytest.mark.parametrize(
    ("scope", "users", "classes", "enrollments"),
    [
        (
            {"roles": (RoleScope.STUDENT,)},
            {"tom"},
            set(),
            {"e-tom"},
        ),
        ({"roles": (RoleScope.STAFF,)}, {"ann", "bob", "off", "out"}, set(),
         {"e-ann", "e-bob", "e-off"}),
        ({"statuses": (StatusScope.ACTIVE,)}, {"off", "out"}, set(), {"e-off"}),
        ({"schools": (SourcedId("school"),)}, {"bob"}, {"far"}, {"e-bob"}),
        ({"classes": (SourcedId("far"),)}, set(), {"class"},
         {"e-ann", "e-tom", "e-both", "e-off"}),
    ],
    ids=["students", "staff", "active", "one school", "one class"],
)  # fmt: skip
def test_records_outside_a_narrower_scope_are_held_and_come_back(
    nights: Nights,
    scope: dict[str, Any],
    users: set[str],
    classes: set[str],
    enrollments: set[str],
) -> None:
    rows = _town().minus(USERS, "wiz")
    nights.run(rows)
    _scope(nights, **scope)
    night = nights.run(rows)
    assert (night.changes, night.told(), night.notices) == ([], [], ["pending_deletions"])
    for collection, expected in ((USERS, users), (CLASSES, classes), (ENROLLMENTS, enrollments)):
        states = night.states(collection)
        assert {key for key, state in states.items() if state != "current"} == expected
        assert {states[key] for key in expected} <= {"pending outside"}
    assert set(night.states(ORGS).values()) == {"current"}
    _scope(nights)
    back = nights.run(rows)
    assert (back.changes, back.notices) == ([], [])


def test_an_unreadable_role_in_a_narrow_scope_is_rejected_and_not_outside(nights: Nights) -> None:
    _scope(nights, roles=(RoleScope.STUDENT,))
    nights.run(small())
    night = nights.run(small().but(USERS, "ann", roles=[role("pupil")]))
    assert night.states(USERS) == {"ann": "stale"}
    assert [f["code"] for f in night.findings] == ["unknown_role"]


def test_records_that_were_never_loaded_are_not_pending(nights: Nights) -> None:
    _scope(nights, schools=(SourcedId("school"),), roles=(RoleScope.STUDENT,))
    night = nights.run(_town().minus(USERS, "wiz"))
    assert night.notices == []
    assert night.states(USERS).keys() == {"ann", "both", "off", "out"}
    assert night.states(CLASSES).keys() == {"class"}
    assert night.states(ENROLLMENTS).keys() == {"e-ann", "e-both", "e-off"}
