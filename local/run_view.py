"""Shows a run in a terminal, for a person to watch."""

import sys
from typing import Any

from local.api import Api
from local.entry import CommandError
from local.progress import DIM, YELLOW, paint

SILENCE = 600
"""Seconds without any progress of a run after which we stop watching. The system itself ends a dead
run, and says why, long before that (decision 12)."""
BAR = 32

Json = dict[str, Any]


def sync(api: Api, group_id: str, mode: str = "sync", *, state: str = "Succeeded") -> Json:
    """Request a sync and show its progress; it must end in ``state``."""
    accepted = api.ask("POST", f"/groups/{group_id}/syncs", {"mode": mode}, status=202)
    print(f"  {accepted['message']} {paint('(run ' + accepted['runId'] + ')', DIM)}")
    return follow(api, group_id, accepted["runId"], state=state)


def follow(api: Api, group_id: str, run_id: str, *, state: str | None = None) -> Json:
    """Show a run's progress until it has ended.

    :param state: the state it must end in; None for any.
    :raises CommandError: it ended in another state, or made no progress for too long.
    """
    line = _Line()

    def show(run: Json) -> None:
        if run["open"]:
            line.show(*_shown(run))

    run = api.follow_run(group_id, run_id, SILENCE, show)
    line.end(run["state"], f"after {run['seconds']} s")
    if state:
        ended(run, state)
    if run["reason"]:
        print(paint(f"  {run['reason']['message']}", YELLOW))
    return run


def ended(run: Json, state: str = "Succeeded") -> Json:
    """Return the run if it has ended in ``state``.

    :raises CommandError: it ended in another state; the message has the run's own reason.
    """
    if run["state"] == state:
        return run
    reason = (run["reason"] or {}).get("message", "It gives no reason.")
    message = f"Run {run['runId']} has ended as {run['state']}, not as {state}. {reason}"
    raise CommandError(message)


class _Line:
    """One changing line in a terminal; elsewhere, a line for each state."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._state = ""

    def show(self, state: str, text: str) -> None:
        if self._live:
            print(f"\r\033[K  {state:<12} {text}", end="", flush=True)
        elif state != self._state:
            print(f"  {state}", flush=True)
        self._state = state

    def end(self, state: str, text: str) -> None:
        start = "\r\033[K" if self._live else ""
        print(f"{start}  {state} {paint(text, DIM)}", flush=True)


def _shown(run: Json) -> tuple[str, str]:
    """A run's state, and how far it has come."""
    progress = run["progress"]
    match progress.get("stage"):
        case "fetching" if "fetchedBytes" in progress:
            return run["state"], f"{progress['fetchedBytes'] / 1e6:,.1f} MB fetched"
        case "fetching":
            return run["state"], f"{sum(progress['fetched'].values()):,} rows fetched"
        case "applying":
            done, all_ = progress["batchesApplied"], progress["batches"]
            full = BAR * done // all_
            return run["state"], f"{'█' * full}{'░' * (BAR - full)} {done} of {all_} batches"
    return run["state"], ""
