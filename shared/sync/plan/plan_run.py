"""Plans a run: compares what was staged with what the roster holds, and hands the changes over."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.domain import object_keys
from shared.domain.errors import BaseMissingError, GiveUpError
from shared.domain.roster.collection import Collection
from shared.domain.roster.record_exception import RecordException, digest_of, holding
from shared.domain.roster.staged_rows import Absent, PlanCursor
from shared.domain.roster.stamp import Stamp, table_was_restored
from shared.domain.run.results import NextLeg, RosterBase, RunEnd
from shared.domain.run.run import Mode, RunState
from shared.domain.run.too_many_rejected import reason_to_refuse
from shared.messages import PlanRun
from shared.planning.ids_to_confirm import AbsentIds
from shared.planning.plan import PlanInput, PlanOutcome
from shared.planning.planner import Planner
from shared.planning.shard_count import shards_for
from shared.planning.working_tables import MEMORY_LIMIT
from shared.ports.groups import Groups, RecordExceptions
from shared.ports.messaging import Queue
from shared.ports.roster import RosterHoldings
from shared.ports.runs import Batches
from shared.sync.leg import USUAL_PACE, Leg, Pace, claim_leg
from shared.sync.plan.hand_over import (
    StoredPlan,
    close_unchanged,
    start_applying,
    store_hold,
    store_snapshot,
)
from shared.sync.plan.inputs import fetch_inputs
from shared.sync.plan.login_name_holders import LoginNameHolders
from shared.sync.plan.survey_table import Survey, make_survey, next_order, shards_of
from shared.sync.refuse_newer import refuse_newer_shape
from shared.sync.run_ports import RunPorts


@dataclass(frozen=True)
class PlanPorts:
    """What planning needs of the world.

    ``run``: what every stage needs.
    ``batches``: the base, and the batches to open.
    ``exceptions``: what the group keeps or leaves out.
    ``holdings``: what the roster table holds.
    ``groups``: the groups of enterprises, by which others' login names are named.
    ``extract_queue``: where a run goes back to that has absent records to confirm.
    ``apply_queue``: where the batches wait.
    ``pace``: how often the lease is renewed.
    ``memory_limit``: what DuckDB may hold in memory.
    ``threads``: how many threads DuckDB uses.
    """

    run: RunPorts
    batches: Batches
    exceptions: RecordExceptions
    holdings: RosterHoldings
    groups: Groups
    extract_queue: Queue
    apply_queue: Queue
    pace: Pace = USUAL_PACE
    memory_limit: str = MEMORY_LIMIT
    threads: int = 2


def plan_run(message: PlanRun, ports: PlanPorts, owner: str, directory: Path) -> None:
    """Plan a run, if its leg can be claimed.

    :param owner: names this invocation.
    :param directory: empty scratch space.
    """
    leg = claim_leg(message, RunState.PLANNING, owner, ports.run, ports.pace)
    if leg is not None:
        leg.do(lambda: _Planning(leg, ports, directory).work())


@dataclass
class _Planning:
    leg: Leg
    ports: PlanPorts
    directory: Path
    step: str = "planning"
    exceptions: tuple[RecordException, ...] = ()

    def work(self) -> None:
        """Plan; the lease is renewed all the while."""
        with self.leg.kept_alive(lambda: {"stage": self.step}):
            self._plan()

    def _plan(self) -> None:
        cursor = self.leg.cursor(PlanCursor)
        base = self.ports.batches.base(self.leg.run.key)
        refuse_newer_shape(base.snapshot, "What the roster of this group holds")
        run = self.leg.run
        if run.mode is not Mode.RETENTION:  # such a run changes nothing that the roster shows
            self.exceptions = holding(self.ports.exceptions.all(run.group_id), run.created_at)
        table_stamp = self.ports.holdings.stamp(self.leg.run.group_id)
        given, survey = self._gather(base, table_stamp)
        planner = Planner(
            given,
            self.directory,
            self._begin_step,
            LoginNameHolders(self.leg.run.enterprise, self.ports.holdings, self.ports.groups),
            memory_limit=self.ports.memory_limit,
            threads=self.ports.threads,
        )
        try:
            absent = planner.build_result()
            if absent:
                self._confirm_absences(cursor, absent)
                return
            outcome = planner.write_outcome()
            self._begin_step("handing over")
            self._upload_reports(outcome)
            self._refuse_if_bad(outcome)
            if self.leg.run.mode is Mode.PREVIEW:
                end = RunEnd(
                    RunState.SUCCEEDED,
                    outcome.reason,
                    notices=outcome.notices,
                    counts=outcome.counts,
                )
                self.leg.close(end)
                return
            stored = self._store(base, outcome, table_stamp, survey)
            if outcome.changes:
                path, queue = self.directory / "changes.gz", self.ports.apply_queue
                changes = planner.change_lines()
                start_applying(self.leg, stored, changes, path, self.ports.batches, queue)
            else:
                close_unchanged(self.leg, stored, self.ports.batches)
        finally:
            planner.close()

    def _begin_step(self, name: str) -> None:
        """Show what is done now; stop if the run is another worker's.

        :raises StoppedError: it is.
        """
        self.step = name
        self.leg.check_owner()

    def _gather(
        self, base: RosterBase, table_stamp: Stamp | None
    ) -> tuple[PlanInput, Survey | None]:
        """Fetch what is planned from; survey the roster table if its base proves nothing."""
        if not table_was_restored(base.stamp, table_stamp):
            try:
                return self._fetch(base, None), None
            except BaseMissingError:
                pass  # the roster table says what the base would
        run, shards = self.leg.run, shards_of(base, table_stamp)
        now = self.leg.ports.clock()
        survey = make_survey(run.group_id, shards, self.ports.holdings, self.directory, now)
        return self._fetch(base, survey), survey

    def _fetch(self, base: RosterBase, survey: Survey | None) -> PlanInput:
        file = survey.file if survey else None
        return fetch_inputs(
            self.leg.run, base, self.exceptions, self.leg.ports, self.directory, file
        )

    def _confirm_absences(self, cursor: PlanCursor, absent: Mapping[Collection, AbsentIds]) -> None:
        """Send the run back to ask the source for what seems gone; then it is planned again."""
        wanted = {}
        for collection, ids in absent.items():
            key = object_keys.absent_key(self.leg.run.key, self.leg.owner, collection)
            self.leg.ports.objects.upload(key, ids.file)
            wanted[collection] = Absent(key=key, records=ids.records, known=ids.known)
        asking = PlanCursor(
            staged=cursor.staged, absent=wanted, exceptions=digest_of(self.exceptions)
        )
        here = asking.model_dump(mode="json")
        step = NextLeg(RunState.EXTRACTING, here, {"stage": "confirming"})
        self.leg.hand_on(step, self.ports.extract_queue)

    def _upload_reports(self, outcome: PlanOutcome) -> None:
        """Store what people read of the plan, whatever becomes of it."""
        key, objects = self.leg.run.key, self.leg.ports.objects
        objects.upload(object_keys.errors_key(key), outcome.report)
        objects.upload(object_keys.errors_summary_key(key), outcome.summary)
        objects.upload(object_keys.change_list_key(key), outcome.change_list)
        objects.upload(object_keys.held_list_key(key), outcome.hold_list)

    def _refuse_if_bad(self, outcome: PlanOutcome) -> None:
        """End the run if too much of what was delivered is wrong for its group.

        :raises GiveUpError: it is.
        """
        config, shares = self.leg.run.config, outcome.rejected_shares
        if reason := reason_to_refuse(config, outcome.warnings, shares):
            raise GiveUpError(reason)

    def _store(
        self,
        base: RosterBase,
        outcome: PlanOutcome,
        table_stamp: Stamp | None,
        survey: Survey | None,
    ) -> StoredPlan:
        """Store the snapshot and the hold, and number the plan's writes."""
        stamp = Stamp(
            order=next_order(self.leg.run, table_stamp, survey),
            attempt=self.leg.owner,
            shards=shards_of(base, table_stamp) or shards_for(outcome.largest),
        )
        snapshot = store_snapshot(self.leg, base, outcome)
        hold = store_hold(self.leg, outcome)
        return StoredPlan(base, outcome, snapshot, hold, stamp, table_stamp)
