"""Ports to the groups and customers of enterprises."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.access_record import Access
from shared.domain.group.choices import Period
from shared.domain.group.cover import Cover
from shared.domain.group.customer import Customer
from shared.domain.group.group import Group
from shared.domain.group.secrets import SecretName
from shared.domain.ids import CustomerId, EnterpriseId, GroupId, SourcedId
from shared.domain.roster.record_exception import RecordException
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
    """Which groups an enterprise has or had, including those that are being deleted or are gone."""

    def check_known(self, enterprise: EnterpriseId, group_id: GroupId) -> None:
        """Check that the enterprise has or had this group: its runs and accesses outlive it.

        :raises NotFoundError: the enterprise has no such group, and deleted none.
        """
        ...


class Groups(KnownGroups, Protocol):
    """The groups of enterprises, and what must be unique about them."""

    def create(self, group: Group) -> None:
        """Store a new group, its names and its claims on customers, all or nothing.

        :raises ConflictError: a name, client group id or customer is taken. It names the field.
        """
        ...

    def get(self, enterprise: EnterpriseId, group_id: GroupId, *, deleting: bool = False) -> Group:
        """Read one group, consistently.

        :param deleting: whether to give a group that is being deleted as well.
        :raises NotFoundError: no such group in this enterprise.
        """
        ...

    def enterprise_of(self, group_id: GroupId) -> EnterpriseId | None:
        """Tell whose group it is; None if there is none.

        For what names a group without its enterprise: a drop in the bucket.
        """
        ...

    def list(
        self, enterprise: EnterpriseId, limit: int, after: GroupId | None
    ) -> tuple[Sequence[Group], GroupId | None]:
        """Page through an enterprise's groups.

        :param after: the id of a group: the page begins behind it.
        :returns: the groups, and what the next page begins ``after``; None at the end.
        """
        ...

    def change(self, old: Group, new: Group) -> None:
        """Replace ``old`` by ``new``, if the group is still as it was read.

        Where this changes how long a roster is kept, ``DueGroups.new_retentions`` gives the group.

        :raises ConflictError: as ``create`` does; or ``version_conflict``.
        """
        ...

    def set_cover(
        self, enterprise: EnterpriseId, group_id: GroupId, old: Cover, new: Cover
    ) -> Cover:
        """Replace what a group has for a cover image, if it is still as it was read.

        :returns: what the group has now.
        :raises TryLaterError: it is not as it was read, or the group is being deleted.
        """
        ...

    def mark(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> None:
        """Mark a group's roster for deletion; a mark that it has stays.

        :raises NotFoundError: no such group in this enterprise.
        """
        ...

    def unmark(self, enterprise: EnterpriseId, group_id: GroupId) -> None:
        """Remove the mark of a group's roster, if it has one.

        :raises NotFoundError: no such group in this enterprise.
        :raises ConflictError: see ``domain/run/decision.check_unmark``.
        :raises TryLaterError: a run began at the same moment.
        """
        ...

    def delete(self, group: Group, certificate: Certificate) -> None:
        """Delete an untouched group and store its certificate; frees names and customers.

        :raises ConflictError: ``version_conflict``: the group was changed, or is no longer
            untouched.
        """
        ...


class DueGroups(Protocol):
    """The groups whose time has come, from an index. It may lag: the group itself decides."""

    def due(
        self, period: Period, tick: datetime
    ) -> Iterator[Sequence[tuple[EnterpriseId, GroupId]]]:
        """Page through the groups of ``period`` that are due at ``tick``."""
        ...

    def new_retentions(self, tick: datetime) -> Iterator[Sequence[tuple[EnterpriseId, GroupId]]]:
        """Page through the groups whose retention ``Groups.change`` has changed.

        Each is given until ``retention_kept``.
        """
        ...

    def retention_kept(self, enterprise: EnterpriseId, group_id: GroupId, version: int) -> None:
        """Note that a run has begun that applies the retention of the group's ``version``.

        If the retention has changed again since, the group is still given.
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
        """Read some customers, by id; those that do not exist are left out."""
        ...

    def list(
        self, enterprise: EnterpriseId, limit: int, after: CustomerId | None
    ) -> tuple[Sequence[Customer], CustomerId | None]:
        """Page through an enterprise's customers, as ``Groups.list`` does."""
        ...

    def change(
        self,
        enterprise: EnterpriseId,
        customer_id: CustomerId,
        name: str | None,
        org: tuple[SourcedId | None] | None,
    ) -> Customer:
        """Give a customer another name or another org.

        :param name: its new name; None keeps the name.
        :param org: its new org in a tuple, or ``(None,)`` for none; None keeps the org.
        :raises NotFoundError: no such customer in this enterprise.
        :raises ConflictError: ``customer_in_group``: the org cannot change, because the group's
            runs know the customer by it.
        """
        ...

    def delete(self, enterprise: EnterpriseId, customer_id: CustomerId) -> None:
        """Delete a customer.

        :raises NotFoundError: no such customer in this enterprise.
        :raises ConflictError: ``customer_in_group``.
        """
        ...


class Accesses(Protocol):
    """Who has read about the people of a group."""

    def record(self, group_id: GroupId, access: Access) -> None:
        """Write an access down. Where that fails, nothing may be shown: the error goes up."""
        ...

    def list(
        self, group_id: GroupId, after: str | None, most: int, now: datetime
    ) -> tuple[Sequence[Access], str | None]:
        """Page through a group's accesses, newest first.

        :param most: how many a page has at most.
        :returns: the accesses, and what the next page begins ``after``; None at the end.
        """
        ...


class RecordExceptions(Protocol):
    """What a group keeps or leaves out, whatever its source says."""

    def put(self, group_id: GroupId, exception: RecordException) -> bool:
        """Store an exception; it replaces one of the same record. True if there was none.

        :raises ConflictError: ``too_many_exceptions``.
        """
        ...

    def list(
        self, group_id: GroupId, limit: int, after: str | None
    ) -> tuple[Sequence[RecordException], str | None]:
        """Page through a group's exceptions, also those that are over.

        :param after: the id of an exception: the page begins behind it.
        :returns: the exceptions, and what the next page begins ``after``; None at the end.
        """
        ...

    def all(self, group_id: GroupId) -> Sequence[RecordException]:
        """Read all exceptions of a group, consistently."""
        ...

    def remove(self, group_id: GroupId, exception_id: str) -> None:
        """Remove an exception.

        :raises NotFoundError: ``exception_not_found``.
        """
        ...
