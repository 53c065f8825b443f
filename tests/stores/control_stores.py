"""Both kinds of stores of runs, each with one group, for tests that hold them to one promise."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

import boto3
from moto import mock_aws

from shared.adapters.control_table.attributes import GroupItem
from shared.adapters.control_table.batches import DynamoBatches
from shared.adapters.control_table.deletions import DynamoDeletions
from shared.adapters.control_table.drops import DynamoDrops
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.control_table.keys import group_key
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.dynamodb.actions import update
from shared.adapters.dynamodb.values import seconds
from shared.adapters.dynamodb.writes import write_item
from shared.adapters.roster_table.holdings import DynamoRosterHoldings
from shared.domain.group.group import Group
from shared.domain.ids import GroupId, RunKey
from shared.domain.roster.collection import Collection
from shared.domain.run.deletion_certificate import Certificate, Deletion, Tally, certify
from shared.domain.run.requests import RunRequest
from shared.domain.run.results import NextLeg, PlanResult
from shared.domain.run.run import Mode, Plan, Run, RunState, Snapshot, Trigger
from shared.ports.deletion import Deletions
from shared.ports.groups import Groups
from shared.ports.roster import RosterHoldings
from shared.ports.runs import Batches, Drops, Legs, Runs
from tests.fakes.control import InMemoryControl
from tests.fakes.control.deletions import InMemoryDeletions
from tests.fakes.control.state import GroupState
from tests.fakes.control_table import NAME, make_control_table
from tests.fakes.groups import InMemoryCustomers, InMemoryGroups
from tests.fakes.roster_table import make_roster_table
from tests.fakes.simulation import ENTERPRISE, GROUP, config
from tests.fakes.world import InMemoryHoldings, InMemoryRoster

NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
LEASE, PATIENCE = timedelta(seconds=60), timedelta(minutes=5)
KINDS = ("dynamo", "memory")
EXTRACTING = RunState.EXTRACTING
PLANNING = RunState.PLANNING


class RunsAndLegs(Runs, Legs, Protocol):
    """One store is both."""


@dataclass
class Control:
    """The stores of one group's runs; ``client`` is that of the table, if there is one."""

    runs: RunsAndLegs
    batches: Batches
    drops: Drops
    add_group: Callable[[GroupId], None]
    set_due: Callable[[datetime], None]
    holdings: RosterHoldings
    client: Any = None

    def accept(self, now: datetime = NOW, group_id: GroupId = GROUP) -> Run:
        request = RunRequest(ENTERPRISE, group_id, Mode.SYNC, Trigger.REQUEST, "ann")
        return self.runs.accept(request, now)

    def extracting(self, owner: str = "one") -> RunKey:
        """A run whose first leg belongs to ``owner``."""
        key = self.accept().key
        assert self.runs.claim(key, EXTRACTING, 0, owner, NOW) is not None
        return key

    def planning(self, owner: str = "one") -> RunKey:
        """A run whose plan belongs to ``owner``."""
        key = self.extracting(owner)
        leg = self.runs.hand_on(
            key, owner, NOW, NextLeg(RunState.PLANNING, cursor={"staged": {}}, progress={})
        )
        assert self.runs.claim(key, PLANNING, leg, owner, NOW) is not None
        return key

    def applying(self, batches: int) -> tuple[RunKey, Plan]:
        """A run with open batches."""
        key = self.planning()
        plan = plan_of(key, batches)
        self.batches.open(key, plan, NOW)
        self.batches.planned(key, "one", NOW, PlanResult({}, (), plan))
        return key, plan

    def overdue(self, now: datetime) -> list[RunKey]:
        return list(self.runs.overdue(now))

    def get(self, key: RunKey) -> Run:
        run = self.runs.get(key)
        assert run is not None
        return run


def certified(group: Group, tally: Tally = MappingProxyType({}), seq: int = 1) -> Certificate:
    """What says that a group was deleted now."""
    return certify(group, tally, Deletion("ann", NOW, NOW, seq), backup_days=35)


def groups_of(control: Control) -> Groups:
    """The groups of the same kind of store."""
    if not isinstance(control.runs, InMemoryControl):
        return DynamoGroups(control.client, NAME)
    runs = control.runs
    groups = InMemoryGroups(
        InMemoryCustomers(), deleting=runs.deleting, marked=runs.marked, gone=runs.gone
    )
    for key, state in runs.groups.items():
        found = {"active_run": state.active_run, "hold": state.hold}
        groups.kept[key] = group_of(key[1]).model_copy(update=found)
    return groups


def deletions_of(control: Control) -> Deletions:
    """The deletions of the same kind of store."""
    if isinstance(control.runs, InMemoryControl):
        return InMemoryDeletions(control.runs)
    return DynamoDeletions(control.client, NAME, resend_after=PATIENCE)


def plan_of(key: RunKey, batches: int, attempt: str = "one") -> Plan:
    return Plan(
        changes_key=f"changes/{key.seq}/{attempt}",
        attempt=attempt,
        batches=batches,
        shards=3,
        snapshot=snapshot_of(key),
    )


def snapshot_of(key: RunKey) -> Snapshot:
    objects = {collection: f"{key.seq}/{collection}" for collection in Collection}
    return Snapshot(seq=key.seq, shape_version=1, settings="s", objects=objects)


@contextmanager
def control_of(kind: str) -> Iterator[Control]:
    """The stores of this kind."""
    if kind == "memory":
        roster = InMemoryRoster()
        memory = InMemoryControl(LEASE, PATIENCE, stamps=roster.stamps)

        def remember(group_id: GroupId) -> None:
            memory.groups[ENTERPRISE, group_id] = GroupState(config())

        remember(GROUP)

        def due_in_memory(at: datetime) -> None:
            memory.groups[ENTERPRISE, GROUP].next_run_at = at

        yield Control(memory, memory, memory, remember, due_in_memory, InMemoryHoldings(roster))
        return
    with mock_aws():
        client = boto3.client("dynamodb")
        table = make_control_table(client)

        def create(group_id: GroupId) -> None:
            DynamoGroups(client, table).create(group_of(group_id))

        create(GROUP)
        runs = DynamoRuns(client, table, lease=LEASE, resend_after=PATIENCE)
        roster_table = make_roster_table(client)
        batches = DynamoBatches(client, table, quiet=PATIENCE, roster=roster_table)
        holdings = DynamoRosterHoldings(client, roster_table, time.sleep)
        drops = DynamoDrops(client, table, look_again=PATIENCE)

        def due(at: datetime) -> None:
            auto = {GroupItem.NEXT_RUN_AT: seconds(at), GroupItem.DUE_PERIOD: "Daily"}
            write_item(client, update(table, group_key(ENTERPRISE, GROUP), auto))

        yield Control(runs, batches, drops, create, due, holdings, client)


def group_of(group_id: GroupId, **changes: Any) -> Group:
    return Group(
        enterprise=ENTERPRISE,
        group_id=group_id,
        config=config(name=f"Name of {group_id}", **changes),
        email="it@springfield.example",
        client_group_id=group_id,
        created_at=NOW,
        updated_at=NOW,
    )
