"""Asks a REST source, several requests at once, and asks again for what fails in passing."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.domain.errors import GiveUpError, SourceBusyError
from shared.domain.group.connection import ApiConnection
from shared.domain.roster.collection import Collection
from shared.ports.sources import Page, Source
from shared.sync.back_off import TRIES, BackOff, most_tries
from shared.sync.extract.cursor import Cursor
from shared.sync.extract.paging import AT_ONCE, Place
from shared.sync.leg import Leg

DEFAULT_PAGE_SIZE = 1000
PATIENCE = 40
"""After how many failures in all its legs a run ends; one more for each thousand rows read."""
SINGLE_TRIES = 3
"""After how many failures in a row a source counts as not answering for records by themselves."""

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

    def records(
        self, collection: Collection, ids: Sequence[str]
    ) -> Mapping[str, dict[str, Any] | None]:
        """Ask for records one by one; returns the source's answer for each (``Source.record``).

        :raises GiveUpError: it did not answer for all of them. A single record is not worth the
            patience of a collection: after ``SINGLE_TRIES`` without any answer that is so.
        """
        self.leg.check(self.cursor.progress)
        return self._ask(
            ids, lambda sourced_id: self.source.record(collection, sourced_id), SINGLE_TRIES
        )

    def _ask(
        self, keys: Sequence[_Key], read: Callable[[_Key], _Value], most: int = TRIES
    ) -> dict[_Key, _Value]:
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
            too_often = tries >= min(most, most_tries(answered=self.cursor.reached))
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
