"""The server as it should be: pages, queries, errors, and the two versions."""

import http.client
import threading
from typing import Any

import pytest
import requests

from local.sample_district.evolution import with_user, without_users
from local.sample_district.records import COLLECTIONS, District
from local.sample_district.render import SINGULAR
from local.sample_district.server import PATHS, DistrictServer, status_counts
from tests.sample_district.client import Client, signer

pytestmark = pytest.mark.loopback

VERSIONS = sorted(PATHS.values())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_record_comes_once(client: Client, collection: str, version: str) -> None:
    expected = [record.sourced_id for record in client.server.district.records(collection)]
    assert client.all(collection, version=version) == expected


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_one_record_is_what_the_list_says(client: Client, collection: str, version: str) -> None:
    [row] = client.rows(collection, version=version, limit=1)
    answer = client.get(f"{collection}/{row['sourcedId']}", version=version)
    assert answer.json() == {SINGULAR[collection]: row}


def test_references_lead_to_their_records(client: Client) -> None:
    [row] = client.rows("enrollments", limit=1)
    for name in ("user", "class", "school"):
        url = row[name]["href"]
        answer = client.session.get(url, auth=signer(), timeout=5)
        [entity] = answer.json().values()
        assert entity["sourcedId"] == row[name]["sourcedId"]


def test_a_page_is_a_hundred_rows_unless_told(client: Client) -> None:
    answer = client.get("enrollments")
    assert len(answer.json()["enrollments"]) == 100
    total = len(client.server.district.enrollments)
    assert answer.headers["X-Total-Count"] == str(total)


def test_links_lead_through_all_pages(client: Client) -> None:
    answer = client.get("users", limit=30, filter="role='student'")
    found = [row["sourcedId"] for row in answer.json()["users"]]
    assert "prev" not in answer.links
    while "next" in answer.links:
        answer = client.session.get(answer.links["next"]["url"], auth=signer(), timeout=5)
        found += [row["sourcedId"] for row in answer.json()["users"]]
    assert found == [u.sourced_id for u in client.server.district.users if u.role == "student"]
    assert {"prev", "first", "last"} <= answer.links.keys()
    last = client.session.get(answer.links["last"]["url"], auth=signer(), timeout=5)
    assert last.json() == answer.json()


def test_past_the_end_is_an_empty_page(client: Client) -> None:
    assert client.rows("orgs", offset=1000) == []


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"offset": "-1"}])
@pytest.mark.parametrize("version", VERSIONS)
def test_numbers_that_are_none(client: Client, version: str, query: dict[str, Any]) -> None:
    assert client.get("orgs", version=version, **query).status_code == 400


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("role='student'", lambda u: u.role == "student"),
        ("role!='student'", lambda u: u.role != "student"),
        ("sourcedId>'pupil-000030'", lambda u: u.sourced_id > "pupil-000030"),
        ("sourcedId>='pupil-000030'", lambda u: u.sourced_id >= "pupil-000030"),
        ("sourcedId<'pupil-000030'", lambda u: u.sourced_id < "pupil-000030"),
        ("sourcedId<='pupil-000030'", lambda u: u.sourced_id <= "pupil-000030"),
        ("familyName~'ez'", lambda u: "ez" in u.family_name),
        ("familyName='O''Neill'", lambda u: u.family_name == "O'Neill"),
        ("givenName~' AND '", lambda u: False),
        ("enabledUser='true'", lambda u: u.enabled),
        ("grades='01'", lambda u: u.grade == "01"),
        ("orgs.sourcedId~'school-01'", lambda u: "school-01" in u.orgs),
        (
            "role='student' AND givenName='Ada'",
            lambda u: u.role == "student" and u.given_name == "Ada",
        ),
        ("role='aide' OR role='teacher'", lambda u: u.role in ("aide", "teacher")),
        ("dateLastModified>'2030-01-01T00:00:00.000Z'", lambda u: False),
    ],
)
def test_filters(client: Client, text: str, fits: Any) -> None:
    expected = [user.sourced_id for user in client.server.district.users if fits(user)]
    assert client.all("users", filter=text) == expected


@pytest.mark.parametrize("text", ["", "shoe='42'", "role=student", "role = 'student'", "Role='a'"])
@pytest.mark.parametrize("version", VERSIONS)
def test_filters_that_are_none(client: Client, version: str, text: str) -> None:
    answer = client.get("users", version=version, filter=text)
    assert answer.status_code == 400
    assert "invalid_filter_field" in answer.text


def test_sorting(client: Client) -> None:
    users = client.server.district.users
    by_name = sorted(users, key=lambda u: (u.family_name, u.sourced_id))
    assert client.all("users", sort="familyName") == [u.sourced_id for u in by_name]
    down = client.all("users", sort="sourcedId", orderBy="desc")
    assert down == [u.sourced_id for u in reversed(users)]


def test_an_unknown_field_to_sort_by_is_a_warning_of_1_1(client: Client) -> None:
    answer = client.get("orgs", sort="shoe")
    assert answer.status_code == 200
    [status] = answer.json()["statusInfoSet"]
    assert (status["imsx_codeMajor"], status["imsx_codeMinor"]) == ("success", "invalid_sort_field")
    assert len(answer.json()["orgs"]) == len(client.server.district.orgs)
    assert client.get("orgs", version="1.2", sort="shoe").json().keys() == {"orgs"}


def test_only_these_fields(client: Client) -> None:
    rows = client.rows("users", fields="sourcedId,email", limit=100)
    assert {frozenset(row) for row in rows} == {
        frozenset({"sourcedId", "email"}),
        frozenset({"sourcedId"}),
    }
    one = client.get("users/pupil-000001", fields="username").json()["user"]
    assert one.keys() == {"username"}


def test_unknown_fields(client: Client) -> None:
    old = client.get("orgs", fields="sourcedId,shoe").json()
    assert old["statusInfoSet"][0]["imsx_codeMinor"] == "invalid_selection_field"
    assert "name" in old["orgs"][0]
    assert client.get("orgs", version="1.2", fields="shoe").status_code == 400
    for version in VERSIONS:
        assert client.get("orgs", version=version, fields="").status_code == 400


@pytest.mark.parametrize(
    "path", ["orgs/nowhere", "shoes", "users/pupil-000001/classes", "users/a%2Fb"]
)
def test_what_is_not_there(client: Client, path: str) -> None:
    old, new = client.get(path), client.get(path, version="1.2")
    assert (old.status_code, new.status_code) == (404, 404)
    assert old.json()["statusInfoSet"][0]["imsx_codeMinor"] == "unknown object"
    [minor] = new.json()["imsx_CodeMinor"]["imsx_codeMinorField"]
    assert minor["imsx_codeMinorFieldValue"] == "unknownobject"


def test_another_path_is_not_there(client: Client) -> None:
    answer = client.session.get(f"{client.server.url}/api/users", auth=signer(), timeout=5)
    assert answer.status_code == 404


def test_users_of_both_versions(client: Client) -> None:
    path = "users/aide-school-01"
    old = client.get(path).json()["user"]
    new = client.get(path, version="1.2").json()["user"]
    assert (old["role"], old["enabledUser"]) == ("aide", True)
    assert [org["sourcedId"] for org in old["orgs"]] == ["school-01", "school-02"]
    assert new["enabledUser"] == "true"
    assert [(r["roleType"], r["role"], r["org"]["sourcedId"]) for r in new["roles"]] == [
        ("primary", "aide", "school-01"),
        ("secondary", "aide", "school-02"),
    ]
    assert "roles" not in old
    assert not {"role", "orgs"} & new.keys()


def test_administrators_are_split_in_1_2(client: Client) -> None:
    for user, role in (
        ("admin-district", "districtAdministrator"),
        ("admin-school-01", "siteAdministrator"),
    ):
        entity = client.get(f"users/{user}", version="1.2").json()["user"]
        assert [each["role"] for each in entity["roles"]] == [role]
        assert entity["primaryOrg"]["sourcedId"] == entity["roles"][0]["org"]["sourcedId"]


@pytest.mark.parametrize(("version", "yes"), [("1.1", True), ("1.2", "true")])
def test_booleans_of_both_versions(client: Client, version: str, yes: object) -> None:
    rows = client.rows("enrollments", version=version, filter="role='teacher'", limit=3)
    assert [row["primary"] for row in rows] == [yes] * 3


def test_the_district_can_be_exchanged_under_way(client: Client) -> None:
    server, before = client.server, client.server.district
    server.district = with_user(before, "pupil-000001", status="tobedeleted")
    assert client.get("users/pupil-000001").json()["user"]["status"] == "tobedeleted"
    assert server.district.counts()["users"] == before.counts()["users"] - 1
    server.district = without_users(before, ["pupil-000001"])
    assert client.get("users/pupil-000001").status_code == 404
    assert "pupil-000001" not in client.all("users")


def test_connections_are_kept(server: DistrictServer) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    connection.connect()
    kept = connection.sock
    for _ in range(2):
        connection.request("GET", "/")
        assert connection.getresponse().read()
        assert connection.sock is kept
    connection.close()


def test_a_server_that_has_ended_answers_nobody(district: District) -> None:
    with DistrictServer(district) as server:
        client = Client(server)
        assert client.get("orgs").status_code == 200
    with client, pytest.raises(requests.ConnectionError):
        client.get("orgs")


def test_many_at_once(server: DistrictServer) -> None:
    found: list[list[str]] = []

    def read() -> None:
        with Client(server) as client:
            found.append(client.all("enrollments", limit=40))

    threads = [threading.Thread(target=read) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[e.sourced_id for e in server.district.enrollments]] * 5
    assert status_counts(server.requests) == {200: len(server.requests)}
