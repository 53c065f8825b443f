"""What is published on the event bus: ends of runs, holds, drops that were refused.

Ids, states and numbers; nobody's data. The models are the contract: `docs/events.md` shows them.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.domain.described import drop_limits
from shared.domain.run.counts import CountFields
from shared.domain.run.run import Run

SOURCE = "homeroom"
RUN_FINISHED = "Run Finished"
RECORDS_HELD = "Records Held"
DROP_REFUSED = "Drop Refused"


class _Event(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        extra="forbid",
        defer_build=False,
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        drop_limits(cls, complete=True)


class EntityEventCounts(CountFields, _Event):
    """What became of the records of one entity."""


class RunFinished(_Event):
    """A run has ended, in whatever state; ``reason`` is a code."""

    enterprise: str
    group_id: str
    run_id: str
    sync_type: str
    mode: str
    trigger: str
    state: str
    reason: str | None
    seconds: int
    counts: dict[str, EntityEventCounts]


class HeldCount(_Event):
    """How many records of an entity are held, and by which rule of the guard."""

    entity: str
    rule: str
    records: int


class RecordsHeld(_Event):
    """A run has ended and holds deletions or changes, which wait for a person."""

    enterprise: str
    group_id: str
    run_id: str
    digest: str
    records: int
    by_rule: tuple[HeldCount, ...]


class DropRefused(_Event):
    """An object was dropped into the bucket and is not a bundle of any group; ``reason`` is a code.

    The event does not contain the object's key, because a file's name can name a pupil. Anybody
    with access to the bucket can find the object by ``version_id``. ``enterprise`` and ``group_id``
    are those of the group under whose prefix it was dropped, null if there is no such group.
    """

    enterprise: str | None
    group_id: str | None
    version_id: str | None
    size: int
    reason: str


Event = RunFinished | RecordsHeld | DropRefused

KINDS: dict[type[_Event], str] = {
    RunFinished: RUN_FINISHED,
    RecordsHeld: RECORDS_HELD,
    DropRefused: DROP_REFUSED,
}
"""The ``detail-type`` of each."""


def run_finished(run: Run) -> RunFinished:
    """The event of a run's end."""
    ended = run.finished_at or run.created_at
    return RunFinished(
        enterprise=run.enterprise,
        group_id=run.group_id,
        run_id=run.key.run_id,
        sync_type=run.config.sync_type.value,
        mode=run.mode.value,
        trigger=run.trigger.value,
        state=run.state.value,
        reason=run.reason.code if run.reason else None,
        seconds=int((ended - run.created_at).total_seconds()),
        counts={
            name: EntityEventCounts.model_validate(counts.model_dump())
            for name, counts in run.counts.items()
        },
    )


def records_held(run: Run) -> RecordsHeld | None:
    """The event of what a run has left to a person; None if nothing waits."""
    if run.hold is None:
        return None
    return RecordsHeld(
        enterprise=run.enterprise,
        group_id=run.group_id,
        run_id=run.key.run_id,
        digest=run.hold.digest,
        records=run.hold.records,
        by_rule=tuple(
            HeldCount(entity=row["entity"], rule=row["rule"], records=row["records"])
            for row in run.hold.by_rule
        ),
    )
