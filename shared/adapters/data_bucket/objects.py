"""The data bucket."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlencode

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from shared.adapters.data_bucket.missing import is_missing
from shared.adapters.data_bucket.ranges import open_ranged
from shared.domain.errors import MissingObjectError
from shared.domain.run.bundle import BundleObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import TagTypeDef

_TRANSFER = TransferConfig(multipart_chunksize=16 * 1024 * 1024, max_concurrency=4)


class S3Objects:
    """``Objects`` over one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, body: bytes, tags: dict[str, str] | None = None) -> None:
        """Store a small object."""
        # Without tags, no ``Tagging`` either: even an empty one needs its own permission.
        extra = {"Tagging": urlencode(tags)} if tags else {}
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body, **extra)  # type: ignore[arg-type]  # a TypedDict, optional

    def has(self, key: str) -> bool:
        """Tell whether there is such an object."""
        try:
            self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if is_missing(error):
                return False
            raise
        return True

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read an object or a range of it."""
        end = "" if length is None else str(start + length - 1)
        try:
            answer = self._client.get_object(
                Bucket=self._bucket, Key=key, Range=f"bytes={start}-{end}"
            )
        except ClientError as error:
            raise _missing(error, key) from error
        return answer["Body"].read()

    def open(self, place: BundleObject) -> BinaryIO:
        """Open an object for reading by ranges; see ``ports.Objects.open``."""
        return open_ranged(self._client, self._bucket, place)

    def upload(self, key: str, path: Path, tags: dict[str, str] | None = None) -> None:
        """Store a file."""
        extra = {"Tagging": urlencode(tags)} if tags else {}
        self._client.upload_file(str(path), self._bucket, key, ExtraArgs=extra, Config=_TRANSFER)

    def download(self, key: str, path: Path) -> None:
        """Fetch an object into a file."""
        try:
            self._client.download_file(self._bucket, key, str(path), Config=_TRANSFER)
        except ClientError as error:
            raise _missing(error, key) from error

    def download_past(self, key: str, path: Path) -> None:
        """Fetch an object; if it is gone, its last version that is still kept."""
        try:
            self.download(key, path)
        except MissingObjectError:
            self._download_version(key, path)

    def _download_version(self, key: str, path: Path) -> None:
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=key
        )
        # Newest first, without delete markers. Other keys may begin with this one.
        versions = (each for page in pages for each in page.get("Versions", ()))
        version = next((each["VersionId"] for each in versions if each["Key"] == key), None)
        if version is None:
            raise MissingObjectError(key)
        place = {"VersionId": version}
        try:
            self._client.download_file(
                self._bucket, key, str(path), ExtraArgs=place, Config=_TRANSFER
            )
        except ClientError as error:
            raise _missing(error, key) from error

    def list(self, prefix: str) -> Iterator[str]:
        """List the keys of the objects under a prefix."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return (each["Key"] for page in pages for each in page.get("Contents", ()))

    def tag(self, keys: Iterable[str], tags: dict[str, str], *, required: bool = False) -> None:
        """Replace the tags of objects; see ``ports.Objects.tag``."""
        tag_set: list[TagTypeDef] = [{"Key": name, "Value": value} for name, value in tags.items()]
        for key in keys:
            try:
                self._client.put_object_tagging(
                    Bucket=self._bucket,
                    Key=key,
                    Tagging={"TagSet": tag_set},
                )
            except ClientError as error:
                # A deleted object has a delete marker in a versioned bucket, which takes no tags.
                deleted = error.response["Error"]["Code"] == "MethodNotAllowed"
                if not deleted and not is_missing(error):
                    raise
                if required:
                    raise MissingObjectError(key) from error


def _missing(error: ClientError, key: str) -> Exception:
    return MissingObjectError(key) if is_missing(error) else error
