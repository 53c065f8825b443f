"""Ports to the deletion of groups."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.deletion_certificate import Certificate, Store, Tally
from shared.domain.run.run import Run


class Deletions(Protocol):
    """Groups that are being deleted, with everything they have."""

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, person: str, now: datetime) -> Run:
        """Open the run that deletes a group; its other runs end as Superseded.

        From then on the group takes no request, run or drop. If a deletion is under way, its run is
        returned. A deletion that was given up goes on in a new run, with what it had counted.

        :raises NotFoundError: no such group in this enterprise.
        """
        ...

    def finish(self, key: RunKey, owner: str, group: Group, certificate: Certificate) -> None:
        """End the run, delete the group and store its certificate; frees names and customers.

        :raises StoppedError: the run is no longer this owner's.
        """
        ...


@dataclass(frozen=True)
class SweptPage:
    """A page of what a sweep deletes next.

    ``tally``: how much of each kind is in it.
    ``position``: where it ends.
    """

    tally: Tally
    position: str


class GroupSweeper(Protocol):
    """Deletes what one store holds of a group."""

    @property
    def store(self) -> Store:
        """Which store it is."""
        ...

    def sweep(
        self, enterprise: EnterpriseId, group_id: GroupId, counted: str | None
    ) -> Iterator[SweptPage]:
        """Delete page by page; yields each page *before* it is deleted, so that it can be noted.

        A sweep may stop at any page, and another begin: what is gone is gone.

        :param counted: the position of a page that was noted and perhaps not deleted. It is not
            counted again.
        """
        ...


class Certificates(Protocol):
    """The certificates of groups that were deleted."""

    def get(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> Certificate:
        """Read the certificate of a group's deletion.

        :raises NotFoundError: the enterprise had no such group, its deletion has not ended, or the
            certificate has expired.
        """
        ...

    def list(
        self, enterprise: EnterpriseId, limit: int, after: GroupId | None, now: datetime
    ) -> tuple[Sequence[Certificate], GroupId | None]:
        """Page through an enterprise's certificates, as ``Groups.list`` does.

        A page may be short before the end.
        """
        ...
