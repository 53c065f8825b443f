"""What the manual promises of a group, on the deployed stack: its cover, its mark, its end."""

import binascii
import struct
import zlib
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest

from local.api import Api
from local.sample_district.bundle import csv_files, pack
from local.sample_district.roster import District, generate
from local.stack import Stack
from local.upload import upload
from tests.e2e.bundles import add_zip_group, bring, run_of, sync_zip
from tests.e2e.deployed import eventually, held, new_admin
from tests.e2e.roster import RUN_SECONDS, group_items, records

Json = dict[str, Any]
PAGE = b"<html><script>alert(1)</script></html>"
_directly = build_opener(ProxyHandler({}))


def _png() -> bytes:
    """An image of one red point."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", binascii.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    point = zlib.compress(b"\0\xff\0\0")
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", point) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=30)


@pytest.fixture(scope="module")
def bundle(district: District) -> bytes:
    return pack(csv_files(district, "1.1"))


def _opened(address: str) -> tuple[bytes, str]:
    """What an ``<img>`` gets at an address, which sends no token, and as what."""
    with _directly.open(address, timeout=30) as answer:
        return answer.read(), answer.headers["Content-Type"]


def _show(api: Api, group_id: str, image: bytes) -> Json:
    """Upload a cover image as a browser does; return the group as it is read next."""
    form = api.call("POST", f"/groups/{group_id}/cover-image", {"contentType": "image/png"})
    assert form.status == 200, form
    upload(form.body, image)
    shown: Json = api.get(f"/groups/{group_id}")
    return shown


def test_a_cover_that_was_uploaded_is_shown(api: Api) -> None:
    group_id = add_zip_group(api, "springfield")
    drawing, kind = _opened(api.get("/groups")["groups"][0]["coverImage"])
    assert (drawing[:4], kind) == (b"<svg", "image/svg+xml")
    png = _png()
    shown = _show(api, group_id, png)
    assert (_opened(shown["coverImage"]), shown["ownCoverImage"]) == ((png, "image/png"), True)
    refused = _show(api, group_id, PAGE)
    assert (_opened(refused["coverImage"])[0], refused["coverImageRefused"]) == (png, True)
    gone = api.call("DELETE", f"/groups/{group_id}/cover-image").body
    assert _opened(gone["coverImage"])[0] == drawing


def test_customers_are_renamed_and_removed(stack: Stack, api: Api) -> None:
    api.call("POST", "/customers", {"name": "North", "customerId": "c1"})
    renamed = api.call("PATCH", "/customers/c1", {"name": "South"})
    assert (renamed.status, api.get("/customers/c1")["name"]) == (200, "South")
    group_id = add_zip_group(api, "springfield", customers=["c1"])
    assert api.call("DELETE", "/customers/c1").status == 409
    api.call("PATCH", f"/groups/{group_id}", {"customers": []})
    other = new_admin(stack, "somebody-elses")
    assert other.call("DELETE", "/customers/c1").status == 404
    assert api.call("DELETE", "/customers/c1").status == 204
    assert api.call("GET", "/customers/c1").status == 404


def test_a_marked_roster_is_unmarked_and_a_deleted_group_certified(
    stack: Stack, api: Api, district: District, bundle: bytes
) -> None:
    group_id = add_zip_group(api, district.client_partner_id)
    place = f"/groups/{group_id}"
    assert sync_zip(api, group_id, bundle)["state"] == "Succeeded"

    # A bundle that comes after the mark is refused in words; without the mark it is loaded.
    address = api.call("POST", f"{place}/uploads", {"mode": "update"}).body
    assert api.call("DELETE", f"{place}/roster").body["markedAt"] is not None
    assert api.call("POST", f"{place}/uploads", {"mode": "update"}).body["code"] == "roster_marked"
    upload(address, bundle)
    run = api.follow_run(group_id, run_of(api, group_id, address["uploadId"]), RUN_SECONDS)
    assert (run["state"], run["reason"]["code"]) == ("Failed", "roster_marked")
    assert api.call("DELETE", f"{place}/roster/mark").body["markedAt"] is None
    upload_id = bring(api, group_id, bundle, mode="update")
    again = api.follow_run(group_id, run_of(api, group_id, upload_id), RUN_SECONDS)
    assert again["state"] == "Succeeded"

    [user, *_] = records(stack, group_id, "U")
    content = f"{place}/users/{user}/contents/book"
    assert api.call("PUT", content).status == 204
    assert api.call("GET", f"{place}/users").status == 200
    there = len(group_items(stack, group_id))
    with held(stack, "delete_group"):
        deletion = api.call("DELETE", f"{place}?name=Springfield by zip".replace(" ", "%20"))
        assert deletion.status == 202
        reads = ("users", f"users/{user}", f"users/{user}/contents", "enrollments", "export",
                 "hold", f"syncs/{again['runId']}/errors/summary")  # fmt: skip
        for read in reads:
            assert api.call("GET", f"{place}/{read}").status == 404, read
        assert api.call("PUT", content).status == 404
        assert api.get(place)["deletingSince"] is not None
        assert api.call("GET", f"{place}/certificate").status == 404
    eventually(lambda: api.call("GET", f"{place}/certificate").status == 200, 120, 1.0)

    certificate = api.get(f"{place}/certificate")
    erased = {(e["store"], e["kind"]): e["deleted"] for e in certificate["erased"]}
    counts = {kind: number for (store, kind), number in erased.items() if store == "roster"}
    assert {kind: counts[kind] for kind in district.counts()} == district.counts()
    assert sum(n for kind, n in counts.items() if kind not in ("loginNames", "stamps")) == there
    assert (counts["contents"], erased["bucket", "drops"]) == (1, 3)
    assert certificate["lastBackupDay"] > certificate["deletedAt"][:10]
    # Its runs, counts and accesses can be read still, and by nobody else.
    run = api.get(f"{place}/syncs/{deletion.body['runId']}")
    assert (run["state"], run["counts"]["users"]["deleted"]) == ("Succeeded", counts["users"])
    assert len(api.get(f"{place}/syncs")["syncs"]) == 4
    assert api.get(f"{place}/accesses")["accesses"][0]["what"] == "GET /groups/{groupId}/users"
    other = new_admin(stack, "somebody-elses")
    for read in ("certificate", "syncs", "accesses"):
        assert other.call("GET", f"{place}/{read}").status == 404
    assert group_items(stack, group_id) == []
