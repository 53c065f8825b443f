"""Ports to the sources of groups: OneRoster REST servers and SFTP servers."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shared.domain.group.connection_test import ConnectionTest, Probe
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.roster.collection import Collection
from shared.domain.run.remote_files import Listing, RemoteFile


@dataclass(frozen=True)
class Page:
    """One page of a collection: its entities as JSON, and the total if the source says it."""

    entities: Sequence[dict[str, Any]]
    total: int | None


class Source(Protocol):
    """A OneRoster REST source."""

    def page(self, collection: Collection, *, offset: int, limit: int, in_order: bool) -> Page:
        """Read one page; ``in_order`` asks for the order of sourcedId. Safe to call from threads.

        :raises GiveUpError: nothing that a retry could change.
        :raises SourceBusyError: a passing fault.
        :raises ParameterRefusedError: the source does not accept the request as it is.
        """
        ...

    def record(self, collection: Collection, sourced_id: str) -> dict[str, Any] | None:
        """Ask for one record by itself: the JSON of the record that the source answers with.

        None if it answers that there is none. Whether the answer is about the record in question,
        and whether such answers mean anything, the caller must find out. Safe to call from threads.

        :raises GiveUpError: the answer is neither a record nor a no.
        :raises SourceBusyError: a passing fault.
        """
        ...

    def learned(self) -> dict[str, str]:
        """What was found out about the source, to be remembered for the next run."""
        ...


class RemoteReader(Protocol):
    """An open file on a server."""

    def read(self, start: int, length: int) -> bytes:
        """Read ``length`` bytes from ``start``; fewer only at the file's end.

        :raises SourceBusyError: the server stopped answering.
        """
        ...


class FileServer(Protocol):
    """A file server that has let us in."""

    def look(self, path: str) -> Listing:
        """Look at a file, or at a folder and what lies in it.

        :raises GiveUpError: there is nothing, or nothing that we may read.
        :raises SourceBusyError: the server stopped answering.
        """
        ...

    def open(self, file: RemoteFile) -> AbstractContextManager[RemoteReader]:
        """Open a file for reading; raises as ``look`` does."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class ConnectionTests(Protocol):
    """Tests of groups' connections, and what they found."""

    def begin(self, test: ConnectionTest) -> None:
        """Write down that a test is under way."""
        ...

    def get(
        self, enterprise: EnterpriseId, group_id: GroupId, test_id: str, now: datetime
    ) -> ConnectionTest | None:
        """Read a test; None if it is not there, has expired, or is another enterprise's."""
        ...

    def finish(self, test: ConnectionTest, probes: tuple[Probe, ...], now: datetime) -> None:
        """Write down what was found."""
        ...
