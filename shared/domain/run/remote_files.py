"""Files on an SFTP server: which of them are the bundle, and how they are known again."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

_DAY = re.compile(
    r"(?<!\d)(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})"
    r"(?:[-_.T ]?(\d{2})[-_.:]?(\d{2})(?:[-_.:]?(\d{2}))?)?(?!\d)"
)


class RemoteFile(BaseModel):
    """A file or folder as the server lists it; ``size`` in bytes, ``modified`` in epoch seconds."""

    model_config = ConfigDict(frozen=True)

    path: str
    name: str
    size: int = 0
    modified: int = 0
    folder: bool = False


@dataclass(frozen=True)
class Listing:
    """What lies at a path: ``itself``, and, if that is a folder, its ``entries``."""

    itself: RemoteFile
    entries: tuple[RemoteFile, ...] = ()


def is_zip(file: RemoteFile) -> bool:
    """Whether this is a zip, by its name."""
    return not file.folder and file.name.lower().endswith(".zip")


def csv_files(entries: Iterable[RemoteFile]) -> tuple[RemoteFile, ...]:
    """The CSV files among entries, in the order of their names."""
    found = (e for e in entries if not e.folder and e.name.lower().endswith(".csv"))
    return tuple(sorted((e for e in found if not e.name.startswith(".")), key=lambda e: e.name))


def newest(candidates: Sequence[RemoteFile]) -> RemoteFile | None:
    """The newest of zips and folders: by the date in their names if all have one.

    Otherwise by the time of their last change, as the server says it; of equal ones the last name.
    """
    named = {each.path: _date_in(each.name) for each in candidates}
    by_name = all(named.values())
    return max(
        candidates,
        key=lambda each: (named[each.path] if by_name else f"{each.modified:020}", each.name),
        default=None,
    )


def look_of(files: Iterable[RemoteFile]) -> str:
    """Digest what a look at files shows: the same files unchanged have the same look."""
    lines = sorted(f"{file.path}\x1f{file.size}\x1f{file.modified}" for file in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _date_in(name: str) -> str:
    matches = [match for match in _DAY.finditer(name) if _possible(match)]
    return "".join(group or "00" for group in matches[-1].groups()) if matches else ""


def _possible(match: re.Match[str]) -> bool:
    return 1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31
