"""The clock: starts a run for each Auto group that is due, and for each new retention.

An index says which groups are due, and may lag; the group itself decides. The write that opens the
run also moves the group's next time on. So a tick that comes twice, or late, starts nothing twice,
and what one tick did not reach is still due at the next.

If a group's pause, black-outs or grace have changed, the records that have left its roster need a
new end, although no roster may come in for months. A run that fetches nothing gives it to them.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from pydantic import AwareDatetime, BaseModel

from shared.domain.errors import ConflictError, NotDueError, NotFoundError
from shared.domain.group.choices import AutoMode, Period
from shared.domain.group.group import Group
from shared.domain.group.schedule import next_auto_run
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.local_day import local_day
from shared.domain.run.requests import Due, RunRequest
from shared.domain.run.run import Mode, Reason, Trigger
from shared.ports.groups import DueGroups
from shared.sync.request.request_sync import MARKED, RequestPorts, request_sync, start_planning

CLOCK = "clock"
"""Who requested a run of the clock."""
WORKERS = 16
"""How many groups are started at once; each of them waits for three answers from AWS."""
RETENTIONS_WITH = Period.DAILY
"""The period whose ticks also start the runs for new retentions: one of the six is enough."""


class Tick(BaseModel):
    """What a rule of EventBridge says.

    ``period``: the groups that it is for.
    ``tick``: the moment at which they must be due.
    """

    period: Period
    tick: AwareDatetime


@dataclass(frozen=True)
class AutoPorts:
    """What the clock needs of the world.

    ``due_groups``: which groups are due.
    ``requests``: starts runs.
    ``clock``: gives the time.
    ``report``: is told of a group that could not be started, and is tried again.
    ``spread_seconds``: over how long the beginnings of runs are spread.
    ``workers``: how many groups are started at once.
    """

    due_groups: DueGroups
    requests: RequestPorts
    clock: Callable[[], datetime]
    report: Callable[[EnterpriseId, GroupId, Exception], None]
    spread_seconds: int = 900
    workers: int = WORKERS


def start_auto_syncs(tick: Tick, ports: AutoPorts) -> dict[str, int]:
    """Start what is due, page by page.

    Returns how many groups were ``started``, ``skipped`` because of another run, ``not_due`` after
    all, or ``failed`` and have to be tried again. ``retentions`` counts the runs for new
    retentions.
    """
    done = Counter(started=0, skipped=0, not_due=0, retentions=0, failed=0)
    due: list[tuple[Pages, Start]] = [
        (ports.due_groups.due(tick.period, tick.tick), partial(_start, tick))
    ]
    if tick.period is RETENTIONS_WITH:
        due.append((ports.due_groups.new_retentions(tick.tick), _keep_retention))
    with ThreadPoolExecutor(ports.workers) as workers:
        for pages, start in due:
            for page in pages:
                done.update(workers.map(partial(_try, start, ports), page))
    return dict(done)


Place = tuple[EnterpriseId, GroupId]
Pages = Iterator[Sequence[Place]]
Start = Callable[[AutoPorts, EnterpriseId, GroupId], str]


def _try(start: Start, ports: AutoPorts, place: Place) -> str:
    try:
        return start(ports, *place)
    except Exception as error:  # one group must not stop the others
        ports.report(*place, error)
        return "failed"


def _keep_retention(ports: AutoPorts, enterprise: EnterpriseId, group_id: GroupId) -> str:
    """Start the run for a group's new retention; if another is under way, a later tick does it."""
    request = RunRequest(
        enterprise,
        group_id,
        Mode.RETENTION,
        Trigger.CLOCK,
        CLOCK,
        delay_seconds=_delay(group_id, ports.spread_seconds),
    )
    runs, plans = ports.requests.runs, ports.requests.plan_queue
    try:
        run = start_planning(request, runs, plans, ports.clock())
    except (ConflictError, NotFoundError):
        return "not_due"
    ports.due_groups.retention_kept(enterprise, group_id, run.config.version)
    return "retentions"


def _start(tick: Tick, ports: AutoPorts, enterprise: EnterpriseId, group_id: GroupId) -> str:
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
    """Start a run, or note why it is skipped."""
    now = ports.clock()
    try:
        request_sync(request, ports.requests, now)
    except ConflictError as error:
        reason = _skip_reason(error)
    else:
        return "started"
    ports.requests.runs.skip(request, reason, now)
    return "skipped"


def _skip_reason(error: ConflictError) -> Reason:
    """Say why a run of the clock is skipped; raises any other error again."""
    if error.code == MARKED.code:
        return MARKED
    if error.code != "run_under_way":
        raise error
    return Reason(
        code="run_under_way",
        message=f"This run was due while run {error.extra['runId']} was still under way. The next "
        "one comes at its own time.",
    )


def _request(
    group: Group, period: Period, due: datetime, tick: datetime, spread_seconds: int
) -> RunRequest:
    calendar = group.config.calendar
    adds = calendar.only_adds(local_day(group.time_zone, tick))
    mode = Mode.SYNC if adds or group.auto_mode is AutoMode.SYNC else Mode.UPDATE
    # A group from before anchors were stored: its day is the day on which it is due now.
    anchor = group.anchor or local_day(group.time_zone, due)
    # A tick that comes after midnight must not skip the run of the day that has begun.
    moments = (
        next_auto_run(period, group.time_zone, group.sync_hour, calendar, anchor, since)
        for since in (tick - timedelta(days=1), tick)
    )
    next_at = next(moment for moment in moments if moment is None or moment > tick)
    return RunRequest(
        group.enterprise,
        group.group_id,
        mode,
        Trigger.CLOCK,
        CLOCK,
        due=Due(due, next_at, anchor),
        delay_seconds=_delay(group.group_id, spread_seconds),
    )


def _delay(group_id: GroupId, spread_seconds: int) -> int:
    """After how many seconds a group's run begins: always the same for a group."""
    return zlib.crc32(group_id.encode()) % max(1, spread_seconds)
