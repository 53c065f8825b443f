"""What the API shows of groups, customers and runs, in camelCase."""

import base64
import json
from typing import Any

from aws_lambda_powertools.event_handler import Response

from shared.domain.connection_test import ConnectionTest
from shared.domain.group import Customer, Group
from shared.domain.group_change import request_of
from shared.domain.hold import Hold
from shared.domain.run import Run, no_counts
from shared.ports import UploadAddress

ACCEPTED = "Sync up request is accepted"
DELETING = "The group is being deleted"
DEFAULT_COVER = "default"

Json = dict[str, Any]


def answer(status: int, body: Json | None) -> Response[str]:
    """Make a JSON answer."""
    if body is None:
        return Response(status_code=status, body="")
    return Response(status_code=status, content_type="application/json", body=json.dumps(body))


def see_other(address: str) -> Response[str]:
    """Lead to another address (RFC 9110, 303)."""
    return Response(status_code=303, headers={"Location": address}, body="")


def show_later(message: str, seconds: int) -> Response[str]:
    """Say that something is being made, and when it is worth asking for it again."""
    return Response(
        status_code=202,
        content_type="application/json",
        body=json.dumps({"message": message}),
        headers={"Retry-After": str(seconds)},
    )


def show_group(group: Group) -> Json:
    """A group; of its secrets only whether they are set."""
    shown: Json = {
        "groupId": group.group_id,
        **request_of(group),
        "coverImage": group.cover_image or DEFAULT_COVER,
        "version": group.config.version,
        "createdAt": group.created_at.isoformat(),
        "updatedAt": group.updated_at.isoformat(),
        "nextRunAt": group.next_run_at.isoformat() if group.next_run_at else None,
        "lastRun": group.last_ended.model_dump(mode="json", by_alias=True)
        if group.last_ended
        else None,
        "activeRunId": str(group.active_run) if group.active_run else None,
        "markedAt": group.marked_at.isoformat() if group.marked_at else None,
        "deletingSince": group.deleting_since.isoformat() if group.deleting_since else None,
        "heldRecords": group.hold.records if group.hold else 0,
    }
    if shown["connection"] is not None:
        shown["connection"]["secretsSet"] = sorted(name.value for name in group.config.secrets)
    return shown


def show_customer(customer: Customer) -> Json:
    """A customer; ``groupId`` is null where it can be picked."""
    return {
        "customerId": customer.customer_id,
        "name": customer.name,
        "orgSourcedId": customer.org_sourced_id,
        "groupId": customer.group_id,
    }


def show_run(run: Run, open_batches: int | None = None) -> Json:
    """A run: who or what started it, state, progress, counts, reason, times; nobody's data."""
    progress = dict(run.progress)
    if run.plan is not None and run.open and open_batches is not None:
        progress = {
            "stage": "applying",
            "batches": run.plan.batches,
            "batchesApplied": run.plan.batches - open_batches,
        }
    return {
        "runId": run.key.run_id,
        "mode": run.mode.value,
        "trigger": run.trigger.value,
        "uploadId": run.bundle.upload_id if run.bundle else None,
        "state": run.state.value,
        "open": run.open,
        "progress": progress if run.open else {},
        "counts": {
            name: counts.model_dump(mode="json", by_alias=True)
            for name, counts in (no_counts() | run.counts).items()
        },
        "notices": [notice.model_dump(mode="json") for notice in run.notices],
        "reason": run.reason.model_dump(mode="json") if run.reason else None,
        "startedBy": run.requested_by,
        "source": run.config.sync_type.value,
        "seconds": _seconds(run),
        "restores": str(run.restores) if run.restores is not None else None,
        "decision": run.decision.model_dump(mode="json") if run.decision else None,
        "createdAt": run.created_at.isoformat(),
        "startedAt": run.started_at.isoformat() if run.started_at else None,
        "finishedAt": run.finished_at.isoformat() if run.finished_at else None,
    }


def _seconds(run: Run) -> int | None:
    """How long a run took, from the request to its end."""
    if run.finished_at is None:
        return None
    return int((run.finished_at - run.created_at).total_seconds())


def show_accepted(run: Run) -> Json:
    """What the request for a sync is answered with."""
    return {"message": ACCEPTED, "runId": run.key.run_id}


def show_deletion(run: Run) -> Json:
    """What the request to delete a group is answered with."""
    return {"message": DELETING, "runId": run.key.run_id}


def restore_note(*, auto: bool) -> str:
    """What whoever restores must know of the nights to come."""
    text = "The next update deletes again what the source lacks by then."
    if auto:
        return f"{text} The group is Auto still, as you asked."
    return f"{text} An Auto group was set to Manual; set it to Auto again once the source is right."


def show_hold(hold: Hold | None, places: Json) -> Json:
    """What waits for a person: a decision names its ``digest``."""
    if hold is None:
        return {"digest": None, "records": 0, "runId": None, "byRule": []} | _NO_PLACES
    return {
        "digest": hold.digest,
        "records": hold.records,
        "runId": str(hold.seq),
        "byRule": list(hold.by_rule),
    } | (_NO_PLACES | places)


_NO_PLACES: Json = {"bySchool": [], "byClass": []}


def show_upload(upload_id: str, address: UploadAddress) -> Json:
    """Where a bundle goes; its run shows the same ``uploadId``."""
    return {
        "uploadId": upload_id,
        "url": address.url,
        "fields": address.fields,
        "expiresIn": address.expires_in,
        "maxBytes": address.max_bytes,
    }


def show_test(test: ConnectionTest) -> Json:
    """A connection test: what was found, probe by probe."""
    return {
        "testId": test.test_id,
        "state": "Done" if test.finished_at else "Running",
        "ok": bool(test.finished_at) and all(probe.ok for probe in test.probes),
        "probes": [probe.model_dump(mode="json") for probe in test.probes],
        "createdAt": test.created_at.isoformat(),
        "finishedAt": test.finished_at.isoformat() if test.finished_at else None,
    }


def show_page(name: str, rows: list[Json], after: str | None) -> Json:
    """A page of a list, and the cursor of the next one."""
    cursor = base64.urlsafe_b64encode(after.encode()).decode() if after else None
    return {name: rows, "cursor": cursor}
