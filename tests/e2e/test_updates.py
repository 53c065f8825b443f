"""Updates, the whole way: what left the source leaves, waits for a person, and comes back."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.api import Api
from local.sample_district.bundle import csv_files, pack
from local.sample_district.evolution import without_users
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.sftp_server import available_servers
from local.stack import Stack
from local.stored_roster import stored_records
from tests.e2e.bundles import add_zip_group, sync_zip
from tests.e2e.conftest import AdminMaker
from tests.e2e.deployed import eventually
from tests.e2e.roster import (
    add_group,
    check_district,
    counted,
    group_items,
    ids,
    sync,
)
from tests.e2e.test_sftp import add_sftp_group

Json = dict[str, Any]


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=120)


@dataclass
class Source:
    """One group, and how its source is made to hold a district and is synced."""

    group_id: str
    bring: Callable[[District, str], Json]


@pytest.fixture(params=["API", "ZIP", "SFTP"])
def source(
    request: pytest.FixtureRequest,
    api: Api,
    district: District,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Source]:
    partner = district.client_partner_id
    if request.param == "API":
        with DistrictServer(district) as server:
            group_id = add_group(api, server)

            def fetch(now: District, mode: str) -> Json:
                server.district = now
                return sync(api, group_id, mode=mode)

            yield Source(group_id, fetch)
    elif request.param == "ZIP":
        group_id = add_zip_group(api, partner)
        yield Source(
            group_id,
            lambda now, mode: sync_zip(api, group_id, pack(csv_files(now, "1.1")), mode=mode),
        )
    else:
        kind, *_ = available_servers()
        with kind(tmp_path_factory.mktemp("sftp")) as files:
            group_id = add_sftp_group(api, files, partner, "update.zip")

            def put(now: District, mode: str) -> Json:
                (files.files / "update.zip").write_bytes(pack(csv_files(now, "1.1")))
                return sync(api, group_id, mode=mode)

            yield Source(group_id, put)


def pupils(district: District) -> list[str]:
    return [user.sourced_id for user in district.users if user.role == "student"]


def test_who_left_stays_on_sync_and_goes_on_update_and_comes_back(
    stack: Stack, api: Api, source: Source, district: District
) -> None:
    assert source.bring(district, "sync")["state"] == "Succeeded"
    before = ids(stack, source.group_id, "U")
    gone = pupils(district)[:3]
    left = without_users(district, gone)
    enrollments = district.counts()["enrollments"] - left.counts()["enrollments"]

    stays = source.bring(left, "sync")
    assert counted(stays, "deleted")["users"] == 0
    check_district(stack, source.group_id, district)

    state = sorted(map(repr, group_items(stack, source.group_id)))
    shown = source.bring(left, "preview")
    assert (shown["state"], shown["mode"]) == ("Succeeded", "preview")
    assert (counted(shown, "deleted")["users"], counted(shown, "held")["users"]) == (3, 0)
    assert sorted(map(repr, group_items(stack, source.group_id))) == state
    listed = changes_of(api, source.group_id, shown)
    assert {row["sourcedId"] for row in listed if row["entity"] == "users"} == set(gone)

    goes = source.bring(left, "update")
    assert (goes["state"], goes["reason"]) == ("Succeeded", None)
    assert counted(goes, "deleted") == dict.fromkeys(counted(goes, "deleted"), 0) | {
        "users": 3,
        "enrollments": enrollments,
    }
    check_district(stack, source.group_id, left)

    back = source.bring(district, "sync")
    assert counted(back, "restored")["users"] == 3
    check_district(stack, source.group_id, district)
    assert ids(stack, source.group_id, "U") == before


def changes_of(api: Api, group_id: str, run: Json) -> list[dict[str, str]]:
    # urllib follows the 303, without the token: the address is signed.
    text = api.call("GET", f"/groups/{group_id}/syncs/{run['runId']}/changes").body
    return list(csv.DictReader(io.StringIO(text if isinstance(text, str) else "")))


def decide(api: Api, group_id: str, decision: str, digest: str) -> Any:
    body = {"decision": decision, "digest": digest, "reason": "I asked the school."}
    return api.call("POST", f"/groups/{group_id}/hold/decisions", body)


def test_a_half_empty_source_is_held_and_decided_on(
    stack: Stack, api: Api, admin_of: AdminMaker, district: District
) -> None:
    other_api = admin_of("globex")
    with DistrictServer(district) as server:
        group_id = add_group(api, server)
        sync(api, group_id)
        gone = pupils(district)[:60]
        left = without_users(district, gone)
        server.district = left
        run = sync(api, group_id, mode="update")
        assert (run["state"], run["reason"]["code"]) == ("Held", "held")
        assert counted(run, "held")["users"] == 60
        check_district(stack, group_id, district)

        hold = api.get(f"/groups/{group_id}/hold")
        assert sum(row["records"] for row in hold["bySchool"] if row["entity"] == "users") == 60
        assert other_api.call("GET", f"/groups/{group_id}/hold").status == 404
        assert decide(other_api, group_id, "approve", hold["digest"]).status == 404
        stale = decide(api, group_id, "approve", "0-0-0")
        assert (stale.status, stale.body["code"]) == (409, "hold_changed")

        # One of them returns: what was shown is not what waits any more.
        server.district = without_users(district, gone[1:])
        sync(api, group_id, mode="update")
        assert decide(api, group_id, "approve", hold["digest"]).status == 409
        now = api.get(f"/groups/{group_id}/hold")
        answers = [decide(api, group_id, each, now["digest"]) for each in ("approve", "reject")]
        assert [answer.status for answer in answers] == [202, 409]
        done = api.follow_run(group_id, answers[0].body["runId"], 90)
        assert (done["state"], done["trigger"]) == ("Succeeded", "decision")
        assert done["decision"]["reason"] == "I asked the school."
        check_district(stack, group_id, without_users(district, gone[1:]))
        assert api.get(f"/groups/{group_id}/hold")["records"] == 0


def _expire_superseded(stack: Stack, group_id: str) -> list[str]:
    """Do what the bucket's lifecycle does at midnight, of which the emulator has none."""
    s3, bucket = stack.client("s3"), stack.drop_bucket
    gone = []
    for each in s3.list_objects_v2(Bucket=bucket, Prefix=f"snapshots/{group_id}/")["Contents"]:
        answer = s3.get_object_tagging(Bucket=bucket, Key=each["Key"])
        if {"Key": "lifecycle", "Value": "superseded"} in answer["TagSet"]:
            s3.delete_object(Bucket=bucket, Key=each["Key"])
            gone.append(each["Key"])
    return gone


def test_a_restore_brings_back_the_roster_of_the_run_before(
    stack: Stack, api: Api, district: District
) -> None:
    def roster() -> dict[tuple[str, str], Json]:
        items = [i for i in stored_records(stack, group_id) if "deletedAt" not in i]
        return {(item["pk"], item["sk"]): item["doc"] for item in items}

    with DistrictServer(district) as server:
        group_id = add_group(api, server, syncFrequency="Auto", period="Weekly", autoMode="update")
        first = api.get(f"/groups/{group_id}/syncs")["syncs"][0]
        assert api.follow_run(group_id, first["runId"], 90)["state"] == "Succeeded"
        before = roster()
        server.district = without_users(district, pupils(district)[:3])
        sync(api, group_id, mode="update")
        assert roster() != before
        # Tagged after the run has ended.
        assert eventually(lambda: _expire_superseded(stack, group_id))

        asked = {"mode": "restore", "runId": first["runId"]}
        answer = api.call("POST", f"/groups/{group_id}/syncs", asked)
        assert answer.status == 202, answer
        assert "next update deletes again" in answer.body["note"]
        done = api.follow_run(group_id, answer.body["runId"], 90)
        assert (done["state"], done["restores"]) == ("Succeeded", first["runId"])
        assert roster() == before
        assert api.get(f"/groups/{group_id}")["syncFrequency"] == "Manual"


def test_a_roster_that_is_marked_is_held_and_then_deleted(
    stack: Stack, api: Api, district: District
) -> None:
    group_id = add_zip_group(api, district.client_partner_id)
    sync_zip(api, group_id, pack(csv_files(district, "1.1")))
    marked = api.call("DELETE", f"/groups/{group_id}/roster")
    assert (marked.status, marked.body["markedAt"] is not None) == (200, True)
    run = sync(api, group_id, mode="update")
    assert (run["state"], counted(run, "deleted")["users"]) == ("Held", 0)
    check_district(stack, group_id, district)
    hold = api.get(f"/groups/{group_id}/hold")
    answer = decide(api, group_id, "approve", hold["digest"])
    done = api.follow_run(group_id, answer.body["runId"], 90)
    assert counted(done, "deleted") == district.counts()
    assert [i for i in group_items(stack, group_id) if "deletedAt" not in i] == []
    assert api.get(f"/groups/{group_id}")["markedAt"] is None
