"""Who is told of a run, and how: mails, webhooks with their signatures, metrics."""

import hashlib
import hmac
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from functions.send_notices import handler as send_notices
from local.loopback import LoopbackServer
from shared.adapters.messaging.mailing import SnsMailing
from shared.adapters.messaging.webhook import post_to_webhook
from shared.adapters.run_log import PowertoolsRunLog
from shared.domain.errors import TryLaterError
from shared.domain.events import KINDS, Event, records_held, run_finished
from shared.domain.group.choices import EmailStatus
from shared.domain.group.hold import Hold
from shared.domain.group.secrets import SecretName
from shared.domain.group.webhook import Webhook
from shared.domain.ids import GroupId
from shared.domain.run.counts import EntityCounts
from shared.domain.run.mail import MAX_SUBJECT, run_mail
from shared.domain.run.run import Mode, Reason, Run, RunState, Trigger
from shared.messages import MailRunEnd, SubscribeAddress
from shared.sync.close.call_webhook import BusEvent, WebhookPorts, call_webhook
from shared.sync.close.mail_run_end import MailPorts, mail_run_end, subscribe_address
from tests.fakes.api import Context
from tests.fakes.control import InMemoryControl
from tests.fakes.groups import InMemoryCustomers, InMemoryGroups
from tests.fakes.invocations import sqs_event
from tests.fakes.logs import logged
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.fakes.world import PlainSecrets
from tests.stores.control_stores import group_of

NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
SECRET = "a secret of sixteen"
FAILED = Reason(code="credentials_refused", message="Give both anew.", field="connection.secretKey")


def _run(state: RunState = RunState.SUCCEEDED, **more: Any) -> Run:
    return Run(
        enterprise=ENTERPRISE,
        group_id=GROUP,
        seq=7,
        mode=Mode.UPDATE,
        trigger=Trigger.CLOCK,
        requested_by="clock",
        state=state,
        config=group_of(GROUP).config,
        created_at=NOW,
        finished_at=NOW + timedelta(seconds=90),
        **more,
    )


REJECTED = {"users": EntityCounts(created=2, rejected=3)}


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (_run(), None),
        (_run(counts={"users": EntityCounts(created=2)}), None),
        (_run(RunState.CANCELLED, reason=FAILED), None),
        (_run(RunState.SUPERSEDED, reason=FAILED), None),
        (_run(RunState.FAILED, reason=FAILED), "connection.secretKey"),
        (_run(RunState.HELD), "waits for you"),
        (_run(RunState.SUCCEEDED_WITH_ERRORS), "could not do everything"),
        (_run(counts=REJECTED), "3 rows were rejected"),
    ],
)
def test_a_mail_is_sent_when_somebody_must_know(run: Run, told: str | None) -> None:
    mail = run_mail(run, "Springfield")
    assert (mail is None) == (told is None)
    if mail is not None and told is not None:
        subject, text = mail
        assert told in text
        assert "Springfield" in subject


def test_a_mail_quotes_no_file() -> None:
    reason = Reason(code="nested_zip", message="The zip holds another zip, Anna Hartmann.zip.")
    mail = run_mail(_run(RunState.FAILED, reason=reason), "Springfield")
    assert mail is not None
    assert "Anna" not in mail[1]
    assert "nested_zip" in mail[1]


def test_a_mail_says_what_was_done() -> None:
    mail = run_mail(_run(counts=REJECTED), "Springfield")
    assert mail is not None
    assert "  users: 2 created, 3 rejected" in mail[1]


@given(st.text(max_size=300))
def test_a_subject_is_what_sns_takes(name: str) -> None:
    mail = run_mail(_run(RunState.FAILED), name)
    assert mail is not None
    assert len(mail[0]) <= MAX_SUBJECT
    assert all(char.isascii() and char.isprintable() for char in mail[0])


# Mails by SNS


@dataclass
class _Mails:
    sent: list[tuple[str, str]] = field(default_factory=list)
    subscribed: list[tuple[str, str]] = field(default_factory=list)

    def subscribe(self, group_id: GroupId, email: str) -> None:
        self.subscribed.append((group_id, email))

    def status(self, group_id: GroupId, email: str) -> EmailStatus:
        return EmailStatus.NOT_ASKED

    def send(self, group_id: GroupId, email: str, subject: str, text: str) -> None:
        self.sent.append((email, subject))


def _groups(**changes: Any) -> InMemoryGroups:
    groups = InMemoryGroups(InMemoryCustomers())
    groups.kept[ENTERPRISE, GROUP] = group_of(GROUP).model_copy(update=changes)
    return groups


def test_the_address_of_the_group_is_told() -> None:
    control, mails = InMemoryControl(), _Mails()
    ports = MailPorts(_groups(), control, mails)
    quiet, loud = _run(), _run(RunState.FAILED, reason=FAILED).model_copy(update={"seq": 8})
    control.runs = {quiet.key: quiet, loud.key: loud}
    told = [
        mail_run_end(MailRunEnd(enterprise=ENTERPRISE, group_id=GROUP, seq=seq), ports)
        for seq in (7, 8, 9)
    ]
    assert told == [False, True, False]
    assert [email for email, _ in mails.sent] == ["it@springfield.example"]
    subscribe_address(SubscribeAddress(enterprise=ENTERPRISE, group_id=GROUP), ports)
    assert mails.subscribed == [(GROUP, "it@springfield.example")]


def test_nobody_is_told_of_a_group_that_is_gone() -> None:
    control, mails = InMemoryControl(), _Mails()
    ports = MailPorts(InMemoryGroups(InMemoryCustomers()), control, mails)
    run = _run(RunState.FAILED)
    control.runs = {run.key: run}
    assert not mail_run_end(MailRunEnd(enterprise=ENTERPRISE, group_id=GROUP, seq=7), ports)
    subscribe_address(SubscribeAddress(enterprise=ENTERPRISE, group_id=GROUP), ports)
    assert (mails.sent, mails.subscribed) == ([], [])


def test_one_address_at_a_time_is_subscribed() -> None:
    with mock_aws():
        client = boto3.client("sns")
        prefix = f"arn:aws:sns:{client.meta.region_name}:123456789012:stack-group-"
        mailing = SnsMailing(client, prefix)

        def addresses() -> list[str]:
            answer = client.list_subscriptions_by_topic(TopicArn=f"{prefix}{GROUP}")
            return [each["Endpoint"] for each in answer["Subscriptions"]]

        assert mailing.status(GROUP, "a@x.example") is EmailStatus.NOT_ASKED
        for _ in range(2):
            mailing.subscribe(GROUP, "a@x.example")
        assert addresses() == ["a@x.example"]
        mailing.subscribe(GROUP, "b@x.example")
        assert addresses() == ["b@x.example"]
        mailing.send(GROUP, "b@x.example", "subject", "text")
        # An address that was never subscribed is so when there is something to tell.
        mailing.send(GroupId("other"), "c@x.example", "subject", "text")
        assert len(client.list_topics()["Topics"]) == 2
        both = {"mail/topics": 1, "mail/addresses": 1}
        for group_id, found in ((GROUP, both), (GroupId("other"), both), (GroupId("none"), {})):
            [page] = mailing.sweep(ENTERPRISE, group_id, None)
            assert page.tally == found
        assert client.list_topics()["Topics"] == []


def _context() -> Any:
    return Context()


class _Refusing:
    """SNS as it answers to an address that it does not take; what else it is asked, it does."""

    def __init__(self, sns: Any, operation: str, code: str) -> None:
        self._sns, self._operation, self._code = sns, operation, code

    def __getattr__(self, name: str) -> Any:
        if name == self._operation:
            return self._refuse
        return getattr(self._sns, name)

    def _refuse(self, **_: Any) -> None:
        raise ClientError(
            {"Error": {"Code": self._code, "Message": "Invalid: it@springfield.example"}},
            self._operation,
        )


@pytest.mark.parametrize(
    ("operation", "code", "again"),
    [
        ("subscribe", "InvalidParameter", False),
        ("subscribe", "InvalidParameterException", False),
        ("subscribe", "AuthorizationError", False),
        ("subscribe", "SubscriptionLimitExceeded", False),
        ("create_topic", "TopicLimitExceeded", False),
        ("subscribe", "InternalError", True),
        ("create_topic", "Throttled", True),
    ],
)
@pytest.mark.parametrize("message", ["of a group", "of a run"])
def test_an_address_that_is_refused_is_the_groups_matter(
    operation: str,
    code: str,
    again: bool,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with mock_aws():
        client = boto3.client("sns")
        prefix = f"arn:aws:sns:{client.meta.region_name}:123456789012:stack-group-"
        refusing: Any = _Refusing(client, operation, code)
        mailing = SnsMailing(refusing, prefix)
        control = InMemoryControl()
        run = _run(RunState.FAILED, reason=FAILED)
        control.runs = {run.key: run}
        ports = MailPorts(_groups(), control, mailing)
        monkeypatch.setattr(send_notices, "build", lambda: ports)
        body = {"enterprise": ENTERPRISE, "groupId": GROUP}
        if message == "of a run":
            body["seq"] = "7"
        with logged(send_notices.logger) as lines:
            answer = send_notices.lambda_handler(sqs_event(body), _context())
        # What would be refused for ever is not sent again for ever.
        assert bool(answer["batchItemFailures"]) == again
        assert mailing.status(GROUP, "it@springfield.example") is EmailStatus.NOT_ASKED
    [line] = lines.all
    assert line["message"] == ("message failed" if again else "mail refused")
    assert (line["group_id"], "springfield.example" in json.dumps(line)) == (GROUP, False)


# Webhooks


class _Receiver(BaseHTTPRequestHandler):
    """A receiver as somebody would write it from the documentation."""

    answers: list[int]
    accepted: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        moment = self.headers["Homeroom-Timestamp"]
        signed = hmac.new(SECRET.encode(), moment.encode() + b"." + body, hashlib.sha256)
        genuine = hmac.compare_digest(
            self.headers["Homeroom-Signature"], f"v1={signed.hexdigest()}"
        )
        status = self.answers.pop(0) if genuine else 401
        if status == 200:
            event = json.loads(body)
            assert event["id"] == self.headers["Homeroom-Event-Id"]
            self.accepted.append(event)
        self.send_response(status)
        if status == 307:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def _receiver(*answers: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    accepted: list[dict[str, Any]] = []
    kind = type("Receiver", (_Receiver,), {"answers": list(answers), "accepted": accepted})
    with LoopbackServer(ThreadingHTTPServer(("127.0.0.1", 0), kind)) as server:
        yield f"{server.url}/events", accepted


def _event(event: Event) -> BusEvent:
    text = {
        "id": "e-1",
        "detail-type": KINDS[type(event)],
        "time": NOW.isoformat(),
        "detail": event.model_dump(mode="json", by_alias=True),
    }
    return BusEvent.model_validate(text)


def _ports(url: str | None, secret: str = SECRET) -> WebhookPorts:
    sealed = PlainSecrets().encrypt(GROUP, SecretName.WEBHOOK, secret)
    webhook = Webhook(url=url, secret=sealed) if url else None
    post = partial(post_to_webhook, allow_insecure=True)
    return WebhookPorts(_groups(webhook=webhook), PlainSecrets(), post, lambda: NOW)


@pytest.mark.loopback
def test_a_receiver_can_verify_what_it_is_told() -> None:
    hold = Hold(digest="3-1-2", records=3, by_rule=(
        {"entity": "users", "rule": "too_many_deleted", "records": 3},))  # fmt: skip
    held = records_held(_run(RunState.HELD, hold=hold))
    assert held is not None
    with _receiver(200, 200, 200) as (url, accepted):
        for event in (run_finished(_run(counts=REJECTED)), held):
            assert call_webhook(_event(event), _ports(url))
        # Published again, it bears the same id, though the bus gives it another.
        again = _event(held).model_copy(update={"time": NOW + timedelta(minutes=5)})
        assert call_webhook(again, _ports(url))
    ids = [event["id"] for event in accepted]
    assert (ids[1] == ids[2], ids[0] == ids[1]) == (True, False)
    accepted.pop()
    assert [event["type"] for event in accepted] == ["Run Finished", "Records Held"]
    assert accepted[0]["detail"]["counts"]["users"]["rejected"] == 3
    assert accepted[1]["detail"]["byRule"][0]["rule"] == "too_many_deleted"


@pytest.mark.loopback
@pytest.mark.parametrize("status", [500, 404, 307, 429])
def test_what_is_not_taken_comes_again(status: int) -> None:
    with _receiver(status, status, 200) as (url, accepted):
        for _ in range(2):
            with pytest.raises(TryLaterError, match=str(status)):
                call_webhook(_event(run_finished(_run())), _ports(url))
        assert call_webhook(_event(run_finished(_run())), _ports(url))
    assert len(accepted) == 1


@pytest.mark.loopback
def test_another_secret_is_told_from_ours() -> None:
    with _receiver(200) as (url, accepted), pytest.raises(TryLaterError, match="401"):
        call_webhook(_event(run_finished(_run())), _ports(url, "another secret, also long"))
    assert accepted == []


@pytest.mark.loopback
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://127.0.0.1:1/"])
def test_an_address_that_is_not_public_is_not_called(url: str) -> None:
    ports = _ports(url)
    ports = WebhookPorts(
        ports.groups, ports.secrets, partial(post_to_webhook, allow_insecure=False), ports.clock
    )
    with pytest.raises(TryLaterError):
        call_webhook(_event(run_finished(_run())), ports)


def test_a_group_without_a_webhook_is_passed_by() -> None:
    assert not call_webhook(_event(run_finished(_run())), _ports(None))


# Events


def test_events_name_nobody() -> None:
    reason = Reason(code="x", message="Ann Doe, ann@springfield.example")
    run = _run(RunState.FAILED, reason=reason).model_copy(update={"requested_by": "ann@x.example"})
    text = run_finished(run).model_dump_json()
    assert "ann" not in text.lower()
    assert run_finished(run).seconds == 90


# Metrics


def test_a_run_is_measured_once_and_without_its_group(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "homeroom")
    log = PowertoolsRunLog(Logger(stream=io.StringIO()))
    log.ended(_run(RunState.SUCCEEDED, counts=REJECTED))
    [line] = capsys.readouterr().out.splitlines()
    shown = json.loads(line)
    measured = {
        "RunsSucceeded": 1,
        "Changes": 2,
        "RejectedRows": 3,
        "HeldRecords": 0,
        "RunSeconds": 90,
    }
    assert {name: shown[name] for name in measured} == {n: [float(v)] for n, v in measured.items()}
    assert GROUP not in json.dumps(shown)
    [declared] = shown["_aws"]["CloudWatchMetrics"]
    for unapplied in (
        _run(RunState.FAILED, counts=REJECTED),
        _run(counts=REJECTED).model_copy(update={"mode": Mode.PREVIEW}),
    ):
        log.ended(unapplied)
        [line] = capsys.readouterr().out.splitlines()
        assert json.loads(line)["Changes"] == [0.0]
    assert (declared["Namespace"], declared["Dimensions"]) == ("Homeroom", [["service"]])
