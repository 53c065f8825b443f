"""What a group keeps or leaves out, whatever its source says: made, listed and removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.roster.record_exception import RecordException
from shared.domain.run.exception_request import ExceptionInput, make_exception
from shared.ports.groups import Groups, RecordExceptions


@dataclass(frozen=True)
class ExceptionPorts:
    """What exceptions need of the world.

    ``groups``: the groups.
    ``exceptions``: their exceptions.
    """

    groups: Groups
    exceptions: RecordExceptions


def add_exception(
    enterprise: EnterpriseId,
    group_id: GroupId,
    given: ExceptionInput,
    person: str,
    ports: ExceptionPorts,
    now: datetime,
) -> tuple[RecordException, bool]:
    """Make an exception for a record; it replaces one of the same record.

    The next run obeys it. Returns the exception, and whether there was none.

    :raises NotFoundError: no such group in this enterprise.
    :raises InvalidFieldsError: its last day has passed.
    :raises ConflictError: ``too_many_exceptions``.
    """
    group = ports.groups.get(enterprise, group_id)
    made = make_exception(group, given, person, now)
    return made, ports.exceptions.put(group.group_id, made)


def list_exceptions(
    enterprise: EnterpriseId,
    group_id: GroupId,
    limit: int,
    after: str | None,
    ports: ExceptionPorts,
) -> tuple[Sequence[RecordException], str | None]:
    """Page through a group's exceptions; see ``ports.RecordExceptions.list``.

    :raises NotFoundError: no such group in this enterprise.
    """
    group = ports.groups.get(enterprise, group_id)
    return ports.exceptions.list(group.group_id, limit, after)


def remove_exception(
    enterprise: EnterpriseId, group_id: GroupId, exception_id: str, ports: ExceptionPorts
) -> None:
    """Remove an exception: the next run does what the source says of the record.

    :raises NotFoundError: no such group in this enterprise, or no such exception.
    """
    group = ports.groups.get(enterprise, group_id)
    ports.exceptions.remove(group.group_id, exception_id)
