"""The inputs of a plan, and its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from shared.domain.group.group import GroupConfig
from shared.domain.group.hold import Decision, Hold
from shared.domain.group.retention import Retention
from shared.domain.ids import GroupId
from shared.domain.roster.collection import Collection
from shared.domain.roster.findings import FileFinding
from shared.domain.roster.staged_rows import StagedPart
from shared.domain.run.counts import Counts
from shared.domain.run.run import Mode, Notice


@dataclass(frozen=True)
class StagedFiles:
    """One fetched staged collection or file: what is known of it, and its objects in order."""

    said: StagedPart
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class PlanInput:
    """The inputs of a plan.

    ``now``: the run's time (UTC).
    ``roles``: the rows of a bundle's ``roles.csv``.
    ``findings``: what was repaired in its files.
    ``base``: Parquet files of the current snapshot; empty before the first load.
    ``base_settings``, ``base_retention``: settings and retention under which the base was made.
    ``dirty``: an NDJSON file of uncertain changes, oldest first.
    ``decision``: a person's decision on what the base holds.
    ``present``: sourcedIds of absent records that turned up when the source was asked again.
    ``marked``: whether to plan the deletion of everything.
    ``restored``: Parquet files of a past snapshot to go back to.
    ``survey``: an NDJSON file of the roster table's records, if they may differ from the base.
    ``base_order``: table records with a higher number were written after the base.
    ``base_run``: the run that left the base.
    """

    group_id: GroupId
    seq: int
    config: GroupConfig
    now: datetime
    staged: Mapping[Collection, StagedFiles]
    roles: StagedFiles | None = None
    findings: tuple[FileFinding, ...] = ()
    base: Mapping[Collection, Path] = field(default_factory=dict)
    base_settings: str | None = None
    base_retention: Retention | None = None
    dirty: Path | None = None
    mode: Mode = Mode.SYNC
    decision: Decision | None = None
    present: Mapping[Collection, tuple[Path, ...]] | None = None
    marked: bool = False
    restored: Mapping[Collection, Path] | None = None
    survey: Path | None = None
    base_run: int | None = None
    base_order: int = 0


@dataclass(frozen=True)
class PlanOutcome:
    """The outcome of a plan.

    ``snapshot``: Parquet files of the collections that differ from the base.
    ``rejected_shares``: for each entity, the share of its rows (0 to 1) that were rejected for a
        fault of their own.
    ``warnings``: how many kinds of repairs there were.
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
    change_list: Path
    hold: Hold | None
    hold_list: Path
    hold_summary: Path
