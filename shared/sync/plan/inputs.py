"""Fetches what a plan is made from: staged rows, the base, uncertain changes, a past snapshot."""

from collections.abc import Sequence
from pathlib import Path

from shared.domain.errors import BaseMissingError, GiveUpError, MissingObjectError
from shared.domain.group.hold import EVERYTHING
from shared.domain.ids import RunKey
from shared.domain.roster.collection import Collection
from shared.domain.roster.record_exception import RecordException, digest_of
from shared.domain.roster.staged_rows import PlanCursor, StagedPart
from shared.domain.run.results import RosterBase
from shared.domain.run.run import Reason, Run
from shared.planning.plan import PlanInput, StagedFiles
from shared.ports.bucket import Objects
from shared.ports.runs import Runs
from shared.sync import change_file
from shared.sync.past_rosters import UNDO_DAYS
from shared.sync.refuse_newer import refuse_newer_shape
from shared.sync.run_ports import RunPorts


def fetch_inputs(
    run: Run,
    base: RosterBase,
    exceptions: tuple[RecordException, ...],
    ports: RunPorts,
    directory: Path,
    survey: Path | None,
) -> PlanInput:
    """Fetch what a run has staged, and what its roster holds.

    :param exceptions: those of the group that hold in this run.
    :param directory: where the files go.
    :param survey: what the roster table holds; with it, the base may be gone.
    :raises BaseMissingError: the base is gone, and there is no survey.
    :raises GiveUpError: something else is no longer kept.
    """
    objects = ports.objects
    staged: dict[Collection, StagedFiles] = {}
    cursor = PlanCursor.model_validate(run.cursor)
    roster = cursor.staged
    present: dict[Collection, tuple[Path, ...]] | None = None
    asked = cursor.present is not None and cursor.exceptions == digest_of(exceptions)
    try:
        if asked and cursor.present is not None:
            present = {
                c: _fetch_objects(keys, f"present-{c.name}", objects, directory)
                for c, keys in cursor.present.items()
            }
        for collection, delivered in roster.collections.items():
            staged[collection] = _fetch_part(delivered, collection.name, objects, directory)
        roles = _fetch_part(roster.roles, "roles", objects, directory) if roster.roles else None
    except MissingObjectError as error:
        raise GiveUpError(
            Reason(
                code="staged_roster_expired",
                message="What was fetched for this run is no longer kept. Sync again.",
            )
        ) from error
    restored = _fetch_past(run, ports.runs, objects, directory)
    snapshot = _fetch_base(base, objects, directory, surveyed=survey is not None)
    awaiting = _fetch_proposals(base, objects, directory, surveyed=survey is not None)
    dirty = _fetch_dirty(base, objects, directory, surveyed=survey is not None)
    return PlanInput(
        group_id=run.group_id,
        seq=run.seq,
        config=run.config,
        staged=staged,
        roles=roles,
        findings=roster.findings,
        present=present,
        unasked=cursor.unasked if asked else {},
        exceptions=exceptions,
        now=run.created_at,  # a plan that is made again judges by the same day
        mode=run.mode,
        decision=run.decision.decision if run.decision else None,
        selection=run.decision.selection if run.decision else EVERYTHING,
        marked=run.marked,
        restored=restored,
        base=snapshot,
        awaiting=awaiting,
        base_settings=base.snapshot.settings if base.snapshot else None,
        base_retention=base.snapshot.retention if base.snapshot else None,
        dirty=dirty,
        survey=survey,
        base_run=base.snapshot.seq if base.snapshot else None,
        base_order=base.stamp.order if base.stamp else run.seq - 1,
    )


def _fetch_base(
    base: RosterBase, objects: Objects, directory: Path, *, surveyed: bool
) -> dict[Collection, Path]:
    """Fetch the snapshot that is the base, as a whole or not at all.

    Against a part of it, everything missing would look new or gone. A survey replaces it.
    """
    found: dict[Collection, Path] = {}
    try:
        for collection, key in base.snapshot.objects.items() if base.snapshot else ():
            path = directory / f"base-{collection.name.lower()}.parquet"
            objects.download(key, path)
            found[collection] = path
    except MissingObjectError as error:
        if surveyed:
            return {}
        raise BaseMissingError from error
    return found


def _fetch_proposals(
    base: RosterBase, objects: Objects, directory: Path, *, surveyed: bool
) -> dict[Collection, Path]:
    """Fetch what waits for a person; after a survey, the next delivery is judged anew."""
    found: dict[Collection, Path] = {}
    for collection, key in base.snapshot.proposals.items() if base.snapshot else ():
        path = directory / f"awaiting-{collection.name.lower()}.parquet"
        try:
            objects.download(key, path)
        except MissingObjectError as error:
            if not surveyed:
                raise BaseMissingError from error
        else:
            found[collection] = path
    return found


def _fetch_dirty(
    base: RosterBase, objects: Objects, directory: Path, *, surveyed: bool
) -> Path | None:
    """Fetch the uncertain changes, oldest first; a survey shows what became of them."""
    if not base.dirty:
        return None
    dirty, packed = directory / "dirty.ndjson", directory / "dirty.gz"
    dirty.touch()
    for key in base.dirty:
        try:
            objects.download(key, packed)
        except MissingObjectError as error:
            if not surveyed:
                raise BaseMissingError from error
        else:
            change_file.unpack(packed, dirty)
    return dirty if dirty.stat().st_size else None


def _fetch_past(
    run: Run, runs: Runs, objects: Objects, directory: Path
) -> dict[Collection, Path] | None:
    """Fetch the snapshot of the run that is to be restored."""
    if run.restores is None:
        return None
    past = runs.get(RunKey(run.enterprise, run.group_id, run.restores))
    found = {}
    try:
        if past is None or past.snapshot is None:
            raise MissingObjectError(str(run.restores))
        refuse_newer_shape(past.snapshot, f"What run {run.restores} left")
        for collection, key in past.snapshot.objects.items():
            found[collection] = directory / f"past-{collection.name.lower()}.parquet"
            objects.download_past(key, found[collection])
    except MissingObjectError as error:
        raise GiveUpError(
            Reason(
                code="snapshot_expired",
                message=f"What run {run.restores} left is no longer kept: a snapshot stays for "
                f"{UNDO_DAYS} days after a later run has replaced it. Nothing was changed.",
            )
        ) from error
    return found


def _fetch_part(delivered: StagedPart, name: str, objects: Objects, directory: Path) -> StagedFiles:
    return StagedFiles(delivered, _fetch_objects(delivered.objects, name, objects, directory))


def _fetch_objects(
    keys: Sequence[str], name: str, objects: Objects, directory: Path
) -> tuple[Path, ...]:
    files = []
    for number, key in enumerate(keys):
        files.append(directory / f"staged-{name.lower()}-{number}.gz")
        objects.download(key, files[-1])
    return tuple(files)
