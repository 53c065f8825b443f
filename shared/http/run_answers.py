"""What the API shows of runs, of what waits for a person, of uploads and connection tests."""

from typing import Any

from shared.domain.group.connection_test import ConnectionTest
from shared.domain.group.hold import Hold
from shared.domain.run.counts import no_counts
from shared.domain.run.run import Run
from shared.http.contract.runs import ConnectionTestAnswer, HoldAnswer, RunAnswer, UploadAnswer
from shared.ports.bucket import UploadAddress


def show_run(run: Run, open_batches: int | None = None) -> RunAnswer:
    """A run: who or what started it, state, progress, counts, reason, times; nobody's data."""
    progress = {name: value for name, value in run.progress.items() if name != "counted"}
    if run.plan is not None and run.open and open_batches is not None:
        progress = {
            "stage": "applying",
            "batches": run.plan.batches,
            "batchesApplied": run.plan.batches - open_batches,
        }
    return RunAnswer(
        run_id=run.key.run_id,
        mode=run.mode,
        trigger=run.trigger,
        upload_id=run.bundle.upload_id if run.bundle else None,
        state=run.state,
        open=run.open,
        progress=progress if run.open else {},
        counts=no_counts() | run.counts,
        notices=run.notices,
        reason=run.reason,
        started_by=run.requested_by,
        source=run.config.sync_type,
        seconds=_seconds(run),
        restores=str(run.restores) if run.restores is not None else None,
        decision=run.decision,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def _seconds(run: Run) -> int | None:
    """How long a run took, from the request to its end."""
    if run.finished_at is None:
        return None
    return int((run.finished_at - run.created_at).total_seconds())


def show_hold(hold: Hold | None, places: dict[str, Any]) -> HoldAnswer:
    """What waits for a person: a decision names its ``digest``."""
    return HoldAnswer(
        digest=hold.digest if hold else None,
        records=hold.records if hold else 0,
        run_id=str(hold.seq) if hold else None,
        by_rule=hold.by_rule if hold else (),
        by_school=places.get("bySchool", ()),
        by_class=places.get("byClass", ()),
    )


def show_upload(upload_id: str, address: UploadAddress) -> UploadAnswer:
    """Where a bundle goes; its run shows the same ``uploadId``."""
    return UploadAnswer(
        upload_id=upload_id,
        url=address.url,
        fields=address.fields,
        expires_in=address.expires_in,
        max_bytes=address.max_bytes,
    )


def show_test(test: ConnectionTest) -> ConnectionTestAnswer:
    """A connection test: what was found, probe by probe."""
    return ConnectionTestAnswer(
        test_id=test.test_id,
        state="Done" if test.finished_at else "Running",
        ok=bool(test.finished_at) and all(probe.ok for probe in test.probes),
        probes=test.probes,
        created_at=test.created_at,
        finished_at=test.finished_at,
    )
