"""Chooses which files on an SFTP server are the roster: a zip, or a folder's CSV files."""

import re
from collections.abc import Iterable, Sequence

from shared.domain.errors import GiveUpError
from shared.domain.run.remote_files import RemoteFile
from shared.domain.run.run import Reason
from shared.ports.sources import FileServer

_DAY = re.compile(
    r"(?<!\d)(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})"
    r"(?:[-_.T ]?(\d{2})[-_.:]?(\d{2})(?:[-_.:]?(\d{2}))?)?(?!\d)"
)


def find_files(server: FileServer, path: str) -> tuple[RemoteFile, ...]:
    """Find the bundle at a path: a zip, or CSV files. Of several bundles, the newest is chosen.

    :raises GiveUpError: there is none.
    :raises SourceBusyError: the server stopped answering.
    """
    there = server.look(path)
    if not there.itself.folder:
        if not is_zip(there.itself):
            raise GiveUpError(_no_bundle(path))
        return (there.itself,)
    if files := csv_files(there.entries):
        return files
    bundles = [entry for entry in there.entries if is_zip(entry) or _is_visible_folder(entry)]
    chosen = choose_newest(bundles)
    if chosen is None:
        raise GiveUpError(_no_bundle(path))
    if not chosen.folder:
        return (chosen,)
    files = csv_files(server.look(chosen.path).entries)
    if not files:
        raise GiveUpError(_no_bundle(chosen.path))
    return files


def choose_newest(candidates: Sequence[RemoteFile]) -> RemoteFile | None:
    """Choose the newest of several zips and folders; None if there are none.

    If all names contain a date, the latest date wins. Otherwise the server's time of the last
    change decides. The last name in the alphabet wins a tie.
    """
    named = {each.path: _date_in(each.name) for each in candidates}
    by_name = all(named.values())
    return max(
        candidates,
        key=lambda each: (named[each.path] if by_name else f"{each.modified:020}", each.name),
        default=None,
    )


def is_zip(file: RemoteFile) -> bool:
    """Tell by its name whether a file is a zip."""
    return not file.folder and file.name.lower().endswith(".zip")


def csv_files(entries: Iterable[RemoteFile]) -> tuple[RemoteFile, ...]:
    """Pick the CSV files, sorted by name. Hidden files do not count."""
    found = (e for e in entries if not e.folder and e.name.lower().endswith(".csv"))
    return tuple(sorted((e for e in found if not e.name.startswith(".")), key=lambda e: e.name))


def _date_in(name: str) -> str:
    matches = [match for match in _DAY.finditer(name) if _possible(match)]
    return "".join(group or "00" for group in matches[-1].groups()) if matches else ""


def _possible(match: re.Match[str]) -> bool:
    return 1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31


def _is_visible_folder(entry: RemoteFile) -> bool:
    return entry.folder and not entry.name.startswith(".")


def _no_bundle(path: str) -> Reason:
    return Reason(
        code="sftp_no_bundle",
        field="connection.path",
        message=f"There is no bundle at {path}: neither a zip nor CSV files. Give the path of a "
        "zip, of a folder of CSV files, or of a folder of bundles.",
    )
