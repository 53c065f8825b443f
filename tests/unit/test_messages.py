"""What is in the queues is read: as this version sends it, and as earlier ones have sent it."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared import messages
from shared.domain.ids import EnterpriseId, GroupId
from shared.messages import (
    EXTRACT_QUEUE,
    EXTRACT_ZIP_QUEUE,
    NOTICE_QUEUE,
    ApplyBatch,
    BeginWaitingRun,
    DeleteGroup,
    ExportRoster,
    ExtractLeg,
    MailRunEnd,
    Message,
    PlanRun,
    RunMessage,
    SubscribeAddress,
    TestConnection,
)

GROUP = {"enterprise": "acme", "groupId": "group-1"}
RUN = GROUP | {"seq": 7}
OF_GROUP = {"enterprise": EnterpriseId("acme"), "group_id": GroupId("group-1")}
OF_RUN = OF_GROUP | {"seq": 7}

PLAN_QUEUE, UPSERT_QUEUE = TypeAdapter(PlanRun), TypeAdapter(ApplyBatch)
DELETE_QUEUE, EXPORT_QUEUE = TypeAdapter(DeleteGroup), TypeAdapter(ExportRoster)

# What the release before this one sends, queue by queue, and what it means here.
SENT_BEFORE: list[tuple[TypeAdapter[Any], dict[str, Any], Message]] = [
    (EXTRACT_QUEUE, RUN | {"kind": "ExtractLeg", "leg": 2}, ExtractLeg(**OF_RUN, leg=2)),
    (
        EXTRACT_QUEUE,
        GROUP | {"kind": "TestConnection", "testId": "t1"},
        TestConnection(**OF_GROUP, test_id="t1"),
    ),
    (EXTRACT_ZIP_QUEUE, RUN | {"kind": "ExtractLeg", "leg": 0}, ExtractLeg(**OF_RUN, leg=0)),
    (PLAN_QUEUE, RUN | {"kind": "PlanRun", "leg": 1}, PlanRun(**OF_RUN, leg=1)),
    (
        UPSERT_QUEUE,
        RUN | {"kind": "ApplyBatch", "batch": 3, "start": 5, "length": 9, "attempt": "a"},
        ApplyBatch(**OF_RUN, batch=3, start=5, length=9, attempt="a"),
    ),
    (DELETE_QUEUE, RUN | {"kind": "DeleteGroup", "leg": 1}, DeleteGroup(**OF_RUN, leg=1)),
    (EXPORT_QUEUE, RUN | {"kind": "ExportRoster"}, ExportRoster(**OF_RUN)),
    (NOTICE_QUEUE, RUN | {"kind": "TellOfRun"}, MailRunEnd(**OF_RUN)),
    (NOTICE_QUEUE, GROUP | {"kind": "Message"}, SubscribeAddress(**OF_GROUP)),
]
# Two queues are fed by rules as well, whose messages say no kind.
SENT_BY_RULES: list[tuple[TypeAdapter[Any], dict[str, Any], Message]] = [
    (EXTRACT_ZIP_QUEUE, GROUP, BeginWaitingRun(**OF_GROUP)),
    (NOTICE_QUEUE, RUN, MailRunEnd(**OF_RUN)),
]


def _kinds() -> list[type[Message]]:
    found = [kind for kind in vars(messages).values() if isinstance(kind, type)]
    return [k for k in found if issubclass(k, Message) and k not in (Message, RunMessage)]


@pytest.mark.parametrize(("queue", "body", "meant"), SENT_BEFORE + SENT_BY_RULES)
def test_what_is_in_flight_is_read(
    queue: TypeAdapter[Any], body: dict[str, Any], meant: Message
) -> None:
    assert queue.validate_json(json.dumps(body)) == meant


@pytest.mark.parametrize(("queue", "body", "meant"), SENT_BEFORE)
def test_the_release_before_reads_what_this_one_sends(
    queue: TypeAdapter[Any], body: dict[str, Any], meant: Message
) -> None:
    assert json.loads(meant.model_dump_json(by_alias=True)) == body


@pytest.mark.parametrize(("queue", "body", "meant"), SENT_BEFORE)
def test_without_a_kind_a_message_is_what_its_fields_say(
    queue: TypeAdapter[Any], body: dict[str, Any], meant: Message
) -> None:
    assert queue.validate_python({k: v for k, v in body.items() if k != "kind"}) == meant


@pytest.mark.parametrize(("queue", "body", "meant"), SENT_BEFORE)
def test_another_kind_is_refused(
    queue: TypeAdapter[Any], body: dict[str, Any], meant: Message
) -> None:
    with pytest.raises(ValidationError):
        queue.validate_python(body | {"kind": "VerifyRun"})


def test_every_message_is_tried() -> None:
    assert set(_kinds()) == {type(m) for _, _, m in SENT_BEFORE + SENT_BY_RULES}


def test_every_message_says_its_kind() -> None:
    assert all("kind" in message.model_fields for message in _kinds())
