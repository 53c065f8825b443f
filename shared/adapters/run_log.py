"""Tells operators of each run's end: a line in the log, and CloudWatch metrics.

The metrics count all groups together: a metric for each group would cost more than the group. They
go through the log, too (embedded metric format, by Powertools), so no call is needed.
"""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from shared.domain.run.faults import Fault, fault_of
from shared.domain.run.run import Mode, Run, RunState

NAMESPACE = "Homeroom"
ENDED = "run ended"
OUR_FAULTS = "OurFaults"
"""Runs that an operator must look into; each raises an alarm."""
APPLIED = {RunState.SUCCEEDED, RunState.HELD, RunState.SUCCEEDED_WITH_ERRORS}
CHANGES = ("created", "updated", "deleted", "restored", "ended", "rekeyed")
_LEVELS = {"ours": "error", "theirs": "warning", "nobody": "info"}


class PowertoolsRunLog:
    """``RunLog`` by Powertools, for whichever function ends a run."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self._metrics = Metrics(namespace=NAMESPACE)

    def ended(self, run: Run) -> None:
        """Log a run's end, and count it; see ``ports.RunLog.ended``."""
        counts = {
            entity: {kind: n for kind, n in each.model_dump().items() if n}
            for entity, each in run.counts.items()
        }
        fault = fault_of(run)
        getattr(self._logger, _LEVELS[fault])(
            ENDED,
            extra={
                # The run's own ids, whatever message the function is working on.
                "enterprise": run.enterprise,
                "group_id": run.group_id,
                "run_id": run.key.run_id,
                "mode": run.mode.value,
                "sync_type": run.config.sync_type.value,
                "trigger": run.trigger.value,
                "state": run.state.value,
                # Only the code: the message may quote a file's name, which may name a person.
                "code": run.reason.code if run.reason else None,
                "field": run.reason.field if run.reason else None,
                "fault": fault,
                "seconds": _seconds(run),
                "counts": {entity: kinds for entity, kinds in counts.items() if kinds},
            },
        )
        self._measure(run, fault)

    def _measure(self, run: Run, fault: Fault) -> None:
        """Count the run by its state, its changes, rejected rows, held records and seconds."""
        add = self._metrics.add_metric
        add(name=f"Runs{run.state.value}", unit=MetricUnit.Count, value=1)
        if fault == "ours":
            add(name=OUR_FAULTS, unit=MetricUnit.Count, value=1)
        counts = run.counts.values()
        # A preview, and a run that failed, did not do what they planned.
        applied = run.mode is not Mode.PREVIEW and run.state in APPLIED
        changes = sum(getattr(each, kind) for each in counts for kind in CHANGES) if applied else 0
        add(name="Changes", unit=MetricUnit.Count, value=changes)
        rejected = sum(each.rejected for each in counts)
        add(name="RejectedRows", unit=MetricUnit.Count, value=rejected)
        add(name="HeldRecords", unit=MetricUnit.Count, value=sum(each.held for each in counts))
        if (seconds := _seconds(run)) is not None:
            add(name="RunSeconds", unit=MetricUnit.Seconds, value=seconds)
        # Flushed now: at the end of an invocation without runs, Powertools would warn.
        self._metrics.flush_metrics()


def _seconds(run: Run) -> float | None:
    return (run.finished_at - run.created_at).total_seconds() if run.finished_at else None
