"""Reads an S3 object by ranges, as a file: what is large is never fetched whole."""

import io
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import ClientError

from shared.domain.errors import MissingObjectError
from shared.domain.run.bundle import BundleObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BLOCK_BYTES = 8 * 1024 * 1024
"""How much is fetched at once when a file is read on; a seek fetches the end of a zip in one."""
FIRST_BYTES = 128 * 1024
BUFFER_BYTES = 64 * 1024
_GONE = {"NoSuchKey", "404", "NoSuchVersion"}


class _Ranges(io.RawIOBase):
    def __init__(self, client: "S3Client", bucket: str, place: BundleObject) -> None:
        self._client = client
        self._bucket = bucket
        self._place = place
        self._at = 0
        self._block, self._from = b"", 0
        self._reading_on = False

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
            # Reading on fetches large blocks; jumping about, as a zip's directory is read, small.
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
            if error.response["Error"]["Code"] in _GONE:
                raise MissingObjectError(self._place.key) from error
            raise
        body = answer["Body"].read()
        # The emulator sends the whole of a named version, whatever range is asked for.
        whole = len(body) > last + 1 - self._at
        self._block = body[self._at : last + 1] if whole else body
        self._from = self._at


def open_ranged(client: "S3Client", bucket: str, place: BundleObject) -> BinaryIO:
    """Open an object for reading, in the version that ``place`` names.

    :raises MissingObjectError: when it is read and is not there.
    """
    # A raw file may read less than it is asked for; whoever reads a zip counts on what they asked.
    return io.BufferedReader(_Ranges(client, bucket, place), BUFFER_BYTES)
