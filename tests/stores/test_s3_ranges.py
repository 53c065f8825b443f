"""Objects read by ranges read like files."""

import io
import random
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.adapters.data_bucket.ranges import BLOCK_BYTES, open_ranged
from shared.domain.errors import MissingObjectError
from shared.domain.run.bundle import BundleObject
from tests.fakes.aws_clients import heard

BUCKET = "data"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


def _place(size: int, version: str | None = None) -> BundleObject:
    return BundleObject(name="r.zip", key="drops/g/r.zip", version=version, size=size)


def test_reads_what_is_asked_for_wherever_it_lies(s3: Any) -> None:
    data = random.Random(1).randbytes(700_001)
    s3.put_object(Bucket=BUCKET, Key="drops/g/r.zip", Body=data)
    file, plain = open_ranged(s3, BUCKET, _place(len(data))), io.BytesIO(data)
    chance = random.Random(2)
    for _ in range(60):
        at, length = chance.randrange(len(data) + 10), chance.choice([0, 1, 22, 5000, 300_000])
        assert file.seek(at) == plain.seek(at)
        assert file.read(length) == plain.read(length)
    assert file.seek(-22, io.SEEK_END) == plain.seek(-22, io.SEEK_END)
    assert file.read() == plain.read()


def test_a_zip_with_a_large_directory_opens(s3: Any) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(4000):
            archive.writestr(f"a-rather-long-name-for-a-file-{number:06}.csv", b"x" * 100)
    data = out.getvalue()
    s3.put_object(Bucket=BUCKET, Key="drops/g/r.zip", Body=data)
    with zipfile.ZipFile(open_ranged(s3, BUCKET, _place(len(data)))) as archive:
        assert len(archive.namelist()) == 4000
        assert archive.testzip() is None


def test_reading_on_costs_few_requests(s3: Any) -> None:
    data = bytes(20 * 1024 * 1024)
    s3.put_object(Bucket=BUCKET, Key="drops/g/r.zip", Body=data)
    with heard(s3, "s3.GetObject") as asked:
        file = open_ranged(s3, BUCKET, _place(len(data)))
        while file.read(4096):
            pass
    assert 0 < len(asked) <= len(data) // BLOCK_BYTES + 2


def test_reads_the_version_that_is_named_or_says_that_it_is_gone(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=BUCKET, Key="drops/g/r.zip", Body=b"first")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="drops/g/r.zip", Body=b"other")
    assert open_ranged(s3, BUCKET, _place(5, first)).read() == b"first"
    s3.delete_object(Bucket=BUCKET, Key="drops/g/r.zip", VersionId=first)
    with pytest.raises(MissingObjectError):
        open_ranged(s3, BUCKET, _place(5, first)).read()
