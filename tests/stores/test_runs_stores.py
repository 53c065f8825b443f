"""What the stores of runs promise, tried on the real one (moto) and on its twin in memory."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.control_table.run_item import HISTORY_SECONDS, open_shard
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.dynamodb.writes import TRIES
from shared.domain import timers
from shared.domain.errors import (
    ConflictError,
    NotDueError,
    NotFoundError,
    StoppedError,
    TryLaterError,
)
from shared.domain.group.secrets import SecretName
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.requests import Due, RunRequest
from shared.domain.run.results import Commit, NextLeg, PlanResult, RunEnd
from shared.domain.run.run import Mode, Reason, RunState, Trigger
from tests.fakes.control_table import NAME, make_control_table
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.stores.control_stores import (
    EXTRACTING,
    KINDS,
    LEASE,
    NOW,
    PATIENCE,
    PLANNING,
    Control,
    control_of,
    group_of,
    plan_of,
    snapshot_of,
)

SECOND = timedelta(seconds=1)
WHY = Reason(code="source_gone", message="The source is gone.", field="connection.url")
REQUEST = RunRequest(ENTERPRISE, GROUP, Mode.SYNC, Trigger.REQUEST, "ann")


@pytest.fixture(params=KINDS)
def control(request: pytest.FixtureRequest) -> Iterator[Control]:
    with control_of(request.param) as made:
        yield made


# Accepting


def test_an_accepted_run_has_the_next_number_and_the_groups_configuration(control: Control) -> None:
    run = control.accept()
    assert (run.seq, run.state, run.leg, run.owner, run.open) == (
        1, RunState.ACCEPTED, 0, None, True,
    )  # fmt: skip
    assert (run.mode, run.trigger, run.requested_by) == (Mode.SYNC, Trigger.REQUEST, "ann")
    assert run.config.secrets.keys() == {SecretName.SECRET_KEY}
    assert control.get(run.key) == run
    control.runs.close(run.key, NOW, RunEnd(RunState.FAILED, WHY))
    assert control.accept().seq == 2


def test_a_second_request_is_told_which_run_is_under_way(control: Control) -> None:
    control.accept()
    with pytest.raises(ConflictError) as caught:
        control.accept()
    assert (caught.value.code, caught.value.extra) == ("run_under_way", {"runId": "1"})
    assert len(control.runs.history(GROUP, 10, None)) == 1
    control.add_group(GroupId("other"))
    assert control.accept(group_id=GroupId("other")).seq == 1


def test_a_group_of_another_enterprise_or_of_nobody_is_not_found(control: Control) -> None:
    foreign = RunRequest(EnterpriseId("globex"), GROUP, Mode.SYNC, Trigger.REQUEST, "eve")
    with pytest.raises(NotFoundError):
        control.runs.accept(foreign, NOW)
    with pytest.raises(NotFoundError):
        control.accept(group_id=GroupId("nobody's"))
    run = control.accept()
    assert control.runs.get(RunKey(EnterpriseId("globex"), GROUP, run.seq)) is None
    assert control.runs.get(RunKey(ENTERPRISE, GROUP, 9)) is None


def test_history_pages_from_the_newest_run_backwards(control: Control) -> None:
    for _ in range(12):
        control.runs.close(control.accept().key, NOW, RunEnd(RunState.FAILED, WHY))
    control.add_group(GroupId("group-12"))
    control.accept(group_id=GroupId("group-12"))
    newest = control.runs.history(GROUP, 5, None)
    assert [run.seq for run in newest] == [12, 11, 10, 9, 8]
    assert [run.seq for run in control.runs.history(GROUP, 50, 8)] == [7, 6, 5, 4, 3, 2, 1]
    assert control.runs.history(GROUP, 5, 1) == []


def test_what_was_learned_about_the_source_goes_with_the_next_run(control: Control) -> None:
    key = control.extracting()
    control.runs.learn(key, {"signature": "HMAC-SHA256"})
    control.runs.close(key, NOW, RunEnd(RunState.FAILED, WHY), "one")
    assert control.accept().config.learned == {"signature": "HMAC-SHA256"}
    control.runs.learn(key, {"signature": "late"})
    control.runs.close(RunKey(ENTERPRISE, GROUP, 2), NOW, RunEnd(RunState.FAILED, WHY))
    assert control.accept().config.learned == {"signature": "HMAC-SHA256"}


# The clock

DUE, NEXT = Due(NOW, NOW + timedelta(days=1), NOW.date()), NOW + timedelta(days=1)


def _clock(due: Due = DUE, **more: Any) -> RunRequest:
    return RunRequest(ENTERPRISE, GROUP, Mode.UPDATE, Trigger.CLOCK, "clock", due=due, **more)


def test_the_clock_starts_a_group_once_at_its_time(control: Control) -> None:
    control.set_due(NOW)
    run = control.runs.accept(_clock(delay_seconds=600), NOW)
    assert (run.trigger, run.mode) == (Trigger.CLOCK, Mode.UPDATE)
    # Its first message is held back: until then nobody is missing.
    assert control.overdue(NOW + PATIENCE + timedelta(seconds=599)) == []
    assert control.overdue(NOW + PATIENCE + timedelta(seconds=601)) == [run.key]
    control.runs.close(run.key, NOW, RunEnd(RunState.FAILED, WHY))
    for again in (control.runs.accept, lambda r, now: control.runs.skip(r, WHY, now)):
        with pytest.raises(NotDueError):
            again(_clock(), NOW)
    assert control.runs.accept(_clock(Due(NEXT, None, NOW.date())), NEXT).seq == 2


def test_a_run_that_does_not_begin_is_history_and_leaves_the_lock_alone(control: Control) -> None:
    control.set_due(NOW)
    running = control.accept()
    with pytest.raises(ConflictError) as caught:
        control.runs.accept(_clock(), NOW)
    assert caught.value.code == "run_under_way"
    skipped = control.runs.skip(_clock(), WHY, NOW)
    kept = control.get(skipped.key)
    assert (kept.state, kept.reason, kept.finished_at, kept.config.secrets) == (
        RunState.CANCELLED, WHY, NOW, {},
    )  # fmt: skip
    # Its end is to be announced, by whoever looks after that.
    assert control.overdue(NOW + SECOND) == [skipped.key]
    assert control.get(running.key).open
    control.runs.close(running.key, NOW, RunEnd(RunState.FAILED, WHY))
    assert control.accept().seq == 3
    with pytest.raises(NotDueError):
        control.runs.skip(_clock(), WHY, NOW)


# Legs


def test_a_leg_is_claimed_by_one_owner(control: Control) -> None:
    key = control.accept().key
    run = control.runs.claim(key, EXTRACTING, 0, "one", NOW)
    assert run is not None
    assert (run.state, run.owner, run.lease_until, run.started_at) == (
        RunState.EXTRACTING, "one", NOW + LEASE, NOW,
    )  # fmt: skip
    assert control.runs.claim(key, EXTRACTING, 0, "two", NOW + LEASE) is None
    again = control.runs.claim(key, EXTRACTING, 0, "one", NOW + SECOND)
    assert again is not None
    assert again.started_at == NOW


@pytest.mark.parametrize(
    ("state", "leg", "seq", "enterprise"),
    [
        (EXTRACTING, 1, 1, ENTERPRISE),
        (PLANNING, 0, 1, ENTERPRISE),
        (EXTRACTING, 0, 2, ENTERPRISE),
        (EXTRACTING, 0, 1, EnterpriseId("globex")),
    ],
    ids=["another leg", "another state", "no such run", "foreign"],
)
def test_a_claim_of_what_is_not_so_changes_nothing(
    control: Control, state: RunState, leg: int, seq: int, enterprise: EnterpriseId
) -> None:
    run = control.accept()
    key = RunKey(enterprise, GROUP, seq)
    assert control.runs.claim(key, state, leg, "one", NOW) is None
    assert control.get(run.key) == run
    assert control.runs.get(RunKey(ENTERPRISE, GROUP, 2)) is None


def test_a_lapsed_lease_is_taken_over_and_its_owner_stopped(control: Control) -> None:
    key = control.extracting("one")
    late = NOW + LEASE + SECOND
    assert control.runs.claim(key, EXTRACTING, 0, "two", late) is not None
    with pytest.raises(StoppedError):
        control.runs.beat(key, "one", late, {})
    with pytest.raises(StoppedError):
        control.runs.hand_on(
            key, "one", late, NextLeg(RunState.PLANNING, cursor=None, progress={"x": 1})
        )
    run = control.get(key)
    assert (run.owner, run.leg, run.progress) == ("two", 0, {})


def test_a_beat_renews_the_lease_and_shows_progress(control: Control) -> None:
    key = control.extracting()
    control.runs.beat(key, "one", NOW + LEASE, {"users": 7})
    assert control.runs.claim(key, EXTRACTING, 0, "two", NOW + 2 * LEASE) is None
    run = control.get(key)
    assert (run.lease_until, run.progress) == (NOW + 2 * LEASE, {"users": 7})


def test_a_leg_handed_on_is_free_for_anybody_and_the_old_one_gone(control: Control) -> None:
    key = control.extracting()
    leg = control.runs.hand_on(
        key, "one", NOW, NextLeg(RunState.EXTRACTING, cursor={"a": [1, None]}, progress={"p": 1})
    )
    assert leg == 1
    run = control.get(key)
    assert (run.leg, run.owner, run.lease_until, run.cursor) == (1, None, None, {"a": [1, None]})
    assert control.runs.claim(key, EXTRACTING, 0, "one", NOW) is None
    with pytest.raises(StoppedError):
        control.runs.beat(key, "one", NOW, {})
    claimed = control.runs.claim(key, EXTRACTING, 1, "two", NOW)
    assert claimed is not None
    assert (claimed.cursor, claimed.progress) == ({"a": [1, None]}, {"p": 1})


# Nothing hangs


def test_a_waiting_run_is_overdue_once_its_patience_is_over(control: Control) -> None:
    key = control.accept().key
    assert control.overdue(NOW + PATIENCE) == []
    assert control.overdue(NOW + PATIENCE + SECOND) == [key]
    control.runs.claim(key, EXTRACTING, 0, "one", NOW)
    assert control.overdue(NOW + LEASE + SECOND) == [key]
    control.runs.hand_on(
        key, "one", NOW, NextLeg(RunState.EXTRACTING, cursor=None, progress={}, delay_seconds=600)
    )
    assert control.overdue(NOW + PATIENCE + timedelta(seconds=600)) == []
    assert control.overdue(NOW + PATIENCE + timedelta(seconds=601)) == [key]


def test_each_look_after_a_message_was_sent_again_is_four_times_as_far_off(
    control: Control,
) -> None:
    key, now, waits = control.accept().key, NOW, []
    for _ in range(6):
        before = now
        while not control.overdue(now):
            now += PATIENCE
        waits.append((now - before) // PATIENCE)
        control.runs.resend(control.get(key), now)
    # In steps of five minutes: it is due in the step after its time is up.
    assert waits == [2, 2, 5, 17, 65, 257]
    assert timedelta(hours=24) < now - NOW < timedelta(hours=30)
    assert control.get(key).resends == 6


def test_a_message_held_back_has_its_time_from_then_on(control: Control) -> None:
    key, now = control.extracting(), NOW + LEASE + SECOND
    control.runs.resend(control.get(key), now, delay_seconds=600)
    assert control.overdue(now + timedelta(seconds=600) + PATIENCE) == []
    now += timedelta(seconds=601) + PATIENCE
    assert control.overdue(now) == [key]
    control.runs.claim(key, EXTRACTING, 0, "two", now)
    control.runs.hand_on(key, "two", now, NextLeg(RunState.PLANNING, cursor=None, progress={}))
    assert control.get(key).resends == 0


def test_a_message_is_noted_as_sent_until_the_run_goes_on(control: Control) -> None:
    run = control.accept()
    assert run.sent_at is None
    control.runs.sent(run, NOW)
    control.runs.sent(run, NOW + SECOND)
    key = run.key
    assert control.get(key).sent_at == NOW + SECOND
    assert control.runs.claim(key, EXTRACTING, 0, "one", NOW) is not None
    assert control.get(key).sent_at == NOW + SECOND
    control.runs.hand_on(key, "one", NOW, NextLeg(RunState.PLANNING, cursor=None, progress={}))
    assert control.get(key).sent_at is None
    control.runs.sent(run, NOW)  # a late note of the former leg
    assert control.get(key).sent_at is None
    planning = control.get(key)
    control.runs.sent(planning, NOW)
    control.runs.resend(planning, NOW + PATIENCE + SECOND)
    assert control.get(key).sent_at is None
    control.runs.sent(planning, NOW)
    assert control.runs.claim(key, PLANNING, 1, "two", NOW) is not None
    plan = plan_of(key, 1)
    control.batches.open(key, plan, NOW)
    control.batches.planned(key, "two", NOW, PlanResult({}, (), plan))
    control.runs.sent(planning, NOW)
    assert control.get(key).sent_at is None
    control.runs.sent(control.get(key), NOW)
    assert control.get(key).sent_at == NOW


def test_a_run_that_waits_is_put_off_and_nothing_is_counted(control: Control) -> None:
    key, now = control.accept().key, NOW + PATIENCE + SECOND
    control.runs.put_off(control.get(key), NOW)
    assert control.overdue(now) == [key]
    control.runs.put_off(control.get(key), now)
    assert control.overdue(now + PATIENCE) == []
    assert control.overdue(now + PATIENCE + SECOND) == [key]
    assert control.get(key).resends == 0
    seen = control.get(key)
    control.runs.claim(key, EXTRACTING, 0, "one", now)
    control.runs.put_off(seen, now + PATIENCE)
    assert control.overdue(now + LEASE + SECOND) == [key]
    # One that has ended and could not be announced is put off as well; an announced one is gone.
    control.runs.close(key, now, RunEnd(RunState.FAILED, WHY), "one")
    ended = control.get(key)
    control.runs.put_off(ended, now + SECOND)
    assert control.overdue(now + PATIENCE) == []
    control.runs.announced(key)
    control.runs.put_off(ended, now + timedelta(days=1))
    assert control.overdue(now + timedelta(days=9)) == []


def test_those_that_are_longest_due_come_first(control: Control) -> None:
    keys = []
    for number in range(9):
        group_id = GroupId(f"g-{number}")
        control.add_group(group_id)
        keys.append(control.accept(NOW + timedelta(minutes=(number * 5) % 9), group_id).key)
    late = NOW + timedelta(hours=1)
    order = sorted(keys, key=lambda key: control.get(key).created_at)
    assert control.overdue(late) == order


def test_no_leg_is_taken_up_once_the_run_is_out_of_time(control: Control) -> None:
    key = control.accept().key
    late = NOW + timers.RUN_DEADLINE
    assert control.runs.claim(key, EXTRACTING, 0, "one", late) is None
    assert control.runs.claim(key, EXTRACTING, 0, "one", late - SECOND) is not None


def test_of_two_who_send_again_one_is_stopped(control: Control) -> None:
    key = control.accept().key
    late = NOW + PATIENCE + SECOND
    seen = control.get(key)
    control.runs.resend(seen, late)
    with pytest.raises(StoppedError):
        control.runs.resend(seen, late)
    assert control.get(key).resends == 1


# Ends


def test_a_closed_run_frees_the_group_and_keeps_its_reason_but_no_secret(control: Control) -> None:
    key = control.extracting()
    assert control.runs.close(key, NOW, RunEnd(RunState.FAILED, WHY), "one")
    run = control.get(key)
    assert (run.state, run.reason, run.finished_at) == (RunState.FAILED, WHY, NOW)
    assert (run.owner, run.lease_until, run.cursor, run.config.secrets) == (None, None, None, {})
    assert run.config.name
    assert not control.runs.close(key, NOW, RunEnd(RunState.FAILED, WHY), "one")
    with pytest.raises(StoppedError):
        control.runs.beat(key, "one", NOW, {})
    assert control.runs.claim(key, EXTRACTING, 0, "one", NOW) is None
    assert control.accept().config.secrets


def test_a_run_with_a_living_owner_cannot_be_closed_by_others(control: Control) -> None:
    key = control.extracting()
    assert not control.runs.close(key, NOW + LEASE, RunEnd(RunState.FAILED, WHY))
    assert not control.runs.close(key, NOW + LEASE, RunEnd(RunState.FAILED, WHY), "two")
    assert control.get(key).open
    with pytest.raises(ConflictError):
        control.accept()
    assert control.runs.close(key, NOW + LEASE + SECOND, RunEnd(RunState.FAILED, WHY))
    control.accept()


def test_a_closed_run_leaves_dirty_and_base_as_they_are(control: Control) -> None:
    key, plan = control.applying(1)
    assert control.runs.close(key, NOW, RunEnd(RunState.FAILED, WHY))
    base = control.batches.base(key)
    assert (base.dirty, base.snapshot, base.shards) == ((plan.changes_key,), None, 3)
    assert control.batches.touch(key, NOW) is None
    assert not control.batches.finish(key, plan, 0)
    with pytest.raises(StoppedError):
        control.batches.commit(key, NOW, Commit(RunState.SUCCEEDED, snapshot_of(key), 3))
    assert control.batches.base(key) == base


def test_an_ended_run_is_overdue_until_its_end_is_announced(control: Control) -> None:
    key = control.extracting()
    control.runs.close(key, NOW, RunEnd(RunState.FAILED, WHY), "one")
    assert control.overdue(NOW + SECOND) == [key]
    assert not control.get(key).announced
    control.runs.announced(key)
    control.runs.announced(key)
    assert control.overdue(NOW + timedelta(days=900)) == []
    assert control.get(key).announced


def test_an_end_is_recorded_once_and_published_before_it_is_announced(control: Control) -> None:
    key = control.extracting()
    control.runs.close(key, NOW, RunEnd(RunState.FAILED, WHY), "one")
    assert not control.get(key).recorded
    assert [control.runs.recorded(key) for _ in range(3)] == [True, False, False]
    assert control.get(key).recorded
    assert not control.get(key).published
    control.runs.published(key)
    assert (control.get(key).published, control.get(key).announced) == (True, False)
    assert control.overdue(NOW + SECOND) == [key]


# What only DynamoDB has


class _Meddling:
    """A client in whose way somebody gets before each transaction."""

    def __init__(self, client: Any, meddle: Callable[[], None]) -> None:
        self._client = client
        self._meddle = meddle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        self._meddle()
        return self._client.transact_write_items(**request)


def test_a_group_changed_between_reading_and_writing_is_read_again() -> None:
    with mock_aws():
        client = boto3.client("dynamodb")
        groups = DynamoGroups(client, make_control_table(client))
        groups.create(group_of(GROUP))
        left = [1]

        def rename() -> None:
            if left[0]:
                left[0] -= 1
                old = groups.get(ENTERPRISE, GROUP)
                groups.change(old, group_of(GROUP, suffix="@new", version=old.config.version + 1))

        meddling: Any = _Meddling(client, rename)
        run = DynamoRuns(meddling, NAME).accept(REQUEST, NOW)
        assert (run.seq, run.config.suffix) == (1, "@new")


def test_a_group_that_never_stands_still_is_tried_later() -> None:
    def conflict() -> None:
        answer: Any = {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
            "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
        }
        tries.append(1)
        raise ClientError(answer, "TransactWriteItems")

    tries: list[int] = []
    with mock_aws():
        client = boto3.client("dynamodb")
        DynamoGroups(client, make_control_table(client)).create(group_of(GROUP))
        meddling: Any = _Meddling(client, conflict)
        with pytest.raises(TryLaterError):
            DynamoRuns(meddling, NAME).accept(REQUEST, NOW)
    assert len(tries) == TRIES


def test_of_two_requests_at_once_the_second_is_told_of_the_first() -> None:
    with mock_aws():
        client = boto3.client("dynamodb")
        DynamoGroups(client, make_control_table(client)).create(group_of(GROUP))
        first = DynamoRuns(client, NAME)

        def be_quicker() -> None:
            if not first.history(GROUP, 1, None):
                first.accept(REQUEST, NOW)

        meddling: Any = _Meddling(client, be_quicker)
        with pytest.raises(ConflictError) as caught:
            DynamoRuns(meddling, NAME).accept(REQUEST, NOW)
        assert caught.value.extra == {"runId": "1"}


def test_open_runs_stand_in_a_sparse_index_and_all_runs_expire() -> None:
    with control_of("dynamo") as control:
        key = control.extracting()

        def in_index() -> list[str]:
            return [
                item["openShard"]["S"]
                for item in control.client.scan(TableName=NAME, IndexName="openRuns")["Items"]
            ]

        assert in_index() == [open_shard(GROUP)]
        control.runs.close(key, NOW, RunEnd(RunState.FAILED, WHY), "one")
        assert in_index() == [open_shard(GROUP)]
        control.runs.announced(key)
        assert in_index() == []
        [item] = [
            item
            for item in control.client.scan(TableName=NAME)["Items"]
            if item["sk"]["S"].startswith("RUN#")
        ]
        assert int(item["expiresAt"]["N"]) == int(NOW.timestamp()) + HISTORY_SECONDS


def test_runs_of_all_groups_are_found_in_the_index() -> None:
    with control_of("dynamo") as control:
        keys = {control.accept().key}
        for number in range(2, 10):
            control.add_group(GroupId(f"group-{number}"))
            keys.add(control.accept(group_id=GroupId(f"group-{number}")).key)
        assert len({open_shard(key.group_id) for key in keys}) > 1
        assert set(control.overdue(NOW + PATIENCE + SECOND)) == keys


def test_a_run_survives_storage_as_it_is(control: Control) -> None:
    key = control.planning()
    plan = plan_of(key, 1)
    control.batches.open(key, plan, NOW)
    control.batches.planned(key, "one", NOW, PlanResult({}, (), plan))
    run = control.batches.touch(key, NOW)
    assert run == control.get(key)
    assert run is not None
    assert (run.plan, run.state, run.cursor) == (plan, RunState.APPLYING, None)
