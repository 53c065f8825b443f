"""The times of a processed template, and how many invocations each queue may have at once."""

from typing import Any

from shared.domain import timers
from shared.domain.timers import QueueTimes, Times
from tests.template.processed import Template, target

HELD_BACK = {"ExtractApiQueue", "ExtractSftpQueue", "ExtractZipQueue", "PlanQueue", "DeleteQueue"}
"""The queues that get delayed messages: retries, runs spread over an hour, second sweeps."""


def times_of(template: Template) -> Times:
    """Read the times of a template, each queue's together with its consumer's."""
    sources = template.of_type("Lambda::EventSourceMapping").values()
    alarm = template.monitoring.of_type("CloudWatch::Alarm").get("WorkWaitsAlarm")
    rules = template["DataBucket"]["LifecycleConfiguration"]["Rules"]
    [staged] = [rule["ExpirationInDays"] for rule in rules if rule["Id"] == "staged"]
    closing = template["CloseRunsFunction"]
    told = closing["Environment"]["Variables"]
    return Times(
        lease=int(template["PlanSyncFunction"]["Environment"]["Variables"]["LEASE_SECONDS"]),
        resend_after=int(told["RESEND_SECONDS"]),
        lost_after=int(told["LOST_SECONDS"]),
        queues=tuple(_queue_of(template, source, alarm is not None) for source in sources),
        alarm_after=int(alarm["Threshold"]) if alarm else None,
        staged_for=staged * 86_400,
        tick_timeout=closing["Timeout"],
    )


def caps_of(template: Template) -> dict[str, int | None]:
    """Read how many invocations each queue may have at once; None without a limit."""
    return {
        target(source["EventSourceArn"]): source.get("ScalingConfig", {}).get("MaximumConcurrency")
        for source in template.of_type("Lambda::EventSourceMapping").values()
    }


def _queue_of(template: Template, source: dict[str, Any], on_aws: bool) -> QueueTimes:
    name = target(source["EventSourceArn"])
    queue, function = template[name], template[target(source["FunctionName"])]
    leg = function["Environment"]["Variables"].get("LEG_SECONDS")
    parked = template[target(queue["RedrivePolicy"]["deadLetterTargetArn"])]
    return QueueTimes(
        name=name,
        function_timeout=function["Timeout"],
        # Without legs, work may take the whole timeout. Nobody waits that long on the emulator.
        works_for=int(leg) if leg else function["Timeout"] if on_aws else 0,
        visibility=int(queue["VisibilityTimeout"]),
        receives=int(queue["RedrivePolicy"]["maxReceiveCount"]),
        retention=queue["MessageRetentionPeriod"],
        parked_for=parked["MessageRetentionPeriod"],
        batching_window=source.get("MaximumBatchingWindowInSeconds", 0),
        held_back=timers.MAX_DELAY_SECONDS if on_aws and name in HELD_BACK else 0,
    )
