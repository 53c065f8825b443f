"""Connection tests, the whole way: what is found, and which field to change."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.api import Api
from local.sample_district.bundle import csv_files, pack
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.sftp_server import available_servers
from tests.e2e.bundles import add_zip_group
from tests.e2e.deployed import eventually
from tests.e2e.roster import add_group
from tests.e2e.test_sftp import add_sftp_group


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=60)


@pytest.fixture
def source(district: District) -> Iterator[DistrictServer]:
    with DistrictServer(district) as running:
        yield running


def tried(api: Api, group_id: str) -> dict[str, Any]:
    asked = api.call("POST", f"/groups/{group_id}/connection-tests")
    assert asked.status == 202, asked
    place = f"/groups/{group_id}/connection-tests/{asked.body['testId']}"

    def done() -> dict[str, Any]:
        test: dict[str, Any] = api.get(place)
        return test if test["state"] == "Done" else {}

    return eventually(done)


def probes(test: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {probe["name"]: probe for probe in test["probes"]}


def test_a_rest_source_shows_its_orgs_and_counts(
    api: Api, source: DistrictServer, district: District
) -> None:
    group_id = add_group(api, source)
    test = tried(api, group_id)
    assert test["ok"], test
    found = probes(test)
    assert found["users"]["facts"]["count"] == len(district.users)
    ids = {org["sourcedId"] for org in found["clientPartnerId"]["facts"]["orgs"]}
    assert ids == {org.sourced_id for org in district.orgs}
    assert found["authorization"]["facts"]
    assert api.get(f"/groups/{group_id}/syncs")["syncs"] == [], "it is no run"


def test_a_wrong_secret_is_said_with_its_field(api: Api, source: DistrictServer) -> None:
    group_id = add_group(api, source, connection={"secretKey": "wrong"})
    test = tried(api, group_id)
    assert not test["ok"]
    assert probes(test)["orgs"]["field"] == "connection.secretKey"


def test_a_zip_group_has_nothing_to_test(api: Api, district: District) -> None:
    group_id = add_zip_group(api, district.client_partner_id)
    refused = api.call("POST", f"/groups/{group_id}/connection-tests")
    assert (refused.status, refused.body["code"]) == (409, "nothing_to_test")


def test_a_host_key_is_shown_confirmed_and_then_all_is_found(
    api: Api, tmp_path: Path, district: District
) -> None:
    kind, *_ = available_servers()
    with kind(tmp_path) as server:
        (server.files / "roster.zip").write_bytes(pack(csv_files(district, "1.1")))
        partner = district.client_partner_id
        group_id = add_sftp_group(api, server, partner, "roster.zip", hostKeyFingerprint=None)
        first = probes(tried(api, group_id))
        assert first["server"]["facts"]["hostKeyFingerprint"] == server.fingerprint
        assert first["login"]["field"] == "connection.hostKeyFingerprint"

        confirmed = {
            "hostKeyFingerprint": server.fingerprint,
            "privateKey": server.private_key("openssh"),
        }
        api.call("PATCH", f"/groups/{group_id}", {"connection": confirmed})
        test = tried(api, group_id)
        assert test["ok"], test
        assert [f["name"] for f in probes(test)["bundle"]["facts"]["files"]] == ["roster.zip"]
