"""Whichever function ends a run, an operator finds one line of it: run, group, code, no names."""

import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from aws_lambda_powertools import Logger

from shared.adapters.run_log import ENDED, OUR_FAULTS, PowertoolsRunLog
from shared.domain.errors import GiveUpError, TryLaterError
from shared.domain.group.choices import SyncType
from shared.domain.ids import RecordId
from shared.domain.roster.collection import Collection
from shared.domain.run.results import RunEnd
from shared.domain.run.run import Mode, Reason, Run, RunState
from shared.messages import PlanRun
from shared.sync.close.end_run import announce
from tests.fakes.fetching import Fetching, InMemoryServer
from tests.fakes.logs import Lines
from tests.fakes.simulation import ENTERPRISE, GROUP, Simulation, config
from tests.fakes.source import user
from tests.fakes.world import InMemoryRunLog
from tests.unit.test_updates import leave, school

# What no line may hold: a pupil's name, as a file bears it.
NAME = "Hartmann"
Story = Callable[[], Simulation]


def _source_refuses() -> Simulation:
    world = Simulation()
    reason = Reason(code="credentials_refused", message=NAME, field="connection.secretKey")

    def refuse(*_: object) -> None:
        raise GiveUpError(reason)

    world.source.on_page = refuse
    world.sync()
    return world


def _nothing_at_the_server() -> Simulation:
    fetching = Fetching(InMemoryServer({f"elsewhere/{NAME}.zip": b""}), path=f"out/{NAME}")
    fetching.fetch()
    return fetching.world


def _no_zip() -> Simulation:
    zip_group = config(sync_type=SyncType.ZIP, connection=None, secrets={})
    world = Simulation(group_config=zip_group)
    world.drop(b"no zip", f"{NAME}.zip")
    world.settle()
    return world


def _staged_too_long_ago() -> Simulation:
    world = school()
    world.request()
    while not any(isinstance(message, PlanRun) for message in world.queue.messages):
        world.deliver(world.take())
    for key in [key for key in world.objects.objects if key.startswith("staged/")]:
        del world.objects.objects[key]
    world.settle()
    return world


def _succeeds() -> Simulation:
    return school()


def _preview() -> Simulation:
    world = school()
    leave(world, 1)
    world.sync(Mode.PREVIEW)
    return world


def _held() -> Simulation:
    world = school()
    leave(world, *range(30))
    world.sync(Mode.UPDATE)
    return world


def _login_name_taken() -> Simulation:
    world = school()
    world.roster.logins[ENTERPRISE, "new"] = (RecordId("of another group"), 1)
    world.source.put(Collection.USERS, user("new", "school"))
    world.sync()
    return world


def _abandoned() -> Simulation:
    world = Simulation()
    world.request()
    while any(run.open for run in world.control.runs.values()):
        world.queue.messages.clear()
        world.tick(timedelta(hours=1))
    return world


def _group_deleted_during_a_run() -> Simulation:
    world = school()
    world.request()
    world.delete()
    world.settle()
    world.tick(timedelta(minutes=1))
    return world


STORIES: dict[str, tuple[Story, str, str | None, str]] = {
    "sync_api": (_source_refuses, "Failed", "credentials_refused", "WARNING"),
    "sync_sftp": (_nothing_at_the_server, "Failed", "sftp_path_not_found", "WARNING"),
    "ingest_zip": (_no_zip, "Failed", "not_a_zip", "WARNING"),
    "plan_sync": (_staged_too_long_ago, "Failed", "staged_roster_expired", "ERROR"),
    "plan_sync, preview": (_preview, "Succeeded", None, "INFO"),
    "upsert_entities": (_succeeds, "Succeeded", None, "INFO"),
    "upsert_entities, held": (_held, "Held", "held", "INFO"),
    "upsert_entities, unapplied": (
        _login_name_taken, "SucceededWithErrors", "login_name_taken", "WARNING",
    ),
    "close_runs": (_abandoned, "Failed", "abandoned", "ERROR"),
    "delete_group": (_group_deleted_during_a_run, "Succeeded", None, "INFO"),
}  # fmt: skip


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """Have every world of the test log as the functions do."""
    stream = Lines()
    log = PowertoolsRunLog(Logger(service=f"test-{id(stream)}", stream=stream))
    monkeypatch.setattr(InMemoryRunLog, "ended", lambda _, run: log.ended(run))
    return stream


@pytest.mark.parametrize("story", STORIES)
def test_the_end_of_every_run_is_one_line(story: str, lines: Lines) -> None:
    play, state, code, level = STORIES[story]
    world = play()
    ended = [run for run in world.control.runs.values() if not run.open]
    assert ended, "no run has ended"
    assert [line["message"] for line in lines.all] == [ENDED] * len(ended)
    assert {line["run_id"] for line in lines.all} == {run.key.run_id for run in ended}
    last = next(line for line in lines.all if line["run_id"] == ended[-1].key.run_id)
    assert (last["state"], last.get("code"), last["level"]) == (state, code, level)
    assert (last["group_id"], last["enterprise"]) == (GROUP, ENTERPRISE)
    assert NAME not in lines.getvalue()
    assert "Springfield" not in lines.getvalue(), "not even the group's name"


def test_a_line_says_what_a_run_has_done(lines: Lines) -> None:
    school()
    [line] = lines.all
    assert line["counts"]["users"] == {"created": 40}
    assert (line["mode"], line["trigger"], line["fault"]) == ("sync", "request", "nobody")
    assert line["seconds"] >= 0


def _ended(world: Simulation) -> Run:
    """A run that has ended, and whose end was not announced."""
    run = world.request()
    reason = Reason(code="credentials_refused", message="")
    assert world.control.close(run.key, world.now, RunEnd(RunState.FAILED, reason))
    return world.control.runs[run.key]


def _announce(run: Run, world: Simulation) -> None:
    announce(run.key, world.run_ports())


def test_a_bus_that_is_down_keeps_no_line_back_and_makes_none_twice(
    monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    world = Simulation()
    run = _ended(world)

    def down(*_: object) -> None:
        raise TryLaterError("the event bus did not take the events")

    with monkeypatch.context() as patch:
        patch.setattr(world.announcements, "publish", down)
        for _ in range(3):
            with pytest.raises(TryLaterError):
                _announce(run, world)
    _announce(run, world)
    assert [line["code"] for line in lines.all] == ["credentials_refused"]
    assert world.announcements.finished == [run.key.run_id]


def test_a_bucket_that_is_down_keeps_no_event_back_and_makes_none_twice(
    monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    world = school()
    key = next(iter(world.control.runs))
    ended = {"announced": False, "supersedes": ("snapshots/old",)}
    world.control.runs[key] = run = world.control.runs[key].model_copy(update=ended)
    world.announcements.published.clear()

    def down(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(world.objects, "tag", down)
        for _ in range(3):
            with pytest.raises(ConnectionError):
                _announce(run, world)
        assert world.announcements.finished == [run.key.run_id]
        assert not world.control.runs[key].announced
    _announce(run, world)
    assert world.announcements.finished == [run.key.run_id]
    assert world.control.runs[key].announced
    assert len(lines.all) == 1


def test_a_line_is_measured_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    PowertoolsRunLog(Logger(service="measured", stream=io.StringIO())).ended(_ended(Simulation()))
    [metrics] = capsys.readouterr().out.splitlines()
    measured = json.loads(metrics)
    assert measured["RunsFailed"] == [1.0]
    # Of its source and not of ours: the operators sleep on.
    assert OUR_FAULTS not in measured


def test_a_fault_of_ours_is_measured_for_its_alarm(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "homeroom")  # as the template does
    abandoned = {"reason": Reason(code="abandoned", message="")}
    log = PowertoolsRunLog(Logger(service="ours", stream=io.StringIO()))
    log.ended(_ended(Simulation()).model_copy(update=abandoned))
    [metrics] = capsys.readouterr().out.splitlines()
    measured = json.loads(metrics)
    assert measured[OUR_FAULTS] == [1.0]
    # The alarm names this dimension alone; one more would be another metric.
    [described] = measured["_aws"]["CloudWatchMetrics"]
    assert (described["Namespace"], described["Dimensions"]) == ("Homeroom", [["service"]])
    assert measured["service"] == "homeroom"
