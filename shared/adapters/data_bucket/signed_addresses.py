"""What people fetch from and put into the data bucket themselves: addresses for reports, uploads.

Lambda answers 6 MB at most, and API Gateway takes 10 MB: what is larger goes past them.
"""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.domain.errors import NotFoundError
from shared.ports.bucket import UploadAddress

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REPORT_SECONDS = 600
UPLOAD_SECONDS = 900
"""Nothing may come by an address after a deleted group's second sweep, which is as far away."""
MAX_BUNDLE_BYTES = 5 * 1024**3
"""What S3 takes in one POST."""
_GONE = {"NoSuchKey", "404"}


class S3SignedAddresses:
    """Addresses in one bucket; the client is of ``make_s3_client``, which signs for the region."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def upload_address(self, key: str) -> UploadAddress:
        """Make an address for one zip of up to 5 GB; it is good for 15 minutes."""
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
        """Make an address to fetch a report from, which a browser saves as ``name``.

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
    if error.response["Error"]["Code"] not in _GONE:
        return error
    return NotFoundError(
        "no_report",
        "The run has no report: it ended before it was planned, or the report is no longer kept "
        "(90 days).",
    )
