"""Recognises a bundle: the same as in the last run, or older than one that was loaded."""

from shared.domain.run.bundle import Bundle
from shared.domain.run.counts import Counts, EntityCounts
from shared.domain.run.results import RunEnd
from shared.domain.run.run import Mode, Notice, Run, RunState
from shared.ports.runs import Runs

RUNS_LOOKED_AT = 20
_LOADED = frozenset({RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_ERRORS})


def find_repeated(run: Run, bundle: Bundle, runs: Runs) -> Run | None:
    """Find the run before this one, if it makes this one unnecessary.

    It had the same bundle, ended without errors, in the same mode, and with the same settings and
    exceptions of the group: an equal bundle alone does not say what became of it. A preview is
    always planned, because somebody wants to see it.
    """
    if run.mode is Mode.PREVIEW:
        return None
    last = next(iter(runs.history(run.group_id, 1, run.seq)), None)
    if last is None or last.bundle is None or last.state is not RunState.SUCCEEDED:
        return None
    if (last.mode, last.config.version) != (run.mode, run.config.version):
        return None
    known = last.bundle
    if known.exceptions != bundle.exceptions:
        return None
    same_look = bundle.look is not None and bundle.look == known.look
    same_digest = bundle.digest is not None and bundle.digest == known.digest
    return last if same_look or same_digest else None


def find_later(run: Run, bundle: Bundle, runs: Runs) -> Run | None:
    """Find the last run that loaded a bundle, if its bundle was newer than this one."""
    if bundle.newest is None:
        return None
    for past in runs.history(run.group_id, RUNS_LOOKED_AT, run.seq):
        if past.mode is Mode.PREVIEW or past.state not in _LOADED:
            continue
        if past.bundle is not None and past.bundle.newest is not None:
            return past if past.bundle.newest > bundle.newest else None
    return None


def repeated_end(last: Run, bundle: Bundle) -> RunEnd:
    """How a run ends whose bundle is that of the last run: everything stays as that run left it."""
    assert last.bundle is not None
    known = {"digest": last.bundle.digest, "newest": last.bundle.newest}
    missing = {name: value for name, value in known.items() if getattr(bundle, name) is None}
    notice = Notice(
        code="bundle_unchanged",
        message=f"The bundle is the same as that of run {last.key.run_id}; there was nothing to "
        "do.",
    )
    return RunEnd(
        RunState.SUCCEEDED,
        bundle=bundle.model_copy(update=missing),
        notices=(notice,),
        counts=_all_unchanged(last.counts),
    )


def _all_unchanged(counts: Counts) -> Counts:
    return {
        name: EntityCounts(
            unchanged=each.created + each.updated + each.restored + each.rekeyed + each.unchanged,
            rejected=each.rejected,
            held=each.held,
            kept=each.kept,
            held_new=each.held_new,
            kept_new=each.kept_new,
            left_out=each.left_out,
        )
        for name, each in counts.items()
    }
