"""For each function, a situation ("occasion") in which it has something to do, on an empty stack.

An occasion comes about as in real life: through the API, in the enterprise ``sample``, with a small
district as the source. If a queue triggers the function, its polling is paused, and the message is
taken from the queue in its place. Each occasion yields the values for its event's placeholders, and
a way to look at what the function changes.
"""

import hashlib
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.api import Api
from local.emulator import StackError
from local.message_queue import MessageQueue, paused
from local.processes import wait_until
from local.receiver import Receiver
from local.sample_district.bundle import csv_files, pack
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.sftp_server import available_servers
from local.stack import Stack, add_admin, new_password, sign_in
from local.stored_roster import stored_records
from local.upload import upload
from shared.domain.ids import GroupId
from shared.domain.object_keys import Folder

ENTERPRISE = "sample"
PUPILS = 30
# Long enough for a cold start and a few queues on a busy machine.
PATIENCE = 120.0
NOWHERE = "http://127.0.0.1:9"

Json = dict[str, Any]
Look = Callable[[], Any]


@dataclass(frozen=True)
class Occasion:
    """One situation.

    ``values``: values for the event's placeholders.
    ``look``: reads what the function is to change.
    ``then``: reads what else is worth showing once the function has run.
    """

    values: dict[str, str]
    look: Look
    then: Look = field(default=lambda: None)


@dataclass(frozen=True)
class Place:
    """The stack, the API as an admin of the enterprise ``sample``, and a unique token for names."""

    stack: Stack
    api: Api
    token: str
    district: District

    @property
    def name(self) -> str:
        """A name that no other group has."""
        return f"Sample {self.token}"


def place_in(stack: Stack) -> Place:
    """Sign in as an admin of the enterprise ``sample``."""
    username, password = f"admin@{ENTERPRISE}.example", new_password()
    add_admin(stack, username, password, ENTERPRISE)
    api = Api(stack.api_url, sign_in(stack, username, password))
    return Place(stack, api, secrets.token_hex(3), generate(pupils=PUPILS))


def occasion_of(function: str, stack: Stack) -> AbstractContextManager[Occasion]:
    """Create the occasion of a function; it lasts while the block runs.

    :raises StackError: the function has none, or the stack did not bring it about.
    """
    if function not in OCCASIONS:
        message = f"There is no sample situation for {function}: name an event with EVENT=…"
        raise StackError(message)
    return contextmanager(OCCASIONS[function])(place_in(stack))


# ------------------------------------------------------------------ over HTTP


def _create_group(place: Place) -> Iterator[Occasion]:
    def look() -> Json:
        names = [group["name"] for group in place.api.get("/groups")["groups"]]
        return {"groups of that name": names.count(place.name)}

    yield Occasion({"name": place.name, "clientGroupId": place.token}, look)


def _request_sync(place: Place) -> Iterator[Occasion]:
    with DistrictServer(place.district) as server:
        group = _api_group(place, server)
        yield Occasion(
            {"groupId": group},
            lambda: {"runs": len(_runs(place, group))},
            lambda: _end(place, group),
        )


def _read_roster(place: Place) -> Iterator[Occasion]:
    group = _roster(place)
    path = f"/groups/{group}/accesses"
    yield Occasion(
        {"groupId": group},
        lambda: {"accesses on record": len(place.api.get(path)["accesses"])},
    )


def _assign_content(place: Place) -> Iterator[Occasion]:
    group = _roster(place)
    class_id = place.api.get(f"/groups/{group}/classes?limit=1")["classes"][0]["id"]
    path = f"/groups/{group}/classes/{class_id}/contents"
    yield Occasion(
        {"groupId": group, "classId": class_id, "contentId": f"algebra-{place.token}"},
        lambda: {"contents": [row["contentId"] for row in place.api.get(path)["contents"]]},
    )


def _decide_claims(place: Place) -> Iterator[Occasion]:
    # Cognito calls it at every sign-in; it stores nothing, so only its answer matters.
    yield Occasion({}, lambda: None)


# ------------------------------------------------------------------ from queues


def _sync_api(place: Place) -> Iterator[Occasion]:
    with DistrictServer(place.district) as server, paused(place.stack, "sync_api") as queue:
        group = _api_group(place, server)
        _ask(place, group)
        yield from _on_message(queue, group, lambda: _run(place, group))


def _sync_sftp(place: Place) -> Iterator[Occasion]:
    kind, *_ = available_servers()
    with (
        tempfile.TemporaryDirectory() as folder,
        kind(Path(folder)) as server,
        paused(place.stack, "sync_sftp") as queue,
    ):
        (server.files / "roster.zip").write_bytes(_bundle(place))
        connection = server.connection("roster.zip")
        group = _add(place, syncType="SFTP", connection=connection)
        _ask(place, group)
        yield from _on_message(queue, group, lambda: _run(place, group))


def _ingest_zip(place: Place) -> Iterator[Occasion]:
    group = _add(place, syncType="ZIP")
    with paused(place.stack, "ingest_zip", "DropQueue") as queue:
        _bring(place, group)
        yield from _on_message(queue, group, lambda: {"runs": len(_runs(place, group))})


def _plan_sync(place: Place) -> Iterator[Occasion]:
    group = _add(place, syncType="ZIP")
    with paused(place.stack, "plan_sync") as queue:
        _bring(place, group)
        yield from _on_message(queue, group, lambda: _run(place, group))


def _upsert_entities(place: Place) -> Iterator[Occasion]:
    group = _add(place, syncType="ZIP")
    with paused(place.stack, "upsert_entities") as queue:
        _bring(place, group)
        yield from _on_message(queue, group, lambda: _records(place, group))


def _export_roster(place: Place) -> Iterator[Occasion]:
    group = _roster(place)

    def look() -> Json:
        found = place.stack.client("s3").list_objects_v2(
            Bucket=place.stack.drop_bucket, Prefix=Folder.EXPORTS.of_group(GroupId(group))
        )
        return {"bytes exported": sum(each["Size"] for each in found.get("Contents", ()))}

    with paused(place.stack, "export_roster") as queue:
        place.api.call("GET", f"/groups/{group}/export")
        yield from _on_message(queue, group, look)


def _delete_group(place: Place) -> Iterator[Occasion]:
    group = _roster(place)
    with paused(place.stack, "delete_group") as queue:
        name = place.name.replace(" ", "%20")
        _taken(place.api.call("DELETE", f"/groups/{group}?name={name}"), 202)
        yield from _on_message(queue, group, lambda: _records(place, group))


def _send_notices(place: Place) -> Iterator[Occasion]:
    def look() -> Json:
        pages = place.stack.client("sns").get_paginator("list_topics").paginate()
        arns = [topic["TopicArn"] for page in pages for topic in page["Topics"]]
        return {"mail topics of the group": sum(arn.endswith(group) for arn in arns)}

    # Nobody answers at that address, so the run fails, and the group's contact is told.
    with paused(place.stack, "send_notices") as queue:
        group = _add(place, connection=_connection(NOWHERE))
        _ask(place, group)
        yield from _on_message(queue, group, look, with_="seq")


def _call_webhook(place: Place) -> Iterator[Occasion]:
    with Receiver() as receiver, paused(place.stack, "call_webhook") as queue:
        webhook = {"url": receiver.webhook_url, "secret": "a secret of sixteen"}
        group = _add(place, connection=_connection(NOWHERE), webhook=webhook)
        _ask(place, group)
        yield from _on_message(
            queue,
            group,
            lambda: {"events received": len(receiver.received)},
            then=lambda: receiver.received[-1] if receiver.received else None,
        )


# ------------------------------------------------------------------ by the clock


def _start_auto_syncs(place: Place) -> Iterator[Occasion]:
    with DistrictServer(place.district) as server:
        auto = {"syncFrequency": "Auto", "period": "Monthly"}
        group = _api_group(place, server, **auto)
        # An Auto group's first sync starts with it.
        _end(place, group)
        tick = place.api.get(f"/groups/{group}")["nextRunAt"]
        yield Occasion(
            {"tick": tick}, lambda: {"runs": len(_runs(place, group))}, lambda: _end(place, group)
        )


def _close_runs(place: Place) -> Iterator[Occasion]:
    with paused(place.stack, "sync_api") as queue, _no_ticks(place.stack, "close_runs"):
        group = _add(place, connection=_connection(NOWHERE))
        _ask(place, group)
        lost, since = queue.take(group, PATIENCE), time.monotonic()
        queue.delete(lost)
        # After this time the run counts as silent, and its queue as empty.
        silent = _resend_seconds(place.stack) + 1
        wait_until(lambda: time.monotonic() - since > silent, 2 * silent)
        yield Occasion({}, lambda: {"messages in its queue": queue.waiting()})


@contextmanager
def _no_ticks(stack: Stack, function: str) -> Iterator[None]:
    """Disable the function's rules while the block runs, so that they do not come first."""
    events, name = stack.client("events"), stack.functions[function]
    known = stack.client("lambda").get_function_configuration(FunctionName=name)
    rules = events.list_rule_names_by_target(TargetArn=known["FunctionArn"])["RuleNames"]
    for rule in rules:
        events.disable_rule(Name=rule)
    try:
        yield
    finally:
        for rule in rules:
            events.enable_rule(Name=rule)


def _resend_seconds(stack: Stack) -> float:
    known = stack.client("lambda").get_function_configuration(
        FunctionName=stack.functions["close_runs"]
    )
    return float(known["Environment"]["Variables"]["RESEND_SECONDS"])


# ------------------------------------------------------------------ groups and runs


def _on_message(
    queue: MessageQueue,
    group: str,
    look: Look,
    *,
    with_: str = "",
    then: Look = lambda: None,
) -> Iterator[Occasion]:
    """Take the group's message in the function's place; delete it after the block."""
    message = queue.take(group, PATIENCE, with_)
    md5 = hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest()
    values = {"message": message.body, "md5": md5, "queueArn": queue.arn}
    yield Occasion(values, look, then)
    queue.delete(message)


def _add(place: Place, **fields: Any) -> str:
    body = {
        "name": place.name,
        "email": "it@sample.example",
        "clientGroupId": place.token,
        "onboardingType": "OneRoster1.1",
        "clientPartnerId": place.district.client_partner_id,
        "suffix": f"@{place.token}",
    }
    return str(_taken(place.api.call("POST", "/groups", body | fields), 201)["groupId"])


def _api_group(place: Place, server: DistrictServer, **fields: Any) -> str:
    connection = _connection(server.url, server.credentials.key, server.credentials.secret)
    return _add(place, connection=connection, **fields)


def _connection(url: str, key: str = "key", secret: str = "secret") -> Json:
    return {
        "url": url,
        "authorization": "OAuth1.0",
        "consumerKey": key,
        "secretKey": secret,
    }


def _bundle(place: Place) -> bytes:
    return pack(csv_files(place.district, "1.1"))


def _bring(place: Place, group: str) -> None:
    address = _taken(place.api.call("POST", f"/groups/{group}/uploads", {"mode": "sync"}), 201)
    upload(address, _bundle(place))


def _roster(place: Place) -> str:
    """Add a group and load its roster."""
    group = _add(place, syncType="ZIP")
    _bring(place, group)
    if _end(place, group)["state"] != "Succeeded":
        message = f"The sample roster did not arrive: {_end(place, group)}"
        raise StackError(message)
    return group


def _ask(place: Place, group: str) -> None:
    _taken(place.api.call("POST", f"/groups/{group}/syncs", {"mode": "sync"}), 202)


def _runs(place: Place, group: str) -> list[Json]:
    found: list[Json] = place.api.get(f"/groups/{group}/syncs")["syncs"]
    return found


def _run(place: Place, group: str) -> Json:
    """The id and state of the group's last run."""
    run = next(iter(_runs(place, group)), None)
    return {"run": run and run["runId"], "state": run and run["state"]}


def _end(place: Place, group: str) -> Json:
    """Wait for the end of the group's last run; returns its id and state."""
    ended = wait_until(
        lambda: bool(_runs(place, group)) and not _runs(place, group)[0]["open"], PATIENCE
    )
    if not ended:
        message = f"The sample run has not ended yet: {_run(place, group)}"
        raise StackError(message)
    return _run(place, group)


def _records(place: Place, group: str) -> Json:
    return {"records in the roster": len(stored_records(place.stack, group))}


def _taken(answer: Any, status: int) -> Any:
    if answer.status != status:
        message = f"The API answered {answer.status}: {answer.body}"
        raise StackError(message)
    return answer.body


OCCASIONS: dict[str, Callable[[Place], Iterator[Occasion]]] = {
    "create_group": _create_group,
    "request_sync": _request_sync,
    "read_roster": _read_roster,
    "assign_content": _assign_content,
    "decide_claims": _decide_claims,
    "sync_api": _sync_api,
    "sync_sftp": _sync_sftp,
    "ingest_zip": _ingest_zip,
    "plan_sync": _plan_sync,
    "upsert_entities": _upsert_entities,
    "export_roster": _export_roster,
    "delete_group": _delete_group,
    "send_notices": _send_notices,
    "call_webhook": _call_webhook,
    "start_auto_syncs": _start_auto_syncs,
    "close_runs": _close_runs,
}
