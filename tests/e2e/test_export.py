"""The roster as a bundle, the whole way: fetched, dropped again, and nothing changes."""

from urllib.request import Request, urlopen

import pytest

from local.api import Api
from local.sample_district.bundle import csv_files, pack
from local.sample_district.roster import District, generate
from local.stack import Stack
from tests.e2e.bundles import add_zip_group, sync_zip
from tests.e2e.conftest import AdminMaker
from tests.e2e.deployed import eventually
from tests.e2e.roster import check_district, counted, written_by


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=60)


def _fetch(api: Api, path: str) -> bytes | None:
    """The bundle, once it is there: urllib follows the 303, to an address that is signed."""
    request = Request(api.url + path, headers={"Authorization": f"Bearer {api.token}"})
    with urlopen(request, timeout=60) as answer:
        found: bytes = answer.read()
        return found if answer.status == 200 else None


def test_an_export_loads_again_with_no_change(
    stack: Stack, api: Api, admin_of: AdminMaker, district: District
) -> None:
    group_id = add_zip_group(api, district.client_partner_id, onboardingType="OneRoster1.2")
    path = f"/groups/{group_id}/export"
    assert api.call("GET", path).body["code"] == "no_roster"
    sync_zip(api, group_id, pack(csv_files(district, "1.2")))
    first = api.call("GET", path)
    assert first.status == 202
    assert int(first.headers["Retry-After"]) > 0
    bundle = eventually(lambda: _fetch(api, path), 60, 1.0) or b""
    assert admin_of("globex").call("GET", path).status == 404
    run = sync_zip(api, group_id, bundle, mode="update")
    assert run["state"] == "Succeeded"
    assert counted(run, "unchanged") == district.counts()
    assert written_by(stack, group_id, run) == 0
    check_district(stack, group_id, district)
