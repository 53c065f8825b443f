"""Shows the records of a roster: the documents as they are stored, and nothing of how.

Documents are stored in the API's spelling. Each is read into its model all the same: it takes a
millisecond for a page of 200 users, and no answer has what the API's document does not have.
"""

from collections.abc import Sequence
from typing import Any

from shared.domain.access_record import Access
from shared.domain.roster.collection import Collection
from shared.domain.roster.stored_record import StoredRecord
from shared.http.answers import show_cursor
from shared.http.contract.roster import (
    AccessAnswer,
    AccessPage,
    AsOf,
    ClassAnswer,
    ClassPage,
    ClassUser,
    ClassUserPage,
    EnrollmentAnswer,
    EnrollmentPage,
    ListedBy,
    PartnerAnswer,
    PartnerPage,
    Record,
    RosterPage,
    UserAnswer,
    UserClass,
    UserClassPage,
    UserPage,
)
from shared.ports.roster_reading import RosterState
from shared.reading.fill_page import Page
from shared.reading.members import Membership

_OF_MEMBERSHIP = ("role", "primary", "beginDate", "endDate")
_RECORDS: dict[Collection, type[Record]] = {
    Collection.ORGS: PartnerAnswer,
    Collection.CLASSES: ClassAnswer,
    Collection.USERS: UserAnswer,
    Collection.ENROLLMENTS: EnrollmentAnswer,
}
_PAGES: dict[Collection, type[RosterPage]] = {
    Collection.ORGS: PartnerPage,
    Collection.CLASSES: ClassPage,
    Collection.USERS: UserPage,
    Collection.ENROLLMENTS: EnrollmentPage,
}


def show_record(collection: Collection, record: StoredRecord) -> Record:
    """Show a record: its id, its document, when it last changed, and when it ended."""
    return _RECORDS[collection].model_validate(_stored(record))


def show_records(
    collection: Collection, page: Page[StoredRecord], state: RosterState
) -> RosterPage:
    """Show a page of the records of a collection."""
    rows = [show_record(collection, record) for record in page.rows]
    more = None if page.more is None else f"{page.more.shard}/{page.more.after or ''}"
    return _PAGES[collection].model_validate(
        {collection.entity: rows, **page_of_roster(more, state)}
    )


def show_class_users(page: Page[Membership], state: RosterState) -> ClassUserPage:
    """Show a page of the users in a class, each with the enrollment that puts them there."""
    rows = [ClassUser.model_validate(_stored(m.other) | _listed_by(m)) for m in page.rows]
    return ClassUserPage(users=rows, **page_of_roster(_after(page), state))


def show_user_classes(page: Page[Membership], state: RosterState) -> UserClassPage:
    """Show a page of a user's classes, each with the enrollment that puts the user there."""
    rows = [UserClass.model_validate(_stored(m.other) | _listed_by(m)) for m in page.rows]
    return UserClassPage(classes=rows, **page_of_roster(_after(page), state))


def _after(page: Page[Membership]) -> str | None:
    return page.more.after if page.more else None


def page_of_roster(cursor: str | None, state: RosterState) -> dict[str, Any]:
    """Make what every page of a roster has apart from its rows.

    That is where the next page begins, which run committed the roster and when, and which run may
    be changing it. ``as_of`` is None until the first load is complete.
    """
    as_of = None
    if state.base_run is not None:
        as_of = AsOf(run_id=str(state.base_run), committed_at=state.committed_at)
    under_way = None if state.run_under_way is None else str(state.run_under_way)
    return {"cursor": show_cursor(cursor), "as_of": as_of, "run_under_way": under_way}


def show_accesses(accesses: Sequence[Access], more: str | None) -> AccessPage:
    """Show who read about people, what, when and how many."""
    shown = [AccessAnswer.model_validate(access) for access in accesses]
    return AccessPage(accesses=shown, cursor=show_cursor(more))


def _stored(record: StoredRecord) -> dict[str, Any]:
    shown = {"id": record.id, **record.doc, "updatedAt": record.updated_at}
    if record.ended_at is not None:
        shown["endedAt"] = record.ended_at
    return shown


def _listed_by(membership: Membership) -> dict[str, Any]:
    doc = membership.enrollment.doc
    named = {name: doc[name] for name in _OF_MEMBERSHIP if name in doc}
    return {"enrollment": ListedBy(id=membership.enrollment.id, **named)}
