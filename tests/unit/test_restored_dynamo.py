"""A table goes back an hour, over the real stores (moto): their items are put back as they were.

Point-in-time recovery makes a new table of a moment's items; here the same table takes them again.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.adapters.control_table.batches import DynamoBatches
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.dynamodb.values import marshal, unmarshal
from shared.adapters.roster_table.holdings import DynamoRosterHoldings
from shared.adapters.roster_table.keys import stamp_key
from shared.adapters.roster_table.roster import DynamoRoster
from shared.domain.group.choices import SyncType
from shared.domain.group.guard import GuardSettings
from shared.domain.roster.collection import Collection
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Run, RunState, Trigger
from shared.messages import ApplyBatch, ExtractLeg
from shared.sync.apply.apply_batch import ApplyPorts
from shared.sync.plan.plan_run import PlanPorts
from shared.sync.run_ports import RunPorts
from tests.fakes.control_table import NAME as CONTROL
from tests.fakes.control_table import make_control_table
from tests.fakes.roster_table import NAME as ROSTER
from tests.fakes.roster_table import make_roster_table
from tests.fakes.simulation import ENTERPRISE, GROUP, Simulation
from tests.fakes.source import class_, enrollment, org, user
from tests.stores.control_stores import group_of
from tools.forget_stamps import forget_stamps

Items = list[dict[str, Any]]
FREE = GuardSettings(
    deleted_percent=100, school_percent=100, enrollment_percent=100, class_percent=100
)


@dataclass
class OverDynamo(Simulation):
    """A simulation whose tables are DynamoDB's."""

    def __post_init__(self) -> None:
        super().__post_init__()
        client: Any = boto3.client("dynamodb")
        self.client = client
        make_control_table(client)
        make_roster_table(client)
        DynamoGroups(client, CONTROL).create(group_of(GROUP, guard=FREE))
        self.runs = DynamoRuns(client, CONTROL, resend_after=timedelta(minutes=5))
        self.batches = DynamoBatches(client, CONTROL, roster=ROSTER)

    def sync(self, mode: Mode = Mode.UPDATE) -> Run:
        self.now += timedelta(minutes=10)
        request = RunRequest(ENTERPRISE, GROUP, mode, Trigger.REQUEST, "test")
        run = self.runs.accept(request, self.now)
        self.queue.send([ExtractLeg(enterprise=ENTERPRISE, group_id=GROUP, seq=run.seq, leg=0)])
        self.drain()
        ended = self.runs.get(run.key)
        assert ended is not None
        return ended

    def items(self, table: str) -> Items:
        pages = self.client.get_paginator("scan").paginate(TableName=table)
        return [item for page in pages for item in page["Items"]]

    def put_back(self, table: str, items: Items) -> None:
        """Make the table what it was."""
        for item in self.items(table):
            self.client.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
        for item in items:
            self.client.put_item(TableName=table, Item=item)

    def held_docs(self, letter: str) -> dict[str, dict[str, Any]]:
        """The documents of a kind that readers see, by id."""
        return {
            item["id"]: item["doc"]
            for item in map(unmarshal, self.items(ROSTER))
            if item["pk"].split("#")[1] == letter and "deletedAt" not in item
        }

    def _extractor(self, message: ExtractLeg) -> SyncType:
        return SyncType.API

    def run_ports(self) -> RunPorts:
        return replace(super().run_ports(), runs=self.runs, legs=self.runs)

    def _plan_ports(self) -> PlanPorts:
        holdings = DynamoRosterHoldings(self.client, ROSTER, time.sleep)
        return replace(super()._plan_ports(), holdings=holdings, batches=self.batches)

    def apply_ports(self) -> ApplyPorts:
        roster = DynamoRoster(self.client, ROSTER, batched=False)
        return replace(super().apply_ports(), roster=roster, batches=self.batches)


@pytest.fixture
def world() -> Iterator[OverDynamo]:
    with mock_aws():
        made = OverDynamo()
        source = made.source
        source.put(Collection.ORGS, org("district"), org("school", "School", "district"))
        source.put(Collection.CLASSES, class_("class", "school"))
        source.put(Collection.USERS, *(user(f"user-{n}", "school") for n in range(4)))
        source.put(
            Collection.ENROLLMENTS, *(enrollment(f"e-{n}", "class", f"user-{n}") for n in range(4))
        )
        assert made.sync().state is RunState.SUCCEEDED
        yield made


@pytest.mark.parametrize("table", [CONTROL, ROSTER])
def test_a_table_goes_back_an_hour(world: OverDynamo, table: str) -> None:
    then = world.items(table)
    source = world.source.collections
    for number in range(3):
        world.source.put(Collection.USERS, user("user-0", "school", name=f"Hour {number}"))
        if number == 1:
            world.source.put(Collection.USERS, user("user-9", "school"))
            del source[Collection.USERS]["user-3"], source[Collection.ENROLLMENTS]["e-3"]
        world.sync()
    world.put_back(table, then)
    world.source.put(
        Collection.USERS, user("user-0", "school", name="Since") | {"username": "since"}
    )
    first, second = world.sync(), world.sync()
    docs = {doc["sourcedId"]: doc for doc in world.held_docs("U").values()}
    lines = [f"\n{table} an hour older than the other:"]
    for run in (first, second):
        codes = [notice.code for notice in run.notices]
        counts = run.counts["users"].model_dump(exclude_defaults=True)
        lines.append(f"  run {run.seq}: {run.state} {codes} users {counts}")
    lines.append(f"  roster: { {name: doc['givenName'] for name, doc in sorted(docs.items())} }")
    sys.stdout.write("\n".join([*lines, ""]))
    assert [run.state for run in (first, second)] == [RunState.SUCCEEDED] * 2
    assert [notice.code for notice in first.notices] == ["begun_anew"]
    assert docs.keys() == source[Collection.USERS].keys()
    for name, entity in source[Collection.USERS].items():
        doc = docs[name]
        assert (doc["givenName"], doc["loginName"]) == (entity["givenName"], entity["username"])
    assert len(world.held_docs("E")) == len(source[Collection.ENROLLMENTS])
    before = world.items(ROSTER)
    unchanged = world.sync()
    assert (unchanged.state, unchanged.notices) == (RunState.SUCCEEDED, ())
    assert world.items(ROSTER) == before
    [stamp] = [item for item in before if item["pk"] == marshal(stamp_key(GROUP))["pk"]]
    assert unmarshal(stamp).keys() == {"pk", "sk", "stamp", "updatedAt"}


def test_the_roster_goes_back_into_the_middle_of_a_run(world: OverDynamo) -> None:
    """The stamp is that of the run, which has been committed since: so the stamps are forgotten."""
    world.source.put(Collection.USERS, user("user-9", "school"))
    world.now += timedelta(minutes=10)
    run = world.runs.accept(
        RunRequest(ENTERPRISE, GROUP, Mode.UPDATE, Trigger.REQUEST, "test"), world.now
    )
    world.queue.send([ExtractLeg(enterprise=ENTERPRISE, group_id=GROUP, seq=run.seq, leg=0)])
    while not isinstance(world.queue.messages[0], ApplyBatch):
        world.deliver(world.take())
    then = world.items(ROSTER)
    world.drain()
    world.put_back(ROSTER, then)
    assert forget_stamps(world.client, CONTROL, ROSTER) == 1
    ended = world.sync()
    assert [notice.code for notice in ended.notices] == ["begun_anew"]
    there = {doc["sourcedId"] for doc in world.held_docs("U").values()}
    assert there == world.source.collections[Collection.USERS].keys()
    assert world.sync().notices == ()
