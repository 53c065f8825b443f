"""Which state of a run follows on which event: the whole life of a run at a glance.

``docs/architecture.md`` draws it; a test holds the drawing to this table.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from shared.domain.run.run import OPEN_STATES, RunState

WAITING = RunState.WAITING
ACCEPTED = RunState.ACCEPTED
EXTRACTING = RunState.EXTRACTING
PLANNING = RunState.PLANNING
APPLYING = RunState.APPLYING
SUCCEEDED = RunState.SUCCEEDED
SUCCEEDED_WITH_ERRORS = RunState.SUCCEEDED_WITH_ERRORS
HELD = RunState.HELD
FAILED = RunState.FAILED
CANCELLED = RunState.CANCELLED
SUPERSEDED = RunState.SUPERSEDED
UNKNOWN = RunState.UNKNOWN


class Event(StrEnum):
    """What can happen to a run.

    Its beginning: a run is ``accepted`` (asked for by a person or by the clock), ``skipped`` (the
    clock's turn passes without one), ``dropped`` (a bundle came, and waits for its turn) or
    ``begun`` (that turn has come).

    The work: a leg is ``claimed`` by a worker, ``beaten`` while the worker lives, and ``handed_on``
    at its end. A plan is ``planned``, and ``touched`` by each of its batches. A queue has been
    ``sent`` the message; a silent run is ``put_off`` or its message ``resent``.

    Its end: a run is ``committed`` with a new snapshot, ``closed`` without one, ``superseded`` by
    another, or has ``deleted`` its group. Then its end is ``recorded`` in the log, ``published`` as
    an event, and ``announced`` once all is done that follows it.
    """

    ACCEPTED = "accepted"
    SKIPPED = "skipped"
    DROPPED = "dropped"
    BEGUN = "begun"
    CLAIMED = "claimed"
    BEATEN = "beaten"
    HANDED_ON = "handed on"
    PLANNED = "planned"
    TOUCHED = "touched"
    SENT = "sent"
    RESENT = "resent"
    PUT_OFF = "put off"
    COMMITTED = "committed"
    CLOSED = "closed"
    SUPERSEDED = "superseded"
    DELETED = "deleted"
    RECORDED = "recorded"
    PUBLISHED = "published"
    ANNOUNCED = "announced"


def _staying(states: Iterable[RunState]) -> Mapping[RunState | None, frozenset[RunState]]:
    """Events that leave a run in its state."""
    return {state: frozenset({state}) for state in states}


BEING_WORKED_ON = frozenset({EXTRACTING, PLANNING, APPLYING})
"""The states in which a worker may own a run."""
BEGUN_STATES = OPEN_STATES - {WAITING}
"""The states in which a run has its group to itself."""
ENDED_STATES = frozenset(RunState) - OPEN_STATES - {UNKNOWN}

FOLLOWS: Mapping[Event, Mapping[RunState | None, frozenset[RunState]]] = {
    # A run begins; None is the state of one that is not there yet.
    Event.ACCEPTED: {None: frozenset({ACCEPTED, PLANNING})},
    Event.SKIPPED: {None: frozenset({CANCELLED})},
    Event.DROPPED: {None: frozenset({WAITING})},
    Event.BEGUN: {WAITING: frozenset({ACCEPTED})},
    # It is worked on.
    Event.CLAIMED: {
        ACCEPTED: frozenset({EXTRACTING, APPLYING}),
        EXTRACTING: frozenset({EXTRACTING}),
        PLANNING: frozenset({PLANNING}),
        APPLYING: frozenset({APPLYING}),
    },
    Event.BEATEN: _staying(BEING_WORKED_ON),
    Event.HANDED_ON: {
        EXTRACTING: frozenset({EXTRACTING, PLANNING}),
        PLANNING: frozenset({EXTRACTING}),
        APPLYING: frozenset({APPLYING}),
    },
    Event.PLANNED: {PLANNING: frozenset({APPLYING})},
    Event.TOUCHED: {APPLYING: frozenset({APPLYING})},
    Event.SENT: _staying(BEGUN_STATES),
    Event.RESENT: _staying(BEGUN_STATES),
    Event.PUT_OFF: _staying(RunState),
    # It ends.
    Event.COMMITTED: {
        PLANNING: frozenset({SUCCEEDED, SUCCEEDED_WITH_ERRORS, HELD}),
        APPLYING: frozenset({SUCCEEDED, SUCCEEDED_WITH_ERRORS, HELD}),
    },
    Event.CLOSED: {
        ACCEPTED: frozenset({FAILED}),
        EXTRACTING: frozenset({SUCCEEDED, HELD, FAILED}),
        PLANNING: frozenset({SUCCEEDED, FAILED}),
        APPLYING: frozenset({FAILED}),
    },
    Event.SUPERSEDED: {state: frozenset({SUPERSEDED}) for state in OPEN_STATES},
    Event.DELETED: {APPLYING: frozenset({SUCCEEDED})},
    # Its end is told. An end may be one that only a newer version knows.
    Event.RECORDED: _staying(ENDED_STATES | {UNKNOWN}),
    Event.PUBLISHED: _staying(ENDED_STATES | {UNKNOWN}),
    Event.ANNOUNCED: _staying(ENDED_STATES | {UNKNOWN}),
}
"""For each event: from which state it may come, and in which state it may leave the run."""


def states_before(event: Event, state: RunState | None = None) -> frozenset[RunState]:
    """The states of runs to which ``event`` may happen, so that they are in ``state`` then.

    Without ``state``, all states to which it may happen.

    :raises ValueError: ``state`` never follows on this event.
    """
    found = frozenset(
        before
        for before, after in FOLLOWS[event].items()
        if before is not None and (state is None or state in after)
    )
    if not found:
        message = f"no run is {state} after it was {event}"
        raise ValueError(message)
    return found
