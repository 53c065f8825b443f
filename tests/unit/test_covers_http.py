"""A group's cover image over HTTP: uploaded it is shown, and nothing else is, whatever its name."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import boto3
import pytest

from shared import clock
from shared.domain.group.cover import DEFAULT, FORM_TIME, type_of
from tests.unit.http_stack import HttpStack

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 40
WEBP = b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 40
PAGE = b"<html><script>alert(1)</script></html>"


@pytest.fixture
def s3(stack: HttpStack) -> Any:
    client: Any = boto3.client("s3")
    client.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    return client


def _upload(stack: HttpStack, s3: Any, group_id: str, body: bytes, kind: str = "image/png") -> str:
    """Ask for a form, and send a file with it, as S3 would store it."""
    form = stack.groups(f"POST /groups/{group_id}/cover-image", {"contentType": kind}).json
    key: str = form["fields"]["key"]
    s3.put_object(Bucket="data", Key=key, Body=body, ContentType=kind)
    return key


def _read(stack: HttpStack, group_id: str) -> dict[str, Any]:
    return stack.groups(f"GET /groups/{group_id}").json


def _opened(s3: Any, address: str) -> tuple[bytes, str]:
    """What a browser gets at an address, and as what."""
    parts = urlsplit(address)
    asked = {name: value for name, [value] in parse_qs(parts.query).items()}
    version = {"VersionId": asked["versionId"]} if "versionId" in asked else {}
    body = s3.get_object(Bucket="data", Key=parts.path.lstrip("/"), **version)["Body"].read()
    assert (asked["response-content-disposition"], asked["X-Amz-Expires"]) == ("inline", "3600")
    assert asked["response-cache-control"] == "private, max-age=3600"
    return body, asked["response-content-type"]


def _objects(s3: Any) -> list[str]:
    found = s3.list_objects_v2(Bucket="data", Prefix="covers/").get("Contents", [])
    return [each["Key"] for each in found if "default" not in each["Key"]]


def test_without_an_image_the_default_is_shown(stack: HttpStack, s3: Any) -> None:
    shown = stack.create()
    listed = stack.groups("GET /groups").json["groups"][0]
    for group in (shown, listed, _read(stack, shown["groupId"])):
        body, kind = _opened(s3, group["coverImage"])
        assert (body.decode(), kind) == (DEFAULT, "image/svg+xml")
        assert (group["ownCoverImage"], group["coverImageRefused"]) == (False, False)
    # An image, and nothing that runs.
    drawing = ElementTree.fromstring(DEFAULT)
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    assert {each.tag.partition("}")[2] for each in drawing.iter()} == {"svg", "rect", "path"}
    versions = s3.list_object_versions(Bucket="data", Prefix="covers/default")["Versions"]
    assert len(versions) == 1


@pytest.mark.parametrize(
    ("body", "kind"), [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")]
)
def test_an_image_that_was_uploaded_is_shown(
    stack: HttpStack, s3: Any, body: bytes, kind: str
) -> None:
    group_id = stack.create()["groupId"]
    # Whatever it was said to be, it is shown as what it is.
    _upload(stack, s3, group_id, body, "image/png")
    [listed] = stack.groups("GET /groups").json["groups"]
    for group in (listed, _read(stack, group_id)):
        assert group["ownCoverImage"]
        assert _opened(s3, group["coverImage"]) == (body, kind)


@pytest.mark.parametrize("body", [PAGE, b"", b"\x89PN", b"RIFF\0\0\0\0WAVE", b"GIF89a", b"<svg/>"])
def test_what_is_no_image_is_shown_to_nobody(stack: HttpStack, s3: Any, body: bytes) -> None:
    group_id = stack.create()["groupId"]
    _upload(stack, s3, group_id, PNG)
    first = _read(stack, group_id)["coverImage"]
    _upload(stack, s3, group_id, body)
    group = _read(stack, group_id)
    assert (group["ownCoverImage"], group["coverImageRefused"]) == (True, True)
    assert urlsplit(group["coverImage"]).path == urlsplit(first).path
    assert len(_objects(s3)) == 1
    # The next one that is an image is shown.
    _upload(stack, s3, group_id, JPEG)
    group = _read(stack, group_id)
    assert (_opened(s3, group["coverImage"]), group["coverImageRefused"]) == (
        (JPEG, "image/jpeg"), False,
    )  # fmt: skip


def test_what_comes_by_the_same_form_again_is_shown_instead(
    stack: HttpStack, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 9, 1, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    group_id = stack.create()["groupId"]
    key = _upload(stack, s3, group_id, PNG)
    for body, kind in ((PNG, "image/png"), (JPEG, "image/jpeg")):
        s3.put_object(Bucket="data", Key=key, Body=body, ContentType="image/png")
        assert _opened(s3, _read(stack, group_id)["coverImage"]) == (body, kind)
        # What is shown is what S3 keeps: earlier versions go within days.
        current = s3.head_object(Bucket="data", Key=key)["VersionId"]
        assert current in _read(stack, group_id)["coverImage"]
    writes = stack.group_item(group_id)["coverSeq"]
    _read(stack, group_id)
    assert stack.group_item(group_id)["coverSeq"] == writes
    # Once the form is good for nothing, nobody looks any more.
    monkeypatch.setattr(clock, "now", lambda: now + FORM_TIME + timedelta(seconds=1))
    assert _opened(s3, _read(stack, group_id)["coverImage"]) == (JPEG, "image/jpeg")
    assert "until" not in stack.group_item(group_id)["cover"]["S"]


def test_a_page_by_the_same_form_is_not_shown(stack: HttpStack, s3: Any) -> None:
    group_id = stack.create()["groupId"]
    key = _upload(stack, s3, group_id, PNG)
    assert _read(stack, group_id)["ownCoverImage"]
    s3.put_object(Bucket="data", Key=key, Body=PAGE, ContentType="image/png")
    shown = _read(stack, group_id)
    assert (shown["ownCoverImage"], shown["coverImageRefused"]) == (False, True)
    assert _opened(s3, shown["coverImage"])[1] == "image/svg+xml"


def test_an_image_is_replaced_and_removed(stack: HttpStack, s3: Any) -> None:
    group_id = stack.create()["groupId"]
    first = _upload(stack, s3, group_id, PNG)
    _read(stack, group_id)
    second = _upload(stack, s3, group_id, JPEG)
    assert _opened(s3, _read(stack, group_id)["coverImage"]) == (JPEG, "image/jpeg")
    assert (first != second, _objects(s3)) == (True, [second])
    place = f"DELETE /groups/{group_id}/cover-image"
    assert stack.groups(place, enterprise="globex").status == 404
    for _ in range(2):
        answer = stack.groups(place)
        assert (answer.status, answer.json["ownCoverImage"]) == (200, False)
    assert _opened(s3, answer.json["coverImage"])[1] == "image/svg+xml"
    assert _objects(s3) == []


def test_of_two_forms_the_last_counts(stack: HttpStack, s3: Any) -> None:
    group_id = stack.create()["groupId"]
    first, second = (
        stack.groups(f"POST /groups/{group_id}/cover-image", {"contentType": "image/png"}).json
        for _ in range(2)
    )
    s3.put_object(Bucket="data", Key=first["fields"]["key"], Body=JPEG)
    assert not _read(stack, group_id)["ownCoverImage"]
    s3.put_object(Bucket="data", Key=second["fields"]["key"], Body=PNG)
    assert _opened(s3, _read(stack, group_id)["coverImage"]) == (PNG, "image/png")


def test_a_form_that_was_never_used_is_forgotten(
    stack: HttpStack, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 9, 1, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    group_id = stack.create()["groupId"]
    stack.groups(f"POST /groups/{group_id}/cover-image", {"contentType": "image/png"})
    _read(stack, group_id)
    assert "until" in stack.group_item(group_id)["cover"]["S"]
    monkeypatch.setattr(clock, "now", lambda: now + FORM_TIME + timedelta(seconds=1))
    _read(stack, group_id)
    assert "until" not in stack.group_item(group_id)["cover"]["S"]


def test_a_change_of_the_group_leaves_the_image(stack: HttpStack, s3: Any) -> None:
    group_id = stack.create()["groupId"]
    _upload(stack, s3, group_id, PNG)
    _read(stack, group_id)
    changed = stack.groups(f"PATCH /groups/{group_id}", {"description": "New"}).json
    assert _opened(s3, changed["coverImage"]) == (PNG, "image/png")
    # Nor does an image change the group for whoever changes it at the same time.
    assert changed["version"] == 2


def test_a_file_is_what_its_first_bytes_say() -> None:
    assert [type_of(body[:12]) for body in (PNG, JPEG, WEBP)] == [
        "image/png", "image/jpeg", "image/webp",
    ]  # fmt: skip
    for body in (PAGE, b"", b"RIFF", DEFAULT.encode(), b" " + PNG):
        assert type_of(body[:12]) is None
