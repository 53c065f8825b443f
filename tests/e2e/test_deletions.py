"""A group that is deleted, the whole way: nothing of it is left, and its names are free."""

from typing import Any

import pytest

from local.api import Api
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.stack import Stack
from tests.e2e.deployed import eventually
from tests.e2e.roster import add_group, ask, check_district, group_items, sync

Json = dict[str, Any]
PATIENCE = 120


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=120)


def _objects(stack: Stack, group_id: str) -> list[str]:
    """The keys of all versions of a group's objects."""
    pages = stack.client("s3").get_paginator("list_object_versions")
    return [
        version["Key"]
        for page in pages.paginate(Bucket=stack.drop_bucket)
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if f"/{group_id}" in version["Key"]
    ]


def _login_names(stack: Stack) -> set[str]:
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.roster_table)
    return {
        item["userId"]["S"]
        for page in pages
        for item in page["Items"]
        if item["pk"]["S"].startswith("LOGIN#")
    }


def test_a_group_goes_with_its_roster_and_its_names_are_free(
    stack: Stack, api: Api, district: District
) -> None:
    api.call("POST", "/customers", {"name": "One", "customerId": "c1"})
    with DistrictServer(district) as server:
        kept = add_group(api, server, name="Kept", suffix="@kept")
        sync(api, kept)
        group_id = add_group(api, server, name="Going", customers=["c1"])
        sync(api, group_id)
        users = {i["sk"] for i in group_items(stack, group_id) if "#U#" in i["pk"]}
        assert users & _login_names(stack)
        # One run is under way when the group is deleted: it is stopped.
        running = ask(api, group_id).body["runId"]
        answer = api.call("DELETE", f"/groups/{group_id}?name=Going")
        assert (answer.status, answer.body["message"]) == (202, "The group is being deleted")
        stopped = api.get(f"/groups/{group_id}/syncs/{running}")
        assert (stopped["state"], stopped["reason"]["code"]) == ("Superseded", "group_deleted")

        again = api.call("POST", "/groups", {"name": "Going"})
        assert again.status in (409, 422)
        assert api.get(f"/groups/{group_id}")["deletingSince"] is not None
        path = f"/groups/{group_id}"
        eventually(lambda: api.call("GET", path).status == 404, PATIENCE, 1.0)

        assert (group_items(stack, group_id), _objects(stack, group_id)) == ([], [])
        assert not users & _login_names(stack)
        assert api.get("/customers")["customers"][0]["groupId"] is None
        add_group(api, server, name="Going", customers=["c1"])
        check_district(stack, kept, district)
