"""The record of a read of personal data: who, what, when and how many; never whose data."""

from dataclasses import dataclass
from datetime import datetime, timedelta

KEPT = timedelta(days=400)
"""How long it is kept: as long as runs."""


@dataclass(frozen=True)
class Access:
    """One read.

    ``person``: Cognito's id of the reader, not a name.
    ``what``: the route, with the names of its parameters but not their values.
    ``at``: when (aware UTC).
    ``records``: how many were shown; None if unknown, as for a file that is fetched elsewhere.
    """

    person: str
    what: str
    at: datetime
    records: int | None
