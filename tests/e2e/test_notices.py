"""Who is told of a run, the whole way: a webhook that verifies, the topic of the group's mails."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.api import Api
from local.emulator import REGION
from local.loopback import LoopbackServer
from local.sample_district.evolution import without_users
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.stack import Stack
from tests.e2e.deployed import eventually
from tests.e2e.roster import add_group, sync

Json = dict[str, Any]
SECRET = "a secret of sixteen"


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=120)


@dataclass
class Receiver:
    """A platform's own receiver of events: it refuses what is not ours, and fails once."""

    server: LoopbackServer = field(init=False)
    failures: int = 1
    attempts: list[str] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.server.url}/homeroom"

    def take(self, headers: Any, body: bytes) -> int:
        signed = f"{headers['Homeroom-Timestamp']}.".encode() + body
        expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(headers["Homeroom-Signature"], f"v1={expected}"):
            return 401
        self.attempts.append(headers["Homeroom-Event-Id"])
        if self.failures:
            self.failures -= 1
            return 500
        self.events.append(json.loads(body))
        return 204


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(one.take(self.headers, body))
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with LoopbackServer(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        one.server = server
        yield one


def _mailbox(stack: Stack, group_id: str) -> str:
    """A queue in the place of the group's address; returns its URL."""
    sns, sqs = stack.client("sns"), stack.client("sqs")
    [topic] = _topics(stack, group_id)
    arn = f"arn:aws:sqs:{REGION}:000000000000:mailbox-{group_id}"
    let_in = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [let_in]})
    url: str = sqs.create_queue(QueueName=f"mailbox-{group_id}", Attributes={"Policy": policy})[
        "QueueUrl"
    ]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def _topics(stack: Stack, group_id: str) -> list[str]:
    pages = stack.client("sns").get_paginator("list_topics").paginate()
    found = [topic["TopicArn"] for page in pages for topic in page["Topics"]]
    return [arn for arn in found if arn.endswith(f"-group-{group_id}")]


def test_an_address_is_mailed_and_a_webhook_called(
    stack: Stack, api: Api, district: District, receiver: Receiver
) -> None:
    with DistrictServer(district) as server:
        webhook = {"url": receiver.url, "secret": SECRET}
        group_id = add_group(api, server, webhook=webhook)
        shown = api.get(f"/groups/{group_id}")
        assert (shown["webhook"], shown["email"]) == (
            {"url": receiver.url}, "it@springfield.example",
        )  # fmt: skip
        assert isinstance(shown["emailConfirmed"], bool)
        eventually(lambda: _topics(stack, group_id), 30)
        [topic] = _topics(stack, group_id)
        subscribed = eventually(
            lambda: stack.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        )
        assert [each["Endpoint"] for each in subscribed] == ["it@springfield.example"]
        mailbox = _mailbox(stack, group_id)

        # A good run is no news, but for the webhook, whose first attempt fails.
        assert sync(api, group_id)["state"] == "Succeeded"
        eventually(lambda: len(receiver.events) == 1, 60)
        assert (receiver.events[0]["type"], receiver.events[0]["detail"]["state"]) == (
            "Run Finished", "Succeeded",
        )  # fmt: skip
        assert receiver.attempts[0] == receiver.attempts[1] == receiver.events[0]["id"]

        server.district = without_users(
            district, [u.sourced_id for u in district.users if u.role == "student"][:60]
        )
        assert sync(api, group_id, mode="update")["state"] == "Held"
        eventually(lambda: len(receiver.events) == 3, 60)
        held = next(e for e in receiver.events if e["type"] == "Records Held")
        assert held["detail"]["digest"] == api.get(f"/groups/{group_id}/hold")["digest"]

        def mail() -> Json | None:
            answer = stack.client("sqs").receive_message(QueueUrl=mailbox, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                told: Json = json.loads(message["Body"])
                return told
            return None

        told = eventually(mail, 60) or {}
        assert "waits for you" in told["Subject"]
        assert "rejecting keeps what is there" in told["Message"]
        # Nobody of the roster is named anywhere.
        names = {user.family_name for user in district.users if len(user.family_name) > 4}
        text = told["Message"] + json.dumps(receiver.events)
        assert not [name for name in names if name in text]


def test_a_drop_that_is_nobodys_is_an_event(stack: Stack) -> None:
    events, sqs = stack.client("events"), stack.client("sqs")
    url = sqs.create_queue(QueueName="refused-drops")["QueueUrl"]
    pattern = {"source": ["homeroom"], "detail-type": ["Drop Refused"]}
    events.put_rule(Name="refused-drops", EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:{REGION}:000000000000:refused-drops"
    events.put_targets(Rule="refused-drops", Targets=[{"Id": "queue", "Arn": arn}])
    # In nobody's place, not even a group's.
    put = stack.client("s3").put_object(
        Bucket=stack.drop_bucket, Key="drops/Anna Hartmann.zip", Body=b"PK"
    )

    def told() -> list[Json]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        bodies = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
        details = [body["detail"] for body in bodies]
        return [detail for detail in details if detail["versionId"] == put["VersionId"]]

    assert eventually(told, 60) == [
        {
            "enterprise": None,
            "groupId": None,
            "versionId": put["VersionId"],
            "size": 2,
            "reason": "no_such_group",
        }
    ]
