"""Shows runs, what waits for a person, uploads and connection tests, as the API answers them."""

from collections.abc import Sequence
from typing import Any

from shared.domain.group.connection_test import ConnectionTest
from shared.domain.group.hold import Hold
from shared.domain.run.counts import no_counts
from shared.domain.run.run import Run
from shared.http.answers import show_cursor
from shared.http.contract.runs import (
    ConnectionTestAnswer,
    HoldAnswer,
    KeptRecordsAnswer,
    RunAnswer,
    RunPage,
    UploadAnswer,
)
from shared.ports.bucket import UploadAddress


def show_run(run: Run, open_batches: int | None = None) -> RunAnswer:
    """Show a run; ``open_batches`` is how many batches of its plan are still to be applied."""
    progress = {name: value for name, value in run.progress.items() if name != "counted"}
    if run.plan is not None and run.open and open_batches is not None:
        progress = {
            "stage": "applying",
            "batches": run.plan.batches,
            "batchesApplied": run.plan.batches - open_batches,
        }
    return RunAnswer.made_from(
        run,
        run_id=run.key.run_id,
        upload_id=run.bundle.upload_id if run.bundle else None,
        progress=progress if run.open else {},
        counts=no_counts() | run.counts,
        started_by=run.requested_by,
        source=run.config.sync_type,
        seconds=_seconds(run),
        restores=str(run.restores) if run.restores is not None else None,
    )


def show_runs(runs: Sequence[Run], more: int | None) -> RunPage:
    """Show a page of runs; ``more`` is the number below which the list continues."""
    cursor = None if more is None else str(more)
    return RunPage(syncs=[show_run(run) for run in runs], cursor=show_cursor(cursor))


def _seconds(run: Run) -> int | None:
    """Return how many seconds a run took, from the request to its end; None while it is open."""
    if run.finished_at is None:
        return None
    return int((run.finished_at - run.created_at).total_seconds())


def show_hold(hold: Hold | None, places: dict[str, Any]) -> HoldAnswer:
    """Show what waits for a person; ``places`` is its summary by school and class."""
    return HoldAnswer(
        digest=hold.digest if hold else None,
        records=hold.records if hold else 0,
        run_id=str(hold.seq) if hold else None,
        by_rule=hold.by_rule if hold else (),
        by_school=places.get("bySchool", ()),
        by_class=places.get("byClass", ()),
    )


def show_kept(kept: Hold | None, places: dict[str, Any]) -> KeptRecordsAnswer:
    """Show what a person has rejected; ``places`` is its summary by school and class."""
    return KeptRecordsAnswer(
        digest=kept.digest if kept else None,
        records=kept.records if kept else 0,
        run_id=str(kept.seq) if kept else None,
        by_rule=kept.by_rule if kept else (),
        by_school=places.get("bySchool", ()),
        by_class=places.get("byClass", ()),
    )


def show_upload(upload_id: str, address: UploadAddress) -> UploadAnswer:
    """Show the form to upload a bundle with."""
    return UploadAnswer.made_from(address, upload_id=upload_id)


def show_test(test: ConnectionTest) -> ConnectionTestAnswer:
    """Show a connection test: what was found, probe by probe."""
    return ConnectionTestAnswer.made_from(
        test,
        state="Done" if test.finished_at else "Running",
        ok=bool(test.finished_at) and all(probe.ok for probe in test.probes),
    )
