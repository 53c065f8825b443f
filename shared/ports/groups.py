"""Ports to the groups and customers of enterprises."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.access import Access
from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.group.choices import Period
from shared.domain.group.cover import Cover
from shared.domain.group.customer import Customer
from shared.domain.group.group import Group
from shared.domain.group.secrets import SecretName
from shared.domain.ids import CustomerId, EnterpriseId, GroupId, SourcedId
from shared.domain.run.deletion_certificate import Certificate


class Secrets(Protocol):
    """Encrypts and decrypts a group's secrets, bound to the group by encryption context."""

    def encrypt(self, group_id: GroupId, name: SecretName, secret: str) -> str:
        """Encrypt one secret; the answer is base64."""
        ...

    def decrypt(self, group_id: GroupId, name: SecretName, ciphertext: str) -> str:
        """Decrypt what ``encrypt`` gave for the same group and name."""
        ...


class KnownGroups(Protocol):
    """Which groups an enterprise has or had: those included that are being deleted, or are gone."""

    def check_known(self, enterprise: EnterpriseId, group_id: GroupId) -> None:
        """See that the enterprise has or had this group, for what outlives it: runs and accesses.

        :raises NotFoundError: there is no such group in this enterprise, and none was deleted.
        """
        ...


class Groups(KnownGroups, Protocol):
    """The groups of enterprises, with what the database keeps unique about them."""

    def create(self, group: Group) -> None:
        """Store a new group, its names and its hold on customers, all or nothing.

        :raises ConflictError: a name, client group id or customer is taken; names the field.
        """
        ...

    def get(self, enterprise: EnterpriseId, group_id: GroupId, *, deleting: bool = False) -> Group:
        """Read one group, consistently; one that is being deleted only for who says so.

        :raises NotFoundError: no such group in this enterprise.
        """
        ...

    def enterprise_of(self, group_id: GroupId) -> EnterpriseId | None:
        """Tell whose group it is, for what names a group alone: a drop in the bucket."""
        ...

    def list(
        self, enterprise: EnterpriseId, limit: int, after: GroupId | None
    ) -> tuple[Sequence[Group], GroupId | None]:
        """Page through an enterprise's groups; the second value goes on where the page ends."""
        ...

    def change(self, old: Group, new: Group) -> None:
        """Replace ``old`` by ``new``, if it is still as it was read.

        Where a roster is kept by another retention from now on, the clock is told (``DueGroups``).

        :raises ConflictError: as for ``create``, or ``version_conflict``.
        """
        ...

    def set_cover(
        self, enterprise: EnterpriseId, group_id: GroupId, old: Cover, new: Cover
    ) -> Cover:
        """Replace what a group has for a cover image, if it is still as it was read.

        Returns what the group has then.

        :raises TryLaterError: it is not, or the group is being deleted.
        """
        ...

    def mark(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> None:
        """Mark a group's roster for deletion; a group marked already stays so.

        :raises NotFoundError: no such group in this enterprise.
        """
        ...

    def unmark(self, enterprise: EnterpriseId, group_id: GroupId) -> None:
        """Take the mark of a group's roster back; a group that is not marked stays so.

        :raises NotFoundError: no such group in this enterprise.
        :raises ConflictError: see ``domain/run/decision.check_unmark``.
        :raises TryLaterError: a run began at the same moment.
        """
        ...

    def delete(self, group: Group, certificate: Certificate) -> None:
        """Delete a group that is untouched, and certify it; frees names and customers.

        :raises ConflictError: ``version_conflict``, also where it is untouched no more.
        """
        ...


class DueGroups(Protocol):
    """The groups whose time has come, by an index; it may lag, and what the group says decides."""

    def due(
        self, period: Period, tick: datetime
    ) -> Iterator[Sequence[tuple[EnterpriseId, GroupId]]]:
        """Page through the groups of ``period`` that are due at ``tick``."""
        ...

    def new_retentions(self, tick: datetime) -> Iterator[Sequence[tuple[EnterpriseId, GroupId]]]:
        """Page through the groups whose ``Groups.change`` has changed their retention.

        Each stays among them until ``retention_kept``.
        """
        ...

    def retention_kept(self, enterprise: EnterpriseId, group_id: GroupId, version: int) -> None:
        """Note that a run has begun that keeps the retention of the group's ``version``.

        One that was changed again since then stays to be kept.
        """
        ...


class Customers(Protocol):
    """The customers of enterprises."""

    def create(self, customer: Customer) -> None:
        """Store a new customer.

        :raises ConflictError: the id is taken.
        """
        ...

    def find(
        self, enterprise: EnterpriseId, customer_ids: Sequence[CustomerId]
    ) -> dict[CustomerId, Customer]:
        """Read some customers; those that do not exist are left out."""
        ...

    def list(
        self, enterprise: EnterpriseId, limit: int, after: CustomerId | None
    ) -> tuple[Sequence[Customer], CustomerId | None]:
        """Page through an enterprise's customers."""
        ...

    def change(
        self,
        enterprise: EnterpriseId,
        customer_id: CustomerId,
        name: str | None,
        org: tuple[SourcedId | None] | None,
    ) -> Customer:
        """Give a customer another name, or another org; None leaves either as it is.

        :raises NotFoundError: no such customer in this enterprise.
        :raises ConflictError: ``customer_in_group``, where the org would change: the group's runs
            know it by the one that it had.
        """
        ...

    def delete(self, enterprise: EnterpriseId, customer_id: CustomerId) -> None:
        """Delete a customer.

        :raises NotFoundError: no such customer in this enterprise, or not any more.
        :raises ConflictError: ``customer_in_group``.
        """
        ...


def customer_in_group() -> ConflictError:
    """What is said of a customer that a group has; every store of customers says it."""
    return ConflictError(
        "customer_in_group",
        "The customer is in a group: take it out of the group first, by a change of its customers.",
    )


def no_customer() -> NotFoundError:
    """What is said of a customer that is not there, or is another enterprise's."""
    return NotFoundError("customer_not_found", "There is no such customer.")


class Accesses(Protocol):
    """Who has read about the people of a group."""

    def record(self, group_id: GroupId, access: Access) -> None:
        """Write an access down. Whoever cannot must not show what was read: the error goes up."""
        ...

    def list(
        self, group_id: GroupId, after: str | None, most: int, now: datetime
    ) -> tuple[Sequence[Access], str | None]:
        """Page through a group's accesses, newest first; the second value goes on from there."""
        ...
