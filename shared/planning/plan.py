"""What a plan is made of, and what it finds."""

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
    """One staged collection or file, fetched: what is said of it, and its objects in order."""

    said: StagedPart
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class PlanInput:
    """All that a plan is made of.

    ``now`` is the run's moment (UTC). ``roles`` are the rows of a bundle's ``roles.csv``,
    ``findings`` what was repaired in its files. ``base`` are the Parquet files of the current
    snapshot (none before the first load), made under ``base_settings`` and ``base_retention``;
    ``dirty`` is an NDJSON file of uncertain changes, oldest first. ``decision`` is a person's, on
    what the base holds. ``present`` are, once the absent records have been asked for by themselves,
    the sourcedIds that are there after all. ``marked`` plans the deletion of everything;
    ``restored`` are the Parquet files of a past snapshot, which the roster is to become. ``survey``
    is an NDJSON file of what the roster's table holds, where that is not what the base says; what
    was written under a number above ``base_order`` was written after the base. ``base_run`` is the
    run that left the base.
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
    change_list: Path
    hold: Hold | None
    hold_list: Path
    hold_summary: Path
