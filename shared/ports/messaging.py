"""Ports to what carries messages: queues, the event bus and e-mail."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shared.domain.events import Event
from shared.domain.group.choices import EmailStatus, SyncType
from shared.domain.ids import GroupId
from shared.messages import Message


class Queue(Protocol):
    """One queue of messages of one kind."""

    def send(self, messages: Iterable[Message], *, delay_seconds: int = 0) -> None:
        """Send messages, fairly queued by group."""
        ...

    def empty(self) -> bool:
        """Whether nothing is in it: nothing waits, nothing is held back, nothing is worked on.

        It may be wrong about what was sent within the last minute.
        """
        ...


class WorkQueue(StrEnum):
    """The queues through which runs go."""

    EXTRACT_API = "extractApi"
    EXTRACT_SFTP = "extractSftp"
    EXTRACT_ZIP = "extractZip"
    PLAN = "plan"
    UPSERT = "upsert"
    DELETE = "delete"


class QueueWatch(Protocol):
    """When each queue was last seen empty: what was sent before that is in it no more."""

    def emptied(self) -> Mapping[WorkQueue, datetime]:
        """Read it; a queue that was never seen empty is missing."""
        ...

    def saw_empty(self, queues: Iterable[WorkQueue], now: datetime) -> None:
        """Write down that these are empty now."""
        ...


ExtractQueues = Mapping[SyncType, Queue]
"""The queue of each extractor, see ``Run.extractor``."""


class Announcements(Protocol):
    """The event bus."""

    def publish(self, *events: Event) -> None:
        """Publish events; all of them again if some were not taken.

        :raises TryLaterError: the bus did not take them.
        """
        ...


class Mailing(Protocol):
    """E-mail to the addresses of groups."""

    def subscribe(self, group_id: GroupId, email: str) -> None:
        """Let mails of the group go to this address, and to no other; it must agree first.

        :raises MailRefusedError: the address is not taken, whenever one tries.
        """
        ...

    def status(self, group_id: GroupId, email: str) -> EmailStatus:
        """Tell whether the address has agreed, or has been asked at all.

        :raises TryLaterError: the mail service does not say.
        """
        ...

    def send(self, group_id: GroupId, email: str, subject: str, text: str) -> None:
        """Send a mail to the group's address, if it has agreed.

        :raises MailRefusedError: as ``subscribe``, where the address was not asked before.
        """
        ...
