"""The order of all timers: of the template, and of the shorter times of tests and local stacks.

``shared/domain/timers.py`` says what the order is. The emulator enforces none of it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from local.stack import PARAMETERS
from shared.adapters.data_bucket.signed_addresses import UPLOAD_SECONDS
from shared.domain import timers
from shared.domain.group.cover import FORM_TIME
from shared.domain.timers import out_of_order, refused_by_aws
from tests.e2e.conftest import QUICK
from tests.template.processed import Template
from tests.template.times import times_of

CHOICES: dict[str, Mapping[str, str]] = {
    "template": {},
    "local": PARAMETERS,
    "tests": {**PARAMETERS, **QUICK},
}


@pytest.mark.parametrize("choice", CHOICES)
def test_no_timer_contradicts_another(choice: str) -> None:
    times = times_of(Template(**CHOICES[choice]))
    assert {queue.name for queue in times.queues} == {
        name for name in Template().of_type("SQS::Queue") if name.endswith("Queue")
    }
    assert out_of_order(times) == []


def test_aws_takes_the_times_of_the_template_as_it_advises() -> None:
    assert refused_by_aws(times_of(Template())) == []


def test_no_signed_upload_outlives_the_second_sweep() -> None:
    variables = Template()["DeleteGroupFunction"]["Environment"]["Variables"]
    sweep = int(variables["SECOND_SWEEP_SECONDS"])
    assert max(UPLOAD_SECONDS, FORM_TIME.total_seconds()) <= sweep


def test_the_code_and_the_template_have_the_same_times() -> None:
    times = times_of(Template())
    assert times.lease == timers.LEASE.total_seconds()
    assert times.resend_after == timers.RESEND_AFTER.total_seconds()
    assert times.lost_after == timers.LOST_AFTER.total_seconds()
    assert times.staged_for == timers.STAGED_FOR.total_seconds()
    [exports] = [queue for queue in times.queues if queue.name == "ExportQueue"]
    assert exports.function_timeout <= timers.EXPORT_AGAIN.total_seconds()
    rule = Template().of_type("Events::Rule")["CloseRunsFunctionEveryMinute"]
    assert (rule["ScheduleExpression"], times.tick) == ("rate(1 minute)", 60)


@pytest.mark.parametrize("name", [queue.name for queue in times_of(Template()).queues])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"works_for": 9000}, "delivered again while its worker"),
        ({"visibility": 9000}, "counts as lost before its last receive"),
        ({"receives": 80}, "counts as lost before its last receive"),
        ({"held_back": 43_000}, "counts as lost while it is delayed"),
        ({"retention": 4 * 86_400}, "forgets a message before its run ends"),
        ({"parked_for": 7 * 86_400}, "message may expire at once"),
    ],
)
def test_each_queue_is_held_to_the_order(name: str, change: Mapping[str, Any], said: str) -> None:
    times = times_of(Template())
    queues = tuple(replace(q, **change) if q.name == name else q for q in times.queues)
    found = out_of_order(replace(times, queues=queues))
    assert any(line.startswith(f"{name}: ") and said in line for line in found), found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lease": 5}, "no time for a beat"),
        ({"lease": 300}, "before its owner's lease is over"),
        ({"lost_after": 86_400}, "before the last of its messages"),
        ({"lost_after": 3_600}, "before its last receive"),
        ({"resend_after": 3_600}, "as often as allowed"),
        ({"staged_for": 5 * 86_400}, "are gone before their run ends"),
        ({"alarm_after": 3_600}, "rings for each message that is delivered a second time"),
        ({"alarm_after": 86_400}, "before anybody is told"),
        ({"tick_timeout": 60}, "no time to finish"),
        ({"tick": 30}, "the next one will check, too"),
    ],
)
def test_runs_are_held_to_the_order(change: Mapping[str, Any], said: str) -> None:
    found = out_of_order(replace(times_of(Template()), **change))
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"visibility": 3_000}, "is less than"),
        ({"batching_window": 300, "visibility": 5_500}, "is less than"),
        ({"works_for": 960}, "stopped before it intends to end"),
        ({"receives": 3}, "too few"),
        ({"held_back": 901}, "cannot delay"),
        ({"visibility": 43_201}, "beyond the limits of SQS"),
        ({"parked_for": 1_209_601}, "beyond the limits of SQS"),
    ],
)
def test_times_that_aws_refuses_are_found(change: Mapping[str, Any], said: str) -> None:
    times = times_of(Template())
    queues = tuple(replace(q, **change) if q.name == "PlanQueue" else q for q in times.queues)
    assert any(said in line for line in refused_by_aws(replace(times, queues=queues)))
    assert refused_by_aws(replace(times, resend_after=30))
