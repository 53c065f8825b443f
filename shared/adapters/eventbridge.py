"""Announces the ends of runs on an EventBridge bus."""

import json
from typing import TYPE_CHECKING, Any

from shared.domain.run import Run
from shared.errors import TryLaterError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "homeroom"
RUN_FINISHED = "Run Finished"
DROP_REFUSED = "Drop Refused"


class EventBridgeAnnouncements:
    """``Announcements`` over one event bus."""

    def __init__(self, client: "EventBridgeClient", bus: str) -> None:
        self._client = client
        self._bus = bus

    def run_finished(self, run: Run) -> None:
        """Publish the end of a run: ids, state and counts; no personal data."""
        detail = {
            "enterprise": run.enterprise,
            "groupId": run.group_id,
            "runId": run.key.run_id,
            "syncType": run.config.sync_type.value,
            "mode": run.mode.value,
            "trigger": run.trigger.value,
            "state": run.state.value,
            "reason": run.reason.code if run.reason else None,
            "counts": {n: c.model_dump(by_alias=True) for n, c in run.counts.items()},
        }
        self._publish(RUN_FINISHED, detail)

    def drop_refused(self, key: str, code: str) -> None:
        """Publish that an object in the bucket is nobody's bundle."""
        self._publish(DROP_REFUSED, {"key": key, "reason": code})

    def _publish(self, kind: str, detail: dict[str, Any]) -> None:
        answer = self._client.put_events(
            Entries=[
                {
                    "Source": SOURCE,
                    "DetailType": kind,
                    "Detail": json.dumps(detail),
                    "EventBusName": self._bus,
                }
            ]
        )
        if answer["FailedEntryCount"]:
            raise TryLaterError("the event bus did not take the event")
