"""What the deletion of a group does to its runs, tried on the real store (moto) and on its twin."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from shared.domain.errors import NotFoundError, StoppedError
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.bundle import Bundle, BundleObject
from shared.domain.run.deletion_certificate import Certificate
from shared.domain.run.requests import Drop
from shared.domain.run.results import PlanResult, RunEnd
from shared.domain.run.run import Mode, Run, RunState
from shared.ports.deletion import Deletions
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.stores.control_stores import (
    KINDS,
    NOW,
    PATIENCE,
    Control,
    certified,
    control_of,
    deletions_of,
    groups_of,
    plan_of,
)

SWEEPING = RunState.APPLYING
SECOND = timedelta(seconds=1)


@dataclass
class Stores:
    """A group's runs, and its deletion."""

    control: Control
    deletions: Deletions

    def begin(self) -> Run:
        return self.deletions.begin(ENTERPRISE, GROUP, "ann", NOW)

    def finish(self, run: Run, owner: str) -> Certificate:
        group = groups_of(self.control).get(ENTERPRISE, GROUP, deleting=True)
        certificate = certified(group, {"roster/users": 3}, run.seq)
        self.deletions.finish(run.key, owner, group, certificate)
        return certificate

    def sweeping(self) -> Run:
        run = self.begin()
        claimed = self.control.runs.claim(run.key, SWEEPING, run.leg, "one", NOW)
        assert claimed is not None
        return claimed


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    with control_of(request.param) as control:
        yield Stores(control, deletions_of(control))


def _drop(name: str) -> Drop:
    place = BundleObject(name=name, key=f"drops/{GROUP}/{name}", version="1", size=10)
    return Drop(ENTERPRISE, GROUP, Mode.SYNC, Bundle(objects=(place,)))


def test_a_deletion_is_a_run_without_secrets(stores: Stores) -> None:
    run = stores.begin()
    assert (run.mode, run.state, run.seq, run.requested_by) == (
        Mode.DELETE, RunState.ACCEPTED, 1, "ann",
    )  # fmt: skip
    kept = stores.control.get(run.key)
    assert kept.config.secrets == {}
    assert stores.control.overdue(NOW + PATIENCE + SECOND) == [run.key]
    swept = stores.control.runs.claim(run.key, SWEEPING, 0, "one", NOW)
    assert swept is not None
    assert swept.state is RunState.APPLYING


def test_a_deletion_that_is_asked_for_again_is_the_same(stores: Stores) -> None:
    assert stores.begin().key == stores.begin().key


@pytest.mark.parametrize("stage", ["accepted", "extracting", "planning", "applying"])
def test_it_takes_the_group_from_a_run_under_way(stores: Stores, stage: str) -> None:
    control = stores.control
    if stage == "accepted":
        key = control.accept().key
    elif stage == "applying":
        key, _ = control.applying(2)
    else:
        key = control.extracting() if stage == "extracting" else control.planning()
    run = stores.begin()
    stopped = control.get(key)
    assert (stopped.state, stopped.config.secrets) == (RunState.SUPERSEDED, {})
    assert stopped.reason is not None
    assert (stopped.reason.code, run.seq) == ("group_deleted", 2)
    with pytest.raises(StoppedError):
        control.runs.beat(key, "one", NOW, {})
    assert control.batches.touch(key, NOW) is None
    # Its end is still to be announced.
    assert key in control.overdue(NOW + SECOND)


def test_bundles_that_wait_are_superseded_and_no_more_are_taken(stores: Stores) -> None:
    control = stores.control
    control.extracting()
    waiting = [control.drops.take(_drop(name), NOW).key for name in ("a", "b")]
    stores.begin()
    assert {control.get(key).state for key in waiting} == {RunState.SUPERSEDED}
    with pytest.raises(NotFoundError):
        control.drops.take(_drop("c"), NOW)
    with pytest.raises(NotFoundError):
        control.accept()
    assert control.drops.begin(ENTERPRISE, GROUP, NOW) is None


def test_it_ends_by_its_owner_alone(stores: Stores) -> None:
    run = stores.sweeping()
    with pytest.raises(StoppedError):
        stores.finish(run, "two")
    stores.finish(run, "one")
    ended = stores.control.get(run.key)
    assert (ended.state, ended.finished_at) == (RunState.SUCCEEDED, NOW)
    assert ended.counts["users"].deleted == 3
    groups_of(stores.control).check_known(ENTERPRISE, GROUP)
    with pytest.raises(NotFoundError):
        groups_of(stores.control).check_known(EnterpriseId("globex"), GROUP)
    with pytest.raises(NotFoundError):
        stores.begin()


def test_one_that_was_given_up_can_be_asked_for_again(stores: Stores) -> None:
    run = stores.begin()
    assert stores.control.runs.close(run.key, NOW, RunEnd(RunState.FAILED))
    with pytest.raises(NotFoundError):
        stores.control.accept()
    assert stores.begin().seq == 2


def test_what_one_had_counted_that_was_given_up_is_counted(stores: Stores) -> None:
    run = stores.sweeping()
    stores.control.runs.beat(run.key, "one", NOW, {"deleted": 3, "erased": {"roster/users": 3}})
    later = NOW + timedelta(hours=1)
    assert stores.control.runs.close(run.key, later, RunEnd(RunState.FAILED))
    again = stores.begin()
    assert again.progress == {"deleted": 3, "erased": {"roster/users": 3}}
    assert stores.control.get(again.key).progress == again.progress


def test_a_group_of_nobody_is_not_deleted(stores: Stores) -> None:
    with pytest.raises(NotFoundError):
        stores.deletions.begin(EnterpriseId("other"), GROUP, "eve", NOW)
    with pytest.raises(NotFoundError):
        stores.deletions.begin(ENTERPRISE, GroupId("none"), "eve", NOW)


def test_a_plan_that_comes_too_late_is_refused(stores: Stores) -> None:
    key = stores.control.planning()
    stores.begin()
    with pytest.raises(StoppedError):
        stores.control.batches.planned(key, "one", NOW, PlanResult({}, (), plan_of(key, 1)))
