"""Measures runs that have ended, as CloudWatch metrics (embedded metric format, by Powertools).

Of all groups together: a metric for each group would cost more than the group.
"""

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from shared.domain.run import Mode, Run, RunState

NAMESPACE = "Homeroom"
APPLIED = {RunState.SUCCEEDED, RunState.HELD, RunState.SUCCEEDED_WITH_ERRORS}
CHANGES = ("created", "updated", "deleted", "restored", "ended", "rekeyed")


def make_metrics() -> Metrics:
    """Make the function's metrics."""
    return Metrics(namespace=NAMESPACE)


def measure_run(metrics: Metrics, run: Run) -> None:
    """Count a run by its state, what it changed, rejected and held, and how long it took."""
    metrics.add_metric(name=f"Runs{run.state.value}", unit=MetricUnit.Count, value=1)
    counts = run.counts.values()
    # What a preview or a run that failed has planned was never done.
    applied = run.mode is not Mode.PREVIEW and run.state in APPLIED
    changes = sum(getattr(each, kind) for each in counts for kind in CHANGES) if applied else 0
    for name, value in (
        ("Changes", changes),
        ("RejectedRows", sum(each.rejected for each in counts)),
        ("HeldRecords", sum(each.held for each in counts)),
    ):
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    if run.finished_at is not None:
        seconds = (run.finished_at - run.created_at).total_seconds()
        metrics.add_metric(name="RunSeconds", unit=MetricUnit.Seconds, value=seconds)
    # At once, and not at the end of the invocation: one that measured nothing would be warned of.
    metrics.flush_metrics()
