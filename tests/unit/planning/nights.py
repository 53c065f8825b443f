"""Runs the planner night after night over the rows of a test, each on the last one's snapshot."""

import copy
import csv
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from shared.domain.group.group import GroupConfig
from shared.domain.group.hold import EVERYTHING, Decision, Selection
from shared.domain.group.retention import Retention
from shared.domain.ids import GroupId, RecordId, record_id
from shared.domain.roster.change import Change
from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.login_name import LoginHolder
from shared.domain.roster.record_exception import RecordException, holding
from shared.domain.roster.staged_rows import STAGED_COLUMNS, StagedPart
from shared.domain.run.run import Mode
from shared.planning.columns import JUDGED_COLUMNS
from shared.planning.plan import PlanInput, PlanOutcome, StagedFiles
from shared.planning.planner import Planner
from shared.planning.settings_digest import settings_digest
from tests.fakes.simulation import config

GROUP = GroupId("group-1")
ORGS, SESSIONS, COURSES, CLASSES, USERS, ENROLLMENTS = Collection
COMPLETE = CollectionStatus.COMPLETE

Row = dict[str, Any]


def org(sourced_id: Any, name: str = "Name", **values: Any) -> Row:
    return {"sourced_id": sourced_id, "name": name, "type": "school"} | values


def session(sourced_id: Any, **values: Any) -> Row:
    days = {"start_date": "2026-08-17", "end_date": "2027-06-12"}
    return {"sourced_id": sourced_id, "title": "Title", "type": "term"} | days | values


def course(sourced_id: Any, **values: Any) -> Row:
    return {"sourced_id": sourced_id, "title": "Title"} | values


def class_(sourced_id: Any, school: Any = "school", **values: Any) -> Row:
    return {"sourced_id": sourced_id, "title": "Title", "school": school} | values


def role(name: Any = "student", org_id: Any = "school", **values: Any) -> Row:
    return {"role": name, "role_type": "primary", "org": org_id} | values


def user(sourced_id: Any, *roles: Row, **values: Any) -> Row:
    names = {"given_name": "Given", "family_name": "Family"}
    return {"sourced_id": sourced_id, "roles": list(roles or [role()])} | names | values


def enrollment(sourced_id: Any, class_id: Any, user_id: Any, **values: Any) -> Row:
    row = {"sourced_id": sourced_id, "class": class_id, "user": user_id, "role": "student"}
    return row | {"begin_date": "2026-08-17"} | values


def small() -> "Rows":
    """A district with one record of every kind, all of them valid."""
    return Rows(
        {
            ORGS: [org("district", type="district"), org("school", parent="district")],
            SESSIONS: [session("year", type="schoolYear"), session("term", parent="year")],
            COURSES: [course("course", org="district", school_year="year")],
            CLASSES: [class_("class", course="course", terms=["term"])],
            USERS: [
                user("ann", username="ann"),
                user("tom", role("teacher"), username="tom"),
            ],
            ENROLLMENTS: [
                enrollment("e-ann", "class", "ann"),
                enrollment("e-tom", "class", "tom", role="teacher"),
            ],
        }
    )


class Rows(dict[Collection, list[Row]]):
    """The rows of a delivery, by collection."""

    def but(self, collection: Collection, wanted: Any, **values: Any) -> "Rows":
        """A copy with other values in the rows of one sourcedId."""
        rows = [row | values if row["sourced_id"] == wanted else row for row in self[collection]]
        return Rows(self | {collection: rows})

    def plus(self, collection: Collection, *rows: Row) -> "Rows":
        """A copy with more rows."""
        return Rows(self | {collection: [*self.get(collection, []), *rows]})

    def minus(self, collection: Collection, *sourced_ids: Any) -> "Rows":
        """A copy without some rows."""
        left = [row for row in self[collection] if row["sourced_id"] not in sourced_ids]
        return Rows(self | {collection: left})


@dataclass
class Night:
    """The outcome of one night."""

    outcome: PlanOutcome
    changes: list[Change]
    findings: list[dict[str, str]]
    held: dict[Collection, list[Row]]
    proposed: dict[Collection, list[Row]]

    @property
    def written(self) -> set[Collection]:
        """The collections whose snapshots were written."""
        return set(self.outcome.snapshot)

    @property
    def notices(self) -> list[str]:
        return [notice.code for notice in self.outcome.notices]

    def did(self) -> set[tuple[str, str, str]]:
        """Entity, action and first sourcedId of each change."""
        return {
            (c.collection.entity, c.action.value, str(c.rows[0]["sourced_id"]))
            for c in self.changes
        }

    def change(self, collection: Collection, sourced_id: str) -> Change:
        """The change whose rows include this sourcedId."""
        [change] = [
            change
            for change in self.changes
            if change.collection is collection
            and sourced_id in [row["sourced_id"] for row in change.rows]
        ]
        return change

    def row(self, collection: Collection, sourced_id: Any) -> Row:
        """The snapshot's row with this sourcedId."""
        [row] = [row for row in self.held[collection] if row["sourced_id"] == sourced_id]
        return row

    def states(self, collection: Collection) -> dict[Any, str]:
        """The state of each sourcedId, with the reason if it is pending."""
        return {
            row["sourced_id"]: row["state"] + (f" {row['why']}" if row["why"] else "")
            for row in self.held[collection]
        }

    def id(self, collection: Collection, sourced_id: Any) -> str:
        return str(self.row(collection, sourced_id)["id"])

    def told(self) -> list[tuple[str, str, str, str, str]]:
        """Entity, code, line, field and consequence of each finding."""
        return [
            (f["entity"], f["code"], f["line"], f["field"], f["consequence"]) for f in self.findings
        ]


@dataclass
class Nights:
    """One group's runs, one after the other."""

    directory: Path
    config: GroupConfig = field(default_factory=config)
    roster: dict[tuple[Collection, RecordId], tuple[Row, ...]] = field(default_factory=dict)
    elsewhere: dict[str, LoginHolder] = field(default_factory=dict)
    """By login name, folded: who has it according to the roster table."""

    def __post_init__(self) -> None:
        self.seq = 0
        self.today = date(2026, 9, 1)
        self._base: dict[Collection, Path] = {}
        self._awaiting: dict[Collection, Path] = {}
        self._settings: str | None = None
        self._retention: Retention | None = None
        self._dirty: Path | None = None
        self._snapshots: dict[int, dict[Collection, Path]] = {}
        self.exceptions: tuple[RecordException, ...] = ()

    @property
    def now(self) -> datetime:
        """The time of the last night."""
        return datetime.combine(self.today, time(2), UTC)

    def elsewhere_among(self, names: Sequence[str]) -> dict[str, LoginHolder]:
        """``LookUp`` for the planner."""
        return {name: self.elsewhere[name] for name in names if name in self.elsewhere}

    def forget_proposals(self) -> None:
        """Leave the snapshot as an older version would have: without what was proposed."""
        self._awaiting = {}

    def run(
        self,
        rows: Rows,
        statuses: dict[Collection, CollectionStatus] | None = None,
        *,
        stops: bool = False,
        mode: Mode = Mode.SYNC,
        decision: Decision | None = None,
        selection: Selection = EVERYTHING,
        days: int = 1,
        restores: int | None = None,
    ) -> Night:
        """Run one night. If it ``stops``, it never commits, and its changes may not be applied.

        :param restores: the number of the night whose roster is restored.
        """
        self.seq += 1
        self.today += timedelta(days=days)
        directory = self.directory / str(self.seq)
        directory.mkdir()
        staged = {
            collection: StagedFiles(
                StagedPart(status=(statuses or {}).get(collection, COMPLETE)),
                _files(directory, collection, rows[collection]),
            )
            for collection in rows
        }
        given = PlanInput(
            group_id=GROUP,
            seq=self.seq,
            config=self.config,
            staged=staged,
            base=dict(self._base),
            awaiting=dict(self._awaiting),
            base_settings=self._settings,
            dirty=self._dirty,
            base_retention=self._retention,
            now=self.now,
            mode=mode,
            decision=decision,
            selection=selection,
            exceptions=holding(self.exceptions, self.now),
            restored=self._snapshots[restores] if restores is not None else None,
            # The REST source was asked for the missing records again, and has none of them.
            present={},
        )
        planner = Planner(
            given, directory, lambda name: None, self.elsewhere_among, "200MB", threads=1
        )
        try:
            planner.build_result()
            outcome = planner.write_outcome()
            lines = list(planner.change_lines())
        finally:
            planner.close()
        changes = [Change.model_validate_json(line) for line in lines]
        assert len(changes) == outcome.changes
        after = self._base | dict(outcome.snapshot)
        if stops:
            dirty = directory / "dirty.ndjson"
            before = self._dirty.read_text() if self._dirty else ""
            dirty.write_text(before + "".join(line + "\n" for line in lines))
            self._dirty = dirty
        else:
            self._base, self._dirty = after, None
            self._snapshots[self.seq] = after
            self._awaiting |= outcome.proposed
            self._settings = settings_digest(self.config)
            self._retention = self.config.retention
            self.roster |= {(change.collection, change.id): change.rows for change in changes}
        held = {collection: copy.deepcopy(_read(path)) for collection, path in after.items()}
        with outcome.report.open(newline="") as file:
            findings = list(csv.DictReader(file))
        proposed = {c: copy.deepcopy(_read(path)) for c, path in self._awaiting.items()}
        return Night(outcome, changes, findings, held, proposed)


def _files(directory: Path, collection: Collection, rows: Sequence[Row]) -> tuple[Path, ...]:
    """Write two files, so that their order matters."""
    middle = (len(rows) + 1) // 2
    paths = []
    for number, part in enumerate((rows[:middle], rows[middle:])):
        if part:
            path = directory / f"{collection.name}-{number}.gz"
            names = STAGED_COLUMNS[collection]
            lines = [json.dumps({name: row.get(name) for name in names}) for row in part]
            path.write_bytes(gzip.compress("\n".join(lines).encode(), compresslevel=1))
            paths.append(path)
    return tuple(paths)


@lru_cache(maxsize=64)
def _read(path: Path) -> list[Row]:
    rows = duckdb.execute(f"SELECT * FROM read_parquet('{path}')")
    columns = [column[0] for column in rows.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]


def own_id(collection: Collection, sourced_id: str) -> str:
    return record_id(GROUP, collection.entity, sourced_id)


def snapshot_as_roster(night: Night) -> dict[tuple[Collection, RecordId], list[Row]]:
    """List what the roster must hold if it has the whole snapshot, as rows of changes."""
    found: dict[tuple[Collection, RecordId], list[Row]] = {}
    for collection, rows in night.held.items():
        for row in sorted(rows, key=lambda row: str(row["sourced_id"])):
            plain = copy.deepcopy(row)
            key = (collection, RecordId(plain.pop("id")))
            for name in JUDGED_COLUMNS.keys() - {"id"}:
                del plain[name]
            found.setdefault(key, []).append(plain)
    return found
