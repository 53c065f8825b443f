"""Groups that are deleted with all that they have, over in-memory stores."""

from collections import Counter
from datetime import date, timedelta

import pytest

from shared.domain.errors import NotFoundError
from shared.domain.roster.collection import Collection
from shared.domain.run.deletion_certificate import Store
from shared.domain.run.run import Mode, RunState
from shared.groups.delete_group import SECOND_SWEEP_SECONDS
from shared.messages import ApplyBatch, DeleteGroup
from tests.fakes.simulation import ENTERPRISE, GROUP, Simulation
from tests.fakes.source import user
from tests.unit.test_updates import school


def _there(world: Simulation) -> dict[str, int]:
    """What is there of the group, by store and kind."""
    found = Counter(
        f"roster/{record.collection.entity}" for record in world.roster.records.values()
    )
    found["roster/loginNames"] = len(world.roster.logins)
    found["roster/stamps"] = len(world.roster.stamps)
    found.update(f"bucket/{key.split('/')[0]}" for key in world.objects.objects)
    return dict(found)


def _erased(world: Simulation) -> dict[str, int]:
    """What the certificate says was deleted from there."""
    erased = world.control.gone[ENTERPRISE, GROUP].erased
    return {f"{e.store}/{e.kind}": e.deleted for e in erased if e.store is not Store.CONTROL}


def _left(world: Simulation) -> tuple[int, int, int]:
    return len(world.roster.records), len(world.roster.logins), len(world.objects.objects)


def test_a_deleted_group_leaves_nothing_but_its_runs() -> None:
    world = school()
    there = _there(world)
    run = world.delete()
    [message] = world.queue.messages
    world.deliver(world.take())
    assert _left(world) == (0, 0, 0)
    # Until the second sweep the group is there, and takes nothing.
    with pytest.raises(NotFoundError):
        world.request()
    assert world.queue.delays[-1] == SECOND_SWEEP_SECONDS
    world.now += timedelta(seconds=SECOND_SWEEP_SECONDS)
    world.settle()
    ended = world.control.runs[run.key]
    assert (ended.mode, ended.state) == (Mode.DELETE, RunState.SUCCEEDED)
    assert (ENTERPRISE, GROUP) not in world.control.groups
    certificate = world.control.gone[ENTERPRISE, GROUP]
    assert _erased(world) == there
    assert (certificate.run_seq, certificate.requested_by, certificate.name) == (
        run.seq, "test", "Springfield",
    )  # fmt: skip
    # The second sweep ended 15 minutes later, on the same day; the tables are backed up for 35.
    assert certificate.deleted_at == world.now
    last = date(2026, 10, 6)
    assert [certificate.last_backup_day(store) for store in Store] == [last, None, None, last]
    assert world.announcements.finished[-1] == run.key.run_id
    # The first message, once more and late, does nothing.
    assert world.deliver(message)
    assert world.control.runs[run.key] == ended


def test_what_a_stopped_worker_writes_on_is_swept_as_well() -> None:
    world = school()
    seen = dict(world.roster.records), dict(world.roster.logins), dict(world.objects.objects)
    world.delete()
    world.deliver(world.take())
    world.roster.records, world.roster.logins, world.objects.objects = seen
    world.settle()
    assert _left(world) == (0, 0, 0)
    # Both times it was there, and was deleted.
    assert _erased(world)["roster/users"] == 80


def test_batches_of_a_stopped_run_do_nothing() -> None:
    world = school()
    world.source.put(Collection.USERS, user("new", "school"))
    world.request()
    while not any(isinstance(message, ApplyBatch) for message in world.queue.messages):
        world.deliver(world.take())
    batches = [message for message in world.queue.messages if isinstance(message, ApplyBatch)]
    world.queue.messages.clear()
    run = world.delete()
    world.settle()
    for batch in batches:
        world.deliver(batch)
    assert _left(world) == (0, 0, 0)
    assert world.control.runs[run.key].state is RunState.SUCCEEDED


def test_a_large_group_takes_several_legs() -> None:
    world = school()
    world.leg = timedelta(seconds=10)
    world.roster.on_write = lambda name: setattr(world, "now", world.now + timedelta(seconds=1))
    run = world.delete()
    world.settle()
    assert _left(world) == (0, 0, 0)
    ended = world.control.runs[run.key]
    assert (ended.state, ended.leg > 5) == (RunState.SUCCEEDED, True)


@pytest.mark.parametrize("death", range(0, 120, 7))
def test_a_worker_that_dies_is_followed_by_another(death: int) -> None:
    world = school(10)
    there = _there(world)
    run = world.delete()
    world.deliver(world.take(), die_at=death)
    world.settle()
    assert _left(world) == (0, 0, 0)
    assert world.control.runs[run.key].state is RunState.SUCCEEDED
    assert _erased(world) == there


def test_workers_that_die_again_and_again_neither_forget_nor_count_twice() -> None:
    world = school(10)
    there = _there(world)
    world.delete()
    for death in range(1, 8):
        world.deliver(world.queue.messages[0], die_at=death)
        world.now += timedelta(minutes=2)  # the lease of the dead one is over
    assert _left(world) != (0, 0, 0)
    world.settle()
    assert _erased(world) == there


def test_what_a_deletion_had_deleted_that_was_given_up_is_certified() -> None:
    world = school(10)
    there = _there(world)
    world.delete()
    world.deliver(world.take(), die_at=13)
    for _ in range(12):
        world.queue.messages.clear()
        world.tick(timedelta(days=3))
    assert _left(world)[0] > 0
    world.delete()
    world.settle()
    assert _erased(world) == there


def test_a_deletion_that_nobody_works_on_fails_and_can_be_asked_for_again() -> None:
    world = school(10)
    run = world.delete()
    for _ in range(12):
        world.queue.messages.clear()
        world.tick(timedelta(hours=8))
    given_up = world.control.runs[run.key]
    assert (given_up.state, given_up.reason and given_up.reason.code) == (
        RunState.FAILED, "abandoned",
    )  # fmt: skip
    again = world.delete()
    assert isinstance(world.queue.messages[-1], DeleteGroup)
    world.settle()
    assert world.control.runs[again.key].state is RunState.SUCCEEDED
    assert _left(world) == (0, 0, 0)
