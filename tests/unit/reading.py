"""A group with a roster, for tests of reading over HTTP."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.adapters.roster_table.roster import DynamoRoster
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.roster.change import RosterWrite
from shared.domain.roster.collection import Collection
from tests.fakes.api import Answer
from tests.fakes.roster_table import NAME
from tests.fakes.rosters import id_of
from tests.unit.http_stack import HttpStack

NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
SHARDS = 3


@dataclass
class Roster:
    """A group with a roster, and calls about it."""

    stack: HttpStack
    id: str

    def write(self, *writes: RosterWrite, seq: int = 1, now: datetime = NOW) -> None:
        roster = DynamoRoster(self.stack.dynamodb, NAME, batched=False)
        key = RunKey(EnterpriseId("acme"), GroupId(self.id), seq)
        assert roster.apply(key, SHARDS, writes, now) == []

    def ask(self, path: str, **more: Any) -> Answer:
        return self.stack.roster(f"GET /groups/{self.id}/{path}", **more)

    def get(self, path: str) -> dict[str, Any]:
        answer = self.ask(path)
        assert answer.status == 200, answer.text
        return answer.json

    def names(self, path: str) -> list[str]:
        """The sourcedIds on all pages of a list, sorted."""
        found, cursor, mark = [], "", "&" if "?" in path else "?"
        for _ in range(200):
            page = self.get(f"{path}{cursor}")
            name = next(name for name, value in page.items() if isinstance(value, list))
            found += [row.get("sourcedId", row.get("userId")) for row in page[name]]
            if page["cursor"] is None:
                return sorted(found)
            cursor = f"{mark}cursor={page['cursor']}"
        raise AssertionError("the list has no end")

    def id_of(self, collection: Collection, sourced_id: str) -> str:
        return id_of(self.id, collection, sourced_id)

    def class_id(self, sourced_id: str) -> str:
        return self.id_of(Collection.CLASSES, sourced_id)

    def user_id(self, sourced_id: str) -> str:
        return self.id_of(Collection.USERS, sourced_id)
