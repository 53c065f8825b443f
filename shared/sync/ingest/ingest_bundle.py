"""Opens a bundle where it lies in the bucket, and stages its rows, leg by leg."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from shared.bundles import file_reasons
from shared.bundles.manifest import Manifest
from shared.bundles.open_bundle import OpenBundle, open_bundle, read_contents
from shared.domain.errors import GiveUpError, MissingObjectError
from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.findings import FileFinding
from shared.domain.roster.record_exception import digest_of, holding
from shared.domain.roster.staged_rows import PlanCursor, StagedCollection, StagedPart, StagedRoster
from shared.domain.run.bundle import Bundle
from shared.domain.run.results import NextLeg, RunEnd
from shared.domain.run.run import Reason, Run, RunState
from shared.messages import ExtractLeg
from shared.ports.groups import RecordExceptions
from shared.ports.messaging import Queue
from shared.sync.ingest.known_bundle import find_later, find_repeated, repeated_end
from shared.sync.ingest.stage_file import FileProgress, stage_file
from shared.sync.leg import USUAL_PACE, Leg, LegOverError, Pace, claim_leg
from shared.sync.request.request_sync import MARKED
from shared.sync.run_ports import RunPorts

ROLES = "roles"
_STEMS = {collection: collection.value.casefold() for collection in Collection}
"""What each collection's file is called, in lower case and without ``.csv``."""
_FILES = (*_STEMS.values(), ROLES)


@dataclass(frozen=True)
class IngestPorts:
    """What reading a bundle needs of the world.

    ``run``: what every stage needs.
    ``exceptions``: what groups keep or leave out.
    ``ingest_queue``: where the next leg waits.
    ``plan_queue``: where the plan waits.
    ``pace``: how long a leg lasts.
    """

    run: RunPorts
    exceptions: RecordExceptions
    ingest_queue: Queue
    plan_queue: Queue
    pace: Pace = USUAL_PACE


class Cursor(BaseModel):
    """Where the reading of a bundle stands.

    ``done``: the files that have been staged, by stem.
    ``reading``: the file that is being staged.
    ``findings``: what was repaired in the bundle and in the files done.
    """

    done: dict[str, StagedPart] = {}
    reading: FileProgress | None = None
    findings: tuple[FileFinding, ...] = ()

    @property
    def progress(self) -> dict[str, Any]:
        """What the run's progress shows."""
        rows = {stem: part.rows for stem, part in self.done.items()}
        if self.reading is not None:
            rows[self.reading.stem] = self.reading.rows
        return {"stage": "fetching", "fetched": rows}


def ingest_leg(message: ExtractLeg, ports: IngestPorts, owner: str) -> None:
    """Do one leg of reading a run's bundle, if it can be claimed.

    :param owner: names this invocation.
    """
    leg = claim_leg(message, RunState.EXTRACTING, owner, ports.run, ports.pace)
    if leg is not None:
        leg.do(lambda: _ingest(leg, ports))


def _ingest(leg: Leg, ports: IngestPorts) -> None:
    cursor = leg.cursor(Cursor)
    run = leg.run
    if run.marked:
        raise GiveUpError(MARKED)
    assert run.bundle is not None
    excepted = digest_of(holding(ports.exceptions.all(run.group_id), run.created_at))
    try:
        opened = open_bundle(run.bundle, ports.run.objects.open)
        found = {"digest": opened.digest, "newest": opened.newest, "exceptions": excepted}
        bundle = run.bundle.model_copy(update=found)
        contents = read_contents(opened)
        if run.cursor is None:
            if _end_if_needless(leg, bundle):
                return
            cursor.findings = contents.findings
        _stage_files(opened, contents.manifest, cursor, leg)
    except MissingObjectError as error:
        raise GiveUpError(_BUNDLE_EXPIRED) from error
    except LegOverError:
        here = cursor.model_dump(mode="json")
        step = NextLeg(RunState.EXTRACTING, here, cursor.progress, bundle=run.bundle)
        leg.hand_on(step, ports.ingest_queue)
        return
    if not cursor.done and not contents.manifest.says_no_change:
        raise GiveUpError(file_reasons.nothing_to_read())
    leg.hand_on_to_plan(PlanCursor(staged=_staged_roster(cursor)), ports.plan_queue, bundle)


def _end_if_needless(leg: Leg, bundle: Bundle) -> bool:
    """End a run whose bundle is the same as in the last run, or older than a loaded one."""
    run, runs = leg.run, leg.ports.runs
    if last := find_repeated(run, bundle, runs):
        leg.close(repeated_end(last, bundle))
        return True
    if not bundle.accept_older and (later := find_later(run, bundle, runs)):
        leg.close(RunEnd(RunState.HELD, _older_than(later), bundle=bundle))
        return True
    return False


def _stage_files(opened: OpenBundle, manifest: Manifest, cursor: Cursor, leg: Leg) -> None:
    """Stage every file that is not done."""
    for stem in _FILES:
        if stem not in opened.entries or stem in cursor.done:
            continue
        status = manifest.status(stem)
        if status is CollectionStatus.ABSENT:
            continue
        if cursor.reading is None or cursor.reading.stem != stem:
            cursor.reading = FileProgress(stem=stem)
        staged = stage_file(opened, status, cursor.reading, leg, lambda: cursor.progress)
        cursor.done[stem] = staged
        cursor.findings += cursor.reading.findings
        cursor.reading = None


def _staged_roster(cursor: Cursor) -> StagedRoster:
    return StagedRoster(
        collections={
            collection: StagedCollection(collection=collection, **cursor.done[stem].model_dump())
            for collection, stem in _STEMS.items()
            if stem in cursor.done
        },
        roles=cursor.done.get(ROLES),
        findings=cursor.findings,
    )


def _older_than(later: Run) -> Reason:
    return Reason(
        code="bundle_older",
        message=f"The bundle is older than that of run {later.key.run_id}. Nothing was changed. If "
        "you mean it, upload it again with acceptOlder.",
    )


_BUNDLE_EXPIRED = Reason(
    code="bundle_expired",
    message="The bundle of this run is no longer kept. Upload it again.",
)
