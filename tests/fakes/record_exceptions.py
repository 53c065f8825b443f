"""Exceptions for records in memory, with the same refusals as the database."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from shared.domain.errors import exception_not_found, too_many_exceptions
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.roster.record_exception import MOST_EXCEPTIONS, RecordException
from shared.domain.run.deletion_certificate import Store, tally_name
from shared.ports.deletion import SweptPage


class InMemoryRecordExceptions:
    """``RecordExceptions`` in memory, and their ``GroupSweeper``."""

    store = Store.CONTROL

    def __init__(self, *, most: int = MOST_EXCEPTIONS) -> None:
        self.kept: dict[GroupId, dict[str, RecordException]] = {}
        self._most = most

    def put(self, group_id: GroupId, exception: RecordException) -> bool:
        own = self.kept.setdefault(group_id, {})
        new = exception.exception_id not in own
        if new and len(own) >= self._most:
            raise too_many_exceptions(self._most)
        own[exception.exception_id] = exception
        return new

    def list(
        self, group_id: GroupId, limit: int, after: str | None
    ) -> tuple[Sequence[RecordException], str | None]:
        own = self.kept.get(group_id, {})
        names = sorted(own)
        start = 0 if after is None else bisect_right(names, after)
        page = names[start : start + limit]
        more = page[-1] if start + limit < len(names) else None
        return [own[name] for name in page], more

    def all(self, group_id: GroupId) -> Sequence[RecordException]:
        own = self.kept.get(group_id, {})
        return [own[name] for name in sorted(own)]

    def remove(self, group_id: GroupId, exception_id: str) -> None:
        if self.kept.get(group_id, {}).pop(exception_id, None) is None:
            raise exception_not_found()

    def sweep(
        self, enterprise: EnterpriseId, group_id: GroupId, counted: str | None
    ) -> Iterator[SweptPage]:
        own = self.kept.get(group_id, {})
        found = len(own) if counted is None else 0
        yield SweptPage({tally_name(Store.CONTROL, "exceptions"): found} if found else {}, "all")
        own.clear()
