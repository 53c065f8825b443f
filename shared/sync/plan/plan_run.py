"""Plans a run: fetches what was staged and what the roster holds, and hands the changes over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.domain import object_keys
from shared.domain.counted import agreeing, counted
from shared.domain.errors import BaseMissingError, GiveUpError, StoppedError
from shared.domain.group.choices import Tolerance
from shared.domain.group.hold import Hold
from shared.domain.roster.collection import Collection
from shared.domain.roster.staged_rows import Absent, PlanCursor
from shared.domain.roster.stamp import Stamp
from shared.domain.run.results import Commit, NextLeg, PlanResult, RosterBase, RunEnd
from shared.domain.run.run import Mode, Plan, Reason, Run, RunState, Snapshot
from shared.messages import PlanRun
from shared.planning.columns import SHAPE_VERSION
from shared.planning.plan import PlanInput, PlanOutcome
from shared.planning.planner import Planner, settings_digest, shards_for
from shared.planning.tables import MEMORY_LIMIT
from shared.ports.bucket import Objects
from shared.ports.messaging import Announcements, Queue
from shared.ports.roster import RosterHoldings
from shared.ports.runs import Batches, Legs, RunLog, Runs
from shared.sync import change_file, prepared_objects
from shared.sync.close.finish_run import announce, fail, unmarks, waits
from shared.sync.heartbeat import Heartbeat
from shared.sync.plan.inputs import fetch_inputs
from shared.sync.plan.survey import Survey, differs, make_survey, order_of, spread
from shared.sync.refuse_newer import refuse_newer, refuse_newer_shape
from shared.sync.request.send_work import at_leg, send_batches, send_extract_leg


@dataclass(frozen=True)
class PlanPorts:
    """What planning needs of the world. ``beat_seconds`` is a third of the lease."""

    runs: Runs
    legs: Legs
    batches: Batches
    holdings: RosterHoldings
    objects: Objects
    extract_queue: Queue
    apply_queue: Queue
    announcements: Announcements
    run_log: RunLog
    clock: Callable[[], datetime]
    beat_seconds: float = 20
    memory_limit: str = MEMORY_LIMIT
    threads: int = 2


def plan_run(message: PlanRun, ports: PlanPorts, owner: str, directory: Path) -> None:
    """Plan the run that ``message`` speaks of, if its leg can be claimed.

    ``owner`` names this invocation; ``directory`` is empty scratch space.
    """
    now = ports.clock()
    states = frozenset({RunState.PLANNING})
    run = ports.legs.claim(message.key, states, message.leg, owner, now)
    if run is None:
        return
    step = "planning"

    def beat() -> None:
        ports.legs.beat(run.key, owner, ports.clock(), {"stage": step})

    with Heartbeat(beat, ports.beat_seconds) as heartbeat:

        def checkpoint(name: str) -> None:
            nonlocal step
            step = name
            heartbeat.check()

        try:
            _plan(run, ports, owner, directory, checkpoint)
        except GiveUpError as error:
            fail(run, error.reason, owner, ports.legs, ports.runs, ports)
        except StoppedError:
            return


def _plan(
    run: Run, ports: PlanPorts, owner: str, directory: Path, checkpoint: Callable[[str], None]
) -> None:
    refuse_newer(run, PlanCursor)
    base = ports.batches.base(run.key)
    refuse_newer_shape(base.snapshot, "What the roster of this group holds")
    witness = ports.holdings.stamp(run.group_id)
    survey: Survey | None = None
    if differs(base, witness):
        survey = _survey(run, base, witness, ports, directory)
    try:
        given = _fetch(run, base, ports, directory, survey)
    except BaseMissingError:
        survey = _survey(run, base, witness, ports, directory)
        given = _fetch(run, base, ports, directory, survey)
    order = order_of(run, witness, survey)
    planner = Planner(
        given, directory, checkpoint, memory_limit=ports.memory_limit, threads=ports.threads
    )
    try:
        absent = planner.lay_out()
        if absent:
            _ask_again(run, ports, owner, absent)
            return
        outcome = planner.conclude()
        checkpoint("handing over")
        ports.objects.upload(object_keys.errors_key(run.key), outcome.report)
        ports.objects.upload(object_keys.errors_summary_key(run.key), outcome.summary)
        ports.objects.upload(object_keys.change_list_key(run.key), outcome.change_list)
        _stop_if_bad(run, outcome)
        if run.mode is Mode.PREVIEW:
            _close_preview(run, ports, owner, outcome)
            return
        snapshot = _store_snapshot(run, base, outcome, ports.objects, owner)
        hold = _store_hold(run, outcome, ports.objects, owner)
        shards = spread(base, witness) or shards_for(outcome.largest)
        if outcome.changes:
            writing = _Writing(order, shards, witness)
            _hand_over(run, ports, owner, planner, outcome, snapshot, hold, writing, directory)
        else:
            _close_unchanged(run, ports, owner, base, outcome, snapshot, hold, shards)
    finally:
        planner.close()


@dataclass(frozen=True)
class _Writing:
    """How a plan's changes are written: under which number, where, and after which plan."""

    order: int
    shards: int
    witness: Stamp | None


def _survey(
    run: Run, base: RosterBase, witness: Stamp | None, ports: PlanPorts, directory: Path
) -> Survey:
    return make_survey(run, base, witness, ports.holdings, directory, ports.clock())


def _fetch(
    run: Run, base: RosterBase, ports: PlanPorts, directory: Path, survey: Survey | None
) -> PlanInput:
    # The run's day: a plan made anew judges by the same.
    now, file = run.created_at, survey.file if survey else None
    return fetch_inputs(run, base, ports.runs, ports.objects, directory, now, file)


def _ask_again(run: Run, ports: PlanPorts, owner: str, absent: Mapping[Collection, Path]) -> None:
    """Hand the run back to be asked for what seems gone; it is planned anew with the answer."""
    wanted = {}
    for collection, path in absent.items():
        key = object_keys.absent_key(run.key, owner, collection)
        ports.objects.upload(key, path)
        wanted[collection] = Absent(key=key, records=_count_lines(path))
    cursor = PlanCursor.model_validate(run.cursor).model_copy(update={"absent": wanted})
    now = ports.clock()
    leg = ports.legs.hand_on(
        run.key,
        owner,
        now,
        NextLeg(
            RunState.EXTRACTING,
            cursor=cursor.model_dump(mode="json"),
            progress={"stage": "confirming"},
        ),
    )
    run = at_leg(run, RunState.EXTRACTING, leg)
    send_extract_leg(run, {run.extractor: ports.extract_queue}, ports.runs, now)


def _close_preview(run: Run, ports: PlanPorts, owner: str, outcome: PlanOutcome) -> None:
    """End a preview: it has shown what an update would do, and does nothing."""
    closed = ports.legs.close(
        run.key,
        ports.clock(),
        RunEnd(RunState.SUCCEEDED, notices=outcome.notices, counts=outcome.counts),
        owner,
    )
    if closed:
        announce(run.key, ports.runs, ports.legs, ports)


def _store_hold(run: Run, outcome: PlanOutcome, objects: Objects, owner: str) -> Hold | None:
    if outcome.hold is None:
        return None
    listed, summed_up = object_keys.hold_keys(run.key, owner)
    hold = outcome.hold.model_copy(
        update={"seq": run.seq, "list_key": listed, "summary_key": summed_up}
    )
    objects.upload(listed, outcome.hold_list, object_keys.CANDIDATE)
    objects.upload(summed_up, outcome.hold_summary, object_keys.CANDIDATE)
    return hold


def _stop_if_bad(run: Run, outcome: PlanOutcome) -> None:
    """End the run before any change if too much of what was delivered is wrong for this group."""
    if run.config.tolerance is Tolerance.STRICT and outcome.warnings:
        raise GiveUpError(
            Reason(
                code="not_strict",
                field="tolerance",
                message="The group is strict, and "
                f"{counted(outcome.warnings, 'thing')} had to be repaired; the error report names "
                f"{agreeing(outcome.warnings, 'it', 'them')}. Nothing was changed. Correct "
                f"{agreeing(outcome.warnings, 'it', 'them')} at the source, or make the group "
                "lenient.",
            )
        )
    entity, share = max(outcome.rejected_shares.items(), key=lambda each: each[1])
    if share * 100 > run.config.max_rejected_percent:
        raise GiveUpError(
            Reason(
                code="too_many_rejected",
                field="maxRejectedPercent",
                message=f"{share:.0%} of the {entity} were rejected, more than the "
                f"{run.config.max_rejected_percent} % that the group allows. Nothing was changed. "
                "The error report names each row; correct them at the source and sync again.",
            )
        )


def _store_snapshot(
    run: Run, base: RosterBase, outcome: PlanOutcome, objects: Objects, owner: str
) -> Snapshot:
    """Store the collections that differ, as candidates; the others keep their objects."""
    stored = dict(base.snapshot.objects) if base.snapshot else {}
    for collection, path in outcome.snapshot.items():
        key = object_keys.snapshot_key(run.key, owner, collection)
        objects.upload(key, path, object_keys.CANDIDATE)
        stored[collection] = key
    return Snapshot(
        seq=run.seq,
        shape_version=SHAPE_VERSION,
        settings=settings_digest(run.config),
        objects=stored,
        besides=base.snapshot.besides if base.snapshot else {},
        retention=run.config.retention,
    )


def _hand_over(
    run: Run,
    ports: PlanPorts,
    owner: str,
    planner: Planner,
    outcome: PlanOutcome,
    snapshot: Snapshot,
    hold: Hold | None,
    writing: _Writing,
    directory: Path,
) -> None:
    """Write the changes down, then take the run to Applying, then fan out.

    The order is the safety: whatever stops this after the transaction, the changes are in the
    group's ``dirty``, and ``close_runs`` sends the open batches, for none is noted as sent.
    """
    path = directory / "changes.gz"
    ends = change_file.write_batches(planner.changes(), path)
    plan = Plan(
        changes_key=object_keys.changes_key(run.key, owner),
        attempt=owner,
        batches=len(ends),
        shards=writing.shards,
        snapshot=snapshot,
        hold=hold,
        order=writing.order,
    )
    change_file.upload(ports.objects, plan.changes_key, path, ends)
    ports.batches.open(run.key, plan, ports.clock())
    ports.batches.planned(
        run.key,
        owner,
        ports.clock(),
        PlanResult(
            counts=outcome.counts,
            notices=outcome.notices,
            plan=plan,
            stamp=Stamp(order=writing.order, attempt=owner, shards=writing.shards),
            seen=writing.witness,
        ),
    )
    applying = run.model_copy(update={"state": RunState.APPLYING, "plan": plan})
    numbers = range(plan.batches)
    send_batches(applying, numbers, ports.objects, ports.apply_queue, ports.runs, ports.clock)


def _close_unchanged(
    run: Run,
    ports: PlanPorts,
    owner: str,
    base: RosterBase,
    outcome: PlanOutcome,
    snapshot: Snapshot,
    hold: Hold | None,
    shards: int,
) -> None:
    """End a run that has nothing to apply: from Planning to Succeeded in one transaction."""
    old = base.snapshot.objects if base.snapshot else {}
    replaced = [key for name, key in old.items() if snapshot.objects[name] != key]
    fresh = [snapshot.objects[name] for name in outcome.snapshot]
    moves = bool(fresh) or (base.snapshot and base.snapshot.retention != snapshot.retention)
    prepared_objects.keep_result(run, snapshot, hold, ports.objects)
    ports.batches.commit(
        run.key,
        ports.clock(),
        Commit(
            state=RunState.HELD if hold else RunState.SUCCEEDED,
            reason=waits(hold) if hold else None,
            hold=hold,
            unmark=unmarks(run, base.hold, hold),
            snapshot=base.snapshot if base.snapshot and not moves else snapshot,
            shards=shards,
            supersedes=(*replaced, *(base.hold.keys if base.hold else ())),
            counts=outcome.counts,
            notices=outcome.notices,
            owner=owner,
        ),
    )
    announce(run.key, ports.runs, ports.legs, ports)


def _count_lines(path: Path) -> int:
    """How many lines a file has."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
