"""request_sync: starts syncs, and tells how runs stand and what they report, over HTTP."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, wiring
from shared.domain.group.hold import HoldDecision
from shared.domain.ids import GroupId
from shared.domain.read_fields import read_fields
from shared.domain.run.decision import DecisionInput, KeptDecisionInput
from shared.domain.run.exception_request import ExceptionInput
from shared.domain.run.sync_request import SyncInput, UploadInput
from shared.groups.record_exceptions import (
    ExceptionPorts,
    add_exception,
    list_exceptions,
    remove_exception,
)
from shared.groups.try_connection import RequestTestPorts, read_test, request_test
from shared.http.access_record import record_access
from shared.http.answers import answer, answer_later, see_other
from shared.http.contract.runs import ErrorsSummary
from shared.http.exception_answers import show_exception, show_exceptions
from shared.http.once import GivenAnswers, Outcome, once
from shared.http.problems import install
from shared.http.requests import caller, json_body, page_of
from shared.http.run_acceptance import show_accepted
from shared.http.run_answers import (
    show_hold,
    show_kept,
    show_run,
    show_runs,
    show_test,
    show_upload,
)
from shared.http.run_requests import page_of_runs
from shared.observability import make_logger
from shared.ports.groups import Accesses
from shared.settings import DataBucket, RunTimes, SourceQueues
from shared.sync.export.request_export import RequestExportPorts, request_export
from shared.sync.read.read_hold import hold_list_address, kept_list_address, read_hold, read_kept
from shared.sync.read.read_runs import (
    ReadPorts,
    changes_address,
    count_open_batches,
    errors_address,
    held_address,
    list_runs,
    read_errors_summary,
    read_run,
)
from shared.sync.request.carry_out_decision import carry_out_decision
from shared.sync.request.request_sync import RequestPorts, request_run
from shared.sync.request.request_upload import request_upload

EXPORT_SECONDS = 5
"""After how many seconds it is worth asking for an export again."""

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

    requests: RequestPorts
    reads: ReadPorts
    exports: RequestExportPorts
    tests: RequestTestPorts
    exceptions: ExceptionPorts
    accesses: Accesses
    given_answers: GivenAnswers


@cache
def build() -> Runtime:
    """Build the ports, once a container, at the first request."""
    settings = Settings.read()
    requests = RequestPorts(
        groups=wiring.groups(settings),
        runs=wiring.runs(settings),
        extract_queues=wiring.source_queues(settings),
        plan_queue=wiring.queue(settings.plan_queue_url),
    )
    reads = ReadPorts(
        groups=requests.groups,
        runs=requests.runs,
        batches=wiring.batches(settings),
        addresses=wiring.signed_addresses(settings),
    )
    exports = RequestExportPorts(
        batches=reads.batches,
        objects=wiring.objects(settings),
        requests=wiring.export_requests(settings),
        queue=wiring.queue(settings.export_queue_url),
    )
    return Runtime(
        requests=requests,
        reads=reads,
        exports=exports,
        tests=RequestTestPorts(
            requests.groups, wiring.connection_tests(settings), requests.extract_queues
        ),
        exceptions=ExceptionPorts(requests.groups, wiring.record_exceptions(settings)),
        accesses=wiring.accesses(settings),
        given_answers=wiring.given_answers(settings),
    )


@app.post("/groups/<group_id>/syncs")
def post_sync(group_id: str) -> Response[str]:
    """Accept a sync, an update, a preview or a restore."""
    who, ports = caller(app), build().requests
    given = read_fields(SyncInput, json_body(app))

    def act() -> Outcome:
        run, auto = request_run(
            who.enterprise, GroupId(group_id), given, who.person, ports, clock.now()
        )
        return 202, show_accepted(run, auto=auto)

    return once(app, who, build().given_answers, act)


@app.get("/groups/<group_id>/syncs")
def get_syncs(group_id: str) -> Response[str]:
    """List a group's runs, newest first."""
    enterprise, (limit, before) = caller(app).enterprise, page_of_runs(app)
    return answer(
        200, show_runs(*list_runs(enterprise, GroupId(group_id), limit, before, build().reads))
    )


@app.get("/groups/<group_id>/syncs/<run_id>")
def get_sync(group_id: str, run_id: str) -> Response[str]:
    """Tell how a run stands."""
    run = read_run(caller(app).enterprise, GroupId(group_id), run_id, build().reads)
    return answer(200, show_run(run, count_open_batches(run, build().reads)))


@app.get("/groups/<group_id>/syncs/<run_id>/errors")
def get_errors(group_id: str, run_id: str) -> Response[str]:
    """Lead to a run's error report, a CSV file."""
    address = errors_address(caller(app).enterprise, GroupId(group_id), run_id, build().reads)
    return _lead(group_id, address, None)


@app.get("/groups/<group_id>/syncs/<run_id>/errors/summary")
def get_errors_summary(group_id: str, run_id: str) -> Response[str]:
    """Sum a run's error report up by code, school and file."""
    enterprise, ports = caller(app).enterprise, build().reads
    summary = read_errors_summary(enterprise, GroupId(group_id), run_id, ports)
    return answer(200, ErrorsSummary.model_validate(summary))


@app.get("/groups/<group_id>/syncs/<run_id>/changes")
def get_changes(group_id: str, run_id: str) -> Response[str]:
    """Lead to the list of a run's changes, a CSV file."""
    address = changes_address(caller(app).enterprise, GroupId(group_id), run_id, build().reads)
    return _lead(group_id, address, None)


@app.post("/groups/<group_id>/uploads")
def post_upload(group_id: str) -> Response[str]:
    """Give an address to upload a bundle to; its arrival starts a run."""
    enterprise, ports, upload_id = caller(app).enterprise, build().reads, wiring.new_id()
    given = read_fields(UploadInput, json_body(app))
    address = request_upload(
        enterprise, GroupId(group_id), given, upload_id, ports.groups, ports.addresses
    )
    return answer(201, show_upload(upload_id, address))


@app.post("/groups/<group_id>/connection-tests")
def post_connection_test(group_id: str) -> Response[str]:
    """Have a group's connection tried."""
    test = request_test(
        caller(app).enterprise,
        GroupId(group_id),
        wiring.new_id(),
        build().tests,
        clock.now(),
    )
    return answer(202, show_test(test))


@app.get("/groups/<group_id>/connection-tests/<test_id>")
def get_connection_test(group_id: str, test_id: str) -> Response[str]:
    """Tell what a connection test has found."""
    enterprise, ports = caller(app).enterprise, build().tests
    group = ports.groups.get(enterprise, GroupId(group_id))
    test = read_test(enterprise, group.group_id, test_id, ports.tests, clock.now())
    return answer(200, show_test(test))


@app.get("/groups/<group_id>/export")
def get_export(group_id: str) -> Response[str]:
    """Lead to the roster as a OneRoster bundle; the first request has it made."""
    enterprise, ports = caller(app).enterprise, build().reads
    group = ports.groups.get(enterprise, GroupId(group_id))
    key = request_export(enterprise, group.group_id, build().exports, clock.now())
    if key is None:
        return answer_later("The export is being made: ask again.", EXPORT_SECONDS)
    name = f"{group.client_group_id}.zip"
    return _lead(group_id, ports.addresses.report_address(key, name, "application/zip"), None)


@app.get("/groups/<group_id>/syncs/<run_id>/held")
def get_run_held(group_id: str, run_id: str) -> Response[str]:
    """Lead to the list of what a run holds, or a preview would hold, a CSV file."""
    address = held_address(caller(app).enterprise, GroupId(group_id), run_id, build().reads)
    return _lead(group_id, address, None)


@app.get("/groups/<group_id>/hold")
def get_hold(group_id: str) -> Response[str]:
    """Tell what of a group waits for a person, by school and class."""
    hold, summary = read_hold(caller(app).enterprise, GroupId(group_id), build().reads)
    return answer(200, show_hold(hold, summary))


@app.get("/groups/<group_id>/hold/records")
def get_hold_records(group_id: str) -> Response[str]:
    """Lead to the list of what waits, a CSV file."""
    found = hold_list_address(caller(app).enterprise, GroupId(group_id), build().reads)
    return _lead(group_id, *found)


@app.post("/groups/<group_id>/hold/decisions")
def post_decision(group_id: str) -> Response[str]:
    """Approve or discard what waits."""
    given = read_fields(DecisionInput, json_body(app))
    return _decide(group_id, HoldDecision.model_validate(given.model_dump()))


@app.get("/groups/<group_id>/kept")
def get_kept(group_id: str) -> Response[str]:
    """Tell what of a group a person has rejected, by school and class."""
    kept, summary = read_kept(caller(app).enterprise, GroupId(group_id), build().reads)
    return answer(200, show_kept(kept, summary))


@app.get("/groups/<group_id>/kept/records")
def get_kept_records(group_id: str) -> Response[str]:
    """Lead to the list of what was rejected, a CSV file."""
    found = kept_list_address(caller(app).enterprise, GroupId(group_id), build().reads)
    return _lead(group_id, *found)


@app.post("/groups/<group_id>/kept/decisions")
def post_kept_decision(group_id: str) -> Response[str]:
    """Release what was rejected, or approve it after all."""
    given = read_fields(KeptDecisionInput, json_body(app))
    decision = HoldDecision.model_validate(given.model_dump() | {"of_kept": True})
    return _decide(group_id, decision)


@app.get("/groups/<group_id>/exceptions")
def get_exceptions(group_id: str) -> Response[str]:
    """List what a group keeps or leaves out, whatever its source says."""
    enterprise, (limit, after) = caller(app).enterprise, page_of(app)
    ports, now = build().exceptions, clock.now()
    found, more = list_exceptions(enterprise, GroupId(group_id), limit, after, ports)
    _record(group_id, len(found))
    return answer(200, show_exceptions(found, more, now))


@app.post("/groups/<group_id>/exceptions")
def post_exception(group_id: str) -> Response[str]:
    """Keep a record, or leave it out, whatever the source says."""
    who, ports, now = caller(app), build().exceptions, clock.now()
    given = read_fields(ExceptionInput, json_body(app))

    def act() -> Outcome:
        # No decision on a record may be carried out without its record: that comes first.
        group = ports.groups.get(who.enterprise, GroupId(group_id))
        _record(group.group_id, 1)
        made, new = add_exception(who.enterprise, group.group_id, given, who.person, ports, now)
        return 201 if new else 200, show_exception(made, now)

    return once(app, who, build().given_answers, act)


@app.delete("/groups/<group_id>/exceptions/<exception_id>")
def delete_exception(group_id: str, exception_id: str) -> Response[str]:
    """Do again what the source says of a record."""
    enterprise, ports = caller(app).enterprise, build().exceptions
    group = ports.groups.get(enterprise, GroupId(group_id))
    _record(group.group_id, 1)
    remove_exception(enterprise, group.group_id, exception_id, ports)
    return answer(204, None)


def _decide(group_id: str, decision: HoldDecision) -> Response[str]:
    who, ports = caller(app), build().requests

    def act() -> Outcome:
        # No decision may be carried out without its record: that comes first.
        group = ports.groups.get(who.enterprise, GroupId(group_id))
        hold = group.kept if decision.of_kept else group.hold
        _record(group_id, hold.records if hold else 0)
        run = carry_out_decision(
            who.enterprise, GroupId(group_id), decision, who.person, ports, clock.now()
        )
        return 202, show_accepted(run)

    return once(app, who, build().given_answers, act)


def _lead(group_id: str, address: str, records: int | None) -> Response[str]:
    """Lead to a file about people, once the access is recorded."""
    _record(group_id, records)
    return see_other(address)


def _record(group_id: str, records: int | None) -> None:
    record_access(app, build().accesses, GroupId(group_id), records, clock.now())


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of the API."""
    return app.resolve(event, context)
