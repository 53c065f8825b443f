"""Finds out in which order a column writes its dates, if not as the standard does.

``1/5/2023`` may be the first of May or the fifth of January. One value above 12 in the column
decides it for all rows. A column without such a value, or with contradicting ones, is left as it
is.
"""

import re

from pydantic import BaseModel

from shared.bundles.repairs import FileFindings
from shared.domain.counted import counted

_PARTS = re.compile(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}\s*")


class DateOrder(BaseModel):
    """What a column's dates have shown so far.

    ``line``: the first line with a date that is not YYYY-MM-DD; 0 if there was none.
    ``count``: how many such dates there were.
    ``first``, ``second``: the highest first and second number seen.
    """

    line: int = 0
    count: int = 0
    first: int = 0
    second: int = 0

    def see(self, text: str, line: int) -> bool:
        """Note a value that is not YYYY-MM-DD; False if it is not a date with slashes either."""
        match = _PARTS.fullmatch(text)
        if match is None:
            return False
        first, second = int(match[1]), int(match[2])
        self.line = self.line or line
        self.count += 1
        self.first, self.second = max(self.first, first), max(self.second, second)
        return True

    def settled(self) -> str | None:
        """``mdy`` or ``dmy``; None if the values do not decide it."""
        if self.second > 12 >= self.first:
            return "mdy"
        if self.first > 12 >= self.second:
            return "dmy"
        return None


def settle(orders: dict[str, DateOrder], findings: FileFindings) -> dict[str, str]:
    """Return the order of each decided column, by its header, and note it as a repair."""
    settled = {name: order for name, seen in orders.items() if (order := seen.settled())}
    for name, order in settled.items():
        spelled = "month/day/year" if order == "mdy" else "day/month/year"
        findings.note(
            "date_order",
            orders[name].line,
            name,
            f"{spelled}, {counted(orders[name].count, 'row')}",
        )
    return settled
