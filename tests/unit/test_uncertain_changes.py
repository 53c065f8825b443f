"""What a run was uncertain of stands in the snapshot that it leaves, whatever it planned besides.

A run that began to write and was given up leaves changes that may or may not have been applied. The
next run writes them again; its snapshot must say so, or who was deleted counts as there for ever.
"""

import pytest

from shared.domain.group.hold import Decision
from shared.domain.roster.collection import Collection
from shared.domain.run.results import RunEnd
from shared.domain.run.run import Mode, RunState
from tests.fakes.backups import kept_control, kept_roster
from tests.fakes.simulation import Simulation
from tests.fakes.source import user
from tests.unit.test_restored_tables import FREE, check, world_of

USERS, ENROLLMENTS = Collection.USERS, Collection.ENROLLMENTS
WHO, HOW = "user-2", "e-2"


class Leaver:
    """A pupil who leaves the source, and comes back as they were."""

    def __init__(self, world: Simulation) -> None:
        self._source = world.source
        self._gone = (
            world.source.collections[USERS][WHO],
            world.source.collections[ENROLLMENTS][HOW],
        )

    def leaves(self) -> None:
        """Take them out of the source."""
        del self._source.collections[USERS][WHO], self._source.collections[ENROLLMENTS][HOW]

    def returns(self) -> None:
        """Put them back."""
        self._source.put(USERS, self._gone[0])
        self._source.put(ENROLLMENTS, self._gone[1])


def give_up(world: Simulation) -> None:
    """An update that has planned its changes, and ends before one is written."""
    run = world.request(Mode.UPDATE)
    while world.control.runs[run.key].state is not RunState.APPLYING:
        world.deliver(world.take())
    world.queue.messages.clear()
    assert world.control.close(run.key, world.now, RunEnd(RunState.FAILED))


@pytest.mark.parametrize("between", [Mode.UPDATE, Mode.RETENTION])
def test_who_was_deleted_by_the_run_after_one_that_was_given_up_can_return(between: Mode) -> None:
    world = world_of(guard=FREE)
    leaver = Leaver(world)
    leaver.leaves()
    give_up(world)
    _run(world, between)
    leaver.returns()
    assert world.sync(Mode.UPDATE).counts["users"].restored == 1
    check(world)
    assert world.sync(Mode.UPDATE).counts["users"].unchanged == 4


@pytest.mark.parametrize("between", [Mode.UPDATE, Mode.RETENTION])
def test_who_returned_in_a_run_that_was_given_up_can_leave(between: Mode) -> None:
    world = world_of(guard=FREE)
    leaver = Leaver(world)
    leaver.leaves()
    world.sync(Mode.UPDATE)
    leaver.returns()
    give_up(world)
    leaver.leaves()
    _run(world, between)
    world.sync(Mode.UPDATE)
    check(world)


@pytest.mark.parametrize("story", ["deleted", "restored", "changed"])
def test_a_run_that_fetches_nothing_may_be_the_first_after_a_restore(story: str) -> None:
    world = world_of(guard=FREE)
    leaver = Leaver(world)
    before = world.source.collections[USERS]["user-1"]
    if story == "restored":
        leaver.leaves()
        world.sync(Mode.UPDATE)
    back = kept_control(world)
    match story:
        case "deleted":
            leaver.leaves()
        case "restored":
            leaver.returns()
        case _:
            world.source.put(USERS, user("user-1", "school", name="Changed"))
    world.sync(Mode.UPDATE)
    back()
    assert [n.code for n in world.plan(Mode.RETENTION).notices] == ["begun_anew"]
    match story:
        case "deleted":
            leaver.returns()
        case "restored":
            leaver.leaves()
        case _:
            world.source.put(USERS, before)
    world.sync(Mode.UPDATE)
    check(world)


def test_an_approved_mark_stays_until_the_roster_is_deleted() -> None:
    """The run of the decision finds another history, and deletes nothing: it is not done yet."""
    world = world_of(guard=FREE)
    back = kept_roster(world)
    world.source.put(USERS, user("user-8", "school"))
    world.sync(Mode.UPDATE)
    world.mark()
    world.ask(Mode.UPDATE)
    back()
    world.decide(Decision.APPROVE)
    assert world.marked
    assert world.group.hold is not None
    assert world.docs(USERS)
    world.decide(Decision.APPROVE)
    assert not world.marked
    assert not world.docs(USERS)


def _run(world: Simulation, mode: Mode) -> None:
    if mode is Mode.RETENTION:
        world.plan(mode)
    else:
        world.sync(mode)
