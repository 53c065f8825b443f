"""Each quirk by itself: it does what it says, and the server is as it should be without it."""

import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from local.sample_district.quirks import Quirks
from local.sample_district.server import status_counts
from tests.sample_district.client import Client

pytestmark = pytest.mark.loopback


def _get(client: Client, quirks: Quirks, path: str, **query: Any) -> requests.Response:
    client.server.quirks = quirks
    return client.get(path, **query)


def _rows(client: Client, quirks: Quirks, path: str, **query: Any) -> list[dict[str, Any]]:
    client.server.quirks = quirks
    return client.rows(path, **query)


def test_a_silent_cap(client: Client) -> None:
    quirks = Quirks(cap_limit=20)
    assert len(_rows(client, quirks, "users", limit=1000)) == 20
    assert len(client.all("users", limit=1000)) == len(client.server.district.users)


def test_a_limit_on_limit(client: Client) -> None:
    assert _get(client, Quirks(max_limit=50), "users", limit=51).status_code == 400
    assert client.get("users", limit=50).status_code == 200


def test_no_total(client: Client) -> None:
    headers = _get(client, Quirks(send_total=False), "users").headers
    assert "X-Total-Count" not in headers
    assert "Link" in headers


def test_a_wrong_total(client: Client) -> None:
    total = len(client.server.district.users)
    headers = _get(client, Quirks(wrong_total=-3), "users").headers
    assert headers["X-Total-Count"] == str(total - 3)


def test_no_links(client: Client) -> None:
    headers = _get(client, Quirks(send_link=False), "users").headers
    assert "Link" not in headers
    assert "X-Total-Count" in headers


def test_links_to_an_internal_host(client: Client) -> None:
    answer = _get(client, Quirks(link_internal_host="http://10.0.0.7:8080"), "users", limit=10)
    expected = "http://10.0.0.7:8080/ims/oneroster/v1p1/users?limit=10&offset=10"
    assert answer.links["next"]["url"] == expected


def test_links_without_brackets(client: Client) -> None:
    link = _get(client, Quirks(link_without_brackets=True), "users", limit=10).headers["Link"]
    assert "<" not in link
    assert 'offset=10; rel="next"' in link


def test_an_offset_that_is_ignored(client: Client) -> None:
    first = _rows(client, Quirks(ignore_offset=True), "users", limit=10)
    assert client.rows("users", limit=10, offset=10) == first


def test_no_sorting(client: Client) -> None:
    answer = _get(client, Quirks(reject_sort=True), "users", sort="sourcedId")
    assert answer.status_code == 400
    assert "invalid_sort_field" in answer.text
    assert client.get("users").status_code == 200


@pytest.mark.parametrize("status", [200, 404, 405, 501])
def test_no_single_records(client: Client, status: int) -> None:
    path = f"users/{client.server.district.users[0].sourced_id}"
    answer = _get(client, Quirks(no_single_records=status), path)
    assert answer.status_code == status
    assert "user" not in answer.json()
    assert client.get("users").status_code == 200


def test_single_records_that_are_lists_or_pages(client: Client) -> None:
    user = client.server.district.users[0].sourced_id
    listed = _get(client, Quirks(single_records_as="list"), f"users/{user}").json()
    assert len(listed["users"]) > 1
    page = _get(client, Quirks(single_records_as="html"), f"users/{user}")
    assert (page.status_code, page.text[:6]) == (200, "<html>")


def test_ids_that_a_proxy_refuses(client: Client) -> None:
    user = client.server.district.users[0].sourced_id
    assert _get(client, Quirks(refuse_in_ids="-"), f"users/{user}").status_code == 404
    assert _get(client, Quirks(refuse_in_ids="/"), f"users/{user}").status_code == 200


def test_a_list_that_is_forbidden_after_a_while(client: Client) -> None:
    client.server.quirks = Quirks(forbid_after=("users", 2))
    assert [client.get("users").status_code for _ in range(3)] == [200, 200, 403]
    assert client.get("orgs").status_code == 200


def test_a_record_that_comes_twice(client: Client) -> None:
    client.server.quirks = Quirks(duplicate_entity=("users", "pupil-000003"))
    found = client.all("users")
    assert found.count("pupil-000003") == 2
    assert len(found) == len(client.server.district.users) + 1


def test_a_record_deleted_while_paging_makes_offsets_skip_another(client: Client) -> None:
    before = [user.sourced_id for user in client.server.district.users]
    client.server.quirks = Quirks(delete_while_paging=("users", 1, before[0]))
    found = client.all("users", limit=20)
    assert found[0] == before[0], "it was served before it went"
    assert set(before) - set(found) == {before[20]}, "the first of page 2 has moved to page 1"
    # Without the quirk's help it is there all the same, and the deleted one is nowhere.
    assert client.get(f"users/{before[20]}").status_code == 200
    assert client.get(f"users/{before[0]}").status_code == 404
    assert client.get(f"users/{before[0]}", version="1.2").status_code == 404
    assert client.rows("users", filter=f"sourcedId='{before[0]}'") == []
    assert before[0] not in {user.sourced_id for user in client.server.district.users}


@pytest.mark.parametrize(
    ("quirks", "status"),
    [(Quirks(too_many_requests_every=3), 429), (Quirks(server_error_every=3), 503)],
)
def test_every_third_request(client: Client, quirks: Quirks, status: int) -> None:
    client.server.quirks = quirks
    found = [client.get("orgs").status_code for _ in range(6)]
    assert found == [200, 200, status] * 2
    assert status_counts(client.server.requests) == {200: 4, status: 2}


def test_when_to_come_again(client: Client) -> None:
    answer = _get(client, Quirks(too_many_requests_every=1, retry_after="7"), "orgs")
    assert answer.headers["Retry-After"] == "7"
    quirks = Quirks(server_error_every=1, retry_after="7", retry_after_as_date=True)
    headers = _get(client, quirks, "orgs").headers
    wait = parsedate_to_datetime(headers["Retry-After"]) - parsedate_to_datetime(headers["Date"])
    assert 6 <= wait.total_seconds() <= 8


def test_a_page_that_fails(client: Client) -> None:
    client.server.quirks = Quirks(page_error=("users", 2, 500))
    statuses = [client.get("users", limit=10, offset=offset).status_code for offset in (0, 10, 20)]
    assert statuses == [200, 500, 200]
    assert client.get("users", limit=10, offset=10).status_code == 500


@pytest.mark.parametrize("every_time", [False, True])
def test_a_connection_that_is_cut(client: Client, every_time: bool) -> None:
    client.server.quirks = Quirks(drop_connection_at=("users", 2), drop_every_time=every_time)
    assert len(client.rows("users", limit=10)) == 10
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.get("users", limit=10, offset=10)
    if every_time:
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            client.get("users", limit=10, offset=10)
    else:
        assert len(client.rows("users", limit=10, offset=10)) == 10


def test_a_server_that_stalls(client: Client) -> None:
    client.server.quirks = Quirks(stall_at=("orgs", 1))
    with pytest.raises((requests.Timeout, requests.ConnectionError)):
        client.get("orgs", timeout=0.3)
    assert client.get("orgs").status_code == 200


def test_a_slow_server(client: Client) -> None:
    client.server.quirks = Quirks(latency_seconds=0.2)
    before = time.monotonic()
    assert client.get("orgs").status_code == 200
    assert time.monotonic() - before >= 0.2


def test_a_redirect(client: Client) -> None:
    assert _get(client, Quirks(redirect=True), "orgs").status_code == 302


def test_a_body_without_its_key(client: Client) -> None:
    answer = _get(client, Quirks(missing_envelope="users"), "users")
    assert answer.status_code == 200
    assert "users" not in answer.json()
    assert "X-Total-Count" not in answer.headers
    assert client.rows("orgs")


def test_a_body_with_another_key(client: Client) -> None:
    for collection, key in (("users", "students"), ("orgs", "schools"), ("classes", "classes")):
        assert _get(client, Quirks(wrong_envelope=True), collection).json().keys() == {key}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_an_error_in_a_success(client: Client, version: str) -> None:
    answer = _get(client, Quirks(error_in_success="users"), "users", version=version)
    assert answer.status_code == 200
    assert "failure" in answer.text
    assert client.get("orgs", version=version).json().keys() == {"orgs"}


def test_a_status_beside_the_data(client: Client) -> None:
    body = _get(client, Quirks(status_beside_data=True), "orgs").json()
    assert len(body["orgs"]) == len(client.server.district.orgs)
    assert body["statusInfoSet"][0]["imsx_codeMajor"] == "success"


def test_nothing_in_a_success(client: Client) -> None:
    assert _get(client, Quirks(empty_object="users"), "users").json() == {}
    assert _get(client, Quirks(empty_body="users"), "users").content == b""
    assert client.rows("orgs")


def test_a_page_for_people(client: Client) -> None:
    answer = _get(client, Quirks(html=True), "orgs")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_user_that_turned_bad(client: Client, version: str) -> None:
    client.server.quirks = Quirks(bad_users=("pupil-000001",))
    rows = client.rows("users", version=version, limit=100)
    bad = [row["sourcedId"] for row in rows if "wizard" in str(row)]
    assert bad == ["pupil-000001"]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize(("form", "yes"), [("bool", True), ("text", "true"), ("int", 1)])
def test_forms_of_a_boolean(client: Client, version: str, form: str, yes: object) -> None:
    rows = _rows(client, Quirks(enabled_user_as=form), "users", version=version, limit=1)
    assert (rows[0]["enabledUser"], type(rows[0]["enabledUser"])) == (yes, type(yes))


def test_nulls(client: Client) -> None:
    assert _rows(client, Quirks(null_terms=True), "classes", limit=1)[0]["terms"] is None
    [org] = _rows(client, Quirks(null_for_absent=True), "orgs", limit=1)
    assert (org["parent"], org["children"], org["name"]) == (None, None, org["name"])


def test_dates_as_empty_text(client: Client) -> None:
    [row] = _rows(client, Quirks(empty_dates=True), "enrollments", limit=1)
    assert (row["beginDate"], row["endDate"]) == ("", "")


def test_references(client: Client) -> None:
    def ref(quirks: Quirks) -> dict[str, str]:
        [row] = _rows(client, quirks, "enrollments", limit=1)
        found: dict[str, str] = row["class"]
        return found

    good = ref(Quirks())
    assert good["href"].startswith(client.server.url)
    assert ref(Quirks(refs_without_href=True)) == {"sourcedId": good["sourcedId"]}
    relative = "~/ims/oneroster/v1p1/classes/" + good["sourcedId"]
    assert ref(Quirks(relative_href=True)) == good | {"href": relative}
    assert ref(Quirks(wrong_ref_type=True)) == good | {"type": "user"}


def test_users_of_1_2_on_the_path_of_1_1(client: Client) -> None:
    [row] = _rows(client, Quirks(role_lists_in_1p1=True), "users", limit=1)
    assert {"roles"} <= row.keys()
    assert "role" not in row


def test_a_new_quirk_takes_the_old_one_s_place(client: Client) -> None:
    assert _get(client, Quirks(html=True), "orgs").headers["Content-Type"] == "text/html"
    assert _rows(client, Quirks(), "orgs")
