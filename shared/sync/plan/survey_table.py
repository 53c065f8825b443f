"""Surveys the roster table: reads every record of a group that it holds.

This is done where the last snapshot cannot be trusted: after a table was restored from a backup
(``domain.roster.stamp``), or if the snapshot is gone (docs/decisions/0020).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.domain.ids import GroupId
from shared.domain.roster.stamp import Stamp
from shared.domain.run.results import RosterBase
from shared.domain.run.run import Run
from shared.ports.roster import RosterHoldings


@dataclass(frozen=True)
class Survey:
    """What the roster table holds.

    ``file``: its records, one a line.
    ``highest``: the highest number that a record carries.
    """

    file: Path
    highest: int


def shards_of(base: RosterBase, table_stamp: Stamp | None) -> int | None:
    """Over how many partitions a type is spread: as the group says, or else the table."""
    return base.shards or (table_stamp.shards if table_stamp else None)


def next_order(run: Run, table_stamp: Stamp | None, survey: Survey | None) -> int:
    """The number that a plan's writes carry: higher than any that the table has seen.

    It is the run's own number, unless the records of runs went back to an earlier moment.
    """
    seen = max(table_stamp.order if table_stamp else 0, survey.highest if survey else 0)
    return max(run.seq, seen + 1)


def make_survey(
    group_id: GroupId,
    shards: int | None,
    holdings: RosterHoldings,
    directory: Path,
    now: datetime,
) -> Survey:
    """Write every record that the roster table holds into a file."""
    path, highest = directory / "survey.ndjson", 0
    with path.open("w") as file:
        for record in holdings.records(group_id, shards, now):
            highest = max(highest, record.order)
            file.write(json.dumps(record.to_line()) + "\n")
    return Survey(path, highest)
