"""Files as an SFTP server lists them, and the digest by which they are recognised again."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class RemoteFile(BaseModel):
    """A file or folder as the server lists it.

    ``path``: where it is on the server.
    ``name``: the last part of the path.
    ``size``: in bytes.
    ``modified``: the time of the last change, in seconds since the epoch.
    ``folder``: whether it is a folder.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    name: str
    size: int = 0
    modified: int = 0
    folder: bool = False


@dataclass(frozen=True)
class Listing:
    """What is at a path.

    ``itself``: the file or folder.
    ``entries``: what a folder contains.
    """

    itself: RemoteFile
    entries: tuple[RemoteFile, ...] = ()


def look_digest(files: Iterable[RemoteFile]) -> str:
    """Digest the paths, sizes and times of files. Unchanged files have the same look."""
    lines = sorted(f"{file.path}\x1f{file.size}\x1f{file.modified}" for file in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
