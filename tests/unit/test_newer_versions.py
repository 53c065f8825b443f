"""An older version over what a newer one has written, and the newer one over that again.

The newer version is this one, extended: its writers are the real ones, with a column, a mode, a
state, a message more. Nothing here is written by hand that a version would not write.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from aws_lambda_powertools import Logger

from shared.adapters.control_table import run_item
from shared.adapters.control_table.attributes import RunItem
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.control_table.keys import group_key, run_key
from shared.adapters.dynamodb.values import marshal, unmarshal
from shared.domain.group.group import Group, GroupConfig
from shared.domain.group.guard import GuardSettings
from shared.domain.roster.collection import Collection
from shared.domain.run.bundle import Bundle, BundleObject
from shared.domain.run.life import opening
from shared.domain.run.life.table import FOLLOWS, Event
from shared.domain.run.requests import Drop, RunRequest
from shared.domain.run.results import NextLeg, RunEnd
from shared.domain.run.run import Mode, Run, RunState, Snapshot, Trigger
from shared.http.run_answers import show_run
from shared.messages import ApplyBatch, ExtractLeg, Message, RunMessage
from shared.planning import write_outcome
from shared.planning.columns import SHAPE_VERSION, SNAPSHOT_COLUMNS, names, table
from shared.planning.duckdb_connection import Connection
from shared.planning.planner import Planner
from shared.queue_consumer import consume
from shared.sync import refuse_newer
from shared.sync.plan import hand_over, plan_run
from tests.fakes.control_table import NAME
from tests.fakes.simulation import ENTERPRISE, GROUP, Simulation
from tests.fakes.source import user
from tests.stores.control_stores import EXTRACTING, NOW, Control, control_of, group_of
from tests.unit.test_restored_tables import check, world_of

USERS = Collection.USERS


def shown(*lines: str) -> None:
    """Print what was seen."""
    sys.stdout.write("\n".join(["", *lines, ""]))


# Snapshots


def write_newer_snapshot(connection: Connection, collection: Collection, directory: Path) -> Path:
    """Write a snapshot that has one more column, and one more field in its roles."""
    path = directory / f"{collection.name.lower()}.parquet"
    columns = names(SNAPSHOT_COLUMNS[collection])
    if collection is USERS:
        level = "list_transform(roles, lambda r: struct_insert(r, level := 'one')) AS roles"
        columns = columns.replace('"roles"', level)
    connection.execute(
        f"COPY (SELECT {columns}, 'they' AS pronouns FROM {table('result', collection)}) "
        f"TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
    )
    return path


@contextmanager
def newer(monkeypatch: pytest.MonkeyPatch, *, shape: int = SHAPE_VERSION) -> Iterator[None]:
    """The newer version, for a while."""
    with monkeypatch.context() as context:
        context.setattr(write_outcome, "write_snapshot", write_newer_snapshot)
        for module in (hand_over, refuse_newer):
            context.setattr(module, "SHAPE_VERSION", shape)
        yield


def test_a_column_more_is_passed_over_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with newer(monkeypatch):
        world = world_of()
    writes = world.roster.writes
    run = world.sync(Mode.UPDATE)
    assert (run.state, world.roster.writes) == (RunState.SUCCEEDED, writes)
    world.source.put(USERS, user("user-0", "school", name="Changed"))
    changed = world.sync(Mode.UPDATE)
    assert (changed.state, changed.counts["users"].updated) == (RunState.SUCCEEDED, 1)
    check(world)
    with newer(monkeypatch):
        back = world.sync(Mode.UPDATE)
    assert (back.state, world.roster.writes) == (RunState.SUCCEEDED, writes + 1)
    shown(
        "a column more: old over new and back:",
        f"  unchanged: {run.state}, 0 writes; changed: {changed.state}, 1 write; "
        f"newer again: {back.state}, 0 writes",
    )


def test_a_past_run_of_a_version_with_a_column_more_can_be_restored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with newer(monkeypatch):
        world = world_of()
    world.source.put(USERS, user("user-0", "school", name="Changed"))
    world.sync(Mode.UPDATE)
    assert world.plan(Mode.RESTORE, restores=1).state is RunState.SUCCEEDED
    names_ = {d["sourcedId"]: d["givenName"] for d in world.docs(USERS).values()}
    assert names_["user-0"] != "Changed"


def test_another_shape_is_left_alone_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with newer(monkeypatch, shape=SHAPE_VERSION + 1):
        world = world_of()
    before = dict(world.roster.records), world.group.base
    world.source.put(USERS, user("user-0", "school", name="Changed"))
    refused = [world.sync(mode) for mode in (Mode.SYNC, Mode.UPDATE, Mode.PREVIEW)]
    refused.append(world.plan(Mode.RESTORE, restores=1))
    assert {run.state for run in refused} == {RunState.FAILED}
    reasons = {run.reason.code: run.reason.message for run in refused if run.reason}
    assert reasons.keys() == {"newer_version"}
    assert (dict(world.roster.records), world.group.base) == before
    with newer(monkeypatch, shape=SHAPE_VERSION + 1):
        assert world.sync(Mode.UPDATE).counts["users"].updated == 1
    check(world)
    shown("another shape:", f"  {reasons['newer_version']}")


def test_what_a_newer_version_meant_to_do_is_not_taken_for_something_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its write-ahead log names an action that this version does not know."""
    world = world_of()

    class Archiving(Planner):
        def change_lines(self) -> Iterator[str]:
            for line in super().change_lines():
                yield json.dumps(json.loads(line) | {"action": "archive"})

    world.source.put(USERS, user("user-0", "school", name="Changed"))
    with monkeypatch.context() as context:
        context.setattr(plan_run, "Planner", Archiving)
        world.request(Mode.UPDATE)
        while not isinstance(world.queue.messages[0], ApplyBatch):
            world.deliver(world.take())
    world.queue.messages.clear()
    stop(world)
    run = world.sync(Mode.UPDATE)
    assert (run.state, run.reason and run.reason.code) == (RunState.FAILED, "newer_version")


def stop(world: Simulation) -> None:
    """Nobody goes on with the run that is open, and it is given up."""
    for _ in range(60):
        if world.group.active_run is None:
            return
        world.tick(timedelta(hours=6))
        world.queue.messages.clear()
    raise AssertionError


def test_the_objects_of_a_collection_more_are_passed_on() -> None:
    objects = {**{c.value: c.value for c in Collection}, "lineItems": "line-items"}
    written = {"seq": 1, "shape_version": SHAPE_VERSION, "settings": "s", "objects": objects}
    read = Snapshot.model_validate(written)
    assert read.objects.keys() == set(Collection)
    again = Snapshot.model_validate_json(read.model_dump_json())
    assert again == read
    assert again.besides == {"lineItems": "line-items"}


# Runs


class NewerMode(StrEnum):
    """A mode more."""

    SYNC = "sync"
    ARCHIVE = "archive"

    @property
    def deletes(self) -> bool:
        return False


class NewerTrigger(StrEnum):
    """A trigger more."""

    CALENDAR = "calendar"


class NewerState(StrEnum):
    """A state more."""

    ACCEPTED = "Accepted"
    VERIFYING = "Verifying"


class NewerRun(Run):
    """A run with more words, and a field that this version does not have."""

    # The types are others than Run's, as a newer version's may be.
    mode: NewerMode  # type: ignore[assignment]
    trigger: NewerTrigger  # type: ignore[assignment]
    state: NewerState  # type: ignore[assignment]


def newer_run(
    control: Control, monkeypatch: pytest.MonkeyPatch, mode: str, *, state: str | None = None
) -> Run:
    """A run that the newer version has accepted, and taken to ``state``."""
    any_mode: Any = NewerMode(mode)
    any_trigger: Any = NewerTrigger.CALENDAR
    with monkeypatch.context() as context:
        context.setattr(opening, "Run", NewerRun)
        request = RunRequest(ENTERPRISE, GROUP, any_mode, any_trigger, "ann")
        run = control.runs.accept(request, NOW)
    if state is None:
        return run
    assert control.runs.claim(run.key, EXTRACTING, 0, "newer", NOW) is not None
    newer_state: Any = NewerState(state)
    with monkeypatch.context() as context:
        context.setitem(FOLLOWS[Event.HANDED_ON], RunState.EXTRACTING, {newer_state})
        control.runs.hand_on(run.key, "newer", NOW, NextLeg(newer_state, cursor={}, progress={}))
    return run


@pytest.fixture
def control() -> Iterator[Control]:
    with control_of("dynamo") as made:
        yield made


def test_a_mode_and_a_trigger_more_are_shown_as_unknown(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = newer_run(control, monkeypatch, "archive")
    [read] = control.runs.history(GROUP, 10, None)
    assert (read.mode, read.trigger, read.newer) == (Mode.UNKNOWN, Trigger.UNKNOWN, True)
    answer = show_run(read)
    shown("a mode more:", f"  run {run.seq}: {answer.mode} by {answer.trigger}, {answer.state}")
    assert (answer.state, answer.open) == (RunState.ACCEPTED, True)
    item = control.client.get_item(TableName=NAME, Key=marshal(run_key(run.key)))["Item"]
    assert (item["mode"]["S"], item["trigger"]["S"]) == ("archive", "calendar")


def test_a_state_more_is_an_open_one_and_left_to_whoever_knows_it(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = newer_run(control, monkeypatch, "sync", state="Verifying")
    read = control.get(run.key)
    assert (read.state, read.open, read.newer) == (RunState.UNKNOWN, True, True)
    assert not control.runs.close(run.key, NOW, RunEnd(RunState.FAILED))
    assert control.runs.claim(run.key, EXTRACTING, 1, "old", NOW) is None
    item = control.client.get_item(TableName=NAME, Key=marshal(run_key(run.key)))["Item"]
    assert item["state"]["S"] == "Verifying"


def test_a_run_in_a_state_more_does_not_stand_before_the_others(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = newer_run(control, monkeypatch, "sync", state="Verifying")
    later = NOW + timedelta(hours=1)
    assert [key.seq for key in control.runs.overdue(later)] == [run.seq]
    control.runs.put_off(control.get(run.key), later)
    assert list(control.runs.overdue(later)) == []


def test_settings_in_words_of_a_newer_version_do_not_hide_the_run(control: Control) -> None:
    class NewerSyncType(StrEnum):
        BUCKET = "BUCKET"

    class NewerConfig(GroupConfig):
        # Another type than GroupConfig's, as a newer version's may be.
        sync_type: NewerSyncType  # type: ignore[assignment]

    group = group_of(GROUP)
    fields = group.config.model_dump() | {"sync_type": NewerSyncType.BUCKET}
    started = control.accept().key
    written = unmarshal(
        control.client.get_item(TableName=NAME, Key=marshal(run_key(started)))["Item"]
    )
    config = run_item.structure(NewerConfig.model_validate(fields))
    read = run_item.from_item(written | {RunItem.CONFIG: config})
    assert (read.newer, read.config.name, read.config.guard) == (
        True, group.config.name, group.config.guard,
    )  # fmt: skip


# Groups


def test_what_a_newer_version_has_added_to_a_group_stays_when_it_is_changed(
    control: Control,
) -> None:
    class NewerGuard(GuardSettings):
        sibling_percent: int = 7

    class NewerConfig(GroupConfig):
        grade_filter: str = "K-8"
        guard: GuardSettings = NewerGuard()

    groups = DynamoGroups(control.client, NAME)
    group = groups.get(ENTERPRISE, GROUP)
    config = NewerConfig.model_validate(
        group.config.model_dump() | {"guard": NewerGuard(), "version": 2}
    )
    groups.change(group, group.model_copy(update={"config": config}))
    older = groups.get(ENTERPRISE, GROUP)
    assert type(older.config) is GroupConfig
    renamed = older.config.model_copy(update={"name": "Another name", "version": 3})
    groups.change(older, older.model_copy(update={"config": renamed}))
    key = marshal(group_key(ENTERPRISE, GROUP))
    kept = unmarshal(control.client.get_item(TableName=NAME, Key=key)["Item"])["config"]
    assert (kept["name"], kept["grade_filter"]) == ("Another name", "K-8")
    assert isinstance(groups.get(ENTERPRISE, GROUP), Group)


# Messages


class NewerBatch(ApplyBatch):
    """A field more."""

    priority: int


class VerifyRun(RunMessage):
    """A kind more, with all that the message of a leg says."""

    kind: Literal["VerifyRun"] = "VerifyRun"
    leg: int


def received(*messages: Message) -> dict[str, Any]:
    """Messages as Lambda gets them from SQS."""
    return {
        "Records": [
            {
                "messageId": str(number),
                "receiptHandle": "",
                "body": message.model_dump_json(by_alias=True),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q",
                "awsRegion": "eu-west-1",
            }
            for number, message in enumerate(messages)
        ]
    }


def test_a_field_more_is_passed_over_and_a_kind_more_waits() -> None:
    known = {"enterprise": ENTERPRISE, "group_id": GROUP, "seq": 1}
    batch = NewerBatch(**known, batch=0, start=0, length=1, priority=9)
    took: list[Message] = []

    logger = Logger(service="test")
    answer = consume(received(batch), ApplyBatch, logger, lambda m, n: took.append(m))
    assert answer == {"batchItemFailures": []}
    assert took == [ApplyBatch(**known, batch=0, start=0, length=1)]
    verify, leg = VerifyRun(**known, leg=0), ExtractLeg(**known, leg=0)
    took.clear()
    answer = consume(received(verify, leg), ExtractLeg, logger, lambda m, n: took.append(m))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert took == [leg]
    shown("messages:", "  a field more: taken; a kind more: fails, comes again, is parked")


def test_an_open_run_that_is_not_understood_ends_when_its_time_is_up() -> None:
    world = world_of()
    run = world.request()
    world.control.runs[run.key] = run.model_copy(update={"mode": Mode.UNKNOWN, "newer": True})
    stop(world)
    ended = world.control.runs[run.key]
    assert (ended.state, ended.reason and ended.reason.code) == (RunState.FAILED, "newer_version")
    assert world.sync().state is RunState.SUCCEEDED


def test_a_drop_that_is_not_understood_ends_when_its_turn_comes() -> None:
    world = world_of()
    bundle = Bundle(objects=(BundleObject(name="a.zip", key="drops/a.zip", version="1", size=1),))
    run = world.control.take(Drop(ENTERPRISE, GROUP, Mode.SYNC, bundle), world.now)
    assert run.state is RunState.WAITING
    world.control.runs[run.key] = run.model_copy(update={"mode": Mode.UNKNOWN, "newer": True})
    for _ in range(3):
        world.tick(timedelta(hours=6))
    ended = world.control.runs[run.key]
    assert (ended.state, ended.reason and ended.reason.code) == (RunState.FAILED, "newer_version")
    assert world.sync().state is RunState.SUCCEEDED


def test_a_run_that_is_not_understood_is_not_worked_on() -> None:
    world = world_of()
    run = world.request()
    world.control.runs[run.key] = run.model_copy(update={"mode": Mode.UNKNOWN, "newer": True})
    world.deliver(world.take())
    ended = world.control.runs[run.key]
    assert (ended.state, ended.reason and ended.reason.code) == (RunState.FAILED, "newer_version")


def test_where_a_run_stands_may_be_said_in_words_of_a_newer_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its cursor is the newer extractor's."""

    class NewerStatus(StrEnum):
        SEALED = "sealed"

    world = world_of()
    world.request()
    world.deliver(world.take())
    [key] = [key for key, run in world.control.runs.items() if run.open]
    cursor = json.loads(json.dumps(world.control.runs[key].cursor))
    for part in cursor["staged"]["collections"].values():
        part["status"] = NewerStatus.SEALED.value
    world.control.runs[key] = world.control.runs[key].model_copy(update={"cursor": cursor})
    world.settle()
    ended = world.control.runs[key]
    assert (ended.state, ended.reason and ended.reason.code) == (RunState.FAILED, "newer_version")
