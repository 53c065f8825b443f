"""What the unit tests share."""

from collections.abc import Iterator

import pytest

from shared import clock
from tests.fakes.rosters import partner
from tests.unit.http_stack import HttpStack, http_stack
from tests.unit.reading import NOW, SHARDS, Roster


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpStack]:
    """The HTTP functions over moto, as in AWS: insecure sources are refused."""
    with http_stack(monkeypatch) as made:
        yield made


@pytest.fixture
def roster(stack: HttpStack, monkeypatch: pytest.MonkeyPatch) -> Roster:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    group_id = stack.create()["groupId"]
    stack.set_on_group(group_id, shards={"N": str(SHARDS)})
    made = Roster(stack, group_id)
    made.write(partner(group_id, "north"), partner(group_id, "south"))
    return made
