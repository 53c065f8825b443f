"""A leg shows that it is alive: its lease outlasts pages, pauses and long work."""

import threading
from datetime import datetime, timedelta
from typing import cast

import pytest

from shared.domain.errors import StoppedError
from shared.domain.run.remote_files import RemoteFile
from shared.domain.run.results import RunEnd
from shared.domain.run.run import RunState
from shared.messages import ExtractLeg
from shared.sync.back_off import BackOff
from shared.sync.fetch.copy_file import Copy, copy_file
from shared.sync.leg import Leg, LegOverError, Pace, claim_leg
from tests.fakes.fetching import InMemoryServer, InMemoryUploads
from tests.fakes.simulation import Simulation

PACE = Pace(length=timedelta(minutes=4), beat=timedelta(seconds=20))


def _leg(world: Simulation, pace: Pace = PACE) -> Leg:
    world.request()
    message = cast(ExtractLeg, world.take())
    leg = claim_leg(message, RunState.EXTRACTING, "worker", world.run_ports(), pace)
    assert leg is not None
    return leg


def _lease(world: Simulation, leg: Leg) -> datetime:
    until = world.control.runs[leg.run.key].lease_until
    assert until is not None
    return until


def _pass(world: Simulation, seconds: float) -> None:
    world.now += timedelta(seconds=seconds)


def test_the_lease_is_renewed_between_pages_when_a_beat_is_due() -> None:
    world = Simulation()
    leg = _leg(world)
    first = _lease(world, leg)
    _pass(world, 19)
    leg.check({"read": 1})
    assert _lease(world, leg) == first
    _pass(world, 1)
    leg.check({"read": 2})
    assert _lease(world, leg) == first + timedelta(seconds=20)
    _pass(world, 19)
    leg.check({"read": 3})  # the next beat is due 20 seconds after the last one
    assert _lease(world, leg) == first + timedelta(seconds=20)
    assert world.control.runs[leg.run.key].progress == {"read": 2}


def test_the_lease_outlasts_a_pause() -> None:
    world = Simulation()
    leg = _leg(world)
    first = _lease(world, leg)
    _pass(world, 10)
    leg.pause(BackOff(lambda seconds: _pass(world, seconds), lambda: 1.0), 1, 15, {})
    assert _lease(world, leg) == first + timedelta(seconds=10)


def test_a_pause_that_the_leg_does_not_outlast_goes_into_the_next_one() -> None:
    world = Simulation()
    leg = _leg(world)
    back_off = BackOff(lambda seconds: pytest.fail("waited"), lambda: 1.0)
    with pytest.raises(LegOverError) as over:
        leg.pause(back_off, 1, 3600, {})
    assert over.value.delay_seconds == 900  # the longest delay in SQS


def test_a_leg_that_is_over_says_so() -> None:
    world = Simulation()
    leg = _leg(world)
    _pass(world, 240)
    with pytest.raises(LegOverError):
        leg.check({})


def test_long_work_is_kept_alive_until_another_worker_takes_the_run() -> None:
    world = Simulation()
    leg = _leg(world, Pace(beat=timedelta(milliseconds=5)))
    first, asked = _lease(world, leg), threading.Event()

    def progress() -> dict[str, int]:
        asked.set()
        return {"copied": 1}

    with leg.kept_alive(progress):
        _pass(world, 30)
        asked.clear()
        assert asked.wait(5)
        asked.clear()
        assert asked.wait(5)  # so the beat before is done
        assert _lease(world, leg) == first + timedelta(seconds=30)
        leg.check_owner()
        with world.control.lock:
            run = world.control.runs[leg.run.key]
            world.control.runs[leg.run.key] = run.model_copy(update={"owner": "another"})
        asked.clear()
        assert asked.wait(5)
        with pytest.raises(StoppedError):
            _check_for_a_while(leg)


def _check_for_a_while(leg: Leg) -> None:
    for _ in range(1000):
        leg.check_owner()
        threading.Event().wait(0.005)


def test_a_copy_writes_nothing_once_the_run_is_another_workers() -> None:
    world = Simulation()
    leg = _leg(world)
    uploads = InMemoryUploads(world.objects)
    copy = Copy(key="r.zip", upload_id=uploads.begin("r.zip"))

    def lost() -> None:
        raise StoppedError

    leg.check_owner = lost
    file = RemoteFile(path="out/r.zip", name="r.zip", size=3)
    with pytest.raises(StoppedError):
        copy_file(InMemoryServer({"out/r.zip": b"zip"}), file, copy, uploads, leg)
    assert uploads.open == {copy.upload_id: {}}


def test_the_end_of_a_run_is_announced() -> None:
    world = Simulation()
    leg = _leg(world)
    leg.close(RunEnd(RunState.SUCCEEDED))
    run = world.control.runs[leg.run.key]
    assert (run.state, run.announced, run.owner) == (RunState.SUCCEEDED, True, None)
    assert len(world.announcements.published) == 1
