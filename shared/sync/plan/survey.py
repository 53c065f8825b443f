"""Finds out whether a roster's table is what its last snapshot says, and surveys it where not.

The group (table ``control``) and the roster's table carry one stamp, which changes in both at once
when a plan begins to write (``domain.stamp``). Two stamps that differ are two histories: one of the
tables was restored to an earlier moment, or is another table. Then the base proves nothing, and
what the roster's table holds is read record by record.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.domain.roster.stamp import Stamp
from shared.domain.run.results import RosterBase
from shared.domain.run.run import Run
from shared.ports.roster import RosterHoldings


@dataclass(frozen=True)
class Survey:
    """What the table holds: a file of its records, and the highest number that one bears."""

    file: Path
    highest: int


def differs(base: RosterBase, witness: Stamp | None) -> bool:
    """Whether the table was last written by another plan than the group knows of.

    Neither has a stamp before the first plan that writes: that is no difference, also not for a
    roster from before stamps were kept.
    """
    return base.stamp != witness


def spread(base: RosterBase, witness: Stamp | None) -> int | None:
    """Over how many partitions a type is spread, as the group or else the table says."""
    return base.shards or (witness.shards if witness else None)


def order_of(run: Run, witness: Stamp | None, survey: Survey | None) -> int:
    """The number that a plan's writes bear: above all that the table has seen.

    It is the run's own, but where the records of runs went back to an earlier moment.
    """
    seen = max(witness.order if witness else 0, survey.highest if survey else 0)
    return max(run.seq, seen + 1)


def make_survey(
    run: Run,
    base: RosterBase,
    witness: Stamp | None,
    holdings: RosterHoldings,
    directory: Path,
    now: datetime,
) -> Survey:
    """Write every record that the table holds into a file of ``directory``."""
    path, highest = directory / "survey.ndjson", 0
    with path.open("w") as file:
        for record in holdings.records(run.group_id, spread(base, witness), now):
            highest = max(highest, record.order)
            file.write(json.dumps(record.to_line()) + "\n")
    return Survey(path, highest)
