"""A run as a person watches it in a terminal."""

import sys
from typing import Any

from local.api import Api
from local.progress import DIM, RED, YELLOW, paint

RUN_SECONDS = 300
BAR = 32

Json = dict[str, Any]


def sync(api: Api, group_id: str, mode: str = "sync") -> Json:
    """Ask for a sync and show its progress until it has ended."""
    answer = api.call("POST", f"/groups/{group_id}/syncs", {"mode": mode})
    print(f"  {answer.body['message']} {paint('(run ' + answer.body['runId'] + ')', DIM)}")
    return follow(api, group_id, answer.body["runId"])


def follow(api: Api, group_id: str, run_id: str) -> Json:
    """Show a run's progress until it has ended."""
    shown = ""

    def show(run: Json) -> None:
        nonlocal shown
        line = _progress(run)
        if line != shown and (sys.stdout.isatty() or run["state"] not in shown):
            end = "" if sys.stdout.isatty() else "\n"
            print(f"\r\033[K  {line}" if end == "" else f"  {line}", end=end, flush=True)
        shown = line

    run = api.follow_run(group_id, run_id, RUN_SECONDS, show)
    if sys.stdout.isatty():
        print()
    if run["reason"]:
        print(paint(f"  {run['reason']['message']}", YELLOW if run["state"] == "Held" else RED))
    return run


def _progress(run: Json) -> str:
    progress = run["progress"]
    match progress.get("stage"):
        case "fetching":
            if "fetchedBytes" in progress:
                return f"{run['state']:<12} {progress['fetchedBytes']:,} bytes fetched"
            fetched = sum(progress["fetched"].values())
            return f"{run['state']:<12} {fetched:,} rows fetched"
        case "applying":
            done, all_ = progress["batchesApplied"], progress["batches"]
            full = BAR * done // all_
            return f"{run['state']:<12} {'█' * full}{'░' * (BAR - full)} {done} of {all_} batches"
    return str(run["state"])
