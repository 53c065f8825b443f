"""What bucket, queue and bus promise: the bucket against its twin too, the others against moto."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.adapters.data_bucket.objects import S3Objects
from shared.adapters.messaging.event_bus import EventBridgeAnnouncements
from shared.adapters.messaging.queue import SqsQueue
from shared.domain.errors import MissingObjectError, TryLaterError
from shared.domain.events import run_finished
from shared.domain.run.counts import EntityCounts
from shared.domain.run.run import Mode, Reason, Run, RunState, Trigger
from shared.domain.timers import MAX_DELAY_SECONDS
from shared.messages import ApplyBatch
from shared.ports.bucket import Objects
from tests.fakes.simulation import ENTERPRISE, GROUP, config
from tests.fakes.world import InMemoryObjects
from tests.stores.control_stores import KINDS, NOW

BUCKET = "data"


@pytest.fixture(params=KINDS)
def objects(request: pytest.FixtureRequest) -> Iterator[Objects]:
    if request.param == "memory":
        yield InMemoryObjects()
        return
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield S3Objects(client, BUCKET)


def test_objects_come_back_whole_and_in_ranges(objects: Objects, tmp_path: Path) -> None:
    objects.put("a/b c+ü", b"0123456789")
    assert objects.get("a/b c+ü") == b"0123456789"
    assert objects.get("a/b c+ü", 3, 4) == b"3456"
    assert objects.get("a/b c+ü", 8) == b"89"
    (tmp_path / "up").write_bytes(b"x" * 100_000)
    objects.upload("file", tmp_path / "up", {"lifecycle": "candidate"})
    objects.download("file", tmp_path / "down")
    assert (tmp_path / "down").read_bytes() == b"x" * 100_000


def test_a_missing_object_has_an_error_of_its_own(objects: Objects, tmp_path: Path) -> None:
    with pytest.raises(MissingObjectError):
        objects.get("nothing", 0, 10)
    with pytest.raises(MissingObjectError):
        objects.download("nothing", tmp_path / "file")
    with pytest.raises(MissingObjectError):
        objects.download_past("nothing", tmp_path / "file")
    objects.tag(["nothing"], {"lifecycle": "current"})
    with pytest.raises(MissingObjectError):
        objects.tag(["nothing"], {"lifecycle": "current"}, required=True)


def test_what_lies_under_a_prefix_is_listed(objects: Objects) -> None:
    for key in ("a/1/x", "a/1/y", "a/10/x", "b/1/x"):
        objects.put(key, b"")
    assert sorted(objects.list("a/1/")) == ["a/1/x", "a/1/y"]
    assert list(objects.list("c/")) == []


def test_what_was_deleted_is_fetched_as_long_as_a_version_is_left(tmp_path: Path) -> None:
    with mock_aws():
        client: Any = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        versioned = {"Status": "Enabled"}
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versioned)
        objects, file = S3Objects(client, BUCKET), tmp_path / "file"
        for body in (b"first", b"second"):
            objects.put("a/k", body)
        objects.put("a/k.index", b"another")
        client.delete_object(Bucket=BUCKET, Key="a/k")
        with pytest.raises(MissingObjectError):
            objects.download("a/k", file)
        # A delete marker takes no tags: it is gone to whoever tags.
        objects.tag(["a/k"], {"lifecycle": "current"})
        with pytest.raises(MissingObjectError):
            objects.tag(["a/k"], {"lifecycle": "current"}, required=True)
        assert list(objects.list("a/")) == ["a/k.index"]
        objects.download_past("a/k", file)
        assert file.read_bytes() == b"second"
        for version in client.list_object_versions(Bucket=BUCKET, Prefix="a/k")["Versions"]:
            if version["Key"] == "a/k":
                name = version["VersionId"]
                client.delete_object(Bucket=BUCKET, Key="a/k", VersionId=name)
        with pytest.raises(MissingObjectError):
            objects.download_past("a/k", file)


def test_tags_are_replaced_and_missing_objects_passed_over() -> None:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        objects = S3Objects(client, BUCKET)
        objects.put("one", b"", {"lifecycle": "candidate", "other": "a b"})
        objects.put("two", b"")
        objects.tag(["one", "gone", "two"], {"lifecycle": "current"})
        for key in ("one", "two"):
            answer = client.get_object_tagging(Bucket=BUCKET, Key=key)
            assert answer["TagSet"] == [{"Key": "lifecycle", "Value": "current"}]


def _message(number: int) -> ApplyBatch:
    return ApplyBatch(
        enterprise=ENTERPRISE, group_id=GROUP, seq=3, batch=number, start=number, length=1
    )


def test_messages_of_any_number_arrive_and_carry_only_names() -> None:
    with mock_aws():
        client = boto3.client("sqs")
        url = client.create_queue(QueueName="apply")["QueueUrl"]
        SqsQueue(client, url).send(_message(number) for number in range(23))
        bodies = []
        while received := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            bodies += [message["Body"] for message in received]
        assert sorted(json.loads(body)["batch"] for body in bodies) == list(range(23))
        assert ApplyBatch.model_validate_json(bodies[0]).key.group_id == GROUP


class _Recorded:
    """A client that notes its requests and gives one answer."""

    def __init__(self, **answer: Any) -> None:
        self.requests: list[dict[str, Any]] = []
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            self.requests.append(request)
            return self._answer

        return call


def test_messages_are_fairly_queued_and_held_back_no_longer_than_sqs_can() -> None:
    client: Any = _Recorded()
    queue = SqsQueue(client, "url")
    queue.send([])
    assert client.requests == []
    queue.send([_message(1)], delay_seconds=5000)
    [entry] = client.requests[0]["Entries"]
    assert (entry["MessageGroupId"], entry["DelaySeconds"]) == (GROUP, MAX_DELAY_SECONDS)


def test_what_queue_or_bus_do_not_take_is_tried_later() -> None:
    queue: Any = _Recorded(Failed=[{"Id": "0"}])
    with pytest.raises(TryLaterError):
        SqsQueue(queue, "url").send([_message(1)])
    bus: Any = _Recorded(FailedEntryCount=1)
    with pytest.raises(TryLaterError):
        EventBridgeAnnouncements(bus, "bus").publish(run_finished(_run()))


def test_the_end_of_a_run_is_announced_without_names_values_or_words() -> None:
    bus: Any = _Recorded(FailedEntryCount=0)
    EventBridgeAnnouncements(bus, "bus").publish(run_finished(_run()))
    [entry] = bus.requests[0]["Entries"]
    assert (entry["Source"], entry["DetailType"], entry["EventBusName"]) == (
        "homeroom", "Run Finished", "bus",
    )  # fmt: skip
    detail = json.loads(entry["Detail"])
    assert detail.pop("counts")["users"]["created"] == 2
    assert detail == {
        "enterprise": ENTERPRISE,
        "groupId": GROUP,
        "runId": "3",
        "syncType": "API",
        "mode": "sync",
        "trigger": "request",
        "state": "Failed",
        "reason": "source_gone",
        "seconds": 0,
    }


def _run() -> Run:
    return Run(
        enterprise=ENTERPRISE,
        group_id=GROUP,
        seq=3,
        mode=Mode.SYNC,
        trigger=Trigger.REQUEST,
        requested_by="ann@springfield.example",
        state=RunState.FAILED,
        config=config(),
        counts={"users": EntityCounts(created=2)},
        reason=Reason(code="source_gone", message="https://sis.example did not answer."),
        created_at=NOW,
    )
