"""Cover images in the data bucket: forms to upload them, addresses to show them.

Anybody who has an address can open it, for an hour: an ``<img>`` sends no token. The address sets
the type of the answer, whatever type the object was stored with.
"""

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.data_bucket.missing import is_missing
from shared.domain.group.cover import (
    DEFAULT,
    DEFAULT_TYPE,
    FORM_TIME,
    HEAD_BYTES,
    MAX_BYTES,
    Cover,
    ImageType,
)
from shared.domain.object_keys import default_cover_key
from shared.ports.bucket import SeenImage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ADDRESS_SECONDS = 3600
"""How long an address can be opened."""
DEFAULT_KEY = default_cover_key(sha256(DEFAULT.encode()).hexdigest()[:8])
"""A new drawing gets a new key: browsers may have cached the old one."""
_EXISTS = {"PreconditionFailed", "ConditionalRequestConflict"}
"""How S3 refuses to replace an object with ``IfNoneMatch`` (PutObject, Amazon S3 API Reference)."""


class S3CoverImages:
    """``CoverImages`` over the data bucket; the client is of ``make_s3_client``."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._has_default = False

    def upload_address(self, key: str, image: ImageType) -> dict[str, Any]:
        """Make a form for one upload; S3 itself refuses other types and larger files."""
        return self._client.generate_presigned_post(
            Bucket=self._bucket,
            Key=key,
            Fields={"Content-Type": image.value},
            Conditions=[
                {"Content-Type": image.value},
                ["content-length-range", 1, MAX_BYTES],
            ],
            ExpiresIn=int(FORM_TIME.total_seconds()),
        )

    def look(self, key: str) -> SeenImage | None:
        """Read the first bytes of the upload; None if nothing was uploaded."""
        try:
            answer = self._client.get_object(
                Bucket=self._bucket, Key=key, Range=f"bytes=0-{HEAD_BYTES - 1}"
            )
        except ClientError as error:
            if is_missing(error):
                return None
            if error.response["Error"]["Code"] == "InvalidRange":  # an empty file has no first byte
                return SeenImage(b"", None)
            raise
        return SeenImage(answer["Body"].read(HEAD_BYTES), answer.get("VersionId"))

    def remove(self, key: str) -> None:
        """Delete an image; the bucket's lifecycle deletes its versions."""
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def address(self, cover: Cover) -> str:
        """Make an address that shows the group's image, or the default image."""
        if cover.shown is None:
            return self._signed(self._default(), DEFAULT_TYPE)
        version = {"VersionId": cover.shown.version} if cover.shown.version else {}
        return self._signed(cover.shown.key, cover.shown.type.value, **version)

    def _signed(self, key: str, content_type: str, **version: str) -> str:
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                **version,
                "ResponseContentType": content_type,
                "ResponseContentDisposition": "inline",
                "ResponseCacheControl": f"private, max-age={ADDRESS_SECONDS}",
            },
            ExpiresIn=ADDRESS_SECONDS,
        )

    def _default(self) -> str:
        """The key of the default image; who needs it first puts it there, once a container."""
        if not self._has_default:
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=DEFAULT_KEY,
                    Body=DEFAULT.encode(),
                    ContentType=DEFAULT_TYPE,
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if error.response["Error"]["Code"] not in _EXISTS:
                    raise
            self._has_default = True
        return DEFAULT_KEY
