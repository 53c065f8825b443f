"""read_roster: the roster of a group, and who has read about its people, over HTTP."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, wiring
from shared.domain.ids import GroupId
from shared.domain.roster.collection import Collection
from shared.http.access_record import record_access
from shared.http.answers import answer
from shared.http.problems import install
from shared.http.requests import caller
from shared.http.roster_answers import (
    show_accesses,
    show_class_users,
    show_record,
    show_records,
    show_user_classes,
)
from shared.http.roster_requests import (
    list_of,
    page_of_accesses,
    page_of_class,
    page_of_user,
    position_of,
    record_of,
)
from shared.observability import make_logger
from shared.ports.groups import Accesses, KnownGroups
from shared.ports.roster_reading import RosterReader, RosterState, RosterStates
from shared.reading.fill_page import Position, Window
from shared.reading.lists import read_class_users, read_list, read_user_classes
from shared.reading.records import place_of, read_record
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
    """List the classes; those that have ended only if they are asked for."""
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
    limit, after = page_of_class(app)
    class_id, now = record_of(record_id), clock.now()
    window = Window(Position(0, after), limit)
    page = read_class_users(build().reader, state, class_id, asked, window, now)
    _record(state, len(page.rows))
    return answer(200, show_class_users(page, state))


@app.get("/groups/<group_id>/users/<record_id>/classes")
def get_user_classes(group_id: str, record_id: str) -> Response[str]:
    """List the classes that a user is in on a day."""
    state, asked = _state_of(group_id), list_of(app, "role", "on", "include")
    limit, after = page_of_user(app)
    user_id, now = record_of(record_id), clock.now()
    window = Window(Position(0, after), limit)
    page = read_user_classes(build().reader, state, user_id, asked, window, now)
    _record(state, len(page.rows))
    return answer(200, show_user_classes(page, state))


@app.get("/groups/<group_id>/accesses")
def get_accesses(group_id: str) -> Response[str]:
    """List who has read about the group's people, newest first."""
    runtime = build()
    runtime.groups.check_known(caller(app).enterprise, GroupId(group_id))
    limit, after = page_of_accesses(app)
    found, more = runtime.accesses.list(GroupId(group_id), after, limit, clock.now())
    return answer(200, show_accesses(found, more))


def _list(group_id: str, collection: Collection, *takes: str) -> Response[str]:
    """Answer with a page of all records of a type; ``takes`` names the filters that it has."""
    state, asked = _state_of(group_id), list_of(app, *takes)
    limit, start = position_of(app)
    window = Window(start, limit)
    page = read_list(build().reader, state, collection, asked, window, clock.now())
    if collection in OF_PEOPLE:
        _record(state, len(page.rows))
    return answer(200, show_records(collection, page, state))


def _one(group_id: str, collection: Collection, record_id: str) -> Response[str]:
    """Answer with one record."""
    state = _state_of(group_id)
    id_, place = record_of(record_id), place_of(state)
    record = read_record(build().reader, place, collection, id_, clock.now())
    if collection in OF_PEOPLE:
        _record(state, 1)
    return answer(200, show_record(collection, record))


def _record(state: RosterState, records: int) -> None:
    record_access(app, build().accesses, state.group_id, records, clock.now())


def _state_of(group_id: str) -> RosterState:
    """How the roster of the path's group stands, if the group is the caller's."""
    return build().states.get(caller(app).enterprise, GroupId(group_id))


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of the API."""
    return app.resolve(event, context)
