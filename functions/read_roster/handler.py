"""read_roster: the roster of a group, over HTTP."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, wiring
from shared.domain.access import Access
from shared.domain.ids import GroupId
from shared.domain.read_fields import wrong_field
from shared.domain.roster.collection import Collection
from shared.domain.roster.filters import ListInput
from shared.domain.roster.stored_record import StoredRecord
from shared.http.answers import answer, show_cursor
from shared.http.contract.roster import AccessPage
from shared.http.identity import caller_of
from shared.http.problems import install
from shared.http.requests import wrong_cursor
from shared.http.roster_answers import (
    show_access,
    show_class_users,
    show_record,
    show_records,
    show_user_classes,
)
from shared.http.roster_requests import (
    cursor_of,
    filters_of,
    in_accesses,
    in_class,
    in_user,
    list_of,
    position_of,
    record_of,
    view_of,
)
from shared.observability import make_logger
from shared.ports.groups import Accesses, KnownGroups
from shared.ports.roster_reading import RosterPlace, RosterReader, RosterState, RosterStates
from shared.reading.fill_page import Page, Position
from shared.reading.members import classes_of, list_enrollments, users_of
from shared.reading.records import (
    find_by_sourced_id,
    find_partner,
    list_records,
    place_of,
    read_record,
)
from shared.settings import ControlTable, RosterTable

logger = make_logger()
app = APIGatewayRestResolver()
install(app)

OF_PEOPLE = (Collection.USERS, Collection.ENROLLMENTS)
"""Whose reads are recorded."""


class Settings(ControlTable, RosterTable):
    """What this function reads from its environment."""


@dataclass(frozen=True)
class Runtime:
    """What the routes use."""

    groups: KnownGroups
    states: RosterStates
    reader: RosterReader
    accesses: Accesses


@cache
def build() -> Runtime:
    """Build the ports, once a container, at the first request."""
    settings = Settings.read()
    return Runtime(
        groups=wiring.groups(settings),
        states=wiring.roster_states(settings),
        reader=wiring.roster_reader(settings),
        accesses=wiring.accesses(settings),
    )


@app.get("/groups/<group_id>/partners")
def get_partners(group_id: str) -> Response[str]:
    """List the partners."""
    return _list(group_id, Collection.ORGS, "sourcedId", "changedSince")


@app.get("/groups/<group_id>/partners/<record_id>")
def get_partner(group_id: str, record_id: str) -> Response[str]:
    """Read one partner."""
    return _one(group_id, Collection.ORGS, record_id)


@app.get("/groups/<group_id>/classes")
def get_classes(group_id: str) -> Response[str]:
    """List the classes; those that have ended if they are asked for."""
    takes = ("sourcedId", "school", "grade", "changedSince", "on", "include")
    return _list(group_id, Collection.CLASSES, *takes)


@app.get("/groups/<group_id>/classes/<record_id>")
def get_class(group_id: str, record_id: str) -> Response[str]:
    """Read one class."""
    return _one(group_id, Collection.CLASSES, record_id)


@app.get("/groups/<group_id>/users")
def get_users(group_id: str) -> Response[str]:
    """List the users."""
    takes = ("sourcedId", "school", "role", "grade", "status", "changedSince")
    return _list(group_id, Collection.USERS, *takes)


@app.get("/groups/<group_id>/users/<record_id>")
def get_user(group_id: str, record_id: str) -> Response[str]:
    """Read one user."""
    return _one(group_id, Collection.USERS, record_id)


@app.get("/groups/<group_id>/enrollments")
def get_enrollments(group_id: str) -> Response[str]:
    """List the enrollments of a day, class by class."""
    takes = ("school", "role", "changedSince", "on", "include")
    return _list(group_id, Collection.ENROLLMENTS, *takes)


@app.get("/groups/<group_id>/classes/<record_id>/users")
def get_class_users(group_id: str, record_id: str) -> Response[str]:
    """List who is in a class on a day."""
    state, asked = _state_of(group_id), list_of(app, "role", "grade", "status", "on", "include")
    limit, after = in_class(app)
    reader, place, now = build().reader, place_of(state), clock.now()
    class_ = read_record(reader, place, Collection.CLASSES, record_of(record_id), now)
    filters, view = filters_of(asked), view_of(asked, state, now)
    page = users_of(reader, place, class_, after, limit, filters, view)
    more = page.more.after if page.more else None
    _record(state, "classes/{id}/users", len(page.rows))
    return answer(200, show_class_users(page.rows, more, state))


@app.get("/groups/<group_id>/users/<record_id>/classes")
def get_user_classes(group_id: str, record_id: str) -> Response[str]:
    """List the classes that a user is in on a day."""
    state, asked = _state_of(group_id), list_of(app, "role", "on", "include")
    limit, after = in_user(app)
    reader, place, now = build().reader, place_of(state), clock.now()
    user = read_record(reader, place, Collection.USERS, record_of(record_id), now)
    view = view_of(asked, state, now)
    page = classes_of(reader, place, user.id, after, limit, asked.role, view)
    more = page.more.after if page.more else None
    _record(state, "users/{id}/classes", len(page.rows))
    return answer(200, show_user_classes(page.rows, more, state))


@app.get("/groups/<group_id>/accesses")
def get_accesses(group_id: str) -> Response[str]:
    """List who has read about the group's people, newest first."""
    caller, runtime = caller_of(app.current_event.raw_event), build()
    runtime.groups.known(caller.enterprise, GroupId(group_id))
    limit, after = in_accesses(app)
    found, more = runtime.accesses.of(GroupId(group_id), after, limit, clock.now())
    shown = [show_access(each) for each in found]
    return answer(200, AccessPage(accesses=shown, cursor=show_cursor(more)))


def _list(group_id: str, collection: Collection, *takes: str) -> Response[str]:
    """Answer with a page of all records of a type, or the one that is known by a sourcedId."""
    state, asked = _state_of(group_id), list_of(app, *takes)
    limit, start = position_of(app)
    page: Page[StoredRecord] = Page([], None)
    if state.place is not None:
        page = _page(state, state.place, collection, start, limit, asked)
    if collection in OF_PEOPLE:
        _record(state, collection.entity, len(page.rows))
    return answer(200, show_records(collection, page.rows, cursor_of(page.more), state))


def _page(
    state: RosterState,
    place: RosterPlace,
    collection: Collection,
    start: Position,
    limit: int,
    asked: ListInput,
) -> Page[StoredRecord]:
    reader, now = build().reader, clock.now()
    if start.shard >= place.shards:
        raise wrong_cursor()
    if asked.sourced_id is not None:
        return find_by_sourced_id(reader, place, collection, asked.sourced_id, start, now)
    school = None
    if asked.school is not None:
        school = find_partner(reader, place, asked.school, now)
        if school is None:
            raise wrong_field("The group has no partner with this id or sourcedId.", "school")
    filters, view = filters_of(asked, school), view_of(asked, state, now)
    if collection is Collection.ENROLLMENTS:
        return list_enrollments(reader, place, start, limit, filters, view)
    return list_records(reader, place, collection, start, limit, filters, view)


def _one(group_id: str, collection: Collection, record_id: str) -> Response[str]:
    """Answer with one record."""
    state = _state_of(group_id)
    id_, place = record_of(record_id), place_of(state)
    record = read_record(build().reader, place, collection, id_, clock.now())
    if collection in OF_PEOPLE:
        _record(state, f"{collection.entity}/{{id}}", 1)
    return answer(200, show_record(collection, record))


def _record(state: RosterState, what: str, records: int) -> None:
    """Write down that people were read about; if that fails, nothing is shown."""
    caller = caller_of(app.current_event.raw_event)
    what = f"GET /groups/{{groupId}}/{what}"
    build().accesses.record(state.group_id, Access(caller.person, what, clock.now(), records))


def _state_of(group_id: str) -> RosterState:
    """How the roster stands of the group that an address names, if it is the caller's."""
    caller = caller_of(app.current_event.raw_event)
    return build().states.get(caller.enterprise, GroupId(group_id))


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of the API."""
    return app.resolve(event, context)
