"""assign_content: content of classes and users, over HTTP."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, wiring
from shared.content.assign_content import ContentPorts, assign_content, unassign_content
from shared.content.list_content import list_class_content, list_user_content
from shared.domain.ids import GroupId
from shared.domain.roster.collection import Collection
from shared.domain.roster.content import Bearer
from shared.http.access_record import record_access
from shared.http.answers import answer
from shared.http.content_answers import show_content, show_position
from shared.http.content_requests import (
    content_of,
    page_of_class_content,
    page_of_user_content,
)
from shared.http.problems import install
from shared.http.requests import caller
from shared.http.roster_requests import record_of
from shared.observability import make_logger
from shared.ports.groups import Accesses
from shared.ports.roster_reading import RosterState, RosterStates
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
    content: ContentPorts
    accesses: Accesses


@cache
def build() -> Runtime:
    """Build the ports, once a container, at the first request."""
    settings = Settings.read()
    content = ContentPorts(
        reader=wiring.roster_reader(settings),
        contents=wiring.contents(settings),
    )
    return Runtime(wiring.roster_states(settings), content, wiring.accesses(settings))


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
    """Take content from a user; what the user has from classes stays."""
    return _unassign(group_id, Collection.USERS, record_id, content_id)


@app.get("/groups/<group_id>/classes/<record_id>/contents")
def get_class_contents(group_id: str, record_id: str) -> Response[str]:
    """List the content of a class."""
    state, (limit, after) = _state_of(group_id), page_of_class_content(app)
    id_ = record_of(record_id)
    rows, more = list_class_content(state, id_, after, limit, build().content, clock.now())
    return answer(200, show_content(rows, more, state))


@app.get("/groups/<group_id>/users/<record_id>/contents")
def get_user_contents(group_id: str, record_id: str) -> Response[str]:
    """List the content of a user: the user's own, and that of the classes of today."""
    state, (limit, start) = _state_of(group_id), page_of_user_content(app)
    id_ = record_of(record_id)
    rows, more = list_user_content(state, id_, start, limit, build().content, clock.now())
    record_access(app, build().accesses, state.group_id, len(rows), clock.now())
    return answer(200, show_content(rows, show_position(more), state))


def _assign(
    group_id: str, collection: Collection, record_id: str, content_id: str
) -> Response[str]:
    state, person = _state_of(group_id), caller(app).person
    bearer, content = Bearer(collection, record_of(record_id)), content_of(content_id)
    assign_content(state, bearer, content, person, build().content, clock.now())
    return answer(204, None)


def _unassign(
    group_id: str, collection: Collection, record_id: str, content_id: str
) -> Response[str]:
    state = _state_of(group_id)
    bearer, content = Bearer(collection, record_of(record_id)), content_of(content_id)
    unassign_content(state, bearer, content, build().content, clock.now())
    return answer(204, None)


def _state_of(group_id: str) -> RosterState:
    """How the roster of the path's group stands, if the group is the caller's."""
    return build().states.get(caller(app).enterprise, GroupId(group_id))


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of the API."""
    return app.resolve(event, context)
