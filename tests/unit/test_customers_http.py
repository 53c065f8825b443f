"""Customers over HTTP: read, renamed and removed, each by its own enterprise alone."""

from typing import Any

import pytest

from tests.unit.http_stack import HttpStack

PLACE = "/customers/c1"


@pytest.fixture
def customer(stack: HttpStack) -> dict[str, Any]:
    body = {"name": "North", "customerId": "c1", "orgSourcedId": "org-1"}
    answer = stack.groups("POST /customers", body)
    assert answer.status == 201
    return answer.json


def test_a_customer_is_read(stack: HttpStack, customer: dict[str, Any]) -> None:
    assert stack.groups(f"GET {PLACE}").json == customer
    group_id = stack.create(customers=["c1"])["groupId"]
    assert stack.groups(f"GET {PLACE}").json == customer | {"groupId": group_id}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("who", [("c1", "globex"), ("none", "acme"), ("%20", "acme")])
def test_anothers_is_not_there(
    stack: HttpStack, customer: dict[str, Any], method: str, who: tuple[str, str]
) -> None:
    customer_id, enterprise = who
    body = {"name": "Mine"} if method == "PATCH" else None
    answer = stack.groups(f"{method} /customers/{customer_id}", body, enterprise=enterprise)
    assert (answer.status, answer.json["code"]) == (404, "customer_not_found")
    assert stack.groups(f"GET {PLACE}").json == customer


def test_a_customer_is_renamed(stack: HttpStack, customer: dict[str, Any]) -> None:
    stack.create(customers=["c1"])
    renamed = stack.groups(f"PATCH {PLACE}", {"name": "  South "}).json
    assert (renamed["name"], renamed["orgSourcedId"]) == ("South", "org-1")
    assert stack.groups(f"PATCH {PLACE}", {}).json == renamed
    refused = stack.groups(f"PATCH {PLACE}", {"orgSourcedId": "org-2"})
    assert (refused.status, refused.json["code"]) == (409, "customer_in_group")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": 1}, "name"),
        ({"orgSourcedId": ""}, "orgSourcedId"),
        ({"customerId": "c2"}, "customerId"),
        ({"groupId": "g"}, "groupId"),
    ],
)
def test_what_it_may_not_become_is_said(
    stack: HttpStack, customer: dict[str, Any], body: dict[str, Any], field: str
) -> None:
    answer = stack.groups(f"PATCH {PLACE}", body)
    assert (answer.status, answer.fields) == (422, [field])
    assert stack.groups(f"GET {PLACE}").json == customer


def test_its_org_is_taken_away_by_null(stack: HttpStack, customer: dict[str, Any]) -> None:
    changed = stack.groups(f"PATCH {PLACE}", {"orgSourcedId": None})
    assert changed.json == customer | {"orgSourcedId": None}


def test_a_customer_is_removed(stack: HttpStack, customer: dict[str, Any]) -> None:
    group_id = stack.create(customers=["c1"])["groupId"]
    refused = stack.groups(f"DELETE {PLACE}")
    assert (refused.status, refused.json["code"]) == (409, "customer_in_group")
    stack.groups(f"PATCH /groups/{group_id}", {"customers": []})
    assert stack.groups(f"DELETE {PLACE}").status == 204
    assert stack.groups(f"DELETE {PLACE}").status == 404
    assert stack.groups("GET /customers").json["customers"] == []
    assert stack.groups("POST /customers", {"name": "North", "customerId": "c1"}).status == 201
