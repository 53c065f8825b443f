"""The last run that a group shows is one that may have changed its roster, over moto."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.domain.run.requests import RunRequest
from shared.domain.run.results import Commit, NextLeg, RunEnd
from shared.domain.run.run import Mode, Reason, RunState, Trigger
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.stores.control_stores import (
    EXTRACTING,
    NOW,
    PLANNING,
    Control,
    control_of,
    groups_of,
    snapshot_of,
)

FAILED = Reason(code="source_refused", message="The source refuses us.")
LATER = NOW + timedelta(hours=1)
ASKED = {Mode.SYNC, Mode.UPDATE, Mode.RESTORE, Mode.PREVIEW, Mode.RETENTION}


@pytest.fixture
def control() -> Iterator[Control]:
    with control_of("dynamo") as made:
        yield made


def _end(control: Control, mode: Mode, *, commits: bool) -> None:
    """Let a run of a mode begin and end, by its failure or by a commit without changes."""
    request = RunRequest(ENTERPRISE, GROUP, mode, Trigger.REQUEST, "ann", restores=1)
    key = control.runs.accept(request, LATER).key
    if not commits:
        assert control.runs.close(key, LATER, RunEnd(RunState.FAILED))
        return
    leg = 0
    if request.fetches:
        assert control.runs.claim(key, EXTRACTING, 0, "one", LATER)
        leg = control.runs.hand_on(
            key, "one", LATER, NextLeg(RunState.PLANNING, cursor=None, progress={})
        )
    assert control.runs.claim(key, PLANNING, leg, "one", LATER)
    commit = Commit(RunState.SUCCEEDED, snapshot_of(key), 1, owner="one")
    control.batches.commit(key, LATER, commit)


@pytest.mark.parametrize("commits", [False, True])
@pytest.mark.parametrize("mode", sorted(ASKED))
def test_a_failed_sync_is_shown_until_another_may_have_changed_the_roster(
    control: Control, mode: Mode, commits: bool
) -> None:
    key = control.accept().key
    assert control.runs.close(key, NOW, RunEnd(RunState.FAILED, FAILED))
    _end(control, mode, commits=commits)
    last = groups_of(control).get(ENTERPRISE, GROUP).last_ended
    assert last is not None
    if mode in (Mode.PREVIEW, Mode.RETENTION):
        assert (last.run_id, last.state, last.reason) == ("1", "Failed", FAILED.code)
    else:
        ended = "Succeeded" if commits else "Failed"
        assert (last.run_id, last.mode, last.state) == ("2", mode, ended)


def test_every_mode_has_been_thought_of() -> None:
    assert {mode for mode in Mode if mode.changes_roster} | {Mode.PREVIEW, Mode.RETENTION} == {
        *Mode
    }
