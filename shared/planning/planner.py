"""Plans a run: from what was staged and what the roster holds to the changes between them.

The plan is set-based and works collection by collection in the order of references; memory does
not grow with the roster, since DuckDB spills to disk. Nothing here knows AWS, the network or a
clock: files come in, files go out.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.domain.collection import Collection, CollectionStatus
from shared.domain.findings import FileFinding
from shared.domain.group import GroupConfig
from shared.domain.ids import UNIT_SEPARATOR, GroupId
from shared.domain.run import Counts, Notice
from shared.domain.staged import StagedPart
from shared.planning import compare, report
from shared.planning.candidates import lay_over_base
from shared.planning.columns import SNAPSHOT_COLUMNS, names, table
from shared.planning.enrollments import resolve_enrollments
from shared.planning.identity import give_ids, merge_staff, rekey_users
from shared.planning.reading import read_new_rows
from shared.planning.references import map_ids, resolve
from shared.planning.root import place_root
from shared.planning.scope import select_rows
from shared.planning.suspicions import hold_lost_zeros, holds_any, looks_like_delta
from shared.planning.tables import (
    Connection,
    load_base,
    load_dirty,
    load_staged,
    merge_dirty,
    open_workspace,
)
from shared.planning.user_roles import join_roles, load_roles

ROWS_PER_SHARD = 100_000
MAX_SHARDS = 64


@dataclass(frozen=True)
class StagedFiles:
    """One staged collection or file, fetched: what is said of it, and its objects in order."""

    said: StagedPart
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class PlanInput:
    """All that a plan is made of.

    ``roles`` are the rows of a bundle's ``roles.csv``, ``findings`` what was repaired in its files.
    ``base`` are the Parquet files of the current snapshot (none before the first load), made under
    ``base_settings``; ``dirty`` is an NDJSON file of uncertain changes, oldest first.
    """

    group_id: GroupId
    seq: int
    config: GroupConfig
    staged: Mapping[Collection, StagedFiles]
    roles: StagedFiles | None = None
    findings: tuple[FileFinding, ...] = ()
    base: Mapping[Collection, Path] = field(default_factory=dict)
    base_settings: str | None = None
    dirty: Path | None = None


@dataclass(frozen=True)
class PlanOutcome:
    """What a plan found. ``snapshot`` has the Parquet files of the collections that differ.

    ``rejected_shares`` says of each entity which share of its rows was rejected for a fault of its
    own, from 0 to 1; ``warnings`` counts the kinds of what was repaired.
    """

    counts: Counts
    notices: tuple[Notice, ...]
    changes: int
    snapshot: Mapping[Collection, Path]
    largest: int
    report: Path
    summary: Path
    warnings: int
    rejected_shares: Mapping[str, float]


def settings_digest(config: GroupConfig) -> str:
    """Digest the settings that stand in every document; a change of one writes all anew."""
    text = UNIT_SEPARATOR.join((config.client_partner_id, config.suffix))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def shards_for(rows: int) -> int:
    """How many partitions a type of ``rows`` records is spread over; fixed at the first load."""
    return max(1, min(MAX_SHARDS, -(-rows // ROWS_PER_SHARD)))


@dataclass
class Planner:
    """One plan in its workspace; ``checkpoint`` is called between steps and may stop it."""

    given: PlanInput
    directory: Path
    checkpoint: Callable[[str], None]
    memory_limit: str = "1GB"
    threads: int = 2

    def __post_init__(self) -> None:
        self._connection: Connection = open_workspace(
            self.directory, self.memory_limit, self.threads
        )
        self._moved: set[Collection] = set()
        self._suspicious = False
        self._notices: list[Notice] = []

    def close(self) -> None:
        """Give the workspace up."""
        self._connection.close()

    def make(self) -> PlanOutcome:
        """Plan all collections; the changes themselves come from ``changes``."""
        given, connection = self.given, self._connection
        load_dirty(connection, given.dirty)
        everything = bool(given.base) and given.base_settings != settings_digest(given.config)
        if everything:
            self._moved.update(Collection)
        report.add_file_findings(connection, given.findings)
        counts: Counts = {}
        snapshot: dict[Collection, Path] = {}
        pending = changes = largest = 0
        for collection in Collection:
            self.checkpoint(collection.entity)
            self._result_of(collection)
            compare.find_changes(connection, collection, everything=everything)
            file = given.staged.get(collection, _ABSENT).said.file
            report.complete_findings(connection, collection, file)
            counts[collection.entity] = compare.count(connection, collection)
            pending += compare.count_pending(connection, collection)
            changes += self._size(table("change", collection))
            largest = max(largest, self._size(table("result", collection)))
            if collection not in given.base or compare.differs_from_base(connection, collection):
                snapshot[collection] = self._write_snapshot(collection)
        if pending:
            self._notices.append(_pending(pending))
        self.checkpoint("report")
        path, summary = self.directory / "errors.csv", self.directory / "summary.json"
        report.write_report(connection, path)
        report.write_summary(connection, summary)
        return PlanOutcome(
            counts=counts,
            notices=tuple(self._notices),
            changes=changes,
            snapshot=snapshot,
            largest=largest,
            report=path,
            summary=summary,
            warnings=report.count_warnings(connection),
            rejected_shares=report.rejected_shares(connection),
        )

    def changes(self) -> Iterator[str]:
        """Yield the lines of the change file."""
        for collection in Collection:
            self.checkpoint(collection.entity)
            yield from compare.change_lines(self._connection, collection)

    def _load(self, collection: Collection) -> CollectionStatus:
        """Make ``staged_…`` and ``base_…``; returns what the collection may be taken for."""
        given, connection = self.given, self._connection
        staged = given.staged.get(collection, _ABSENT)
        load_staged(connection, collection, staged.files, staged.said.date_orders)
        load_base(connection, collection, given.base.get(collection))
        merge_dirty(connection, collection)
        # An empty collection proves nothing: it is what a broken source looks like.
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
            self._notices.append(_taken_as_delta(staged.said.file))
            findings = (FileFinding(file=staged.said.file, code="looks_like_delta"),)
            report.add_file_findings(connection, findings)
        if collection is Collection.USERS:
            self._join_roles(status)
        if collection is not Collection.ENROLLMENTS:
            hold_lost_zeros(connection, collection)
            self._suspicious = self._suspicious or holds_any(connection, collection)
        return status

    def _join_roles(self, users: CollectionStatus) -> None:
        roles = self.given.roles or _ABSENT
        load_roles(
            self._connection, roles.files, roles.said.file or "roles.csv", roles.said.date_orders
        )
        # Where the users are taken for a delta, so are their roles.
        complete = CollectionStatus.COMPLETE
        join_roles(
            self._connection,
            users_complete=users is complete,
            roles_complete=roles.said.status is complete and users is complete,
        )

    def _result_of(self, collection: Collection) -> None:
        """Make ``result_…`` of one collection."""
        given, connection = self.given, self._connection
        status = self._load(collection)
        proven = status is CollectionStatus.COMPLETE and not self._suspicious
        if collection is Collection.ORGS and place_root(connection, given.config):
            self._notices.append(_root_made(given.config))
        legible = select_rows(connection, collection, given.config.scope)
        read_new_rows(connection, collection, self.directory)
        if collection is Collection.ENROLLMENTS:
            moved = bool(self._moved & {Collection.CLASSES, Collection.USERS})
            resolve_enrollments(
                connection,
                given.group_id,
                proven=proven,
                delta=status is CollectionStatus.DELTA,
                moved=moved,
            )
            return
        lay_over_base(connection, collection, proven and legible)
        if collection is Collection.USERS:
            rekey_users(connection, given.config.match_with)
            merge_staff(connection, given.group_id, given.seq)
        give_ids(connection, collection, given.group_id, given.seq)
        if map_ids(connection, collection, "candidate"):
            self._moved.add(collection)
        resolve(connection, collection, given.config, self._moved)
        if map_ids(connection, collection, "result"):
            self._moved.add(collection)

    def _write_snapshot(self, collection: Collection) -> Path:
        path = self.directory / f"{collection.name.lower()}.parquet"
        self._connection.execute(
            f"COPY (SELECT {names(SNAPSHOT_COLUMNS[collection])} "
            f"FROM {table('result', collection)}) "
            f"TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        )
        return path

    def _size(self, name: str) -> int:
        [(size,)] = self._connection.execute(f"SELECT count(*) FROM {name}").fetchall()
        return int(size)


_ABSENT = StagedFiles(StagedPart(status=CollectionStatus.ABSENT))


def _taken_as_delta(file: str) -> Notice:
    return Notice(
        code="taken_as_delta",
        message=(
            f"{file} is said to be complete, but has fewer than half of the records known, each "
            "with a status: it was read as changes only, and nothing missing in it counts as gone."
        ),
    )


def _root_made(config: GroupConfig) -> Notice:
    return Notice(
        code="root_made",
        message=(
            f"No org has the client partner id {config.client_partner_id} as its sourcedId or "
            "identifier. A root with that id was made; change clientPartnerId if it is misspelt."
        ),
    )


def _pending(records: int) -> Notice:
    return Notice(
        code="pending_deletions",
        message=(
            f"{records} records are gone at the source and stay here: mode sync deletes nothing."
        ),
    )
