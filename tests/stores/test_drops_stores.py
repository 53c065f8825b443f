"""What the stores of dropped bundles promise, tried on the real one (moto) and on its twin."""

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from shared.adapters.control_table.connection_tests import KEPT, DynamoConnectionTests
from shared.adapters.data_bucket.multipart_uploads import S3Uploads
from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.group.connection_test import ConnectionTest, Probe
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.bundle import Bundle, BundleObject
from shared.domain.run.requests import Drop
from shared.domain.run.results import NextLeg, RunEnd
from shared.domain.run.run import Mode, Notice, Reason, Run, RunState, Trigger
from tests.fakes.control_table import make_control_table
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.stores.control_stores import EXTRACTING, KINDS, NOW, PATIENCE, Control, control_of

SECOND = timedelta(seconds=1)


@pytest.fixture(params=KINDS)
def control(request: pytest.FixtureRequest) -> Iterator[Control]:
    with control_of(request.param) as made:
        yield made


def drop(name: str, supersedes: tuple[int, ...] = (), group_id: GroupId = GROUP) -> Drop:
    place = BundleObject(name=name, key=f"drops/{group_id}/{name}", version="v1", size=9)
    bundle = Bundle(objects=(place,), digest=name)
    return Drop(ENTERPRISE, group_id, Mode.SYNC, bundle, supersedes)


def states(control: Control) -> dict[int, RunState]:
    return {run.seq: run.state for run in control.runs.history(GROUP, 50, None)}


def end(control: Control, run: Run) -> None:
    assert control.runs.close(run.key, NOW, RunEnd(RunState.FAILED))


def test_a_drop_waits_and_then_begins(control: Control) -> None:
    run = control.drops.take(drop("a.zip"), NOW)
    assert (run.seq, run.state, run.trigger) == (1, RunState.WAITING, Trigger.DROP)
    assert run.bundle is not None
    assert run.bundle.digest == "a.zip"
    assert control.get(run.key) == run
    begun = control.drops.begin(ENTERPRISE, GROUP, NOW)
    assert begun is not None
    assert (begun.key, begun.state, begun.bundle) == (run.key, RunState.ACCEPTED, run.bundle)
    assert control.drops.waiting(ENTERPRISE, GROUP) == []
    assert control.runs.claim(run.key, EXTRACTING, 0, "one", NOW) is not None


def test_the_same_drop_told_twice_is_one_run(control: Control) -> None:
    first = control.drops.take(drop("a.zip"), NOW)
    assert control.drops.take(drop("a.zip"), NOW).key == first.key
    assert states(control) == {1: RunState.WAITING}
    begun = control.drops.begin(ENTERPRISE, GROUP, NOW)
    assert begun is not None
    end(control, begun)
    assert control.drops.take(drop("a.zip"), NOW).state is RunState.FAILED
    assert control.drops.begin(ENTERPRISE, GROUP, NOW) is None


def test_drops_have_their_turn_in_order(control: Control) -> None:
    running = control.accept()
    for name in ("a.zip", "b.zip"):
        control.drops.take(drop(name), NOW)
    assert control.drops.begin(ENTERPRISE, GROUP, NOW) is None
    end(control, running)
    # Neither a request nor a later drop overtakes one that waits.
    with pytest.raises(ConflictError) as caught:
        control.accept()
    assert caught.value.extra == {"runId": "2"}
    begun = control.drops.begin(ENTERPRISE, GROUP, NOW)
    assert begun is not None
    assert begun.seq == 2
    assert [run.seq for run in control.drops.waiting(ENTERPRISE, GROUP)] == [3]


def test_what_a_later_drop_makes_needless_ends_with_the_reason(control: Control) -> None:
    running = control.accept()
    for name in ("a.zip", "b.zip"):
        control.drops.take(drop(name), NOW)
    control.drops.take(drop("c.zip", supersedes=(2, 3)), NOW)
    assert states(control) == {
        1: RunState.ACCEPTED,
        2: RunState.SUPERSEDED,
        3: RunState.SUPERSEDED,
        4: RunState.WAITING,
    }
    ended = control.runs.history(GROUP, 1, 3)[0]
    assert ended.reason is not None
    assert (ended.reason.code, ended.finished_at, ended.config.secrets) == ("superseded", NOW, {})
    end(control, running)
    begun = control.drops.begin(ENTERPRISE, GROUP, NOW)
    assert begun is not None
    assert begun.seq == 4


def test_a_waiting_run_is_looked_after_until_it_begins(control: Control) -> None:
    running = control.accept(NOW - PATIENCE)
    waiting = control.drops.take(drop("a.zip"), NOW)
    assert waiting.key not in control.overdue(NOW + PATIENCE)
    later = NOW + PATIENCE + SECOND
    assert waiting.key in control.overdue(later)
    assert control.drops.begin(ENTERPRISE, GROUP, later) is None
    assert waiting.key not in control.overdue(later + SECOND)
    assert running.key in control.overdue(later + SECOND)


def test_a_drop_of_nobodys_group_is_not_found(control: Control) -> None:
    with pytest.raises(NotFoundError):
        control.drops.take(drop("a.zip", group_id=GroupId("nobody's")), NOW)


def test_a_leg_hands_on_what_it_learned_of_the_bundle(control: Control) -> None:
    key = control.extracting()
    bundle = Bundle(look="l", digest="d")
    control.runs.hand_on(
        key, "one", NOW, NextLeg(RunState.EXTRACTING, cursor=None, progress={}, bundle=bundle)
    )
    assert control.get(key).bundle == bundle
    assert control.runs.claim(key, EXTRACTING, 1, "two", NOW) is not None
    control.runs.hand_on(key, "two", NOW, NextLeg(RunState.PLANNING, cursor=None, progress={}))
    assert control.get(key).bundle == bundle


def test_a_run_without_anything_to_do_ends_with_what_it_knows(control: Control) -> None:
    key = control.extracting()
    notice = Notice(code="bundle_unchanged", message="The same.", collection=None, count=1)
    bundle = Bundle(look="l")
    assert control.runs.close(
        key, NOW, RunEnd(RunState.SUCCEEDED, bundle=bundle, notices=(notice,)), "one"
    )
    run = control.get(key)
    assert (run.state, run.reason, run.bundle, run.notices) == (
        RunState.SUCCEEDED, None, bundle, (notice,),
    )  # fmt: skip
    held = control.extracting()
    why = Reason(code="bundle_older", message="Older.")
    assert control.runs.close(held, NOW, RunEnd(RunState.HELD, why), "one")
    assert (control.get(held).state, control.get(held).reason) == (RunState.HELD, why)


def test_connection_tests_are_kept_for_a_day_for_their_enterprise() -> None:
    with mock_aws():
        client = boto3.client("dynamodb")
        tests = DynamoConnectionTests(client, make_control_table(client))
        test = ConnectionTest(enterprise=ENTERPRISE, group_id=GROUP, test_id="t", created_at=NOW)
        tests.begin(test)
        assert tests.get(ENTERPRISE, GROUP, "t", NOW) == test
        probes = (Probe(name="host", ok=False, detail="No.", field="connection.host"),)
        tests.finish(test, probes, NOW + SECOND)
        found = tests.get(ENTERPRISE, GROUP, "t", NOW + SECOND)
        assert found is not None
        assert (found.probes, found.finished_at) == (probes, NOW + SECOND)
        assert tests.get(EnterpriseId("globex"), GROUP, "t", NOW) is None
        assert tests.get(ENTERPRISE, GROUP, "other", NOW) is None
        assert tests.get(ENTERPRISE, GROUP, "t", NOW + KEPT) is None
        # One that is gone does not come back by its answer.
        tests.finish(test.model_copy(update={"test_id": "gone"}), probes, NOW)
        assert tests.get(ENTERPRISE, GROUP, "gone", NOW) is None


def test_an_object_is_made_of_parts_or_given_up() -> None:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="data")
        s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
        uploads = S3Uploads(s3, "data")
        parts = [bytes(5 * 1024 * 1024), b"the last may be small"]
        upload_id = uploads.begin("fetched/a.zip")
        tags = [uploads.part("fetched/a.zip", upload_id, n, p) for n, p in enumerate(parts, 1)]
        version = uploads.complete("fetched/a.zip", upload_id, tags)
        found = s3.get_object(Bucket="data", Key="fetched/a.zip")
        assert found["Body"].read() == b"".join(parts)
        assert version is not None
        assert found["VersionId"] == version

        given_up = uploads.begin("fetched/b.zip")
        uploads.part("fetched/b.zip", given_up, 1, b"x")
        for _ in range(2):
            uploads.abort("fetched/b.zip", given_up)
        assert "Uploads" not in s3.list_multipart_uploads(Bucket="data")
