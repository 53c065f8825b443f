"""The roster table as the demonstration and the end-to-end tests read it, past the API."""

from types import SimpleNamespace
from typing import cast

import pytest

from local.demo import names_of, table_of
from local.stack import Stack
from local.stored_roster import letter_of, stored_items, stored_records
from shared.domain.roster.change import LoginClaim
from shared.domain.roster.collection import Collection
from tests.e2e.roster import group_items, records, written_by
from tests.fakes.roster_table import NAME
from tests.fakes.rosters import class_, enrollment, user
from tests.unit.reading import Roster


@pytest.fixture
def deployed(roster: Roster) -> Stack:
    """A stack whose table has items of every kind: whoever writes them has written them."""
    ann = user(roster.id, "ann").model_copy(update={"login": LoginClaim(take="ann@north")})
    roster.write(class_(roster.id, "math"), ann, enrollment(roster.id, "math", "ann"), seq=7)
    for path in (f"classes/{roster.class_id('math')}", f"users/{ann.id}"):
        assigned = roster.stack.contents(f"PUT /groups/{roster.id}/{path}/contents/algebra")
        assert assigned.status == 204
    known = SimpleNamespace(roster_table=NAME, client=lambda _: roster.stack.dynamodb)
    return cast(Stack, known)


def test_what_is_no_record_is_not_taken_for_one(deployed: Stack, roster: Roster) -> None:
    kinds = [letter_of(item) for item in stored_items(deployed, roster.id)]
    assert sorted(kinds) == ["C", "CT", "CT", "E", "P", "P", "U"]
    of_group = stored_records(deployed, roster.id)
    assert sorted(letter_of(item) for item in of_group) == ["C", "E", "P", "P", "U"]
    assert all(item["doc"] and item["seq"] in (1, 7) for item in of_group)


def test_all_that_reads_the_table_takes_what_is_assigned_and_the_login_names(
    deployed: Stack, roster: Roster
) -> None:
    assert len(table_of(deployed)) == 8, "a login name as well"
    assert names_of(deployed, roster.id).total() == 5
    assert len(group_items(deployed, roster.id)) == 7
    assert written_by(deployed, roster.id, {"runId": "7"}) == 3
    assert records(deployed, roster.id, "U").keys() == {roster.id_of(Collection.USERS, "ann")}
