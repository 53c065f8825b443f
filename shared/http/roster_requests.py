"""What is asked of a roster over HTTP: ids in paths, filters, days, and where a page begins."""

import re
from datetime import datetime

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from shared.domain.errors import NotFoundError
from shared.domain.ids import RecordId
from shared.domain.local_day import local_day
from shared.domain.read_fields import read_fields, wrong_field
from shared.domain.roster.filters import ListInput
from shared.domain.roster.stored_record import Filters, View
from shared.http.requests import page_of
from shared.ports.roster_reading import RosterState
from shared.reading.fill_page import Position

_RECORD = "[A-Za-z0-9_-]{1,64}"
_ID = re.compile(_RECORD)
_IN_LIST = re.compile(rf"([0-9]{{1,4}})/({_RECORD}(?:#{_RECORD})?)?")
_IN_CLASS = re.compile(_RECORD)
_IN_ACCESSES = re.compile(r"[0-9T:.+-]{32}#[0-9a-f]{32}")
_IN_USER = re.compile(rf"{_RECORD}#{_RECORD}")


def record_of(text: str) -> RecordId:
    """Read the id of a record in a path.

    :raises NotFoundError: no record can have it.
    """
    if not _ID.fullmatch(text):
        raise NotFoundError("record_not_found", "There is no such record in the group's roster.")
    return RecordId(text)


def list_of(app: APIGatewayRestResolver, *takes: str) -> ListInput:
    """Read what a list is asked for; ``takes`` names the filters that it has.

    :raises InvalidFieldsError: a filter that it has not, or one that cannot be read.
    """
    given = dict(app.current_event.query_string_parameters or {})
    for name in ("limit", "cursor"):
        given.pop(name, None)
    for name in given:
        if name not in takes:
            raise wrong_field(f"This list can be asked for {', '.join(takes)}.", name)
    if "sourcedId" in given and len(given) > 1:
        raise wrong_field("This finds one record: leave the other filters out.", "sourcedId")
    return read_fields(ListInput, given)


def filters_of(asked: ListInput, partner_id: RecordId | None = None) -> Filters:
    """Make filters of what was asked for; ``partner_id`` is the school's."""
    return Filters(
        partner_id=partner_id,
        role=asked.role,
        grade=asked.grade,
        enabled=None if asked.status is None else asked.status == "active",
        changed_since=asked.changed_since,
    )


def view_of(asked: ListInput, state: RosterState, now: datetime) -> View:
    """The day for which a list is asked: today where the group is, unless it says another."""
    day = asked.on or local_day(state.time_zone, now)
    return View(now, day, state.time_zone, asked.include)


def position_of(app: APIGatewayRestResolver) -> tuple[int, Position]:
    """Read where a list over all partitions begins, and how long its page is.

    The cursor has the partition's number and the key in it; the partition is that of the group in
    the path.

    :raises InvalidFieldsError: limit or cursor cannot be read.
    """
    limit, cursor = page_of(app, _IN_LIST)
    if cursor is None:
        return limit, Position(0, None)
    shard, _, after = cursor.partition("/")
    return limit, Position(int(shard), after or None)


def in_class(app: APIGatewayRestResolver) -> tuple[int, str | None]:
    """Read where the list of a class's users begins: after an enrollment of that class."""
    return page_of(app, _IN_CLASS)


def in_user(app: APIGatewayRestResolver) -> tuple[int, str | None]:
    """Read where the list of a user's classes begins: after an enrollment of that user."""
    return page_of(app, _IN_USER)


def in_accesses(app: APIGatewayRestResolver) -> tuple[int, str | None]:
    """Read where the list of a group's accesses goes on: after a moment."""
    return page_of(app, _IN_ACCESSES)


def cursor_of(more: Position | None) -> str | None:
    """Write down where a list over all partitions goes on."""
    return None if more is None else f"{more.shard}/{more.after or ''}"
