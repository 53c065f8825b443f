"""What the API shows of a roster: documents as they are stored, and nothing of how."""

from collections.abc import Sequence

from shared.domain.access import Access
from shared.domain.roster_record import StoredRecord
from shared.http.answers import Json, show_page
from shared.reading.members import Membership
from shared.roster_ports import RosterState

_OF_MEMBERSHIP = ("role", "primary", "beginDate", "endDate")


def show_record(record: StoredRecord) -> Json:
    """A record: its id, its document, when it last changed, and since when it has ended."""
    shown = {"id": record.id, **record.doc, "updatedAt": record.updated_at.isoformat()}
    if record.ended_at is not None:
        shown["endedAt"] = record.ended_at.isoformat()
    return shown


def show_membership(membership: Membership) -> Json:
    """A user of a class, or a class of a user, with the enrollment by which it is listed."""
    doc = membership.enrollment.doc
    enrollment: Json = {"id": membership.enrollment.id}
    enrollment |= {name: doc[name] for name in _OF_MEMBERSHIP if name in doc}
    return show_record(membership.other) | {"enrollment": enrollment}


def show_roster_page(
    name: str, rows: Sequence[Json], cursor: str | None, state: RosterState
) -> Json:
    """A page of a roster: which run committed it, when, and which one may be changing it.

    ``asOf`` is null before the first load is done.
    """
    as_of = None
    if state.base_run is not None:
        at = state.committed_at.isoformat() if state.committed_at else None
        as_of = {"runId": str(state.base_run), "committedAt": at}
    under_way = None if state.run_under_way is None else str(state.run_under_way)
    return show_page(name, list(rows), cursor) | {"asOf": as_of, "runUnderWay": under_way}


def show_access(access: Access) -> Json:
    """Who has read about people, what, when and how many."""
    return {
        "person": access.person,
        "what": access.what,
        "at": access.at.isoformat(),
        "records": access.records,
    }
