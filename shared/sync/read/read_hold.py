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


def read_kept(
    enterprise: EnterpriseId, group_id: GroupId, ports: ReadPorts
) -> tuple[Hold | None, dict[str, Any]]:
    """Read what was rejected and is kept, and its summary by school and class.

    :raises NotFoundError: no such group in this enterprise, or the summary is no longer kept.
    """
    kept = ports.groups.get(enterprise, group_id).kept
    return kept, ports.addresses.summary(kept.summary_key) if kept else {}


def kept_list_address(
    enterprise: EnterpriseId, group_id: GroupId, ports: ReadPorts
) -> tuple[str, int]:
    """Make an address to fetch the list of what is kept from, a CSV file, and count its records.

    :raises NotFoundError: no such group in this enterprise, nothing is kept, or the list is no
        longer there.
    """
    kept = ports.groups.get(enterprise, group_id).kept
    if kept is None:
        raise NotFoundError("nothing_kept", "Nothing of this group is kept that was rejected.")
    address = ports.addresses.report_address(kept.list_key, f"kept-{kept.seq}.csv")
    return address, kept.records


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
