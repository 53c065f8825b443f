"""The REST source asks the sample server for single records: what is a record, a no, or neither."""

import pytest

from local.sample_district.evolution import with_records
from local.sample_district.quirks import Quirks
from local.sample_district.records import User
from local.sample_district.server import DistrictServer
from shared.adapters.oneroster_rest.authorization import Signatures
from shared.adapters.oneroster_rest.client import OneRosterRestSource
from shared.domain.errors import GiveUpError, SourceBusyError
from shared.domain.group.choices import Authorization
from shared.domain.group.connection import ApiConnection
from shared.domain.roster.collection import Collection

pytestmark = pytest.mark.loopback

AWKWARD = "a/b %2F+c:d?é"


def _source(server: DistrictServer) -> OneRosterRestSource:
    connection = ApiConnection(
        url=server.url,
        path="/ims/oneroster/v1p1",
        authorization=Authorization.OAUTH_1,
        consumer_key=server.credentials.key,
    )
    signatures = Signatures(server.credentials.key, server.credentials.secret, None)
    return OneRosterRestSource(connection, signatures, allow_insecure=True)


def _user(server: DistrictServer) -> User:
    return server.district.users[0]


@pytest.mark.parametrize("collection", Collection)
def test_a_record_is_there_or_not(server: DistrictServer, collection: Collection) -> None:
    known = server.district.records(str(collection))[0].sourced_id
    record = _source(server).record(collection, known)
    assert record is not None
    assert record["sourcedId"] == known
    assert _source(server).record(collection, "nobody") is None


def test_an_awkward_sourced_id_arrives_as_it_is(server: DistrictServer) -> None:
    original = _user(server)
    awkward = type(original)(**(vars(original) | {"sourced_id": AWKWARD}))
    server.district = with_records(server.district, "users", awkward)
    record = _source(server).record(Collection.USERS, AWKWARD)
    assert record is not None
    assert record["sourcedId"] == AWKWARD


@pytest.mark.parametrize(
    "quirks", [Quirks(no_single_records=200), Quirks(no_single_records=404)], ids=["{}", "404"]
)
def test_an_answer_without_a_record_is_a_no(server: DistrictServer, quirks: Quirks) -> None:
    server.quirks = quirks
    assert _source(server).record(Collection.USERS, _user(server).sourced_id) is None


@pytest.mark.parametrize(
    "quirks",
    [
        *(Quirks(no_single_records=status) for status in (400, 403, 405, 501)),
        Quirks(single_records_as="list"),
        Quirks(single_records_as="html"),
    ],
    ids=["400", "403", "405", "501", "a list", "HTML"],
)
def test_what_is_neither_a_record_nor_a_no_is_said(server: DistrictServer, quirks: Quirks) -> None:
    server.quirks = quirks
    with pytest.raises(GiveUpError):
        _source(server).record(Collection.USERS, _user(server).sourced_id)


def test_a_server_error_may_pass(server: DistrictServer) -> None:
    server.quirks = Quirks(no_single_records=500)
    with pytest.raises(SourceBusyError):
        _source(server).record(Collection.USERS, _user(server).sourced_id)
