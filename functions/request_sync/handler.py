"""request_sync: accepts syncs, and tells how runs stand, over HTTP."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, wiring
from shared.domain import object_keys
from shared.domain.access import Access
from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.group.choices import SyncType
from shared.domain.group.hold import HoldDecision
from shared.domain.ids import GroupId, RunKey
from shared.domain.read_fields import read_fields, wrong_cursor
from shared.domain.run.request_bodies import DecisionInput, SyncInput, UploadInput
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Run, RunState, Trigger
from shared.groups.try_connection import RequestTestPorts, read_test, request_test
from shared.http.answers import answer, answer_later, see_other, show_cursor
from shared.http.contract.runs import ErrorsSummary, RunPage
from shared.http.identity import caller_of
from shared.http.once import GivenAnswers, Outcome, once
from shared.http.problems import install
from shared.http.requests import json_body, page_of
from shared.http.run_acceptance import show_accepted, show_restoring
from shared.http.run_answers import show_hold, show_run, show_test, show_upload
from shared.observability import make_logger
from shared.ports.bucket import Objects, SignedAddresses
from shared.ports.groups import Accesses, Groups
from shared.ports.runs import Batches, Runs
from shared.settings import DataBucket, RunTimes, SourceQueues
from shared.sync.export.request_export import RequestExportPorts, request_export
from shared.sync.request.decide_hold import decide_hold
from shared.sync.request.request_sync import RequestPorts, check_mark, request_sync, restore_run

EXPORT_SECONDS = 5
"""After how long it is worth asking for an export again."""

logger = make_logger()
app = APIGatewayRestResolver()
install(app)


class Settings(RunTimes, DataBucket, SourceQueues):
    """What this function reads from its environment."""

    plan_queue_url: str
    export_queue_url: str


@dataclass(frozen=True)
class Runtime:
    """What the routes use."""

    groups: Groups
    runs: Runs
    batches: Batches
    requests: RequestPorts
    exchange: SignedAddresses
    objects: Objects
    exports: RequestExportPorts
    tests: RequestTestPorts
    accesses: Accesses
    given_answers: GivenAnswers


@cache
def build() -> Runtime:
    """Build the ports, once a container, at the first request."""
    settings = Settings.read()
    groups, runs = wiring.groups(settings), wiring.runs(settings)
    batches, objects = wiring.batches(settings), wiring.objects(settings)
    queues = wiring.source_queues(settings)
    return Runtime(
        groups=groups,
        runs=runs,
        batches=batches,
        requests=RequestPorts(
            groups=groups,
            runs=runs,
            extract_queues=queues,
            plan_queue=wiring.queue(settings.plan_queue_url),
        ),
        tests=RequestTestPorts(groups, wiring.connection_tests(settings), queues),
        accesses=wiring.accesses(settings),
        exchange=wiring.signed_addresses(settings),
        objects=objects,
        exports=RequestExportPorts(
            batches=batches,
            objects=objects,
            requests=wiring.export_requests(settings),
            queue=wiring.queue(settings.export_queue_url),
        ),
        given_answers=wiring.given_answers(settings),
    )


@app.post("/groups/<group_id>/syncs")
def post_sync(group_id: str) -> Response[str]:
    """Accept a sync."""
    caller, body, runtime = caller_of(app.current_event.raw_event), json_body(app), build()
    given = read_fields(SyncInput, body)

    def act() -> Outcome:
        request = RunRequest(
            caller.enterprise,
            GroupId(group_id),
            given.mode,
            Trigger.REQUEST,
            caller.person,
            given.accept_older,
            restores=int(given.run_id) if given.run_id else None,
        )
        if given.mode is not Mode.RESTORE:
            return 202, show_accepted(request_sync(request, runtime.requests, clock.now()))
        run, auto = restore_run(request, runtime.requests, clock.now(), keep_auto=given.keep_auto)
        return 202, show_restoring(run, auto=auto)

    return once(app, caller, runtime.given_answers, act)


@app.get("/groups/<group_id>/syncs")
def get_syncs(group_id: str) -> Response[str]:
    """List a group's runs, newest first."""
    caller, runtime = caller_of(app.current_event.raw_event), build()
    runtime.groups.known(caller.enterprise, GroupId(group_id))
    limit, after = page_of(app)
    if after is not None and not after.isdecimal():
        raise wrong_cursor()
    before = int(after) if after is not None else None
    runs = runtime.runs.history(GroupId(group_id), limit, before)
    more = str(runs[-1].seq) if len(runs) == limit and runs[-1].seq > 1 else None
    shown = [show_run(run) for run in runs]
    return answer(200, RunPage(syncs=shown, cursor=show_cursor(more)))


@app.post("/groups/<group_id>/uploads")
def post_upload(group_id: str) -> Response[str]:
    """Give an address to upload a bundle to; its arrival starts a run."""
    caller, body, runtime = caller_of(app.current_event.raw_event), json_body(app), build()
    given = read_fields(UploadInput, body)
    group = runtime.groups.get(caller.enterprise, GroupId(group_id))
    if group.config.sync_type is not SyncType.ZIP:
        raise ConflictError("not_a_zip_group", "Bundles are uploaded to groups of sync type ZIP.")
    check_mark(group)
    upload_id = wiring.new_id()
    key = object_keys.upload_key(
        group.group_id, given.mode, upload_id, accept_older=given.accept_older
    )
    return answer(201, show_upload(upload_id, runtime.exchange.upload_address(key)))


@app.post("/groups/<group_id>/connection-tests")
def post_connection_test(group_id: str) -> Response[str]:
    """Have a group's connection tried."""
    caller, runtime = caller_of(app.current_event.raw_event), build()
    test = request_test(
        caller.enterprise,
        GroupId(group_id),
        wiring.new_id(),
        runtime.tests,
        clock.now(),
    )
    return answer(202, show_test(test))


@app.get("/groups/<group_id>/connection-tests/<test_id>")
def get_connection_test(group_id: str, test_id: str) -> Response[str]:
    """Tell what a connection test has found."""
    caller, runtime = caller_of(app.current_event.raw_event), build()
    group = runtime.groups.get(caller.enterprise, GroupId(group_id))
    test = read_test(caller.enterprise, group.group_id, test_id, runtime.tests.tests, clock.now())
    return answer(200, show_test(test))


@app.get("/groups/<group_id>/syncs/<run_id>/errors")
def get_errors(group_id: str, run_id: str) -> Response[str]:
    """Lead to a run's error report, a CSV file."""
    run = _reported_run(group_id, run_id)
    key, name = object_keys.errors_key(run.key), f"errors-{run.key.run_id}.csv"
    address = build().exchange.report_address(key, name)
    _record(group_id, "GET /groups/{groupId}/syncs/{runId}/errors", None)
    return see_other(address)


@app.get("/groups/<group_id>/syncs/<run_id>/changes")
def get_changes(group_id: str, run_id: str) -> Response[str]:
    """Lead to the list of a run's changes, a CSV file."""
    run = _reported_run(group_id, run_id)
    key, name = object_keys.change_list_key(run.key), f"changes-{run.key.run_id}.csv"
    address = build().exchange.report_address(key, name)
    _record(group_id, "GET /groups/{groupId}/syncs/{runId}/changes", None)
    return see_other(address)


@app.get("/groups/<group_id>/export")
def get_export(group_id: str) -> Response[str]:
    """Lead to the roster as a OneRoster bundle; the first request has it made."""
    caller, runtime = caller_of(app.current_event.raw_event), build()
    group = runtime.groups.get(caller.enterprise, GroupId(group_id))
    key = request_export(caller.enterprise, group.group_id, runtime.exports, clock.now())
    if key is None:
        return answer_later("The export is being made: ask again.", EXPORT_SECONDS)
    _record(group_id, "GET /groups/{groupId}/export", None)
    name = f"{group.client_group_id}.zip"
    return see_other(runtime.exchange.report_address(key, name, "application/zip"))


@app.get("/groups/<group_id>/hold")
def get_hold(group_id: str) -> Response[str]:
    """Tell what of a group waits for a person, by school and class."""
    caller, runtime = caller_of(app.current_event.raw_event), build()
    hold = runtime.groups.get(caller.enterprise, GroupId(group_id)).hold
    places = runtime.exchange.summary(hold.summary_key) if hold else {}
    return answer(200, show_hold(hold, places))


@app.get("/groups/<group_id>/hold/records")
def get_hold_records(group_id: str) -> Response[str]:
    """Lead to the list of what waits, a CSV file."""
    caller, runtime = caller_of(app.current_event.raw_event), build()
    hold = runtime.groups.get(caller.enterprise, GroupId(group_id)).hold
    if hold is None:
        raise NotFoundError("no_hold", "Nothing of this group waits for a decision.")
    address = runtime.exchange.report_address(hold.list_key, f"hold-{hold.seq}.csv")
    _record(group_id, "GET /groups/{groupId}/hold/records", hold.records)
    return see_other(address)


@app.post("/groups/<group_id>/hold/decisions")
def post_decision(group_id: str) -> Response[str]:
    """Let what waits happen, or keep what is there."""
    caller, body, runtime = caller_of(app.current_event.raw_event), json_body(app), build()
    given = read_fields(DecisionInput, body)

    def act() -> Outcome:
        # Before it is carried out: no decision may be without its record.
        hold = runtime.groups.get(caller.enterprise, GroupId(group_id)).hold
        _record(group_id, "POST /groups/{groupId}/hold/decisions", hold.records if hold else 0)
        run = decide_hold(
            caller.enterprise,
            GroupId(group_id),
            HoldDecision(decision=given.decision, digest=given.digest, reason=given.reason),
            caller.person,
            runtime.requests,
            clock.now(),
        )
        return 202, show_accepted(run)

    return once(app, caller, runtime.given_answers, act)


@app.get("/groups/<group_id>/syncs/<run_id>/errors/summary")
def get_errors_summary(group_id: str, run_id: str) -> Response[str]:
    """Sum a run's error report up by code, school and file."""
    run = _reported_run(group_id, run_id)
    summary = build().exchange.summary(object_keys.errors_summary_key(run.key))
    return answer(200, ErrorsSummary.model_validate(summary))


@app.get("/groups/<group_id>/syncs/<run_id>")
def get_sync(group_id: str, run_id: str) -> Response[str]:
    """Tell how a run stands."""
    runtime, run = build(), _run_of(group_id, run_id)
    still_open = None
    if run.state is RunState.APPLYING and run.plan is not None:
        still_open = len(runtime.batches.still_open(run.key, run.plan))
    return answer(200, show_run(run, still_open))


def _record(group_id: str, what: str, records: int | None) -> None:
    """Write down that people were read about, or decided on; if that fails, the request does."""
    caller = caller_of(app.current_event.raw_event)
    access = Access(caller.person, what, clock.now(), records)
    build().accesses.record(GroupId(group_id), access)


def _reported_run(group_id: str, run_id: str) -> Run:
    """The run that an address names, unless its group, and so its report, is being deleted."""
    build().groups.get(caller_of(app.current_event.raw_event).enterprise, GroupId(group_id))
    return _run_of(group_id, run_id)


def _run_of(group_id: str, run_id: str) -> Run:
    """The run that an address names, if it is of the caller's enterprise."""
    caller, runtime = caller_of(app.current_event.raw_event), build()
    runtime.groups.known(caller.enterprise, GroupId(group_id))
    run = None
    if run_id.isdecimal() and len(run_id) <= 10:
        run = runtime.runs.get(RunKey(caller.enterprise, GroupId(group_id), int(run_id)))
    if run is None:
        raise NotFoundError("run_not_found", "The group has no such run.")
    return run


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of the API."""
    return app.resolve(event, context)
