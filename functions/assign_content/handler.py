"""assign_content: content of classes and users, over HTTP."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, wiring
from shared.domain.access import Access
from shared.domain.ids import GroupId
from shared.domain.local_day import local_day
from shared.domain.roster.collection import Collection
from shared.domain.roster.content import Bearer
from shared.domain.roster.stored_record import View
from shared.http.answers import answer
from shared.http.content_requests import (
    content_of,
    cursor_of_contents,
    in_contents,
    in_contents_of_user,
    show_assignment,
)
from shared.http.contract.roster import ContentPage
from shared.http.identity import caller_of
from shared.http.problems import install
from shared.http.roster_answers import page_of_roster
from shared.http.roster_requests import record_of
from shared.observability import make_logger
from shared.ports.groups import Accesses
from shared.ports.roster_reading import Contents, RosterReader, RosterStates
from shared.reading.contents import contents_of, contents_of_user
from shared.reading.records import place_of, read_record
from shared.settings import ControlTable, RosterTable

logger = make_logger()
app = APIGatewayRestResolver()
install(app)


class Settings(ControlTable, RosterTable):
    """What this function reads from its environment."""


@dataclass(frozen=True)
class Runtime:
    """What the routes use."""

    states: RosterStates
    reader: RosterReader
    contents: Contents
    accesses: Accesses


@cache
def build() -> Runtime:
    """Build the ports, once a container, at the first request."""
    settings = Settings.read()
    return Runtime(
        states=wiring.roster_states(settings),
        reader=wiring.roster_reader(settings),
        contents=wiring.contents(settings),
        accesses=wiring.accesses(settings),
    )


@app.put("/groups/<group_id>/classes/<record_id>/contents/<content_id>")
def put_class_content(group_id: str, record_id: str, content_id: str) -> Response[str]:
    """Assign content to a class."""
    return _assign(group_id, Collection.CLASSES, record_id, content_id)


@app.put("/groups/<group_id>/users/<record_id>/contents/<content_id>")
def put_user_content(group_id: str, record_id: str, content_id: str) -> Response[str]:
    """Assign content to a user."""
    return _assign(group_id, Collection.USERS, record_id, content_id)


@app.delete("/groups/<group_id>/classes/<record_id>/contents/<content_id>")
def delete_class_content(group_id: str, record_id: str, content_id: str) -> Response[str]:
    """Take content from a class."""
    return _unassign(group_id, Collection.CLASSES, record_id, content_id)


@app.delete("/groups/<group_id>/users/<record_id>/contents/<content_id>")
def delete_user_content(group_id: str, record_id: str, content_id: str) -> Response[str]:
    """Take content from a user; what it has from its classes stays."""
    return _unassign(group_id, Collection.USERS, record_id, content_id)


@app.get("/groups/<group_id>/classes/<record_id>/contents")
def get_class_contents(group_id: str, record_id: str) -> Response[str]:
    """List the content of a class."""
    caller, runtime, now = caller_of(app.current_event.raw_event), build(), clock.now()
    limit, after = in_contents(app)
    state = runtime.states.get(caller.enterprise, GroupId(group_id))
    place, id_ = place_of(state), record_of(record_id)
    class_ = read_record(runtime.reader, place, Collection.CLASSES, id_, now)
    bearer = Bearer(Collection.CLASSES, id_)
    found, _, more = contents_of(runtime.contents, place, bearer, class_, after, limit)
    rows = [show_assignment(given.assignment, given.source) for given in found]
    return answer(200, ContentPage(contents=rows, **page_of_roster(more, state)))


@app.get("/groups/<group_id>/users/<record_id>/contents")
def get_user_contents(group_id: str, record_id: str) -> Response[str]:
    """List the content of a user: its own, and that of the classes it is in today."""
    caller, runtime, now = caller_of(app.current_event.raw_event), build(), clock.now()
    limit, start = in_contents_of_user(app)
    state = runtime.states.get(caller.enterprise, GroupId(group_id))
    place, id_ = place_of(state), record_of(record_id)
    user = read_record(runtime.reader, place, Collection.USERS, id_, now)
    today = View(now, local_day(state.time_zone, now), state.time_zone)
    found, more = contents_of_user(
        runtime.reader, runtime.contents, place, user, start, limit, today
    )
    rows = [show_assignment(given.assignment, given.source) for given in found]
    what = "GET /groups/{groupId}/users/{id}/contents"
    runtime.accesses.record(state.group_id, Access(caller.person, what, now, len(rows)))
    standing = page_of_roster(cursor_of_contents(more), state)
    return answer(200, ContentPage(contents=rows, **standing))


def _assign(
    group_id: str, collection: Collection, record_id: str, content_id: str
) -> Response[str]:
    caller, runtime = caller_of(app.current_event.raw_event), build()
    place = place_of(runtime.states.get(caller.enterprise, GroupId(group_id)))
    bearer, content = Bearer(collection, record_of(record_id)), content_of(content_id)
    now = clock.now()
    record = read_record(runtime.reader, place, collection, bearer.id, now)
    runtime.contents.assign(place, bearer, record.created_at, content, caller.person, now)
    return answer(204, None)


def _unassign(
    group_id: str, collection: Collection, record_id: str, content_id: str
) -> Response[str]:
    caller, runtime = caller_of(app.current_event.raw_event), build()
    place = place_of(runtime.states.get(caller.enterprise, GroupId(group_id)))
    bearer, content = Bearer(collection, record_of(record_id)), content_of(content_id)
    read_record(runtime.reader, place, collection, bearer.id, clock.now())
    runtime.contents.unassign(place, bearer, content)
    return answer(204, None)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of the API."""
    return app.resolve(event, context)
