"""How long what has left is kept, on the deployed stack: a pause stops that clock too."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from local.api import Api
from local.sample_district.evolution import without_users
from local.sample_district.roster import generate
from local.sample_district.server import DistrictServer
from local.stack import Stack
from local.stored_roster import stored_records
from tests.e2e.deployed import invoke
from tests.e2e.roster import RUN_SECONDS, add_group, check_district, ids, sync

Json = dict[str, Any]


def _left(stack: Stack, group_id: str) -> list[Json]:
    return [item for item in stored_records(stack, group_id) if "deletedAt" in item]


def _keep(stack: Stack, api: Api, group_id: str) -> Json:
    """Let the hour strike after a change of the group; the run that begins, once it has ended."""
    tick = datetime.now(UTC) + timedelta(hours=1)
    event = {"period": "Daily", "tick": tick.isoformat()}
    # Other tests of the same stack may have changed groups of theirs.
    assert invoke(stack, "start_auto_syncs", event)["retentions"] >= 1
    newest = api.get(f"/groups/{group_id}/syncs")["syncs"][0]
    run = api.follow_run(group_id, newest["runId"], RUN_SECONDS)
    assert (run["state"], run["mode"], run["trigger"]) == ("Succeeded", "retention", "clock")
    invoke(stack, "start_auto_syncs", event)
    assert api.get(f"/groups/{group_id}/syncs")["syncs"][0]["runId"] == run["runId"]
    return run


def test_what_has_left_has_no_end_while_the_group_is_paused_and_returns_after_it(
    stack: Stack, api: Api
) -> None:
    district = generate(pupils=60)
    pupils = [user.sourced_id for user in district.users if user.role == "student"]
    with DistrictServer(district) as server:
        group_id = add_group(api, server)
        sync(api, group_id)
        known = ids(stack, group_id, "U")
        server.district = without_users(district, pupils[:2])
        sync(api, group_id, mode="update")
        before = {item["sk"]: item for item in _left(stack, group_id)}
        assert {item["doc"].get("sourcedId") for item in before.values()} >= set(pupils[:2])
        ends = {datetime.fromtimestamp(int(i["expiresAt"]), UTC).date() for i in before.values()}
        [end] = ends
        assert end - date.fromisoformat(next(iter(before.values()))["deletedAt"][:10]) == (
            timedelta(days=121)
        )

        assert api.call("PATCH", f"/groups/{group_id}", {"pause": {}}).status == 200
        run = _keep(stack, api, group_id)
        assert run["counts"]["users"]["deleted"] == 0
        # Whoever looks for the last sync finds it.
        last = api.get(f"/groups/{group_id}")["lastRun"]
        assert (last["runId"], last["mode"], last["state"]) == ("2", "update", "Succeeded")
        paused = {item["sk"]: item for item in _left(stack, group_id)}
        assert paused.keys() == before.keys()
        assert all("expiresAt" not in item for item in paused.values())
        assert all(paused[sk]["deletedAt"] == item["deletedAt"] for sk, item in before.items())
        check_district(stack, group_id, server.district)

        # Taken back on the same day, the pause has cost nothing.
        assert api.call("PATCH", f"/groups/{group_id}", {"pause": None}).status == 200
        _keep(stack, api, group_id)
        again = {item["sk"]: item["expiresAt"] for item in _left(stack, group_id)}
        assert again == {sk: item["expiresAt"] for sk, item in before.items()}

        server.district = district
        assert sync(api, group_id)["counts"]["users"]["restored"] == 2
        assert ids(stack, group_id, "U") == known
        assert _left(stack, group_id) == []
