"""Finds out how a column writes its dates, where it does not write them as the standard does.

``1/5/2023`` may be the first of May or the fifth of January. One value above 12 in the column
settles it for all; a column that nothing settles, or that contradicts itself, is left as it is.
"""

import re

from pydantic import BaseModel

from shared.bundles.repairs import FileFindings
from shared.domain.counted import counted

_PARTS = re.compile(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}\s*")


class DateOrder(BaseModel):
    """What a column's dates have shown so far."""

    line: int = 0
    count: int = 0
    first: int = 0
    second: int = 0

    def see(self, text: str, line: int) -> bool:
        """Look at a value that is no YYYY-MM-DD; False if it is no date of this kind either."""
        match = _PARTS.fullmatch(text)
        if match is None:
            return False
        first, second = int(match[1]), int(match[2])
        self.line = self.line or line
        self.count += 1
        self.first, self.second = max(self.first, first), max(self.second, second)
        return True

    def settled(self) -> str | None:
        """``mdy`` or ``dmy``, or None."""
        if self.second > 12 >= self.first:
            return "mdy"
        if self.first > 12 >= self.second:
            return "dmy"
        return None


def settle(orders: dict[str, DateOrder], findings: FileFindings) -> dict[str, str]:
    """Say of each column (by header) how its dates are to be read, and note it as a repair."""
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
