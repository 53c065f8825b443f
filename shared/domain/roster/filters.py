"""The filters of the roster's lists, as requests spell them."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from shared.domain.request_body import Id, Input, wrong
from shared.domain.roster.membership import When

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ASIDE = frozenset({When.PAST, When.FUTURE})


def _date(text: Any) -> date:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise wrong("Give a date as YYYY-MM-DD.") from None


def _moment(text: Any) -> datetime:
    """Read a time; a date means its midnight, UTC. An unencoded + arrives as a blank."""
    try:
        if _DATE.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise wrong("Give a time with its zone, as 2026-09-01T02:00:00Z, or a date.")
    return moment


def _moments(text: Any) -> frozenset[When]:
    names = {name.strip() for name in text.split(",")}
    if not names <= _ASIDE:
        raise wrong("Give past, future or both, separated by a comma.")
    return frozenset(When(name) for name in names)


Day = Annotated[date, BeforeValidator(_date)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Moments = Annotated[frozenset[When], BeforeValidator(_moments)]


class ListInput(Input):
    """All filters; each list has some of them.

    ``sourced_id``: the record with this sourcedId.
    ``school``: a partner's id or its sourcedId.
    ``role``: users or enrollments with this role.
    ``grade``: records of this grade.
    ``status``: enabled (``active``) or disabled (``inactive``) users.
    ``changed_since``: records written since then.
    ``on``: the day for which memberships and classes are listed; today if it is missing.
    ``include``: whether past or future ones are listed, too.
    """

    sourced_id: Id | None = None
    school: Id | None = None
    role: Id | None = None
    grade: Id | None = None
    status: Literal["active", "inactive"] | None = None
    changed_since: Moment | None = None
    on: Day | None = None
    include: Moments = frozenset()
