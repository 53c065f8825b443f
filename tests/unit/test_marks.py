"""A roster that is marked for deletion: what is brought is neither passed over nor deleted."""

from collections.abc import Callable

import pytest

from local.sample_district.bundle import csv_files
from local.sample_district.roster import generate
from shared.domain.errors import ConflictError
from shared.domain.group.hold import Decision
from shared.domain.run.run import Mode, Run, RunState
from tests.fakes.simulation import GROUP, Simulation
from tests.unit.http_stack import HttpStack
from tests.unit.test_bundle_runs import bring, people
from tests.unit.test_bundle_runs import world as zip_world
from tests.unit.test_updates import contents, school, there

FILES = csv_files(generate(pupils=10), "1.1")


@pytest.fixture
def loaded() -> Simulation:
    made = zip_world()
    assert bring(made, FILES).state is RunState.SUCCEEDED
    return made


@pytest.mark.parametrize("place", ["roster.zip", "sync/u1.zip", "update/u1.zip", "preview/u1.zip"])
def test_a_bundle_that_is_dropped_on_it_ends_with_words(loaded: Simulation, place: str) -> None:
    before, writes = contents(loaded), loaded.roster.writes
    loaded.mark()
    loaded.drop(loaded.objects.objects[f"drops/{GROUP}/0-roster.zip"], place)
    loaded.settle()
    run = _last(loaded)
    assert (run.state, run.reason and run.reason.code) == (RunState.FAILED, "roster_marked")
    assert run.reason is not None
    assert "DELETE …/roster/mark" in run.reason.message
    assert loaded.marked
    # Nothing was loaded, and nothing deleted.
    assert (contents(loaded), loaded.roster.writes) == (before, writes)


def test_so_does_one_that_waited_when_the_roster_was_marked(loaded: Simulation) -> None:
    bundle = loaded.objects.objects[f"drops/{GROUP}/0-roster.zip"]
    loaded.drop(bundle, "update/first.zip")
    loaded.drop(bundle, "update/second.zip")
    loaded.mark()
    loaded.settle()
    second = _last(loaded)
    assert (second.state, second.reason and second.reason.code) == (
        RunState.FAILED, "roster_marked",
    )  # fmt: skip


def test_once_the_mark_is_taken_back_bundles_are_loaded_again(loaded: Simulation) -> None:
    before = people(loaded)
    loaded.mark()
    assert bring(loaded, FILES).state is RunState.FAILED
    loaded.unmark()
    again = bring(loaded, FILES, "again.zip")
    assert (again.state, people(loaded)) == (RunState.SUCCEEDED, before)


def test_an_update_of_a_marked_zip_group_is_planned_and_decided(loaded: Simulation) -> None:
    loaded.mark()
    assert loaded.ask(Mode.UPDATE).state is RunState.HELD
    with pytest.raises(ConflictError, match="mark_waits"):
        loaded.unmark()
    loaded.decide(Decision.REJECT)
    assert not loaded.marked
    assert people(loaded)


def _sync(world: Simulation) -> Run:
    return world.ask(Mode.SYNC)


def _restore(world: Simulation) -> Run:
    return world.restore(1)


@pytest.mark.parametrize("ask", [_sync, _restore])
def test_nothing_else_comes_into_it_either(ask: Callable[[Simulation], Run]) -> None:
    world = school()
    world.mark()
    with pytest.raises(ConflictError) as raised:
        ask(world)
    assert raised.value.code == "roster_marked"
    world.unmark()
    assert ask(world).state is RunState.SUCCEEDED
    assert len(there(world)) == 40


def test_a_mark_can_be_taken_back_over_http(stack: HttpStack) -> None:
    group_id = stack.create(syncType="ZIP", connection=None)["groupId"]
    place = f"/groups/{group_id}/roster"
    assert stack.groups(f"DELETE {place}").json["markedAt"] is not None
    upload = stack.syncs(f"POST /groups/{group_id}/uploads", {"mode": "update"})
    assert (upload.status, upload.json["code"]) == (409, "roster_marked")
    refused = stack.syncs(f"POST /groups/{group_id}/syncs", {"mode": "sync"})
    assert (refused.status, refused.json["code"]) == (409, "roster_marked")
    assert stack.groups(f"DELETE {place}/mark", enterprise="globex").status == 404
    for _ in range(2):
        answer = stack.groups(f"DELETE {place}/mark")
        assert (answer.status, answer.json["markedAt"]) == (200, None)
    assert stack.syncs(f"POST /groups/{group_id}/uploads", {"mode": "update"}).status == 201


def test_a_mark_is_not_taken_back_while_a_run_may_plan_it(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    stack.groups(f"DELETE /groups/{group_id}/roster")
    assert stack.syncs(f"POST /groups/{group_id}/syncs", {"mode": "update"}).status == 202
    refused = stack.groups(f"DELETE /groups/{group_id}/roster/mark")
    assert (refused.status, refused.json["code"], refused.json["runId"]) == (
        409, "run_under_way", "1",
    )  # fmt: skip


def _last(world: Simulation) -> Run:
    return world.control.runs[max(world.control.runs, key=lambda key: key.seq)]
