"""A group that is being deleted shows nothing of people and takes nothing, whatever is asked."""

from typing import Any

import pytest

from shared.http.contract.routes import ROUTES, Route
from tests.fakes.api import Answer
from tests.fakes.rosters import class_, enrollment, user
from tests.unit.http_stack import HttpStack
from tests.unit.reading import Roster

STILL_ANSWERED = {
    "GET /groups/{groupId}",
    "DELETE /groups/{groupId}",
    "GET /groups/{groupId}/syncs",
    "GET /groups/{groupId}/syncs/{runId}",
    "GET /groups/{groupId}/accesses",
}
"""What is said of the group itself, of its deletion, and of who has read about its people."""

BODIES: dict[str, dict[str, Any]] = {
    "POST /groups/{groupId}/cover-image": {"contentType": "image/png"},
    "POST /groups/{groupId}/hold/decisions": {
        "decision": "approve", "digest": "d" * 16, "reason": "They left.",
    },
    "POST /groups/{groupId}/kept/decisions": {
        "decision": "release", "digest": "d" * 16, "reason": "They left.",
    },
    "POST /groups/{groupId}/exceptions": {
        "effect": "keep", "entity": "users", "sourcedId": "ann", "why": "She comes back.",
    },
}  # fmt: skip
OF_GROUPS = [route for route in ROUTES if "{groupId}" in route.path]


@pytest.fixture
def school(roster: Roster) -> Roster:
    roster.write(
        class_(roster.id, "math"), user(roster.id, "ann"), enrollment(roster.id, "math", "ann")
    )
    return roster


def _ask(stack: HttpStack, route: Route, school: Roster) -> Answer:
    """Ask whichever function answers the route."""
    record = school.class_id("math") if "/classes/" in route.path else school.user_id("ann")
    path = route.path.format(
        groupId=school.id, runId="1", id=record, contentId="book", testId="t", exceptionId="e"
    ).replace("/partners/" + record, "/partners/north")
    name = f"{route.method} {route.path}"
    for call in (stack.groups, stack.syncs, stack.roster, stack.contents):
        answer = call(f"{route.method} {path}", BODIES.get(name, {} if route.body else None))
        nowhere = answer.status == 404 and answer.json["code"] == "not_found"
        if not nowhere and answer.status != 405:
            return answer
    raise AssertionError(f"nobody answers {name}")


@pytest.mark.parametrize("route", OF_GROUPS, ids=lambda route: f"{route.method} {route.path}")
def test_every_address_below_it_says_that_it_is_not_there(school: Roster, route: Route) -> None:
    stack, name = school.stack, f"{route.method} {route.path}"
    assert stack.syncs(f"POST /groups/{school.id}/syncs").status == 202
    begun = stack.groups(f"DELETE /groups/{school.id}?name=Springfield")
    assert (begun.status, begun.json["runId"]) == (202, "2")
    before = stack.items()
    answer = _ask(stack, route, school)
    if name in STILL_ANSWERED:
        assert answer.status in (200, 409), answer.text
    else:
        assert answer.status == 404
        assert answer.json["code"] in ("group_not_found", "certificate_not_found")
        assert stack.items() == before


def test_the_deletion_itself_can_be_followed(school: Roster) -> None:
    stack = school.stack
    stack.syncs(f"POST /groups/{school.id}/syncs")
    school.get("users")
    stack.groups(f"DELETE /groups/{school.id}?name=Springfield")
    runs = stack.syncs(f"GET /groups/{school.id}/syncs").json["syncs"]
    assert [(run["mode"], run["state"]) for run in runs] == [
        ("delete", "Accepted"), ("sync", "Superseded"),
    ]  # fmt: skip
    assert stack.syncs(f"GET /groups/{school.id}/syncs/2").json["mode"] == "delete"
    [access] = school.get("accesses")["accesses"]
    assert access["what"] == "GET /groups/{groupId}/users"
    for what in ("syncs", "syncs/2", "accesses"):
        call = stack.roster if what == "accesses" else stack.syncs
        assert call(f"GET /groups/{school.id}/{what}", enterprise="globex").status == 404
