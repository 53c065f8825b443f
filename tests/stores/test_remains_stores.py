"""What is swept of a group that is being deleted, and nothing else, over moto."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.adapters.dynamo_contents import DynamoContents
from shared.adapters.dynamo_remains import DynamoRemains
from shared.adapters.dynamo_roster import DynamoRoster
from shared.adapters.roster_keys import LETTERS
from shared.adapters.s3_remains import FOLDERS, S3Remains
from shared.domain.change import LoginClaim, RosterWrite
from shared.domain.collection import Collection
from shared.domain.content import Bearer, ContentId
from shared.domain.ids import EnterpriseId, GroupId, RecordId, RunKey
from shared.roster_ports import RosterPlace
from tests.fakes.roster_table import NAME, make_roster_table
from tests.template.processed import Template

ACME, GROUP, OTHER = EnterpriseId("acme"), GroupId("g1"), GroupId("g2")
NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def _write(collection: Collection, name: str, login: str | None = None) -> RosterWrite:
    enrolled = collection is Collection.ENROLLMENTS
    return RosterWrite(
        collection=collection,
        id=RecordId(name),
        doc={"name": name} | ({"loginName": login} if login else {}),
        new=True,
        class_id=RecordId("class") if enrolled else None,
        user_id=RecordId("user") if enrolled else None,
        login=LoginClaim(take=login) if login else None,
    )


@pytest.mark.parametrize("shards", [1, 64])
def test_the_roster_of_one_group_goes_with_its_login_names(aws: None, shards: int) -> None:
    client: Any = boto3.client("dynamodb")
    make_roster_table(client)
    roster = DynamoRoster(client, NAME, batched=False)
    for group_id, names in ((GROUP, "ab"), (OTHER, "bc")):
        writes = [
            _write(collection, f"{collection}-{n}")
            for collection in LETTERS
            for n in range(3)
        ]  # fmt: skip
        writes += [_write(Collection.USERS, f"u-{group_id}-{name}", name) for name in names]
        roster.apply(RunKey(ACME, group_id, 1), shards, writes, NOW)
        bearer = Bearer(Collection.CLASSES, RecordId(f"{Collection.CLASSES}-0"))
        place = RosterPlace(group_id, shards)
        DynamoContents(client, NAME).assign(place, bearer, NOW, ContentId("book"), "ann", NOW)
    before = _items(client)
    remains = DynamoRemains(client, NAME)
    assert sum(remains.sweep(ACME, GROUP)) == 3 * len(LETTERS) + 3
    left = _items(client)
    # "b" was asked for by both, and is the first one's: it is free. "c" is the other group's.
    assert {key for key in left if key.startswith("LOGIN")} == {"LOGIN#acme#c LOGIN"}
    assert {k for k in left if not k.startswith("LOGIN")} == {
        key for key in before if key.startswith(f"{OTHER}#")
    }
    assert sum(remains.sweep(ACME, GROUP)) == 0


def test_the_function_may_sweep_all_that_a_group_has() -> None:
    allowed = {
        resource["Fn::Sub"].removeprefix("${DataBucket.Arn}/").removesuffix("/*")
        for role, statement in Template().statements()
        for resource in [statement["Resource"]]
        if role == "DeleteGroupRole" and "s3:DeleteObjectVersion" in statement["Action"]
    }
    assert allowed == {*FOLDERS, "covers"}


def test_every_version_of_every_object_of_one_group_goes(aws: None) -> None:
    client = boto3.client("s3")
    place: Any = {"LocationConstraint": "eu-central-1"}
    client.create_bucket(Bucket="data", CreateBucketConfiguration=place)
    client.put_bucket_versioning(
        Bucket="data", VersioningConfiguration={"Status": "Enabled"}
    )  # fmt: skip
    for group_id in (GROUP, OTHER):
        for folder in FOLDERS:
            for _ in range(2):
                client.put_object(Bucket="data", Key=f"{folder}/{group_id}/1/x", Body=b"x")
        client.put_object(Bucket="data", Key=f"covers/{group_id}", Body=b"x")
    client.delete_object(Bucket="data", Key=f"staged/{GROUP}/1/x")
    assert sum(S3Remains(client, "data").sweep(ACME, GROUP)) == 2 * len(FOLDERS) + 2
    versions = client.list_object_versions(Bucket="data")
    assert "DeleteMarkers" not in versions
    keys = [each["Key"] for each in versions["Versions"]]
    assert len(keys) == 2 * len(FOLDERS) + 1
    assert all(f"/{OTHER}" in key for key in keys)


def _items(client: Any) -> set[str]:
    items = client.scan(TableName=NAME)["Items"]
    return {f"{item['pk']['S']} {item['sk']['S']}" for item in items}
