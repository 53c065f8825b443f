"""Publishes events on an EventBridge bus."""

from typing import TYPE_CHECKING

from shared.domain.errors import TryLaterError
from shared.domain.events import KINDS, SOURCE, Event

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class EventBridgeAnnouncements:
    """``Announcements`` over one event bus."""

    def __init__(self, client: "EventBridgeClient", bus: str) -> None:
        self._client = client
        self._bus = bus

    def publish(self, *events: Event) -> None:
        """Publish events; see ``ports.Announcements.publish``."""
        answer = self._client.put_events(
            Entries=[
                {
                    "Source": SOURCE,
                    "DetailType": KINDS[type(event)],
                    "Detail": event.model_dump_json(by_alias=True),
                    "EventBusName": self._bus,
                }
                for event in events
            ]
        )
        if answer["FailedEntryCount"]:
            raise TryLaterError("the event bus refused some of the events")
