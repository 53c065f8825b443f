"""A roster as a bundle: loaded again it is what it was, whatever it was made from."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from local.sample_district.bundle import csv_files
from local.sample_district.roster import generate
from shared.adapters.control_table.export_requests import DynamoExportRequests
from shared.domain import timers
from shared.domain.group.choices import StoredField
from shared.domain.group.group import GroupConfig
from shared.domain.object_keys import export_key
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Mode, RunState
from shared.messages import ExportRoster
from shared.ports.runs import ExportRequests
from shared.sync.export.export_roster import ExportPorts, export_roster
from shared.sync.export.request_export import RequestExportPorts, request_export
from tests.fakes.control_table import make_control_table
from tests.fakes.simulation import ENTERPRISE, GROUP, Simulation
from tests.fakes.source import class_, enrollment, org, user
from tests.fakes.world import InMemoryExportRequests
from tests.unit.test_bundle_runs import bring, world

ORGS, SESSIONS, COURSES, CLASSES, USERS, ENROLLMENTS = Collection


def _export(of: Simulation) -> bytes:
    """The export of a roster as it is now."""
    ports = ExportPorts(of.groups(), of.control, of.objects)
    asking = RequestExportPorts(of.control, of.objects, InMemoryExportRequests(), of.queue)
    assert request_export(ENTERPRISE, GROUP, asking, of.now) is None
    message = of.queue.messages.pop()
    assert isinstance(message, ExportRoster)
    with tempfile.TemporaryDirectory() as directory:
        assert export_roster(message, ports, Path(directory))
    key = request_export(ENTERPRISE, GROUP, asking, of.now)
    assert key == export_key(GROUP, message.seq)
    with tempfile.TemporaryDirectory() as directory:
        # Asked for twice it is made once.
        assert not export_roster(message, ports, Path(directory))
    return of.objects.objects[key]


def _files(bundle: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _rows(bundle: bytes, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_files(bundle)[name].decode())))


def test_an_export_of_a_district_loads_again_with_no_change() -> None:
    stored = (StoredField.PHONES, StoredField.AGENTS)
    one = world(stored_fields=stored)
    first = bring(one, csv_files(generate(pupils=60), "1.2"))
    assert first.state is RunState.SUCCEEDED
    writes = one.roster.writes
    one.drop(_export(one), "update/again.zip")
    one.settle()
    again = one.control.runs[max(one.control.runs, key=lambda key: key.seq)]
    assert again.mode is Mode.UPDATE
    assert (again.state, one.roster.writes) == (RunState.SUCCEEDED, writes)
    for entity, counts in again.counts.items():
        assert counts.unchanged == first.counts[entity].created > 0, entity


def test_what_came_over_rest_is_the_same_roster_from_its_export() -> None:
    rest = Simulation()
    rest.source.put(ORGS, org("district"), org("school", parent="district"))
    rest.source.put(CLASSES, class_("a", "school"))
    for number in range(3):
        rest.source.put(USERS, user(f"u{number}", "school"))
        rest.source.put(ENROLLMENTS, enrollment(f"e{number}", "a", f"u{number}"))
    rest.sync()
    bundle = _export(rest)
    other = world(**_like(rest.group_config))
    assert bring(other, _files(bundle)).state is RunState.SUCCEEDED
    for collection in Collection:
        assert other.docs(collection) == rest.docs(collection)


def _like(config: GroupConfig) -> dict[str, object]:
    return {"client_partner_id": config.client_partner_id}


def test_what_has_left_is_not_in_it() -> None:
    rest = Simulation()
    rest.source.put(ORGS, org("district"))
    for number in range(3):
        rest.source.put(USERS, user(f"u{number}", "district"))
    rest.sync()
    del rest.source.collections[USERS]["u1"]
    rest.sync(Mode.UPDATE)
    bundle = _export(rest)
    assert [row["sourcedId"] for row in _rows(bundle, "users.csv")] == ["u0", "u2"]
    assert {row["userSourcedId"] for row in _rows(bundle, "roles.csv")} == {"u0", "u2"}


def test_a_roster_that_has_moved_on_is_not_exported_any_more() -> None:
    rest = Simulation()
    rest.source.put(ORGS, org("district"))
    rest.sync()
    asking = RequestExportPorts(rest.control, rest.objects, InMemoryExportRequests(), rest.queue)
    request_export(ENTERPRISE, GROUP, asking, rest.now)
    old = rest.queue.messages.pop()
    assert isinstance(old, ExportRoster)
    rest.source.put(ORGS, org("district", name="New"))
    rest.sync()
    with tempfile.TemporaryDirectory() as directory:
        ports = ExportPorts(rest.groups(), rest.control, rest.objects)
        assert not export_roster(old, ports, Path(directory))


def test_nothing_is_written_of_a_group_that_is_being_deleted() -> None:
    rest = Simulation()
    rest.source.put(ORGS, org("district"))
    rest.sync()
    asking = RequestExportPorts(rest.control, rest.objects, InMemoryExportRequests(), rest.queue)
    request_export(ENTERPRISE, GROUP, asking, rest.now)
    late = rest.queue.messages.pop()
    assert isinstance(late, ExportRoster)
    rest.delete()
    for _ in range(2):
        with tempfile.TemporaryDirectory() as directory:
            ports = ExportPorts(rest.groups(), rest.control, rest.objects)
            assert not export_roster(late, ports, Path(directory))
        rest.settle()
    assert not rest.objects.objects


@pytest.fixture(params=["dynamo", "memory"])
def requests(request: pytest.FixtureRequest) -> Iterator[ExportRequests]:
    if request.param == "memory":
        yield InMemoryExportRequests()
        return
    with mock_aws():
        client = boto3.client("dynamodb")
        yield DynamoExportRequests(client, make_control_table(client))


def test_whoever_asks_again_and_again_has_it_made_once(requests: ExportRequests) -> None:
    rest = Simulation()
    rest.source.put(ORGS, org("district"))
    rest.sync()
    asking = RequestExportPorts(rest.control, rest.objects, requests, rest.queue)
    rest.queue.messages.clear()
    for seconds in range(0, 900, 5):
        now = rest.now + timedelta(seconds=seconds)
        assert request_export(ENTERPRISE, GROUP, asking, now) is None
    assert len(rest.queue.messages) == 1
    # An export that was not made in the time that its function has is asked for once more.
    request_export(ENTERPRISE, GROUP, asking, rest.now + timers.EXPORT_AGAIN)
    assert len(rest.queue.messages) == 2
