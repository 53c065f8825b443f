"""What waits for a person keeps the delivered values, and an approval carries them out at once."""

import pytest

from shared.domain.group.hold import Decision
from shared.domain.roster.collection import CollectionStatus
from shared.domain.run.run import Mode
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
    user,
)

UPDATE = Mode.UPDATE


def school(pupils: int = 12, prefix: str = "") -> Rows:
    """A school with one class, in which all pupils and a teacher are."""
    names = [f"{prefix}p{n}" for n in range(pupils)]
    return Rows(
        {
            ORGS: [org("district", type="district"), org("school", parent="district")],
            CLASSES: [class_("class")],
            USERS: [
                *(
                    user(
                        name,
                        username=name.removeprefix(prefix),
                        given_name=f"Given {name.removeprefix(prefix)}",
                        family_name=f"Family {name.removeprefix(prefix)}",
                    )
                    for name in names
                ),
                user("tom", role("teacher"), username="tom"),
            ],
            ENROLLMENTS: [
                *(enrollment(f"e-{name}", "class", name) for name in names),
                enrollment("e-tom", "class", "tom", role="teacher"),
            ],
        }
    )


def renamed(rows: Rows) -> Rows:
    """The same users, each with the names of the next one."""
    users = rows[USERS]
    names = [(row["given_name"], row["family_name"]) for row in users]
    turned = zip(users, names[1:] + names[:1], strict=True)
    return Rows(
        rows
        | {
            USERS: [
                row | {"given_name": given, "family_name": family}
                for row, (given, family) in turned
            ]
        }
    )


def test_an_approved_renumbering_finishes_in_the_run_of_the_decision(nights: Nights) -> None:
    nights.run(school())
    held = nights.run(school(prefix="n-"), mode=UPDATE)
    assert held.changes == []
    assert len(held.proposed[USERS]) == 12
    assert {row["rule"] for row in held.proposed[ENROLLMENTS]} == {"with_held"}
    done = nights.run(Rows(), mode=UPDATE, decision=Decision.APPROVE)
    assert (done.outcome.hold, done.proposed[USERS], done.proposed[ENROLLMENTS]) == (None, [], [])
    users, enrollments = done.outcome.counts["users"], done.outcome.counts["enrollments"]
    assert (users.created, users.deleted) == (12, 12)
    assert (enrollments.created, enrollments.deleted) == (12, 12)
    assert done.row(ENROLLMENTS, "e-n-p1")["user_id"] == done.id(USERS, "n-p1")
    # Nobody is asked a second time about the same matter.
    assert nights.run(school(prefix="n-"), mode=UPDATE).changes == []


def test_rejected_new_records_stay_out_whatever_their_rows_say(nights: Nights) -> None:
    nights.run(school())
    nights.run(school(prefix="n-"), mode=UPDATE)
    nights.run(Rows(), mode=UPDATE, decision=Decision.REJECT)
    other = school(prefix="n-").but(USERS, "n-p1", email="other@example.org")
    night = nights.run(other, mode=UPDATE)
    assert (night.changes, night.outcome.hold) == ([], None)
    assert {row["answer"] for row in night.proposed[USERS]} == {"kept"}


def test_a_new_record_that_is_no_longer_delivered_waits_no_longer(nights: Nights) -> None:
    nights.run(school())
    nights.run(school(prefix="n-"), mode=UPDATE)
    night = nights.run(school(), mode=UPDATE)
    assert (night.proposed[USERS], night.proposed[ENROLLMENTS]) == ([], [])
    assert (night.outcome.hold, night.changes) == (None, [])


@pytest.mark.parametrize("status", [CollectionStatus.UNPROVEN, CollectionStatus.DELTA])
def test_what_a_delivery_says_nothing_of_waits_on(nights: Nights, status: CollectionStatus) -> None:
    nights.run(school())
    waiting = nights.run(school(prefix="n-"), mode=UPDATE).proposed
    part = Rows({USERS: [user("more", username="more")]})
    night = nights.run(part, {USERS: status}, mode=UPDATE)
    assert night.proposed == waiting


def test_a_change_that_waits_is_over_once_the_source_takes_it_back(nights: Nights) -> None:
    nights.run(school())
    bad = renamed(school())
    assert nights.run(bad, mode=UPDATE).outcome.counts["users"].held == 13
    night = nights.run(school(), mode=UPDATE)
    assert (night.outcome.hold, night.proposed[USERS], night.changes) == (None, [], [])


def test_a_rejected_change_is_kept_until_another_row_comes(nights: Nights) -> None:
    nights.run(school())
    bad = renamed(school())
    nights.run(bad, mode=UPDATE)
    rejected = nights.run(Rows(), mode=UPDATE, decision=Decision.REJECT)
    assert (rejected.outcome.hold, rejected.changes) == (None, [])
    for _ in range(2):
        night = nights.run(bad, mode=UPDATE)
        assert (night.outcome.hold, night.changes) == (None, [])
        assert {row["answer"] for row in night.proposed[USERS]} == {"kept"}
    right = bad.but(USERS, "p1", given_name="Given p1", family_name="Family p1", email="p@x.org")
    night = nights.run(right, mode=UPDATE)
    assert night.did() == {("users", "update", "p1")}
    # One who is gone is gone, whatever waited.
    night = nights.run(right.minus(USERS, "p2").minus(ENROLLMENTS, "e-p2"), mode=UPDATE)
    assert ("users", "delete", "p2") in night.did()
