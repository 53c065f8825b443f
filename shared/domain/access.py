"""That somebody has read about people: who, what, when, how many; never whom."""

from dataclasses import dataclass
from datetime import datetime, timedelta

KEPT = timedelta(days=400)
"""As long as runs are."""


@dataclass(frozen=True)
class Access:
    """One read. ``person`` is Cognito's id of the user, no name.

    ``what`` is the route, with the names of its parameters and not their values. ``records`` is how
    many were shown; None where that is not known, as of a file that is fetched elsewhere. ``at`` is
    aware UTC.
    """

    person: str
    what: str
    at: datetime
    records: int | None
