"""Reads the runs of a group, and what they report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.errors import NotFoundError
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.object_keys import (
    change_list_key,
    errors_key,
    errors_summary_key,
    held_list_key,
)
from shared.domain.run.run import Run, RunState
from shared.ports.bucket import SignedAddresses
from shared.ports.groups import Groups
from shared.ports.runs import Batches, Runs

LONGEST_RUN_ID = 10
"""How many digits the number of a run has at most."""


@dataclass(frozen=True)
class ReadPorts:
    """What reading runs needs of the world."""

    groups: Groups
    runs: Runs
    batches: Batches
    addresses: SignedAddresses


def list_runs(
    enterprise: EnterpriseId, group_id: GroupId, limit: int, before: int | None, ports: ReadPorts
) -> tuple[Sequence[Run], int | None]:
    """Read up to ``limit`` runs, newest first, those numbered below ``before``.

    Returns the runs, and the number below which the list continues (None at its end).

    :raises NotFoundError: the enterprise has no such group, and had none.
    """
    ports.groups.check_known(enterprise, group_id)
    runs = ports.runs.history(group_id, limit, before)
    more = runs[-1].seq if len(runs) == limit and runs[-1].seq > 1 else None
    return runs, more


def read_run(enterprise: EnterpriseId, group_id: GroupId, run_id: str, ports: ReadPorts) -> Run:
    """Read one run; those of a group that is deleted stay for a while.

    :param run_id: as it stands in the request's path.
    :raises NotFoundError: the enterprise has no such group, or the group no such run.
    """
    ports.groups.check_known(enterprise, group_id)
    run = None
    if run_id.isdecimal() and len(run_id) <= LONGEST_RUN_ID:
        run = ports.runs.get(RunKey(enterprise, group_id, int(run_id)))
    if run is None:
        raise NotFoundError("run_not_found", "The group has no such run.")
    return run


def count_open_batches(run: Run, ports: ReadPorts) -> int | None:
    """Count the batches that are still to be applied; None if the run is not applying."""
    if run.state is not RunState.APPLYING or run.plan is None:
        return None
    return len(ports.batches.still_open(run.key, run.plan))


def errors_address(
    enterprise: EnterpriseId, group_id: GroupId, run_id: str, ports: ReadPorts
) -> str:
    """Make an address to fetch a run's error report from, a CSV file.

    :raises NotFoundError: no such group or run, or the run has no report.
    """
    run = _reported_run(enterprise, group_id, run_id, ports)
    name = f"errors-{run.key.run_id}.csv"
    return ports.addresses.report_address(errors_key(run.key), name)


def changes_address(
    enterprise: EnterpriseId, group_id: GroupId, run_id: str, ports: ReadPorts
) -> str:
    """Make an address to fetch the list of a run's changes from, a CSV file.

    :raises NotFoundError: no such group or run, or the run has no report.
    """
    run = _reported_run(enterprise, group_id, run_id, ports)
    name = f"changes-{run.key.run_id}.csv"
    return ports.addresses.report_address(change_list_key(run.key), name)


def held_address(enterprise: EnterpriseId, group_id: GroupId, run_id: str, ports: ReadPorts) -> str:
    """Make an address to fetch the list of what a run leaves for a person to decide from.

    After a preview it is what an update would hold.

    :raises NotFoundError: no such group or run, or the run has no report.
    """
    run = _reported_run(enterprise, group_id, run_id, ports)
    return ports.addresses.report_address(held_list_key(run.key), f"held-{run.key.run_id}.csv")


def read_errors_summary(
    enterprise: EnterpriseId, group_id: GroupId, run_id: str, ports: ReadPorts
) -> dict[str, Any]:
    """Read a run's errors, summed up by code, school and file.

    :raises NotFoundError: no such group or run, or the run has no report.
    """
    run = _reported_run(enterprise, group_id, run_id, ports)
    return ports.addresses.summary(errors_summary_key(run.key))


def _reported_run(
    enterprise: EnterpriseId, group_id: GroupId, run_id: str, ports: ReadPorts
) -> Run:
    """Read a run, unless its group is being deleted, and its reports with it."""
    ports.groups.get(enterprise, group_id)
    return read_run(enterprise, group_id, run_id, ports)
