"""Knows a bundle again: the same once more, or older than one that was loaded."""

from collections.abc import Sequence
from datetime import datetime

from shared.domain.run.bundle import Bundle
from shared.domain.run.counts import Counts, EntityCounts
from shared.domain.run.results import RunEnd
from shared.domain.run.run import Mode, Notice, Run, RunState
from shared.ports.runs import Legs, Runs

RUNS_LOOKED_AT = 20
_LOADED = frozenset({RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_ERRORS})


def repeated(run: Run, bundle: Bundle, runs: Runs) -> Run | None:
    """The run before ``run``, if it had the same bundle and nothing else can make a difference.

    It must have ended clean, in the same mode, with the same settings of the group: an equal bundle
    alone says nothing of what became of it. A preview is asked for to be seen, and always planned.
    """
    if run.mode is Mode.PREVIEW:
        return None
    last = _first(runs.history(run.group_id, 1, run.seq))
    if last is None or last.bundle is None or last.state is not RunState.SUCCEEDED:
        return None
    if (last.mode, last.config.version) != (run.mode, run.config.version):
        return None
    known = last.bundle
    same_look = bundle.look is not None and bundle.look == known.look
    same_digest = bundle.digest is not None and bundle.digest == known.digest
    return last if same_look or same_digest else None


def later_bundle(run: Run, bundle: Bundle, runs: Runs) -> Run | None:
    """The last run that loaded a bundle, if that one was newer than ``bundle``."""
    if bundle.newest is None:
        return None
    for past in runs.history(run.group_id, RUNS_LOOKED_AT, run.seq):
        if past.mode is Mode.PREVIEW or past.state not in _LOADED:
            continue
        if past.bundle is not None and past.bundle.newest is not None:
            return past if past.bundle.newest > bundle.newest else None
    return None


def close_repeated(
    run: Run, known: Run, bundle: Bundle, owner: str, legs: Legs, now: datetime
) -> bool:
    """End a run whose bundle is that of ``known``: all is as that run left it."""
    assert known.bundle is not None
    missing = {"digest": known.bundle.digest, "newest": known.bundle.newest}
    kept = {name: value for name, value in missing.items() if getattr(bundle, name) is None}
    notice = Notice(
        code="bundle_unchanged",
        message=f"The bundle is the same as that of run {known.key.run_id}; there was nothing to "
        "do.",
    )
    return legs.close(
        run.key,
        now,
        RunEnd(
            RunState.SUCCEEDED,
            bundle=bundle.model_copy(update=kept),
            notices=(notice,),
            counts=_all_unchanged(known.counts),
        ),
        owner,
    )


def _all_unchanged(counts: Counts) -> Counts:
    return {
        name: EntityCounts(
            unchanged=each.created + each.updated + each.restored + each.rekeyed + each.unchanged,
            rejected=each.rejected,
            held=each.held,
        )
        for name, each in counts.items()
    }


def _first(runs: Sequence[Run]) -> Run | None:
    return runs[0] if runs else None
