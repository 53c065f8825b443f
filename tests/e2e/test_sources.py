"""Sources as they are in the field: what costs only time, and what ends a run with a reason."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.api import Api
from local.sample_district.quirks import Quirks
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer, status_counts
from local.sample_district.signatures import Credentials
from local.stack import Stack
from tests.e2e.roster import add_group, check_district, counted, group_items, sync

MINUTE = 60


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=240)


@pytest.fixture
def server(district: District) -> Iterator[DistrictServer]:
    with DistrictServer(district) as running:
        yield running


@pytest.mark.parametrize(
    ("quirks", "connection"),
    [
        (Quirks(cap_limit=500, send_total=False, send_link=False), {"pageSize": 5000}),
        (Quirks(too_many_requests_every=20), {"pageSize": 20}),
        (Quirks(drop_connection_at=("enrollments", 7)), {"pageSize": 50}),
    ],
    ids=["a silent cap on limit", "429 at every 20th request", "a connection cut at page 7"],
)
def test_costs_no_record(
    stack: Stack, api: Api, server: DistrictServer, quirks: Quirks, connection: dict[str, Any]
) -> None:
    server.quirks = quirks
    group_id = add_group(api, server, connection=connection)
    run = sync(api, group_id)
    assert run["state"] == "Succeeded", run["reason"]
    assert counted(run, "created") == server.district.counts()
    check_district(stack, group_id, server.district)
    if quirks.too_many_requests_every:
        assert status_counts(server.requests)[429] >= 2
    if quirks.cap_limit:
        largest = max(int(seen.query["offset"]) for seen in server.requests if seen.query)
        assert largest >= 500


def test_a_pull_longer_than_an_invocation_goes_on_in_the_next(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    server.quirks = Quirks(latency_seconds=0.9, send_total=False, send_link=False)
    group_id = add_group(api, server, connection={"pageSize": 80})
    run = sync(api, group_id, seconds=180)
    assert run["state"] == "Succeeded", run["reason"]
    check_district(stack, group_id, server.district)
    starts = [seen for seen in server.requests if seen.query.get("offset") == "0"]
    assert len(starts) == 6, "a collection was begun anew"


def test_only_hmac_sha1(api: Api, server: DistrictServer, stack: Stack) -> None:
    server.credentials.methods = frozenset({"HMAC-SHA1"})
    group_id = add_group(api, server)
    assert sync(api, group_id)["state"] == "Succeeded"
    refused = status_counts(server.requests)[401]
    assert sync(api, group_id)["state"] == "Succeeded"
    assert status_counts(server.requests)[401] == refused, "the method was not remembered"


def test_the_secret_only_in_the_body(api: Api, server: DistrictServer) -> None:
    server.quirks = Quirks(token_placement="body", token_path="/oauth/token?appName=homeroom")
    connection = {"tokenUrl": f"{server.url}/oauth/token?appName=homeroom"}
    group_id = add_group(
        api, server, version="1.2", authorization="OAuth2.0", connection=connection
    )
    assert sync(api, group_id)["state"] == "Succeeded"


def test_a_200_without_its_envelope_key_fails_and_names_the_collection(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    server.quirks = Quirks(missing_envelope="classes")
    group_id = add_group(api, server)
    run = sync(api, group_id)
    assert (run["state"], run["reason"]["code"]) == ("Failed", "missing_envelope")
    assert "classes" in run["reason"]["message"]
    assert group_items(stack, group_id) == []
    server.quirks = Quirks()
    assert sync(api, group_id)["state"] == "Succeeded"


@pytest.mark.parametrize(
    ("connection", "code", "field"),
    [
        ({"secretKey": "wrong"}, "credentials_refused", "connection.secretKey"),
        ({"consumerKey": "wrong"}, "credentials_refused", "connection.secretKey"),
        ({"url": "http://127.0.0.1:9"}, "unreachable", "connection.url"),
        ({"path": "/somewhere/else"}, "path_not_found", "connection.path"),
        ({"url": "http://no-such-host.invalid"}, "unknown_host", "connection.url"),
    ],
    ids=["wrong secret", "wrong key", "wrong URL", "wrong path", "unknown host"],
)
def test_says_within_a_minute_which_field_to_change(
    api: Api, server: DistrictServer, connection: dict[str, str], code: str, field: str
) -> None:
    group_id = add_group(api, server, connection=connection)
    run = sync(api, group_id, seconds=MINUTE)
    assert run["state"] == "Failed"
    assert (run["reason"]["code"], run["reason"]["field"]) == (code, field)
    assert server.credentials.secret not in run["reason"]["message"]


@pytest.mark.parametrize(
    ("credentials", "connection", "code", "field"),
    [
        (Credentials(), {"secretKey": "wrong"}, "credentials_refused", "connection.secretKey"),
        (Credentials(scopes=frozenset()), {}, "scope_refused", "connection.scope"),
        (Credentials(), {"tokenUrl": "/nowhere"}, "bad_token_url", "connection.tokenUrl"),
    ],
    ids=["wrong secret", "scope not granted", "wrong token URL"],
)
def test_says_what_is_wrong_with_a_token(
    api: Api,
    district: District,
    credentials: Credentials,
    connection: dict[str, str],
    code: str,
    field: str,
) -> None:
    with DistrictServer(district, credentials=credentials) as server:
        if "tokenUrl" in connection:
            connection = {"tokenUrl": server.url + connection["tokenUrl"]}
        group_id = add_group(
            api, server, version="1.2", authorization="OAuth2.0", connection=connection
        )
        run = sync(api, group_id, seconds=MINUTE)
    assert run["state"] == "Failed"
    assert (run["reason"]["code"], run["reason"]["field"]) == (code, field)
