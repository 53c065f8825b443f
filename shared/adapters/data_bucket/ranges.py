"""Reads an S3 object as a file, by ranges: a large object is never fetched whole."""

import io
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import ClientError

from shared.adapters.data_bucket.missing import is_missing
from shared.domain.errors import MissingObjectError
from shared.domain.run.bundle import BundleObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BLOCK_BYTES = 8 * 1024 * 1024
"""How much one request fetches of a file that is read in order."""
FIRST_BYTES = 128 * 1024
"""How much it fetches after a seek: enough for the directory at the end of a zip."""
BUFFER_BYTES = 64 * 1024


class _Ranges(io.RawIOBase):
    def __init__(self, client: "S3Client", bucket: str, place: BundleObject) -> None:
        self._client = client
        self._bucket = bucket
        self._place = place
        self._at = 0
        self._block, self._from = b"", 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._place.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]  # typeshed has Buffer
        if self._at >= self._place.size or not len(buffer):
            return 0
        if not self._from <= self._at < self._from + len(self._block):
            # Large blocks while the file is read in order, small ones while a reader jumps about.
            on = self._at == self._from + len(self._block) and bool(self._block)
            self._fetch(BLOCK_BYTES if on else FIRST_BYTES)
        start = self._at - self._from
        found = memoryview(self._block)[start : start + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def _fetch(self, length: int) -> None:
        last = min(self._at + length, self._place.size) - 1
        version = {"VersionId": self._place.version} if self._place.version else {}
        try:
            answer = self._client.get_object(
                Bucket=self._bucket,
                Key=self._place.key,
                Range=f"bytes={self._at}-{last}",
                **version,  # type: ignore[arg-type]  # a TypedDict, optional
            )
        except ClientError as error:
            if is_missing(error):
                raise MissingObjectError(self._place.key) from error
            raise
        body = answer["Body"].read()
        # The emulator sends a named version whole, whatever the range.
        whole = len(body) > last + 1 - self._at
        self._block = body[self._at : last + 1] if whole else body
        self._from = self._at


def open_ranged(client: "S3Client", bucket: str, place: BundleObject) -> BinaryIO:
    """Open an object for reading, in the version that ``place`` names.

    :raises MissingObjectError: when it is read, and there is no such object.
    """
    # A raw file may return less than asked for; zipfile relies on getting all of it.
    return io.BufferedReader(_Ranges(client, bucket, place), BUFFER_BYTES)
