"""What a plan is made of, and what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from shared.domain.group.choices import SyncType
from shared.domain.group.group import GroupConfig
from shared.domain.group.hold import EVERYTHING, Decision, Hold, Selection
from shared.domain.group.retention import Retention
from shared.domain.ids import GroupId
from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.findings import FileFinding
from shared.domain.roster.record_exception import RecordException
from shared.domain.roster.staged_rows import StagedPart
from shared.domain.run.counts import Counts
from shared.domain.run.run import STANDING_MODES, Mode, Notice, Reason
from shared.planning.settings_digest import settings_digest


@dataclass(frozen=True)
class StagedFiles:
    """One staged collection or file, fetched."""

    said: StagedPart
    """What the source said of it."""
    files: tuple[Path, ...] = ()
    """Its rows, in order."""


NOT_STAGED = StagedFiles(StagedPart(status=CollectionStatus.ABSENT))
"""Stands for a collection or file that was not delivered."""


@dataclass(frozen=True)
class PlanInput:
    """All that a plan is made of."""

    group_id: GroupId
    seq: int
    """The run's number."""
    config: GroupConfig
    now: datetime
    """The run's time (UTC)."""
    staged: Mapping[Collection, StagedFiles]
    """What the source delivered."""
    roles: StagedFiles | None = None
    """The rows of a bundle's ``roles.csv``."""
    findings: tuple[FileFinding, ...] = ()
    """What was repaired while a bundle's files were read."""
    base: Mapping[Collection, Path] = field(default_factory=dict)
    """The Parquet files of the current snapshot; empty before the first load."""
    awaiting: Mapping[Collection, Path] = field(default_factory=dict)
    """The Parquet files of what waits for a person since earlier runs, with the base."""
    base_settings: str | None = None
    """The ``settings_digest`` under which the base was made."""
    base_retention: Retention | None = None
    """How long the base keeps what has left."""
    dirty: Path | None = None
    """An NDJSON file of changes that may or may not have been written, oldest first."""
    mode: Mode = Mode.SYNC
    decision: Decision | None = None
    """What a person decided on the hold of the base."""
    selection: Selection = EVERYTHING
    """Which part of the hold the decision is about."""
    exceptions: tuple[RecordException, ...] = ()
    """What is kept or left out in this run, whatever the source says."""
    present: Mapping[Collection, tuple[Path, ...]] | None = None
    """What the source still has, once it was asked for what seemed gone (``PRESENT_COLUMNS``)."""
    unasked: Mapping[Collection, str] = field(default_factory=dict)
    """Why the absent records of a collection could not be asked for."""
    marked: bool = False
    """Whether the whole roster is to be deleted."""
    restored: Mapping[Collection, Path] | None = None
    """The Parquet files of the past snapshot that the roster is to become."""
    survey: Path | None = None
    """An NDJSON file of what the roster table holds, if the base does not say so."""
    base_run: int | None = None
    """The run that left the base."""
    base_order: int = 0
    """Whatever has a higher number in the survey was written after the base."""

    @property
    def fetched(self) -> bool:
        """Whether the run has asked its source for anything."""
        return self.mode not in STANDING_MODES and self.decision is None and not self.marked

    @property
    def rewrites_everything(self) -> bool:
        """Whether every document must be written again."""
        return self.survey is not None or (
            bool(self.base) and self.base_settings != settings_digest(self.config)
        )

    @property
    def deletes(self) -> bool:
        """Whether the run deletes what is gone. After a survey, only the next run does."""
        return self.mode.deletes and self.survey is None

    @property
    def decides_deletions(self) -> bool:
        """Whether the run decides which records leave; only an approval lets any go."""
        return self.deletes and self.decision in (None, Decision.APPROVE)

    @property
    def confirms_absences(self) -> bool:
        """Whether the source is asked again for what seems gone.

        Paging by offset skips a record when another one is deleted meanwhile.
        """
        return self.fetched and self.deletes and self.config.sync_type is SyncType.API


@dataclass(frozen=True)
class PlanOutcome:
    """What a plan found."""

    counts: Counts
    notices: tuple[Notice, ...]
    reason: Reason | None
    """Why the run does not end well, even if all of it is applied; None if it does."""
    changes: int
    """How many records change."""
    snapshot: Mapping[Collection, Path]
    """The Parquet files of the collections that differ from the base."""
    proposed: Mapping[Collection, Path]
    """The Parquet files of what waits for a person, of the collections where it differs."""
    largest: int
    """How many rows the largest collection has."""
    report: Path
    """The error report (CSV)."""
    summary: Path
    """The counts of the error report (JSON)."""
    warnings: int
    """How many kinds of repairs were made."""
    rejected_shares: Mapping[str, float]
    """For each entity, the share of its rows that were rejected for their own faults, 0 to 1."""
    change_list: Path
    """The list of changes that people read (CSV)."""
    hold: Hold | None
    """What waits for a person."""
    hold_list: Path
    """The list of what waits (CSV)."""
    hold_summary: Path
    """What waits, by school and class (JSON)."""
    kept: Hold | None
    """What a person has rejected, and what is kept therefore."""
    kept_list: Path
    """The list of what is kept (CSV)."""
    kept_summary: Path
    """What is kept, by school and class (JSON)."""
