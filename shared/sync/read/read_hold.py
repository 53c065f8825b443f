"""Reads what of a group waits for a person's decision."""

from typing import Any

from shared.domain.errors import NotFoundError
from shared.domain.group.hold import Hold
from shared.domain.ids import EnterpriseId, GroupId
from shared.sync.read.read_runs import ReadPorts


def read_hold(
    enterprise: EnterpriseId, group_id: GroupId, ports: ReadPorts
) -> tuple[Hold | None, dict[str, Any]]:
    """Read what waits, and its summary by school and class; None and nothing if nothing waits.

    :raises NotFoundError: no such group in this enterprise, or the summary is no longer kept.
    """
    hold = ports.groups.get(enterprise, group_id).hold
    return hold, ports.addresses.summary(hold.summary_key) if hold else {}


def hold_list_address(
    enterprise: EnterpriseId, group_id: GroupId, ports: ReadPorts
) -> tuple[str, int]:
    """Make an address to fetch the list of what waits from, a CSV file, and count its records.

    :raises NotFoundError: no such group in this enterprise, nothing waits, or the list is no longer
        kept.
    """
    hold = ports.groups.get(enterprise, group_id).hold
    if hold is None:
        raise NotFoundError("no_hold", "Nothing of this group waits for a decision.")
    address = ports.addresses.report_address(hold.list_key, f"hold-{hold.seq}.csv")
    return address, hold.records
