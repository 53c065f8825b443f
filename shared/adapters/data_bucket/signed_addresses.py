"""Signed addresses: people upload bundles to S3, and fetch reports from it, themselves.

A Lambda function answers 6 MB at most, and API Gateway takes 10 MB; bundles are larger.
"""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.data_bucket.missing import is_missing
from shared.domain.errors import NotFoundError
from shared.ports.bucket import UploadAddress

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REPORT_SECONDS = 600
UPLOAD_SECONDS = 900
"""No upload may arrive after the second sweep of a deleted group, which is as far away."""
MAX_BUNDLE_BYTES = 5 * 1024**3
"""The most that S3 takes in one POST."""


class S3SignedAddresses:
    """``SignedAddresses`` in one bucket; ``make_s3_client`` makes the client."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def upload_address(self, key: str) -> UploadAddress:
        """Make an address that takes one zip of up to 5 GB, for 15 minutes."""
        post = self._client.generate_presigned_post(
            self._bucket,
            key,
            Conditions=[["content-length-range", 1, MAX_BUNDLE_BYTES]],
            ExpiresIn=UPLOAD_SECONDS,
        )
        return UploadAddress(post["url"], dict(post["fields"]), UPLOAD_SECONDS, MAX_BUNDLE_BYTES)

    def report_address(
        self, key: str, name: str, content_type: str = "text/csv; charset=utf-8"
    ) -> str:
        """Make an address to fetch a report from; a browser saves it as ``name``.

        :raises NotFoundError: there is no such report (any more).
        """
        try:
            self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            raise _missing(error) from error
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentType": content_type,
                "ResponseContentDisposition": f'attachment; filename="{name}"',
            },
            ExpiresIn=REPORT_SECONDS,
        )

    def summary(self, key: str) -> dict[str, Any]:
        """Read a small JSON report.

        :raises NotFoundError: there is no such report (any more).
        """
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            raise _missing(error) from error
        found: dict[str, Any] = json.loads(answer["Body"].read())
        return found


def _missing(error: ClientError) -> Exception:
    if not is_missing(error):
        return error
    return NotFoundError(
        "no_report",
        "The run has no report: it ended before it was planned, or the report is no longer kept "
        "(90 days).",
    )
