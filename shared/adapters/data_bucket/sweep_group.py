"""Deletes what the data bucket holds of a group."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.object_keys import Folder
from shared.domain.run.deletion_certificate import Store, tally_name
from shared.ports.deletion import SweptPage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOST = 1000
"""Versions that S3 lists and deletes at once (ListObjectVersions, DeleteObjects in its API)."""

Version = dict[str, Any]


class S3GroupSweeper:
    """``GroupSweeper`` over the data bucket; every version of an object goes."""

    store = Store.BUCKET

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def sweep(
        self, enterprise: EnterpriseId, group_id: GroupId, counted: str | None
    ) -> Iterator[SweptPage]:
        """Delete the objects of a group, about a thousand versions at a time."""
        noted, until = json.loads(counted) if counted else (None, "")
        for folder in Folder:
            for page in self._pages(folder.of_group(group_id)):
                new = [each for each in page if folder != noted or each["Key"] > until]
                end = page[-1]["Key"]
                if folder == noted:
                    end = max(end, until)
                yield SweptPage(_tally(folder, new), json.dumps([folder, end]))
                self._delete(page)

    def _pages(self, prefix: str) -> Iterator[list[Version]]:
        """All versions, in the order of keys; those of one key are never on two pages.

        So that an object is counted once: of a key whose newest version is gone the next would
        seem to be the newest.
        """
        kept: list[Version] = []
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=prefix, PaginationConfig={"PageSize": MOST}
        )
        for page in pages:
            found: list[Version] = [
                *({**each} for each in page.get("Versions", [])),
                *({**each, "marker": True} for each in page.get("DeleteMarkers", [])),
            ]
            kept += sorted(found, key=lambda each: str(each["Key"]))
            last = kept[-1]["Key"] if kept else None
            whole = [each for each in kept if each["Key"] != last]
            if whole:
                yield whole
                kept = [each for each in kept if each["Key"] == last]
        if kept:
            yield kept

    def _delete(self, page: list[Version]) -> None:
        for start in range(0, len(page), MOST):
            some = page[start : start + MOST]
            answer = self._client.delete_objects(
                Bucket=self._bucket,
                Delete={
                    "Objects": [
                        {"Key": each["Key"], "VersionId": each["VersionId"]} for each in some
                    ],
                    "Quiet": True,
                },
            )
            if failed := answer.get("Errors"):
                raise RuntimeError(failed[0].get("Code"))


def _tally(folder: str, versions: list[Version]) -> Counter[str]:
    objects = sum(bool(each.get("IsLatest")) and "marker" not in each for each in versions)
    return +Counter(
        {
            tally_name(Store.BUCKET, folder): objects,
            tally_name(Store.BUCKET, folder, earlier=True): len(versions) - objects,
        }
    )
