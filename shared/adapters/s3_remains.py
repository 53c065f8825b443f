"""What a group that is being deleted has left in the data bucket."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.domain.ids import EnterpriseId, GroupId

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDERS = ("bundles", "changes", "drops", "exports", "holds", "reports", "snapshots", "staged")
"""Where a group has objects, each under its own id; its cover image lies under ``covers``."""


class S3Remains:
    """``Remains`` over the data bucket; every version of an object goes."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def sweep(self, enterprise: EnterpriseId, group_id: GroupId) -> Iterator[int]:
        """Delete the objects of a group, a thousand versions at a time."""
        prefixes = [*(f"{folder}/{group_id}/" for folder in FOLDERS), f"covers/{group_id}"]
        paginator = self._client.get_paginator("list_object_versions")
        for prefix in prefixes:
            for page in paginator.paginate(Bucket=self._bucket, Prefix=prefix):
                found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if not found:
                    continue
                answer = self._client.delete_objects(
                    Bucket=self._bucket,
                    Delete={
                        "Objects": [
                            {"Key": each["Key"], "VersionId": each["VersionId"]} for each in found
                        ],
                        "Quiet": True,
                    },
                )
                if failed := answer.get("Errors"):
                    raise RuntimeError(failed[0].get("Code"))
                yield len(found)
