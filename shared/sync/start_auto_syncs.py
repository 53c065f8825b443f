"""The clock: starts a run for each Auto group whose time has come.

What is due is read from an index, which may lag, and decided by the group itself, whose next moment
moves on in the same write that opens the run: a tick that comes twice, or late, starts nothing
twice, and what one tick did not reach is still due at the next.
"""

import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, BaseModel

from shared.domain.group import AutoMode, Group, Period
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run import Mode, Reason, Trigger
from shared.domain.schedule import local_day, next_auto_run
from shared.errors import ConflictError, NotDueError, NotFoundError
from shared.ports import Due, DueGroups, RunRequest
from shared.sync.request_sync import RequestPorts, request_sync

CLOCK = "clock"
"""Who started a run that nobody asked for."""
WORKERS = 16
"""Groups that are started side by side: each waits for three answers of AWS, one after another."""


class Tick(BaseModel):
    """What a rule says: the groups of ``period`` that are due at ``tick`` are to sync."""

    period: Period
    tick: AwareDatetime


@dataclass(frozen=True)
class AutoPorts:
    """What the clock needs of the world; runs begin spread over ``spread_seconds``.

    ``report`` is told of a group that could not be started; it is tried again.
    """

    due_groups: DueGroups
    requests: RequestPorts
    clock: Callable[[], datetime]
    report: Callable[[EnterpriseId, GroupId, Exception], None]
    spread_seconds: int = 900
    workers: int = WORKERS


def start_auto_syncs(tick: Tick, ports: AutoPorts) -> dict[str, int]:
    """Start what is due, page by page; returns how many groups were started, skipped, passed by.

    ``failed`` counts those for which it has to be tried again.
    """

    def start(place: tuple[EnterpriseId, GroupId]) -> str:
        return _try(*place, tick, ports)

    done = Counter(started=0, skipped=0, not_due=0, failed=0)
    with ThreadPoolExecutor(ports.workers) as workers:
        for page in ports.due_groups.due(tick.period, tick.tick):
            done.update(workers.map(start, page))
    return dict(done)


def _try(enterprise: EnterpriseId, group_id: GroupId, tick: Tick, ports: AutoPorts) -> str:
    try:
        return _start(enterprise, group_id, tick, ports)
    except Exception as error:  # one group must not stop the others
        ports.report(enterprise, group_id, error)
        return "failed"


def _start(enterprise: EnterpriseId, group_id: GroupId, tick: Tick, ports: AutoPorts) -> str:
    try:
        group = ports.requests.groups.get(enterprise, group_id)
    except NotFoundError:
        return "not_due"  # it is being deleted
    if group.period is not tick.period or group.next_run_at is None:
        return "not_due"
    if group.next_run_at > tick.tick:
        return "not_due"
    request = _request(group, group.period, group.next_run_at, tick.tick, ports.spread_seconds)
    try:
        return _open(request, ports)
    except NotDueError:
        return "not_due"


def _open(request: RunRequest, ports: AutoPorts) -> str:
    """Start a run, or note that another is under way."""
    now = ports.clock()
    try:
        request_sync(request, ports.requests, now)
    except ConflictError as error:
        if error.code != "run_under_way":
            raise
        run_id = error.extra["runId"]
    else:
        return "started"
    reason = Reason(
        code="run_under_way",
        message=f"It was time for this run while run {run_id} was still under way. The next one "
        "comes at its own time.",
    )
    ports.requests.runs.skip(request, reason, now)
    return "skipped"


def _request(
    group: Group, period: Period, due: datetime, tick: datetime, spread_seconds: int
) -> RunRequest:
    calendar = group.config.calendar
    adds = calendar.only_adds(local_day(group.time_zone, tick))
    mode = Mode.SYNC if adds or group.auto_mode is AutoMode.SYNC else Mode.UPDATE
    next_at = next_auto_run(period, group.time_zone, group.sync_hour, calendar, tick)
    return RunRequest(
        group.enterprise,
        group.group_id,
        mode,
        Trigger.CLOCK,
        CLOCK,
        due=Due(due, next_at),
        delay_seconds=zlib.crc32(group.group_id.encode()) % max(1, spread_seconds),
    )
