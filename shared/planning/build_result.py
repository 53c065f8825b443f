"""Builds the roster that a run is to leave, collection by collection: the tables ``result_…``."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from shared.domain.errors import GiveUpError
from shared.domain.group.hold import Decision
from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.findings import FileFinding
from shared.domain.run.another_source import reason_to_stop
from shared.domain.run.login_clashes import clash_reason, reason_to_choose
from shared.domain.run.run import Notice, Reason
from shared.planning import error_report, notices
from shared.planning.another_source import count_recognised
from shared.planning.arrivals import hold_new
from shared.planning.bulk_or_delta import looks_like_delta
from shared.planning.candidates import build_candidates
from shared.planning.changed_identities import hold_changed_identities
from shared.planning.columns import table
from shared.planning.contradicted_absences import find_contradicted
from shared.planning.deletions import DeletionRules, decide_deletions, mark_all_for_deletion
from shared.planning.dirty_changes import load_dirty, merge_dirty
from shared.planning.duckdb_connection import Connection
from shared.planning.enrollment_deletions import (
    decide_enrollment_deletions,
    remove_with_user_or_class,
)
from shared.planning.enrollments import resolve_enrollments
from shared.planning.expired_records import forget_expired
from shared.planning.held_references import hold_what_refers
from shared.planning.hidden_rows import (
    Hidden,
    find_hidden,
    find_hidden_roles,
    mark_lost_zeros,
)
from shared.planning.hold_decisions import begin_decision, end_decision, take_approved
from shared.planning.login_names import LookUp, give_login_names
from shared.planning.lost_access import find_lost_changes, hold_lost_changes, remember_losses
from shared.planning.missing_partners import hold_roles_at_missing_partners
from shared.planning.plan import NOT_STAGED, PlanInput
from shared.planning.proposals import give_ids, hold_again, load_awaiting, take_up
from shared.planning.record_exceptions import ObeyedExceptions
from shared.planning.record_ids import assign_ids
from shared.planning.references import map_sourced_ids, resolve_references
from shared.planning.renumbered_sources import hold_renumbered
from shared.planning.restore_past_roster import restore_past_roster
from shared.planning.root_partner import ensure_root_partner
from shared.planning.row_parsing import parse_new_rows
from shared.planning.rows_in_scope import select_rows_in_scope
from shared.planning.same_users import hold_unclear, merge_staff, rekey_users
from shared.planning.selection import select_decided
from shared.planning.standing import STAYS
from shared.planning.statuses import mark_unknown_statuses
from shared.planning.surveyed_table import load_survey, merge_survey
from shared.planning.unused_records import delete_unused
from shared.planning.user_roles import join_roles, load_roles
from shared.planning.working_tables import load_base, load_present, load_staged


class ResultBuilder:
    """Builds ``result_…`` of each collection, and remembers what later steps need to know.

    ``dirty``: the collections with changes that may or may not have been written.
    ``expired``: the collections from which records were removed because their time is up.
    ``has_roles``: whether roles were joined to the users.
    ``unknown``: how many records the survey found that the base did not know.
    ``notices``: what the admin should know.
    ``reason``: why the run does not end well, even if all of it is applied.
    ``exceptions``: what is kept or left out.
    """

    def __init__(self, given: PlanInput, connection: Connection, directory: Path) -> None:
        self.dirty: frozenset[Collection] = frozenset()
        self.expired: set[Collection] = set()
        self.has_roles = False
        self.unknown = 0
        self.notices: list[Notice] = []
        self.reason: Reason | None = None
        self._given, self._connection, self._directory = given, connection, directory
        self._rules = DeletionRules(
            given.config.guard,
            given.now,
            approved=given.decision is Decision.APPROVE,
            confirms=given.confirms_absences,
            deletes=given.decides_deletions,
        )
        self.exceptions = ObeyedExceptions(connection, given.group_id, given.exceptions)
        self._moved: set[Collection] = set()
        self._damaged = False
        self._hidden: dict[Collection, Hidden] = {}

    def build(self, begin_step: Callable[[str], None]) -> None:
        """Build all collections, in the order of their references.

        What is gone is pending and still here: only ``decide`` lets anything leave, because what
        may leave depends on the whole roster.
        """
        given, connection = self._given, self._connection
        self.dirty = load_dirty(connection, given.dirty)
        if given.survey is not None:
            load_survey(connection, given.survey)
        if given.rewrites_everything:
            self._moved.update(Collection)
        error_report.add_file_findings(connection, given.findings)
        for collection in given.unasked:
            connection.execute("INSERT INTO unasked VALUES (?)", [str(collection)])
        for collection in Collection:
            self._load_base(collection)
        # What one collection lacks, another may name: so all are loaded before any is built.
        statuses = {collection: self._load(collection) for collection in Collection}
        self.exceptions.find_records()
        for collection in Collection:
            self.exceptions.leave_out_rows(collection)
        if given.decision is not None:
            select_decided(connection, given.selection)
        if given.decision is Decision.APPROVE:
            for collection in Collection:
                take_approved(connection, collection)
        for collection in Collection:
            begin_step(collection.entity)
            self._build(collection, statuses[collection])
        self.exceptions.leave_out_result(self._rules.since, restoring=given.restored is not None)

    def decide(self, begin_step: Callable[[str], None]) -> None:
        """Decide which of the pending records leave, and which wait for a person."""
        begin_step("judging")
        kept, left_out = self.exceptions.keep_records(), sum(self.exceptions.left_out.values())
        if kept or left_out:
            self.notices.append(notices.exceptions_obeyed(kept, left_out))
        if self._given.marked:
            for collection in Collection:
                mark_all_for_deletion(self._connection, collection)
        decision = self._given.decision
        if decision is not None:
            for collection in Collection:
                begin_decision(self._connection, collection, decision)
        if self._given.decides_deletions or self._given.fetched:
            self._judge()
        if self._given.fetched:
            hold_roles_at_missing_partners(self._connection)
        hold_what_refers(self._connection)
        if decision is not None:
            for collection in Collection:
                end_decision(self._connection, collection, decision)
        self._tell_unasked()

    def give_login_names(self, begin_step: Callable[[str], None], look_up: LookUp) -> None:
        """Give out the login names, now that it is decided who leaves.

        :raises GiveUpError: it is a first load, and another group has these people.
        """
        begin_step("login names")
        given = self._given
        clashes = give_login_names(self._connection, given.config, given.group_id, look_up)
        if given.fetched and not self._size("base_users"):
            people = "SELECT count(DISTINCT id) FROM result_users"
            if reason := reason_to_choose(clashes, self._connection.count(people)):
                raise GiveUpError(reason)
        self.reason = clash_reason(clashes)

    def _tell_unasked(self) -> None:
        """Tell the admin which records stay because the source could not be asked for them."""
        for collection, why in self._given.unasked.items():
            stay = self._connection.count(
                f"SELECT count(DISTINCT id) FROM {table('result', collection)} WHERE {STAYS}"
            )
            if stay:
                self.notices.append(notices.absence_unasked(collection, stay, why))

    def _judge(self) -> None:
        """Judge what would leave, and what would lose access otherwise."""
        connection, rules = self._connection, self._rules
        find_lost_changes(connection, rules.now.date(), fetched=self._given.fetched)
        for collection in (Collection.CLASSES, Collection.USERS):
            decide_deletions(connection, collection, rules)
        hold_lost_changes(connection, Collection.USERS)
        if rules.deletes:
            remove_with_user_or_class(connection, rules.since)
        decide_enrollment_deletions(connection, rules)
        remember_losses(connection, rules.now, approved=rules.approved)
        if not rules.deletes:
            return
        in_use = delete_unused(connection, rules)
        if in_use:
            self.notices.append(notices.partners_in_use(in_use))

    def _build(self, collection: Collection, status: CollectionStatus) -> None:
        given, connection = self._given, self._connection
        hidden = self._hidden.get(collection)
        proven = status is CollectionStatus.COMPLETE and hidden is None and not self._damaged
        if collection is Collection.ORGS and ensure_root_partner(
            connection, given.config, stage=given.fetched
        ):
            self.notices.append(notices.root_made(given.config))
        if given.fetched:
            contradicted = find_contradicted(connection, collection, proven=proven)
            if contradicted is not None:
                self.notices.append(notices.contradicted(collection, contradicted))
                proven = proven and not contradicted.many
        select_rows_in_scope(connection, collection, given.config.scope)
        read = parse_new_rows(connection, collection, self._directory)
        taken = take_up(connection, collection)
        read = replace(read, parsed=read.parsed + taken)
        self._explain_unproven(collection, status)
        if given.restored is not None:
            restore_past_roster(connection, collection, given.restored[collection])
            hold_again(connection, collection, fetched=False, proven=False)
            return
        if collection is Collection.ENROLLMENTS:
            moved = bool(self._moved & {Collection.CLASSES, Collection.USERS})
            proven = resolve_enrollments(
                connection,
                given.group_id,
                proven=proven,
                delta=status is CollectionStatus.DELTA,
                moved=moved,
            )
            hold_again(connection, collection, fetched=given.fetched, proven=proven)
            return
        build_candidates(connection, collection, proven, read)
        self.exceptions.leave_out_candidates(collection, self._rules.since)
        give_ids(connection, collection)
        if collection is Collection.USERS:
            rekey_users(connection, given.config.match_with)
            merge_staff(connection, given.group_id, given.seq)
        if read.parsed:
            assign_ids(connection, collection, given.group_id, given.seq)
        self._map_sourced_ids(collection, "candidate")
        resolve_references(connection, collection, given.config, self._moved)
        hold_again(connection, collection, fetched=given.fetched, proven=proven)
        self._hold_mistakes(collection)
        self._map_sourced_ids(collection, "result")

    def _load(self, collection: Collection) -> CollectionStatus:
        """Load ``staged_…`` and ``base_…``; returns what the plan takes the delivery for."""
        given, connection = self._given, self._connection
        staged = given.staged.get(collection, NOT_STAGED)
        load_staged(connection, collection, staged.files, staged.said.date_orders)
        load_present(connection, collection, (given.present or {}).get(collection, ()))
        # An empty collection proves nothing: it is what a broken source looks like.
        status = staged.said.status
        if status is CollectionStatus.COMPLETE and not self._size(table("staged", collection)):
            status = CollectionStatus.UNPROVEN
        if collection is Collection.USERS and given.roles is not None and staged is NOT_STAGED:
            self._join_roles(status)
        mark_unknown_statuses(connection, collection)
        if staged.said.file is None:
            self._find_hidden(collection, None)
            return status
        if status is CollectionStatus.COMPLETE and looks_like_delta(
            connection, collection, staged.said.status_filled
        ):
            status = CollectionStatus.DELTA
            self.notices.append(notices.taken_as_delta(staged.said.file))
            findings = (FileFinding(file=staged.said.file, code="looks_like_delta"),)
            error_report.add_file_findings(connection, findings)
        if collection is Collection.USERS:
            self._join_roles(status)
        if collection is not Collection.ENROLLMENTS:
            mark_lost_zeros(connection, collection)
        self._find_hidden(collection, staged.said.file)
        return status

    def _find_hidden(self, collection: Collection, file: str | None) -> None:
        hidden = find_hidden(self._connection, collection, file, self._given.findings)
        if hidden is not None:
            self._hidden[collection] = hidden
            self._damaged = self._damaged or hidden.damaged

    def _load_base(self, collection: Collection) -> None:
        """Load what the roster holds: the snapshot, and what may differ from it."""
        given, connection = self._given, self._connection
        load_base(connection, collection, given.base.get(collection))
        load_awaiting(connection, collection, given.awaiting.get(collection))
        # The roster table has deleted these by now: it goes by the retention of the base.
        kept_by = given.base_retention or given.config.retention
        if forget_expired(connection, collection, kept_by, given.now):
            self.expired.add(collection)
        if collection in self.dirty:
            merge_dirty(connection, collection, self._rules.since)
        if given.survey is not None:
            self.unknown += merge_survey(connection, collection, given.base_order)
            self.dirty |= {collection}

    def _join_roles(self, users: CollectionStatus) -> None:
        self.has_roles = True
        roles = self._given.roles or NOT_STAGED
        file = roles.said.file or "roles.csv"
        load_roles(self._connection, roles.files, file, roles.said.date_orders)
        hidden = find_hidden_roles(self._connection, file, self._given.findings)
        if hidden is not None and self._given.deletes:
            self.notices.append(notices.nothing_gone("roles", hidden.why))
        # If the users are taken for a delta, so are their roles.
        complete = CollectionStatus.COMPLETE
        join_roles(
            self._connection,
            users_complete=users is complete,
            roles_complete=roles.said.status is complete and users is complete and hidden is None,
        )

    def _map_sourced_ids(self, collection: Collection, source: str) -> None:
        moved = collection in self._moved
        if map_sourced_ids(self._connection, collection, source, moved=moved):
            self._moved.add(collection)

    def _explain_unproven(self, collection: Collection, status: CollectionStatus) -> None:
        """In a run that deletes, tell the admin why nothing of a collection counts as gone."""
        held = self._size(table("base", collection))
        if not (held and self._given.fetched and self._given.deletes):
            return
        why = None
        if status is CollectionStatus.ABSENT:
            why = "it was not delivered"
        elif not self._size(table("staged", collection)):
            why = "it was empty"
        elif status is CollectionStatus.UNPROVEN:
            why = "nothing proves that it is complete"
        elif collection in self._hidden:
            why = self._hidden[collection].why
        elif self._damaged:
            why = "some rows of the bundle were damaged by a spreadsheet and are held back"
        if why is not None and status is not CollectionStatus.DELTA:
            self.notices.append(notices.nothing_gone(notices.named(collection), why))

    def _hold_mistakes(self, collection: Collection) -> None:
        """Hold changes that look like a mistake of the source.

        :raises GiveUpError: it is another source.
        """
        given, connection = self._given, self._connection
        if not given.fetched:
            return
        if collection is Collection.USERS and self._size("base_users"):
            reason = reason_to_stop(count_recognised(connection), given.config.guard)
            if reason is not None:
                raise GiveUpError(reason)
        if collection in (Collection.ORGS, Collection.USERS):
            hint = hold_renumbered(
                connection, collection, given.config.guard, deletes=given.deletes
            )
            if hint is not None:
                self.notices.append(notices.rekeyed(collection, hint))
            hold_new(connection, collection, given.config.guard)
        if collection is Collection.USERS:
            hold_unclear(connection)
            hold_changed_identities(connection, given.config.guard)

    def _size(self, name: str) -> int:
        return self._connection.count(f"SELECT count(*) FROM {name}")
