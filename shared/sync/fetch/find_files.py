"""Finds the files of a bundle on an SFTP server."""

from shared.domain.errors import GiveUpError
from shared.domain.run.remote_files import RemoteFile, csv_files, is_zip, newest
from shared.domain.run.run import Reason
from shared.ports.sources import FileServer


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
    chosen = newest(bundles)
    if chosen is None:
        raise GiveUpError(_no_bundle(path))
    if not chosen.folder:
        return (chosen,)
    files = csv_files(server.look(chosen.path).entries)
    if not files:
        raise GiveUpError(_no_bundle(chosen.path))
    return files


def _is_visible_folder(entry: RemoteFile) -> bool:
    return entry.folder and not entry.name.startswith(".")


def _no_bundle(path: str) -> Reason:
    return Reason(
        code="sftp_no_bundle",
        field="connection.path",
        message=f"There is no bundle at {path}: neither a zip nor CSV files. Give the path of a "
        "zip, of a folder of CSV files, or of a folder of bundles.",
    )
