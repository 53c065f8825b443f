"""A hold mails when it begins or grows materially, and once a day at most."""

from datetime import UTC, datetime, timedelta

from shared.domain.group.hold import Hold
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.hold_news import hold_is_news
from shared.domain.run.run import Mode, Run, RunState, Snapshot, Trigger
from tests.fakes.simulation import config

BEGIN = datetime(2026, 9, 1, 2, tzinfo=UTC)


def night(number: int, records: int = 0, rule: str = "too_many_deleted", hours: int = 24) -> Run:
    """The run of a night that holds so many records for a reason."""
    by_rule = ({"entity": "users", "rule": rule, "records": records},)
    hold = Hold(digest=f"{records}", records=records, by_rule=by_rule) if records else None
    return Run(
        enterprise=EnterpriseId("e"),
        group_id=GroupId("g"),
        seq=number,
        mode=Mode.UPDATE,
        trigger=Trigger.CLOCK,
        requested_by="clock",
        state=RunState.HELD if hold else RunState.SUCCEEDED,
        config=config(),
        hold=hold,
        snapshot=Snapshot(seq=number, shape_version=3, settings="", objects={}),
        created_at=BEGIN + timedelta(hours=hours * number),
    )


def mailed(*runs: Run) -> list[int]:
    """The numbers of the runs that are mailed."""
    earlier = [tuple(reversed(runs[:index])) for index in range(len(runs))]
    return [r.seq for r, before in zip(runs, earlier, strict=True) if hold_is_news(r, before)]


def test_a_hold_that_stays_as_it_is_mails_once() -> None:
    assert mailed(*(night(n, 100) for n in range(5))) == [0]


def test_a_hold_mails_again_once_it_has_grown_by_half_since_the_last_mail() -> None:
    sizes = [100, 120, 149, 150, 160, 225]
    assert mailed(*(night(n, size) for n, size in enumerate(sizes))) == [0, 3, 5]


def test_a_new_reason_mails() -> None:
    assert mailed(night(0, 100), night(1, 100, "identities_changed")) == [0, 1]


def test_a_hold_mails_at_most_once_a_day() -> None:
    runs = [night(n, 100 * (n + 1), hours=6) for n in range(6)]
    assert mailed(*runs) == [0, 4]


def test_a_hold_that_was_settled_begins_anew() -> None:
    assert mailed(night(0, 100), night(1), night(2, 100)) == [0, 2]


def test_a_run_that_committed_nothing_settles_nothing() -> None:
    failed = night(1).model_copy(update={"snapshot": None, "state": RunState.FAILED})
    assert mailed(night(0, 100), failed, night(2, 100)) == [0]
