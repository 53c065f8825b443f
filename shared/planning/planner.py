"""Plans a run: from the staged roster and the base to the changes between them.

The plan works on sets, collection by collection, in the order of references. Memory does not grow
with the roster, because DuckDB spills to disk. Nothing here knows AWS, the network or a clock:
files come in, files go out.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.domain.group.choices import SyncType
from shared.domain.group.group import GroupConfig
from shared.domain.group.hold import Decision
from shared.domain.ids import UNIT_SEPARATOR
from shared.domain.roster.change import MAX_SHARDS
from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.findings import FileFinding
from shared.domain.roster.staged_rows import StagedPart
from shared.domain.run.counts import Counts
from shared.domain.run.run import STANDING_MODES, Notice
from shared.planning import change_and_hold_lists, compare, error_report, notices
from shared.planning.candidates import lay_over_base
from shared.planning.changed_identities import hold_other_identities, hold_rekeyed
from shared.planning.columns import SNAPSHOT_COLUMNS, names, table
from shared.planning.deletions import (
    Judgement,
    allow_held,
    follow_users_and_classes,
    judge,
    judge_enrollments,
    keep_held,
    leave_last,
    mark_rows,
)
from shared.planning.duckdb_connection import Connection
from shared.planning.enrollments import resolve_enrollments
from shared.planning.expired_records import find_new_ends, forget_expired
from shared.planning.plan import PlanInput, PlanOutcome, StagedFiles
from shared.planning.record_ids import give_ids
from shared.planning.references import map_ids, resolve
from shared.planning.restore_past_roster import restore_rows
from shared.planning.root_partner import place_root
from shared.planning.row_parsing import read_new_rows
from shared.planning.rows_in_scope import select_rows
from shared.planning.same_users import merge_staff, rekey_users
from shared.planning.spreadsheet_damage import hold_lost_zeros, holds_any, looks_like_delta
from shared.planning.standing import LEFT, Answer, State, Why
from shared.planning.surveyed_table import load_survey, merge_survey
from shared.planning.user_roles import join_roles, load_roles
from shared.planning.working_tables import (
    MEMORY_LIMIT,
    load_base,
    load_dirty,
    load_present,
    load_staged,
    merge_dirty,
    open_workspace,
)

ROWS_PER_SHARD = 100_000


def settings_digest(config: GroupConfig) -> str:
    """The digest of the settings in every document; if it changes, all are written again."""
    text = UNIT_SEPARATOR.join((config.client_partner_id, config.suffix))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def shards_for(rows: int) -> int:
    """How many partitions ``rows`` records of a type need; fixed at the first load."""
    return max(1, min(MAX_SHARDS, -(-rows // ROWS_PER_SHARD)))


@dataclass
class Planner:
    """One plan in its workspace. ``checkpoint`` is called between steps and may stop it."""

    given: PlanInput
    directory: Path
    checkpoint: Callable[[str], None]
    memory_limit: str = MEMORY_LIMIT
    threads: int = 2

    def __post_init__(self) -> None:
        self._connection: Connection = open_workspace(
            self.directory, self.memory_limit, self.threads
        )
        self._judgement = Judgement(
            self.given.config.guard,
            self.given.now,
            approved=self.given.decision is Decision.APPROVE,
            asks=self._asks_again,
        )
        self._moved: set[Collection] = set()
        self._expired: set[Collection] = set()
        self._suspicious = False
        self._dirty: frozenset[Collection] = frozenset()
        self._roles = False
        self._found = 0
        self._notices: list[Notice] = []

    def close(self) -> None:
        """Close the workspace."""
        self._connection.close()

    def lay_out(self) -> Mapping[Collection, Path]:
        """Find out what the roster should hold.

        In a run that deletes and has a REST source, returns files with the sourcedIds (one on each
        line) of records that must be asked for again before they count as gone.
        """
        given, connection = self.given, self._connection
        self._dirty = load_dirty(connection, given.dirty)
        if given.survey is not None:
            load_survey(connection, given.survey)
        if self._everything:
            self._moved.update(Collection)
        error_report.add_file_findings(connection, given.findings)
        for collection in Collection:
            self.checkpoint(collection.entity)
            self._result_of(collection)
        if self._lets_go:
            in_use = leave_last(connection, self._judgement)
            if in_use:
                self._notices.append(notices.partners_in_use(in_use))
        if given.decision is Decision.APPROVE:
            allow_held(connection)
        if given.decision is Decision.REJECT:
            for collection in Collection:
                keep_held(connection, collection)
        if given.present is not None or not self._asks_again:
            return {}
        found = {c: self._absent(c) for c in Collection}
        return {collection: path for collection, path in found.items() if path is not None}

    @property
    def _everything(self) -> bool:
        """Whether every document must be written again."""
        given = self.given
        return given.survey is not None or (
            bool(given.base) and given.base_settings != settings_digest(given.config)
        )

    @property
    def _deletes(self) -> bool:
        """Whether missing records leave: not in a run that has just surveyed the table."""
        return self.given.mode.deletes and self.given.survey is None

    @property
    def _lets_go(self) -> bool:
        return self._deletes and self.given.decision is not Decision.REJECT

    @property
    def _fetched(self) -> bool:
        """Whether the run has fetched anything from its source."""
        given = self.given
        return given.mode not in STANDING_MODES and given.decision is None and not given.marked

    @property
    def _asks_again(self) -> bool:
        """Whether to ask again: offset paging skips a record if another is deleted meanwhile."""
        given = self.given
        return self._fetched and self._deletes and given.config.sync_type is SyncType.API

    def _absent(self, collection: Collection) -> Path | None:
        path = self.directory / f"absent-{collection.name.lower()}.txt"
        base, result = table("base", collection), table("result", collection)
        [(rows,)] = self._connection.execute(
            f"""
            COPY (SELECT DISTINCT b.sourced_id FROM {result} r JOIN {base} b
                  ON b.id = r.id AND b.sourced_id = r.sourced_id
                  WHERE r.why = '{Why.GONE}' AND (r.state = '{State.PENDING}' OR r.state IN {LEFT})
                    AND b.state NOT IN {LEFT} AND r.hold IS DISTINCT FROM '{Answer.KEPT}'
                  ORDER BY b.sourced_id)
            TO '{path}' (FORMAT csv, HEADER false, QUOTE '', DELIMITER '\x1f')
            """
        ).fetchall()
        return path if rows else None

    def conclude(self) -> PlanOutcome:
        """Compare all collections; ``changes`` then yields the changes themselves."""
        given, connection = self.given, self._connection
        counts: Counts = {}
        snapshot: dict[Collection, Path] = {}
        changed: dict[Collection, int] = {}
        pending = largest = 0
        found = error_report.collections_found(connection)
        for collection in Collection:
            self.checkpoint(collection.entity)
            # If something was uncertain, ``base_…`` differs from the snapshot.
            differs = (
                collection not in given.base
                or collection in self._dirty
                or compare.differs_from_base(connection, collection)
            )
            changed[collection] = compare.find_changes(
                connection,
                collection,
                differs=differs,
                everything=self._everything,
                dirty=collection in self._dirty,
                new_ends=find_new_ends(
                    connection, collection, given.base_retention, given.config.retention
                ),
            )
            if collection.value in found:
                file = given.staged.get(collection, _ABSENT).said.file
                error_report.complete_findings(connection, collection, file)
            compared = compare.count(connection, collection, changed[collection])
            counts[collection.entity] = compared.counts
            pending += compared.pending
            largest = max(largest, compared.rows)
            if differs or collection in self._expired:
                snapshot[collection] = self._write_snapshot(collection)
        if given.survey is not None:
            came = self._found if given.base or given.base_run is None else None
            written = sum(changed.values())
            self._notices.append(notices.begun_anew(given.base_run, came, written))
        elif pending and not given.mode.deletes:
            self._notices.append(notices.pending(pending))
        self.checkpoint("report")
        path, summary = self.directory / "errors.csv", self.directory / "summary.json"
        change_list, hold_list = self.directory / "changes.csv", self.directory / "hold.csv"
        hold_summary = self.directory / "hold.json"
        change_and_hold_lists.write_changes(
            connection, change_list, [c for c in Collection if changed[c]]
        )
        error_report.write_report(connection, path)
        error_report.write_summary(connection, summary)
        return PlanOutcome(
            counts=counts,
            notices=tuple(self._notices),
            changes=sum(changed.values()),
            snapshot=snapshot,
            largest=largest,
            report=path,
            summary=summary,
            warnings=error_report.count_warnings(connection),
            rejected_shares=error_report.rejected_shares(connection, roles=self._roles),
            change_list=change_list,
            hold=change_and_hold_lists.write_hold(
                connection,
                hold_list,
                hold_summary,
                [c for c in Collection if counts[c.entity].held],
            ),
            hold_list=hold_list,
            hold_summary=hold_summary,
        )

    def changes(self) -> Iterator[str]:
        """Yield the lines of the change file."""
        for collection in Collection:
            self.checkpoint(collection.entity)
            yield from compare.change_lines(self._connection, collection)

    def _load(self, collection: Collection) -> CollectionStatus:
        """Make ``staged_…`` and ``base_…``; returns the status that the collection deserves."""
        given, connection = self.given, self._connection
        staged = given.staged.get(collection, _ABSENT)
        load_staged(connection, collection, staged.files, staged.said.date_orders)
        load_base(connection, collection, given.base.get(collection))
        # Forget what the table has removed by now, by the expiry dates that the base's retention
        # gave.
        kept_by = given.base_retention or given.config.retention
        if forget_expired(connection, collection, kept_by, given.now):
            self._expired.add(collection)
        if collection in self._dirty:
            merge_dirty(connection, collection, self._judgement.since)
        if given.survey is not None:
            self._found += merge_survey(connection, collection, given.base_order)
            self._dirty |= {collection}
        load_present(connection, collection, (given.present or {}).get(collection, ()))
        # An empty collection proves nothing: a broken source looks like that.
        status = staged.said.status
        if status is CollectionStatus.COMPLETE and not self._size(table("staged", collection)):
            status = CollectionStatus.UNPROVEN
        if collection is Collection.USERS and given.roles is not None and staged is _ABSENT:
            self._join_roles(status)
        if staged.said.file is None:
            return status
        if status is CollectionStatus.COMPLETE and looks_like_delta(
            connection, collection, staged.said.status_filled
        ):
            status = CollectionStatus.DELTA
            self._notices.append(notices.taken_as_delta(staged.said.file))
            findings = (FileFinding(file=staged.said.file, code="looks_like_delta"),)
            error_report.add_file_findings(connection, findings)
        if collection is Collection.USERS:
            self._join_roles(status)
        if collection is not Collection.ENROLLMENTS:
            hold_lost_zeros(connection, collection)
            self._suspicious = self._suspicious or holds_any(connection, collection)
        return status

    def _join_roles(self, users: CollectionStatus) -> None:
        self._roles = True
        roles = self.given.roles or _ABSENT
        load_roles(
            self._connection, roles.files, roles.said.file or "roles.csv", roles.said.date_orders
        )
        # If the users are read as a delta, so are their roles.
        complete = CollectionStatus.COMPLETE
        join_roles(
            self._connection,
            users_complete=users is complete,
            roles_complete=roles.said.status is complete and users is complete,
        )

    def _result_of(self, collection: Collection) -> None:
        """Make ``result_…`` for one collection."""
        given, connection = self.given, self._connection
        status = self._load(collection)
        proven = status is CollectionStatus.COMPLETE and not self._suspicious
        if collection is Collection.ORGS and place_root(
            connection, given.config, stage=self._fetched
        ):
            self._notices.append(notices.root_made(given.config))
        legible = select_rows(connection, collection, given.config.scope)
        read = read_new_rows(connection, collection, self.directory)
        self._tell_unproven(collection, status, legible=legible)
        if given.restored is not None:
            restore_rows(connection, collection, given.restored[collection])
            self._let_go(collection)
            return
        if collection is Collection.ENROLLMENTS:
            moved = bool(self._moved & {Collection.CLASSES, Collection.USERS})
            resolve_enrollments(
                connection,
                given.group_id,
                proven=proven,
                delta=status is CollectionStatus.DELTA,
                moved=moved,
            )
            self._let_go(collection)
            return
        lay_over_base(connection, collection, proven and legible, read)
        if collection is Collection.USERS:
            rekey_users(connection, given.config.match_with)
            merge_staff(connection, given.group_id, given.seq)
        if read.parsed:
            give_ids(connection, collection, given.group_id, given.seq)
        self._map(collection, "candidate")
        resolve(connection, collection, given.config, self._moved)
        self._guard(collection)
        self._let_go(collection)
        self._map(collection, "result")

    def _map(self, collection: Collection, source: str) -> None:
        moved = collection in self._moved
        if map_ids(self._connection, collection, source, moved=moved):
            self._moved.add(collection)

    def _tell_unproven(
        self, collection: Collection, status: CollectionStatus, *, legible: bool
    ) -> None:
        """Note, in a run that deletes, why nothing of a collection counts as gone."""
        held = self._size(table("base", collection))
        if not (held and self._fetched and self._deletes):
            return
        why = None
        if status is CollectionStatus.ABSENT:
            why = "it was not delivered"
        elif not self._size(table("staged", collection)):
            why = "it came empty"
        elif status is CollectionStatus.UNPROVEN:
            why = "nothing says that it is complete"
        elif not legible:
            why = "it has rows that do not say which record they are"
        elif self._suspicious:
            why = "rows of the bundle are held back as suspicious"
        if why is not None and status is not CollectionStatus.DELTA:
            self._notices.append(notices.nothing_gone(collection, why))

    def _guard(self, collection: Collection) -> None:
        """Hold what looks like a mistake."""
        given, connection = self.given, self._connection
        if not self._fetched:
            return
        if collection in (Collection.ORGS, Collection.USERS):
            hint = hold_rekeyed(connection, collection, given.config.guard, deletes=self._deletes)
            if hint is not None:
                self._notices.append(notices.rekeyed(collection, hint))
        if collection is Collection.USERS:
            hold_other_identities(connection, given.config.guard)

    def _let_go(self, collection: Collection) -> None:
        """Let missing records leave or hold them; partners, sessions and courses come last."""
        given, connection = self.given, self._connection
        if given.marked:
            mark_rows(connection, collection)
        if not self._lets_go:
            return
        if collection in (Collection.CLASSES, Collection.USERS):
            judge(connection, collection, self._judgement)
        if collection is Collection.ENROLLMENTS:
            follow_users_and_classes(connection, self._judgement.since)
            judge_enrollments(connection, self._judgement)

    def _write_snapshot(self, collection: Collection) -> Path:
        path = self.directory / f"{collection.name.lower()}.parquet"
        self._connection.execute(
            f"COPY (SELECT {names(SNAPSHOT_COLUMNS[collection])} "
            f"FROM {table('result', collection)}) "
            f"TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        )
        return path

    def _size(self, name: str) -> int:
        return self._connection.count(f"SELECT count(*) FROM {name}")


_ABSENT = StagedFiles(StagedPart(status=CollectionStatus.ABSENT))
