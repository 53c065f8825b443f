"""Copies a file from an SFTP server into the bucket, part by part.

At most one part is in memory, and none on disk. A copy that was cut off, or whose leg is over,
continues after its last part.
"""

from pydantic import BaseModel

from shared.domain.errors import SourceBusyError
from shared.domain.run.bundle import BundleObject
from shared.domain.run.remote_files import RemoteFile
from shared.ports.bucket import Uploads
from shared.ports.sources import FileServer, RemoteReader
from shared.sync.leg import Leg, LegOverError

PART_BYTES = 16 * 1024 * 1024
LEAST_PART_BYTES = 5 * 1024 * 1024
"""The smallest part that S3 takes, but for the last one."""
BLOCK_BYTES = 1024 * 1024


class FileChangedError(Exception):
    """The file on the server is not the one whose copy was begun."""


class Copy(BaseModel):
    """How far a file has been copied. The run's cursor holds it.

    ``key``: the object that is being written.
    ``upload_id``: its multipart upload.
    ``tags``: the tags of the parts that are written.
    ``bytes``: how much those parts hold.
    """

    key: str
    upload_id: str
    tags: tuple[str, ...] = ()
    bytes: int = 0


def copy_file(
    server: FileServer, file: RemoteFile, copy: Copy, uploads: Uploads, leg: Leg
) -> BundleObject:
    """Copy a file to its end; moves ``copy`` on with each part.

    :raises LegOverError: the leg's time is over.
    :raises FileChangedError: the file has become shorter.
    :raises SourceBusyError: the server stopped answering.
    :raises StoppedError: the run is another worker's.
    """
    with server.open(file) as reader:
        while copy.bytes < file.size or not copy.tags:
            part, over = _read_part(reader, copy.bytes, file.size, leg)
            if part or not file.size:
                leg.check_owner()
                tag = uploads.part(copy.key, copy.upload_id, len(copy.tags) + 1, part)
                copy.tags += (tag,)
                copy.bytes += len(part)
            if over:
                raise LegOverError
    version = uploads.complete(copy.key, copy.upload_id, copy.tags)
    return BundleObject(name=file.name, key=copy.key, version=version, size=copy.bytes)


def _read_part(reader: RemoteReader, start: int, size: int, leg: Leg) -> tuple[bytes, bool]:
    """Read the next part; also says whether the leg is over."""
    gathered = bytearray()
    wanted = min(PART_BYTES, size - start)
    while len(gathered) < wanted:
        try:
            block = reader.read(start + len(gathered), min(BLOCK_BYTES, wanted - len(gathered)))
        except SourceBusyError:
            if len(gathered) < LEAST_PART_BYTES:
                raise
            # What was read is kept. Otherwise no large file could be copied from a server that
            # breaks off every few megabytes. The next read fails again if the server is gone.
            return bytes(gathered), False
        if not block:
            raise FileChangedError
        gathered += block
        if leg.is_over():
            enough = len(gathered) >= LEAST_PART_BYTES or len(gathered) == wanted
            return (bytes(gathered) if enough else b""), True
    return bytes(gathered), False
