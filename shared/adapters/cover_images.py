"""Upload addresses for cover images."""

from typing import TYPE_CHECKING, Any

from shared.domain.ids import GroupId

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_BYTES = 5 * 1024 * 1024
SECONDS = 900


class S3CoverImages:
    """``CoverImages`` over the data bucket; the client is of ``make_s3_client``."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def upload_address(self, group_id: GroupId, content_type: str) -> dict[str, Any]:
        """Make a form for one upload; S3 itself refuses other types and larger files."""
        return self._client.generate_presigned_post(
            Bucket=self._bucket,
            Key=f"covers/{group_id}",
            Fields={"Content-Type": content_type},
            Conditions=[
                {"Content-Type": content_type},
                ["content-length-range", 1, MAX_BYTES],
            ],
            ExpiresIn=SECONDS,
        )
