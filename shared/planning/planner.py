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
from shared.domain.group import GroupConfig
from shared.domain.ids import UNIT_SEPARATOR, GroupId
from shared.domain.run import Counts, Notice
from shared.planning import compare, report
from shared.planning.candidates import lay_over_base
from shared.planning.columns import SNAPSHOT_COLUMNS, names, table
from shared.planning.enrollments import resolve_enrollments
from shared.planning.identity import give_ids, merge_staff, rekey_users
from shared.planning.reading import read_new_rows
from shared.planning.references import map_ids, resolve
from shared.planning.root import place_root
from shared.planning.scope import select_rows
from shared.planning.tables import (
    Connection,
    load_base,
    load_dirty,
    load_staged,
    merge_dirty,
    open_workspace,
)

ROWS_PER_SHARD = 100_000
MAX_SHARDS = 64


@dataclass(frozen=True)
class StagedFiles:
    """One staged collection, fetched: what its source says of it, and its files in order."""

    status: CollectionStatus
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class PlanInput:
    """All that a plan is made of.

    ``base`` are the Parquet files of the current snapshot (none before the first load), made under
    ``base_settings``; ``dirty`` is an NDJSON file of uncertain changes, oldest first.
    """

    group_id: GroupId
    seq: int
    config: GroupConfig
    staged: Mapping[Collection, StagedFiles]
    base: Mapping[Collection, Path] = field(default_factory=dict)
    base_settings: str | None = None
    dirty: Path | None = None


@dataclass(frozen=True)
class PlanOutcome:
    """What a plan found. ``snapshot`` has the Parquet files of the collections that differ."""

    counts: Counts
    notices: tuple[Notice, ...]
    changes: int
    snapshot: Mapping[Collection, Path]
    largest: int
    report: Path
    findings: int


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
        notices: list[Notice] = []
        counts: Counts = {}
        snapshot: dict[Collection, Path] = {}
        pending = changes = largest = 0
        for collection in Collection:
            self.checkpoint(collection.entity)
            root_made = self._result_of(collection)
            if root_made:
                notices.append(_root_made(given.config))
            compare.find_changes(connection, collection, everything=everything)
            report.complete_findings(connection, collection)
            counts[collection.entity] = compare.count(connection, collection)
            pending += compare.count_pending(connection, collection)
            changes += self._size(table("change", collection))
            largest = max(largest, self._size(table("result", collection)))
            if collection not in given.base or compare.differs_from_base(connection, collection):
                snapshot[collection] = self._write_snapshot(collection)
        if pending:
            notices.append(_pending(pending))
        self.checkpoint("report")
        path = self.directory / "errors.csv"
        findings = report.write_report(connection, path)
        return PlanOutcome(counts, tuple(notices), changes, snapshot, largest, path, findings)

    def changes(self) -> Iterator[str]:
        """Yield the lines of the change file."""
        for collection in Collection:
            self.checkpoint(collection.entity)
            yield from compare.change_lines(self._connection, collection)

    def _result_of(self, collection: Collection) -> bool:
        """Make ``result_…`` of one collection; True if the group's root had to be made."""
        given, connection = self.given, self._connection
        staged = given.staged.get(collection, StagedFiles(CollectionStatus.ABSENT))
        load_staged(connection, collection, staged.files)
        load_base(connection, collection, given.base.get(collection))
        merge_dirty(connection, collection)
        # An empty collection proves nothing: it is what a broken source looks like.
        proven = staged.status is CollectionStatus.COMPLETE and self._size(
            table("staged", collection)
        )
        root_made = collection is Collection.ORGS and place_root(connection, given.config)
        legible = select_rows(connection, collection, given.config.scope)
        read_new_rows(connection, collection, self.directory)
        if collection is Collection.ENROLLMENTS:
            moved = bool(self._moved & {Collection.CLASSES, Collection.USERS})
            resolve_enrollments(connection, given.group_id, proven=bool(proven), moved=moved)
            return False
        lay_over_base(connection, collection, bool(proven and legible))
        if collection is Collection.USERS:
            rekey_users(connection, given.config.match_with)
            merge_staff(connection, given.group_id, given.seq)
        give_ids(connection, collection, given.group_id, given.seq)
        if map_ids(connection, collection, "candidate"):
            self._moved.add(collection)
        resolve(connection, collection, given.config, self._moved)
        if map_ids(connection, collection, "result"):
            self._moved.add(collection)
        return root_made

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
