"""Whatever stops a worker, an object is kept for good just if a group's state names it.

The bucket's lifecycle goes by tags: an object that nothing names must not be ``current``, for no
rule would ever take it away, and one that is named must be nothing else.
"""

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from itertools import pairwise
from threading import RLock

import pytest

from shared.domain.object_keys import CURRENT, ENDS, Ends, Folder, index_key
from shared.domain.run.run import Mode, RunState
from shared.messages import ApplyBatch, Message, PlanRun
from tests.fakes.simulation import Simulation
from tests.fakes.source import user
from tests.unit.test_updates import USERS, leave, school

PREPARED = tuple(folder.prefix for folder in Folder if ENDS[folder] is Ends.BY_TAG)


def kept(world: Simulation) -> set[str]:
    """What no rule of the bucket touches."""
    tagged = world.objects.tags.items()
    return {key for key, tags in tagged if key.startswith(PREPARED) and tags == CURRENT}


def named(world: Simulation) -> set[str]:
    """What the group's state names; a change file has its index beside it."""
    group = world.group
    base = set(group.base.objects.values()) if group.base else set()
    dirty = {name for key in group.dirty for name in (key, index_key(key))}
    return base | dirty | set(group.hold.keys if group.hold else ())


def _changes(world: Simulation) -> None:
    world.source.put(USERS, user("new", "school"))
    leave(world, 3)


def _waits(world: Simulation) -> None:
    """So many leave that it is held; nothing else is to be written."""
    leave(world, *range(12))


def _up_to(
    world: Simulation, happens: Callable[[Simulation], None], kind: type[Message]
) -> Message:
    """Let an update come as far as its last message of a kind; a plan first asks what is gone."""
    happens(world)
    world.request(Mode.UPDATE)
    asked = 0
    while not isinstance(world.queue.messages[0], kind) or (kind is PlanRun and not asked):
        asked += isinstance(world.queue.messages[0], PlanRun)
        world.deliver(world.take())
    return world.take()


def _copy(world: Simulation) -> Simulation:
    """The same world once more, to die in."""
    lock = world.control.lock
    return deepcopy(world, {id(lock): RLock()})


def _turns(world: Simulation, message: Message) -> list[int]:
    """The writes of a delivery at which it turns to another store, once it begins to hand over."""
    whole, names = _copy(world), list[str]()
    for store in (whole.control, whole.roster, whole.objects, whole.queue, whole.announcements):
        store.on_write = names.append
    assert whole.deliver(message)
    begins = min(names.index(name) for name in ("planned", "tag") if name in names)
    pairs = enumerate(pairwise(["", *names]))
    return [number for number, (last, name) in pairs if last != name and number >= begins]


@pytest.mark.parametrize(
    ("happens", "kind"), [(_changes, PlanRun), (_waits, PlanRun), (_changes, ApplyBatch)]
)
def test_wherever_a_worker_dies_just_what_is_named_is_kept(
    happens: Callable[[Simulation], None], kind: type[Message]
) -> None:
    before = school(20)
    assert kept(before) == named(before)
    message = _up_to(before, happens, kind)
    turns = _turns(before, message)
    assert len(turns) >= 3
    for die_at in turns:
        world = _copy(before)
        assert not world.deliver(message, die_at=die_at), die_at
        # The queue brings the message again, and its run is looked after.
        world.queue.messages.append(message)
        world.settle()
        world.tick(timedelta(hours=2))
        assert kept(world) == named(world), die_at
        assert world.group.dirty == ()


def test_a_run_that_is_given_up_keeps_its_changes_and_nothing_else() -> None:
    world = school(20)
    _up_to(world, _changes, ApplyBatch)
    for _ in range(12):
        world.queue.messages.clear()
        world.tick(timedelta(days=1))
    [*_, last] = sorted(world.control.runs.values(), key=lambda run: run.seq)
    assert (last.state, len(world.group.dirty)) == (RunState.FAILED, 1)
    assert kept(world) == named(world)
    # Weeks later the next run writes them again.
    world.objects.expire()
    assert world.sync(Mode.UPDATE).state is RunState.SUCCEEDED
    assert kept(world) == named(world)


def test_a_run_whose_snapshot_is_gone_does_not_become_the_group_s_state() -> None:
    world = school(20)
    message = _up_to(world, _changes, ApplyBatch)
    [run] = [run for run in world.control.runs.values() if run.open]
    assert run.plan is not None
    base = world.group.base
    del world.objects.objects[run.plan.snapshot.objects[USERS]]
    world.queue.messages.append(message)
    world.settle()
    ended = world.control.runs[run.key]
    assert ended.reason is not None
    assert (ended.state, ended.reason.code) == (RunState.FAILED, "result_lost")
    assert (world.group.base, len(world.group.dirty)) == (base, 1)
    done = world.sync(Mode.UPDATE)
    assert (done.state, world.group.dirty) == (RunState.SUCCEEDED, ())
    assert len(world.docs(USERS)) == 20
