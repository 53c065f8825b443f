"""How long records that have left are kept, also when the group changes it."""

from datetime import UTC, date, datetime

from shared.domain.group.calendar import Calendar, DateRange, Pause
from shared.domain.roster.change import Action
from shared.domain.roster.documents import roster_write
from shared.domain.run.run import Mode
from tests.fakes.simulation import config
from tests.unit.planning.nights import (
    CLASSES,
    ENROLLMENTS,
    SESSIONS,
    USERS,
    Night,
    Nights,
    Rows,
    class_,
    enrollment,
    role,
    small,
    user,
)

UPDATE, RETENTION = Mode.UPDATE, Mode.RETENTION
NOTHING = Rows()
PAUSED = Calendar(pause=Pause(since=date(2026, 9, 10)))


def left(nights: Nights) -> Rows:
    """Delete ann and end a class; returns the remaining rows."""
    rows = small().but(SESSIONS, "term", end_date="2026-09-01")
    rows = rows.plus(USERS, user("bob")).plus(CLASSES, class_("art"))
    rows = rows.plus(ENROLLMENTS, enrollment("e-bob", "art", "bob"))
    nights.run(rows)
    stay = rows.minus(USERS, "ann").minus(CLASSES, "class")
    stay = stay.minus(ENROLLMENTS, "e-ann", "e-tom")
    assert nights.run(stay, mode=UPDATE).did() >= {
        ("users", "delete", "ann"), ("classes", "end", "class"),
    }  # fmt: skip
    return stay


def ends(nights: Nights, night: Night) -> dict[str, datetime | None]:
    """Until when records are kept, for those that a night gives a date."""
    found = {}
    for change in night.changes:
        write = roster_write(change, nights.config)
        assert write.removal is not None
        found[change.rows[0]["sourced_id"]] = write.removal.until
    return found


def test_a_pause_removes_the_expiry_date_and_its_end_sets_another(nights: Nights) -> None:
    stay = left(nights)
    departed = nights.now
    unchanged = nights.run(NOTHING, mode=RETENTION)
    assert unchanged.changes == []
    nights.config = config(calendar=PAUSED)
    night = nights.run(NOTHING, mode=RETENTION)
    assert set(ends(nights, night).values()) == {None}
    assert {"ann", "class", "e-ann"} <= ends(nights, night).keys()
    assert {change.since for change in night.changes} == {departed}
    assert {change.action for change in night.changes} == {Action.DELETE, Action.END}
    counts = night.outcome.counts["users"]
    assert (counts.deleted, counts.ended, counts.unchanged) == (0, 0, len(stay[USERS]))
    assert nights.run(NOTHING, mode=RETENTION).changes == []
    # Two years pass, and nothing is forgotten.
    night = nights.run(stay, mode=UPDATE, days=730)
    assert {"ann", "class"} <= night.states(USERS).keys() | night.states(CLASSES).keys()
    # Until the pause began on the 10th, a week of the time had passed.
    nights.config = config(calendar=PAUSED.changed_to(Calendar(), date(2028, 10, 1)))
    night = nights.run(NOTHING, mode=RETENTION, days=30)
    found = ends(nights, night)
    assert departed.date() == date(2026, 9, 3)
    assert found["ann"] == datetime(2029, 1, 23, tzinfo=UTC)
    assert found["class"] == datetime(2028, 11, 24, tzinfo=UTC)
    back = nights.run(stay.plus(USERS, user("ann")))
    assert ("users", "restore", "ann") in back.did()


def test_records_that_are_there_or_returned_get_no_expiry_date(nights: Nights) -> None:
    left(nights)
    nights.run(small(), mode=UPDATE)
    nights.config = config(grace_days=30)
    night = nights.run(NOTHING, mode=RETENTION)
    assert ends(nights, night).keys() == {"bob", "art", "e-bob"}


def test_less_grace_expires_records_whose_time_is_up(nights: Nights) -> None:
    stay = left(nights)
    nights.config = config(grace_days=15)
    night = nights.run(NOTHING, mode=RETENTION, days=40)
    # First the table gets the date, then the plan forgets the record.
    assert ends(nights, night)["ann"] == datetime(2026, 9, 19, tzinfo=UTC)
    assert "ann" in night.states(USERS)
    assert "ann" not in nights.run(stay).states(USERS)


def test_an_expiry_date_that_was_not_written_is_written_by_the_next_run(nights: Nights) -> None:
    stay = left(nights)
    nights.config = config(calendar=PAUSED)
    nights.run(NOTHING, mode=RETENTION, stops=True)
    night = nights.run(stay)
    assert ends(nights, night)["ann"] is None
    assert night.row(USERS, "ann")["state"] == "deleted"


def test_any_run_writes_new_expiry_dates(nights: Nights) -> None:
    stay = left(nights)
    summer = DateRange(first=date(2026, 10, 1), last=date(2026, 10, 10))
    nights.config = config(calendar=Calendar(blackouts=(summer,)))
    night = nights.run(stay)
    assert ends(nights, night)["ann"] == datetime(2027, 1, 12, tzinfo=UTC)
    # A closed day after every record's expiry changes nothing.
    far = DateRange(first=date(2028, 7, 1), last=date(2028, 8, 1))
    nights.config = config(calendar=Calendar(blackouts=(summer, far)))
    assert nights.run(stay).changes == []


def test_a_member_of_staff_who_loses_a_role_gets_no_expiry_date(nights: Nights) -> None:
    rows = small().plus(
        USERS,
        user("t1", role("teacher"), username="t"),
        user("t2", role("teacher"), username="t"),
    )
    nights.run(rows)
    nights.run(rows.minus(USERS, "t2"), mode=UPDATE)
    nights.config = config(calendar=PAUSED)
    assert nights.run(NOTHING, mode=RETENTION).changes == []
