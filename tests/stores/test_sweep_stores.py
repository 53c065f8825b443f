"""What is swept of a group that is being deleted, and nothing else, over moto."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.adapters.data_bucket import sweep_group as s3_sweep
from shared.adapters.data_bucket.sweep_group import S3GroupSweeper
from shared.adapters.roster_table import sweep_group
from shared.adapters.roster_table.contents import DynamoContents
from shared.adapters.roster_table.keys import LETTERS
from shared.adapters.roster_table.roster import DynamoRoster
from shared.adapters.roster_table.sweep_group import DynamoGroupSweeper
from shared.domain.ids import EnterpriseId, GroupId, RecordId, RunKey
from shared.domain.object_keys import Folder
from shared.domain.roster.change import LoginClaim, RosterWrite
from shared.domain.roster.collection import Collection
from shared.domain.roster.content import Bearer, ContentId
from shared.ports.deletion import GroupSweeper
from shared.ports.roster_reading import RosterPlace
from tests.fakes.roster_table import NAME, make_roster_table

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
    sweeper = DynamoGroupSweeper(client, NAME)
    assert _swept(sweeper) == {
        **{f"roster/{collection.entity}": 3 for collection in LETTERS},
        "roster/users": 5,
        "roster/loginNames": 2,
        "roster/contents": 1,
    }
    left = _items(client)
    # "b" was asked for by both, and is the first one's: it is free. "c" is the other group's.
    assert {key for key in left if key.startswith("LOGIN")} == {"LOGIN#acme#c LOGIN"}
    assert {k for k in left if not k.startswith("LOGIN")} == {
        key for key in before if key.startswith(f"{OTHER}#")
    }
    assert _swept(sweeper) == {}


def test_every_version_of_every_object_of_one_group_goes(aws: None) -> None:
    client = boto3.client("s3")
    place: Any = {"LocationConstraint": "eu-central-1"}
    client.create_bucket(Bucket="data", CreateBucketConfiguration=place)
    client.put_bucket_versioning(
        Bucket="data", VersioningConfiguration={"Status": "Enabled"}
    )  # fmt: skip
    for group_id in (GROUP, OTHER):
        for folder in Folder:
            for _ in range(2):
                client.put_object(Bucket="data", Key=f"{folder}/{group_id}/1/x", Body=b"x")
        # The name that a cover image once had.
        client.put_object(Bucket="data", Key=f"covers/{group_id}", Body=b"x")
    client.delete_object(Bucket="data", Key=f"staged/{GROUP}/1/x")
    sweeper = S3GroupSweeper(client, "data")
    assert _swept(sweeper) == {
        **{f"bucket/{folder}": 1 for folder in Folder if folder != "staged"},
        **{f"bucket/{folder}/earlier": 1 for folder in Folder},
        "bucket/covers": 2,
        # Of what had been deleted already: two versions, and the marker.
        "bucket/staged/earlier": 3,
    }
    assert _swept(sweeper) == {}
    versions = client.list_object_versions(Bucket="data")
    assert "DeleteMarkers" not in versions
    keys = [each["Key"] for each in versions["Versions"]]
    assert len(keys) == 2 * len(Folder) + 1
    assert all(f"/{OTHER}" in key for key in keys)


def _swept(sweeper: GroupSweeper, counted: str | None = None, pages: int = 9999) -> Counter[str]:
    """What a sweep has counted; after ``pages`` its worker dies, before the last is deleted."""
    total: Counter[str] = Counter()
    for number, found in enumerate(sweeper.sweep(ACME, GROUP, counted), 1):
        total.update(found.tally)
        if number == pages:
            break
    return total


@pytest.mark.parametrize("deaths", [1, 2, 3, 7])
def test_each_record_is_counted_once_whenever_workers_die(
    aws: None, monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    client: Any = boto3.client("dynamodb")
    make_roster_table(client)
    monkeypatch.setattr(sweep_group, "PAGE", 4)
    writes = [_write(Collection.USERS, f"u{number:02}", f"name{number}") for number in range(25)]
    DynamoRoster(client, NAME, batched=False).apply(RunKey(ACME, GROUP, 1), 1, writes, NOW)
    total = _with_deaths(DynamoGroupSweeper(client, NAME), deaths)
    assert total == {"roster/users": 25, "roster/loginNames": 25}
    assert _items(client) == set()


@pytest.mark.parametrize("deaths", [1, 2, 3])
def test_each_object_is_counted_once_whenever_workers_die(
    aws: None, monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    client = boto3.client("s3")
    place: Any = {"LocationConstraint": "eu-central-1"}
    client.create_bucket(Bucket="data", CreateBucketConfiguration=place)
    client.put_bucket_versioning(
        Bucket="data", VersioningConfiguration={"Status": "Enabled"}
    )  # fmt: skip
    for number in range(6):
        for _ in range(3):
            client.put_object(Bucket="data", Key=f"staged/{GROUP}/{number}", Body=b"x")
        client.put_object(Bucket="data", Key=f"reports/{GROUP}/{number}", Body=b"x")
    # Pages that end within the versions of a key.
    monkeypatch.setattr(s3_sweep, "MOST", 4)
    assert _with_deaths(S3GroupSweeper(client, "data"), deaths) == {
        "bucket/staged": 6, "bucket/staged/earlier": 12, "bucket/reports": 6,
    }  # fmt: skip
    assert "Versions" not in client.list_object_versions(Bucket="data")


def _with_deaths(sweeper: GroupSweeper, deaths: int) -> Counter[str]:
    """Sweep to the end, with workers that die once they have noted their ``deaths``-th page.

    Each notes what it finds, with its place, before the page is deleted.
    """
    total: Counter[str] = Counter()
    noted: str | None = None
    for _ in range(500):
        for number, found in enumerate(sweeper.sweep(ACME, GROUP, noted), 1):
            total.update(found.tally)
            noted = found.position
            if number == deaths and found.tally:
                break
        else:
            return total
    raise AssertionError("it has no end")


def _items(client: Any) -> set[str]:
    items = client.scan(TableName=NAME)["Items"]
    return {f"{item['pk']['S']} {item['sk']['S']}" for item in items}
