"""Customers: institutions that an enterprise enters by hand."""

from pydantic import AwareDatetime

from shared.domain.described import Kept
from shared.domain.ids import CustomerId, EnterpriseId, GroupId, SourcedId


class LinkedCustomer(Kept):
    """A customer of a group.

    org_sourced_id: the sourcedId of its org at the source; its partner is made from that org.
    """

    customer_id: CustomerId
    org_sourced_id: SourcedId | None = None


class Customer(Kept):
    """An institution that an enterprise entered by hand.

    org_sourced_id: the sourcedId of its org at the source, if it is known.
    group_id: the group it is in; None if it is free.
    """

    enterprise: EnterpriseId
    customer_id: CustomerId
    name: str
    org_sourced_id: SourcedId | None = None
    group_id: GroupId | None = None
    created_at: AwareDatetime
