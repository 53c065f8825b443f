"""Objects written part by part (S3 multipart uploads), over several invocations."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Uploads:
    """``Uploads`` over the data bucket. Its lifecycle ends those that were never completed."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def begin(self, key: str) -> str:
        """Begin an object."""
        return self._client.create_multipart_upload(Bucket=self._bucket, Key=key)["UploadId"]

    def part(self, key: str, upload_id: str, number: int, body: bytes) -> str:
        """Write one part."""
        answer = self._client.upload_part(
            Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=body
        )
        return answer["ETag"]

    def complete(self, key: str, upload_id: str, tags: Sequence[str]) -> str | None:
        """Make the object of its parts."""
        answer = self._client.complete_multipart_upload(
            Bucket=self._bucket,
            Key=key,
            UploadId=upload_id,
            MultipartUpload={
                "Parts": [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, start=1)]
            },
        )
        return answer.get("VersionId")

    def abort(self, key: str, upload_id: str) -> None:
        """Give an upload up."""
        try:
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchUpload":
                raise
