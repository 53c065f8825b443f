"""``control`` goes back an hour, and ``roster`` does not, on the deployed stack.

The emulator has no point-in-time recovery, so a group's items are put back as they were: what a
restored table would hold of it. The other groups of the session are left alone.
"""

from typing import Any

from local.api import Api
from local.sample_district.evolution import with_user, without_users
from local.sample_district.roster import generate
from local.sample_district.server import DistrictServer
from local.stack import Stack
from tests.e2e.roster import add_group, check_district, counted, group_items, sync

Items = list[dict[str, Any]]


def test_control_goes_back_and_the_roster_equals_the_source_again(stack: Stack, api: Api) -> None:
    before = generate(pupils=60)
    with DistrictServer(before) as server:
        group_id = add_group(api, server)
        sync(api, group_id, mode="update")
        then = _items_of(stack, group_id)
        # The lost hour: one is renamed, one leaves; and one is renamed again after it.
        server.district = with_user(before, "pupil-000001", given_name="Lost")
        sync(api, group_id, mode="update")
        server.district = without_users(server.district, {"pupil-000002"})
        lost = sync(api, group_id, mode="update")
        _put_back(stack, group_id, then)
        server.district = with_user(server.district, "pupil-000001", given_name="Since")

        first = sync(api, group_id, mode="update")
        assert first["state"] == "Succeeded", first
        assert [notice["code"] for notice in first["notices"]] == ["begun_anew"]
        assert int(first["runId"]) < int(lost["runId"])
        check_district(stack, group_id, server.district)

        items = group_items(stack, group_id)
        second = sync(api, group_id, mode="update")
        assert int(second["runId"]) > int(lost["runId"])
        assert counted(second, "unchanged") == server.district.counts()
        assert group_items(stack, group_id) == items


def _items_of(stack: Stack, group_id: str) -> Items:
    """A group's items in ``control``, as DynamoDB has them."""
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.control_table)
    return [item for page in pages for item in page["Items"] if _is_of(item, group_id)]


def _is_of(item: dict[str, Any], group_id: str) -> bool:
    return group_id in item["pk"]["S"] + item["sk"]["S"]


def _put_back(stack: Stack, group_id: str, items: Items) -> None:
    client = stack.client("dynamodb")
    for item in _items_of(stack, group_id):
        key = {"pk": item["pk"], "sk": item["sk"]}
        client.delete_item(TableName=stack.control_table, Key=key)
    for item in items:
        client.put_item(TableName=stack.control_table, Item=item)
