"""Bundles from real SFTP servers, the whole way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.api import Api
from local.sample_district.bundle import csv_files, pack
from local.sample_district.evolution import with_user
from local.sample_district.roster import District, generate
from local.sftp_server import PASSPHRASE, SftpServer, available_servers
from local.stack import Stack
from tests.e2e.roster import check_district, counted, records, sync, written_by


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=60)


@pytest.fixture(scope="module", params=available_servers(), ids=lambda each: each.product)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SftpServer]:
    with request.param(tmp_path_factory.mktemp("sftp")) as running:
        yield running


def add_sftp_group(
    api: Api, server: SftpServer, partner: str, place: str, key: str = "openssh", **changes: Any
) -> str:
    answer = api.call(
        "POST",
        "/groups",
        {
            "name": f"Springfield {place}",
            "email": "it@springfield.example",
            "clientGroupId": "SPR",
            "onboardingType": "OneRoster1.1",
            "syncType": "SFTP",
            "clientPartnerId": partner,
            "connection": server.connection(place, key) | changes,
        },
    )
    assert answer.status == 201, answer
    return str(answer.body["groupId"])


def test_a_zip_on_a_server_becomes_the_roster(
    stack: Stack, api: Api, server: SftpServer, district: District
) -> None:
    (server.files / "roster.zip").write_bytes(pack(csv_files(district, "1.1")))
    group_id = add_sftp_group(api, server, district.client_partner_id, "roster.zip")
    run = sync(api, group_id)
    assert (run["state"], run["reason"]) == ("Succeeded", None)
    assert counted(run, "created") == district.counts()
    check_district(stack, group_id, district)

    again = sync(api, group_id)
    assert [notice["code"] for notice in again["notices"]] == ["bundle_unchanged"]
    assert counted(again, "unchanged") == district.counts()
    assert written_by(stack, group_id, again) == 0


def test_csv_files_in_a_folder_are_a_bundle(
    stack: Stack, api: Api, server: SftpServer, district: District
) -> None:
    folder = server.files / "loose"
    folder.mkdir()
    for name, contents in csv_files(district, "1.2").items():
        (folder / name).write_bytes(contents)
    group_id = add_sftp_group(
        api,
        server,
        district.client_partner_id,
        "loose",
        key="encrypted",
        passphrase=PASSPHRASE,
    )
    run = sync(api, group_id)
    assert (run["state"], run["reason"]) == ("Succeeded", None)
    check_district(stack, group_id, district)


def test_of_dated_bundles_the_newest_wins(
    stack: Stack, api: Api, server: SftpServer, district: District
) -> None:
    folder = server.files / "dated"
    folder.mkdir()
    pupil = next(user.sourced_id for user in district.users if user.role == "student")
    for day, name in {"2026-09-02": "Second", "2026-09-01": "First"}.items():
        changed = with_user(district, pupil, given_name=name)
        (folder / f"roster_{day}.zip").write_bytes(pack(csv_files(changed, "1.1")))
    group_id = add_sftp_group(api, server, district.client_partner_id, "dated", key="pem")
    assert sync(api, group_id)["state"] == "Succeeded"
    people = {doc["sourcedId"]: doc for doc in records(stack, group_id, "U").values()}
    assert people[pupil]["givenName"] == "Second"


def test_a_changed_host_key_ends_the_run_and_can_be_confirmed(
    api: Api, tmp_path: Path, district: District
) -> None:
    kind, *_ = available_servers()
    with kind(tmp_path) as server:
        (server.files / "roster.zip").write_bytes(pack(csv_files(district, "1.1")))
        group_id = add_sftp_group(api, server, district.client_partner_id, "roster.zip")
        assert sync(api, group_id)["state"] == "Succeeded"

        server.change_host_key()
        run = sync(api, group_id)
        assert (run["state"], run["reason"]["code"]) == ("Failed", "host_key_changed")
        assert server.fingerprint in run["reason"]["message"]
        assert run["reason"]["field"] == "connection.hostKeyFingerprint"

        # The key goes along: a secret stays with the place that it was given for.
        confirmed = {
            "hostKeyFingerprint": server.fingerprint,
            "privateKey": server.private_key("openssh"),
        }
        changed = api.call("PATCH", f"/groups/{group_id}", {"connection": confirmed})
        assert changed.status == 200, changed
        assert sync(api, group_id)["state"] == "Succeeded"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"path": "nowhere.zip"}, "sftp_path_not_found", "connection.path"),
        ({"username": "nobody-here"}, "sftp_login_refused", "connection.privateKey"),
        ({"privateKey": None, "password": "wrong"}, "sftp_login_refused", "connection.password"),
        ({"hostKeyFingerprint": None}, "host_key_not_confirmed", "connection.hostKeyFingerprint"),
    ],
)
def test_says_which_field_to_change(
    api: Api,
    server: SftpServer,
    district: District,
    changes: dict[str, Any],
    code: str,
    field: str,
) -> None:
    (server.files / "there.zip").write_bytes(pack(csv_files(district, "1.1")))
    group_id = add_sftp_group(api, server, district.client_partner_id, "there.zip", **changes)
    run = sync(api, group_id)
    assert (run["state"], run["reason"]["code"], run["reason"]["field"]) == ("Failed", code, field)
    # Nothing is lost, and the next run succeeds once the field is right.
    good = {
        "path": "there.zip",
        "username": server.username,
        "password": None,
        "privateKey": server.private_key("openssh"),
        "hostKeyFingerprint": server.fingerprint,
    }
    assert api.call("PATCH", f"/groups/{group_id}", {"connection": good}).status == 200
    assert sync(api, group_id)["state"] == "Succeeded"
