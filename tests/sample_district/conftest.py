"""A small district and its server, one for each test; the quirks are the test's own."""

from collections.abc import Iterator

import pytest

from local.sample_district.records import District
from local.sample_district.roster import generate
from local.sample_district.server import DistrictServer
from tests.sample_district.client import Client


@pytest.fixture(scope="session")
def district() -> District:
    return generate(pupils=60)


@pytest.fixture
def server(district: District) -> Iterator[DistrictServer]:
    with DistrictServer(district) as running:
        yield running


@pytest.fixture
def client(server: DistrictServer) -> Iterator[Client]:
    with Client(server) as made:
        yield made
