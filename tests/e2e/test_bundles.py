"""Zip uploads, the whole way: address, drop, run, roster, report."""

import csv
import io
import random
from urllib.error import HTTPError

import pytest

from local.api import Api
from local.sample_district.bundle import csv_files, delta_files, pack
from local.sample_district.evolution import with_user, without_users
from local.sample_district.roster import District, generate
from local.stack import Stack
from local.upload import upload
from tests.e2e.bundles import add_zip_group, bring, run_of, sync_zip
from tests.e2e.deployed import eventually, logs_of
from tests.e2e.roster import check_district, counted, ids, records, written_by


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=60)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_bundle_that_is_uploaded_becomes_the_roster(
    stack: Stack, api: Api, district: District, version: str
) -> None:
    group_id = add_zip_group(api, district.client_partner_id, onboardingType=f"OneRoster{version}")
    # A large file that is none of the roster's: what is read of the zip are ranges.
    files = {"a-letter.pdf": random.Random(1).randbytes(600_000)}
    bundle = pack(files | csv_files(district, version, gradebook=True))
    run = sync_zip(api, group_id, bundle)
    assert (run["state"], run["reason"]) == ("Succeeded", None)
    assert counted(run, "created") == district.counts()
    check_district(stack, group_id, district)

    again = sync_zip(api, group_id, bundle)
    assert again["state"] == "Succeeded"
    assert [notice["code"] for notice in again["notices"]] == ["bundle_unchanged"]
    assert counted(again, "unchanged") == district.counts()
    assert written_by(stack, group_id, again) == 0


def test_a_delta_changes_what_it_names(stack: Stack, api: Api, district: District) -> None:
    group_id = add_zip_group(api, district.client_partner_id)
    sync_zip(api, group_id, pack(csv_files(district, "1.1")))
    pupil, leaver = [u.sourced_id for u in district.users if u.role == "student"][:2]
    after = without_users(with_user(district, pupil, given_name="Renamed"), [leaver])
    files = delta_files(district, after, "1.1", "2026-09-01T06:00:00.000Z")
    run = sync_zip(api, group_id, pack(files))
    assert (run["state"], run["reason"]) == ("Succeeded", None)
    assert run["counts"]["users"]["updated"] == 1
    people = {doc["sourcedId"]: doc for doc in records(stack, group_id, "U").values()}
    assert people[pupil]["givenName"] == "Renamed"
    # Said to be deleted, and kept: mode sync deletes nothing, and says so.
    assert leaver in people
    assert [notice["code"] for notice in run["notices"]] == ["pending_deletions"]
    assert len(people) == district.counts()["users"]


def test_what_is_wrong_with_rows_can_be_fetched(api: Api, district: District) -> None:
    pupil = next(user for user in district.users if user.role == "student")
    files = csv_files(with_user(district, pupil.sourced_id, role="wizard"), "1.1")
    group_id = add_zip_group(api, district.client_partner_id)
    run = sync_zip(api, group_id, pack(files))
    assert run["counts"]["users"]["rejected"] == 1

    place = f"/groups/{group_id}/syncs/{run['runId']}/errors"
    [row] = [row for row in _report(api, place) if row["code"] == "unknown_role"]
    line = (
        files["users.csv"]
        .decode()
        .splitlines()
        .index(next(x for x in files["users.csv"].decode().splitlines() if "wizard" in x))
    )
    assert (row["file"], row["line"], row["field"]) == ("users.csv", str(line + 1), "role")
    assert (row["found"], row["sourcedId"]) == ("wizard", pupil.sourced_id)
    summary = api.get(f"{place}/summary")
    assert {"unknown_role": 1}.items() <= {c["code"]: c["count"] for c in summary["byCode"]}.items()
    assert pupil.orgs[0] in [school["school"] for school in summary["bySchool"]]


def _report(api: Api, place: str) -> list[dict[str, str]]:
    # urllib follows the 303, without the token: the address is signed.
    answer = api.call("GET", place)
    text = answer.body if isinstance(answer.body, str) else ""
    return list(csv.DictReader(io.StringIO(text)))


def test_bundles_that_come_at_once_are_worked_off_in_order(
    stack: Stack, api: Api, district: District
) -> None:
    group_id = add_zip_group(api, district.client_partner_id)
    pupil = next(user.sourced_id for user in district.users if user.role == "student")
    names = ["First", "Second", "Third"]
    uploads = [
        bring(api, group_id, pack(csv_files(with_user(district, pupil, given_name=name), "1.1")))
        for name in names
    ]
    run_ids = [run_of(api, group_id, upload_id) for upload_id in uploads]
    runs = [api.follow_run(group_id, run_id, 90) for run_id in run_ids]
    # Notices of drops can overtake each other: what counts is the order in which they are taken.
    first, middle, last = sorted(runs, key=lambda run: int(run["runId"]))
    assert (first["state"], last["state"]) == ("Succeeded", "Succeeded")
    # The one in the middle had its turn, or was found needless while it waited.
    assert middle["state"] in ("Succeeded", "Superseded")
    people = {doc["sourcedId"]: doc for doc in records(stack, group_id, "U").values()}
    assert people[pupil]["givenName"] == names[runs.index(last)]


def test_a_drop_under_no_group_is_refused_and_said_so(stack: Stack) -> None:
    key = "drops/nobody/Anna Hartmann.zip"
    put = stack.client("s3").put_object(Bucket=stack.drop_bucket, Key=key, Body=b"PK")
    eventually(
        lambda: [
            line
            for line in logs_of(stack, "ingest_zip")
            if "drop refused" in line and "no_such_group" in line and put["VersionId"] in line
        ]
    )
    # A file's name can name a pupil.
    assert not [line for line in logs_of(stack, "ingest_zip") if "Hartmann" in line]


def test_what_is_no_zip_is_said_so(api: Api, district: District, stack: Stack) -> None:
    group_id = add_zip_group(api, district.client_partner_id)
    run = sync_zip(api, group_id, b"sourcedId,name\r\n")
    assert (run["state"], run["reason"]["code"]) == ("Failed", "not_a_zip")
    assert ids(stack, group_id, "P") == {}


def test_an_upload_address_takes_no_other_key(api: Api, district: District) -> None:
    group_id = add_zip_group(api, district.client_partner_id)
    address = api.call("POST", f"/groups/{group_id}/uploads").body
    elsewhere = address["fields"] | {"key": "drops/another-group/sync/x.zip"}
    with pytest.raises(HTTPError) as refused:
        upload(address | {"fields": elsewhere}, b"PK")
    with refused.value as answer:
        assert answer.code == 403
