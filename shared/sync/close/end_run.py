"""Ends runs that fail, and does what follows the end of any run.

The run item is the outbox. An ended run stays in the index of open runs until its end has been
announced, so that ``close_runs`` finds it if its last worker dies in between.
"""

from shared.domain.events import records_held, run_finished
from shared.domain.ids import RunKey
from shared.domain.run.results import RunEnd
from shared.domain.run.run import Reason, Run, RunState
from shared.sync import past_rosters
from shared.sync.run_ports import RunPorts


def fail(run: Run, reason: Reason, owner: str | None, ports: RunPorts) -> None:
    """End a run as Failed; the roster and its snapshot stay as they are.

    :param owner: who works on the run; None ends it only if nobody does.
    """
    if run.plan is not None:
        # Now, while no later run can release them: what follows the end may come late.
        past_rosters.keep_changes(run.plan, ports.objects)
    if ports.legs.close(run.key, ports.clock(), RunEnd(RunState.FAILED, reason), owner):
        if run.state is RunState.PLANNING:
            past_rosters.release_unused(run, ports.objects)
        announce(run.key, ports)


def announce(key: RunKey, ports: RunPorts) -> None:
    """Do what follows a run's end: the log line, the events, the tags of its objects.

    Every step may be repeated, and none waits for another. ``close_runs`` tries again what fails,
    but publishes only once.
    """
    run = ports.runs.get(key)
    if run is None or run.open or run.announced:
        return
    # The log comes first, so that an operator sees the end whatever else fails. It is noted before
    # it is written, so that it is written once, however many workers repeat the rest.
    if ports.legs.recorded(key):
        ports.run_log.ended(run)
    if not run.published:
        held = records_held(run)
        ports.announcements.publish(run_finished(run), *([held] if held else ()))
    try:
        past_rosters.release_replaced(run, ports.objects)
    except Exception:
        ports.legs.published(key)
        raise
    ports.legs.announced(key)
