"""What waits for a person keeps the delivered values, and an approval carries them out at once."""

import csv
import json
import random

import pytest

from shared.domain.group.hold import Decision, SelectedRecord, Selection
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


def two_schools() -> Rows:
    """A district of two schools, each with a class of twelve."""
    rows = school()
    rows = rows.but(ORGS, "school", name="The first school")
    rows = rows.plus(ORGS, org("other", "The other school", parent="district")).plus(
        CLASSES, class_("c", "other")
    )
    names = [f"o{n}" for n in range(12)]
    users = [
        user(n, role("student", "other"), username=n, given_name=f"G {n}", family_name=f"F {n}")
        for n in names
    ]
    return rows.plus(USERS, *users).plus(
        ENROLLMENTS, *(enrollment(f"e-{name}", "c", name) for name in names)
    )


def without_pupils(rows: Rows) -> Rows:
    """Nobody but the teacher, and no class of the other school's pupils."""
    return Rows(
        rows
        | {
            USERS: [row for row in rows[USERS] if row["sourced_id"] == "tom"],
            ENROLLMENTS: [row for row in rows[ENROLLMENTS] if row["user"] == "tom"],
        }
    )


def test_one_school_of_a_hold_is_approved_and_the_rest_waits_on(nights: Nights) -> None:
    nights.run(two_schools())
    first = nights.run(without_pupils(two_schools()), mode=UPDATE).outcome
    assert first.counts["users"].held == 24
    assert first.hold is not None
    places = json.loads(first.hold_summary.read_text())["bySchool"]
    named = {row["school"]: row["schoolName"] for row in places}
    assert named == {"school": "The first school", "other": "The other school"}
    done = nights.run(
        Rows(), mode=UPDATE, decision=Decision.APPROVE, selection=Selection(schools=("other",))
    )
    users, enrollments = done.outcome.counts["users"], done.outcome.counts["enrollments"]
    assert (users.deleted, users.held) == (12, 12)
    assert (enrollments.deleted, enrollments.held) == (12, 12)
    assert done.outcome.hold is not None
    assert done.outcome.hold.digest != first.hold.digest
    assert {c.rows[0]["sourced_id"][0] for c in done.changes if c.collection is USERS} == {"o"}
    # The rest is rejected by its rule; what was deleted stays so.
    [rule] = [row["rule"] for row in first.hold.by_rule if row["entity"] == "users"]
    kept = nights.run(
        Rows(),
        mode=UPDATE,
        decision=Decision.REJECT,
        selection=Selection(schools=("school",), rules=(rule,)),
    )
    assert kept.outcome.counts["users"].kept == 12
    assert kept.outcome.counts["enrollments"].kept == 12
    assert (kept.changes, kept.outcome.hold) == ([], None)


def test_one_record_is_decided_with_its_memberships(nights: Nights) -> None:
    nights.run(two_schools())
    nights.run(without_pupils(two_schools()), mode=UPDATE)
    one = SelectedRecord(entity="users", sourced_id="p3")
    done = nights.run(
        Rows(), mode=UPDATE, decision=Decision.APPROVE, selection=Selection(records=(one,))
    )
    assert done.did() == {("users", "delete", "p3"), ("enrollments", "delete", "e-p3")}
    assert done.outcome.counts["users"].held == 23


def test_a_part_of_new_records_is_approved(nights: Nights) -> None:
    nights.run(school())
    nights.run(school(prefix="n-"), mode=UPDATE)
    one = SelectedRecord(entity="users", sourced_id="n-p3")
    done = nights.run(
        Rows(), mode=UPDATE, decision=Decision.APPROVE, selection=Selection(records=(one,))
    )
    assert done.did() == {("users", "create", "n-p3"), ("enrollments", "create", "e-n-p3")}
    counts = done.outcome.counts["users"]
    assert (counts.held, counts.held_new) == (12, 11)


def test_what_was_rejected_is_listed_and_can_be_approved_later(nights: Nights) -> None:
    nights.run(school())
    nights.run(school(prefix="n-"), mode=UPDATE)
    kept = nights.run(Rows(), mode=UPDATE, decision=Decision.REJECT).outcome
    assert (kept.counts["users"].kept, kept.counts["users"].kept_new) == (12, 12)
    assert (kept.hold, kept.kept is not None and kept.kept.records) == (None, 48)
    with kept.kept_list.open(newline="") as file:
        assert {row["action"] for row in csv.DictReader(file)} == {"create", "delete"}
    again = nights.run(school(prefix="n-"), mode=UPDATE).outcome
    assert again.kept == kept.kept
    done = nights.run(
        Rows(), mode=UPDATE, decision=Decision.APPROVE, selection=Selection(of_kept=True)
    )
    users = done.outcome.counts["users"]
    assert (users.created, users.deleted, users.kept, users.kept_new) == (12, 12, 0, 0)
    assert (done.outcome.kept, done.outcome.hold) == (None, None)
    assert nights.run(school(prefix="n-"), mode=UPDATE).changes == []


def test_what_is_released_is_judged_by_the_next_run(nights: Nights) -> None:
    nights.run(school())
    bad = school(prefix="n-")
    hold = nights.run(bad, mode=UPDATE).outcome.hold
    nights.run(Rows(), mode=UPDATE, decision=Decision.REJECT)
    released = nights.run(
        Rows(), mode=UPDATE, decision=Decision.RELEASE, selection=Selection(of_kept=True)
    )
    assert (released.changes, released.outcome.kept) == ([], None)
    night = nights.run(bad, mode=UPDATE)
    assert (night.outcome.hold, night.changes) == (hold, [])


def test_the_counts_of_any_night_sum_to_the_roster(nights: Nights) -> None:
    chance = random.Random(7)
    deliveries = [two_schools(), without_pupils(two_schools()), renamed(two_schools())]
    nights.run(deliveries[0])
    for _ in range(12):
        act = chance.choice([None, None, None, *Decision])
        if act is None:
            rows = chance.choice(deliveries)
            gone = chance.sample([row["sourced_id"] for row in rows[USERS]], 1)
            night = nights.run(rows.minus(USERS, *gone), mode=UPDATE)
        else:
            part = chance.choice([None, ("school",)])
            of_kept = act is Decision.RELEASE or (act is Decision.APPROVE and chance.random() < 0.5)
            chosen = Selection(schools=part, of_kept=of_kept)
            night = nights.run(Rows(), mode=UPDATE, decision=act, selection=chosen)
        for collection, rows_held in night.held.items():
            c = night.outcome.counts[collection.entity]
            here = {row["id"] for row in rows_held if row["state"] not in ("deleted", "ended")}
            parts = c.created + c.updated + c.restored + c.rekeyed + c.unchanged + c.held + c.kept
            assert parts == len(here), (act, collection)
            assert c.unchanged >= 0


@pytest.mark.parametrize("decision", [Decision.APPROVE, Decision.REJECT])
def test_identities_that_an_older_version_held_can_be_decided(
    nights: Nights, decision: Decision
) -> None:
    nights.run(school())
    bad = renamed(school())
    nights.run(bad, mode=UPDATE)
    nights.forget_proposals()
    assert nights.run(Rows(), mode=UPDATE, decision=decision).outcome.hold is None
    night = nights.run(bad, mode=UPDATE)
    updated = 13 if decision is Decision.APPROVE else 0
    assert (night.outcome.hold, night.outcome.counts["users"].updated) == (None, updated)
