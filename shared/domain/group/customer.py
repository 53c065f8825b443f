"""Customers: institutions that an enterprise enters by hand."""

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.domain.ids import CustomerId, EnterpriseId, GroupId, SourcedId


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)


class LinkedCustomer(_Stored):
    """A customer of the group; its partner is the one made from org ``org_sourced_id``."""

    customer_id: CustomerId
    org_sourced_id: SourcedId | None = None


class Customer(_Stored):
    """An institution that the enterprise knows by hand; ``group_id`` is the group it is in."""

    enterprise: EnterpriseId
    customer_id: CustomerId
    name: str
    org_sourced_id: SourcedId | None = None
    group_id: GroupId | None = None
    created_at: AwareDatetime
