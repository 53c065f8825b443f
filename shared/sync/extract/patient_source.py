"""Asks a REST source, several requests at once, and asks again for what fails in passing."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from shared.domain.errors import GiveUpError, SourceBusyError
from shared.domain.group.connection import ApiConnection
from shared.domain.roster.collection import Collection
from shared.domain.roster.oneroster_json import staged_row
from shared.ports.sources import Page, Source
from shared.sync.back_off import BackOff, most_tries
from shared.sync.extract.cursor import Cursor
from shared.sync.extract.paging import AT_ONCE, Place, read_on
from shared.sync.leg import Leg

DEFAULT_PAGE_SIZE = 1000
PATIENCE = 40
"""After how many failures in all its legs a run ends; one more for each thousand rows read."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class PatientSource:
    """A source that is asked again after passing failures.

    All methods raise GiveUpError once the source has failed too often, and LegOverError when the
    leg's time is over. Failures and rows are counted in the cursor.
    """

    source: Source
    leg: Leg
    cursor: Cursor
    back_off: BackOff

    def first_place(self) -> Place:
        """Where the reading of a collection begins."""
        connection = self.leg.run.config.connection
        assert isinstance(connection, ApiConnection)
        return Place(limit=connection.page_size or DEFAULT_PAGE_SIZE)

    def pages(
        self, collection: Collection, offsets: Sequence[int], limit: int, in_order: bool
    ) -> Sequence[Page]:
        """Read the pages of a collection at some offsets."""
        self.leg.check(self.cursor.progress)
        pages = self._ask(
            offsets,
            lambda offset: self.source.page(
                collection, offset=offset, limit=limit, in_order=in_order
            ),
        )
        return [pages[offset] for offset in offsets]

    def have(self, collection: Collection, ids: Sequence[str]) -> Sequence[str]:
        """Ask for records one by one; returns the ids of those that are there."""
        self.leg.check(self.cursor.progress)
        there = self._ask(ids, lambda sourced_id: self.source.has(collection, sourced_id))
        self.cursor.rows += len(ids)
        return [sourced_id for sourced_id in ids if there[sourced_id]]

    def all_ids(self, collection: Collection) -> Iterator[Sequence[str]]:
        """Read a whole collection for its ids; a leg that ends starts again in the next."""

        def fetch(offsets: Sequence[int], limit: int, in_order: bool) -> Sequence[Page]:
            return self.pages(collection, offsets, limit, in_order)

        for _, entities in read_on(collection, self.first_place(), fetch):
            self.cursor.rows += len(entities)
            rows = [staged_row(collection, entity, ()) for entity in entities]
            yield [row["sourced_id"].strip() for row in rows if row.get("sourced_id")]

    def _ask(self, keys: Sequence[_Key], read: Callable[[_Key], _Value]) -> dict[_Key, _Value]:
        """Ask for several things; what fails in passing is asked for again together."""
        found: dict[_Key, _Value] = {}
        tries = 0
        while True:
            missing = [key for key in keys if key not in found]
            busy = _ask_once(missing, read, found)
            self.cursor.reached = self.cursor.reached or bool(found)
            if busy is None:
                return found
            tries = tries + 1 if len(missing) == len(keys) - len(found) else 1
            self.cursor.failures += 1
            patience = PATIENCE + self.cursor.rows_read // 1000
            too_often = tries >= most_tries(answered=self.cursor.reached)
            if too_often or self.cursor.failures > patience:
                raise GiveUpError(busy.reason)
            self.leg.pause(self.back_off, tries, busy.after_seconds, self.cursor.progress)


def _ask_once(
    keys: Sequence[_Key], read: Callable[[_Key], _Value], found: dict[_Key, _Value]
) -> SourceBusyError | None:
    """Put the answers into ``found``; returns the last passing failure, if there is one."""

    def ask(key: _Key) -> _Value | SourceBusyError:
        try:
            return read(key)
        except SourceBusyError as error:
            return error

    if len(keys) == 1:
        answers = [ask(keys[0])]
    else:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(ask, keys))
    busy = None
    for key, answer in zip(keys, answers, strict=True):
        if isinstance(answer, SourceBusyError):
            busy = answer
        else:
            found[key] = answer
    return busy
