"""Reads what a request asks of a roster: ids in paths, filters, and where a page begins."""

import re

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from shared.domain.errors import NotFoundError
from shared.domain.ids import RecordId
from shared.domain.read_fields import read_fields, wrong_field
from shared.domain.roster.filters import ListInput
from shared.http.requests import page_of
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

    :raises InvalidFieldsError: the list has no such filter, or the filter cannot be read.
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


def position_of(app: APIGatewayRestResolver) -> tuple[int, Position]:
    """Read how long a page of a list over all partitions is, and where it begins.

    The cursor holds a partition's number and the key in it. It names no group: that is the one in
    the path.

    :raises InvalidFieldsError: ``limit`` or ``cursor`` cannot be read.
    """
    limit, cursor = page_of(app, _IN_LIST)
    if cursor is None:
        return limit, Position(0, None)
    shard, _, after = cursor.partition("/")
    return limit, Position(int(shard), after or None)


def page_of_class(app: APIGatewayRestResolver) -> tuple[int, str | None]:
    """Read how long a page of a class's users is, and after which enrollment it begins."""
    return page_of(app, _IN_CLASS)


def page_of_user(app: APIGatewayRestResolver) -> tuple[int, str | None]:
    """Read how long a page of a user's classes is, and after which enrollment it begins."""
    return page_of(app, _IN_USER)


def page_of_accesses(app: APIGatewayRestResolver) -> tuple[int, str | None]:
    """Read how long a page of a group's accesses is, and after which moment it goes on."""
    return page_of(app, _IN_ACCESSES)
