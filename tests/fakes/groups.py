"""Groups and customers in memory, with the same refusals as the database."""

from bisect import bisect_right
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import datetime
from typing import TypeVar

from shared.domain.errors import (
    ConflictError,
    TryLaterError,
    customer_in_group,
    customer_not_found,
    group_not_found,
)
from shared.domain.group.cover import Cover
from shared.domain.group.customer import Customer
from shared.domain.group.group import Group, GroupConfig
from shared.domain.ids import CustomerId, EnterpriseId, GroupId, SourcedId
from shared.domain.run.decision import check_unmark
from shared.domain.run.deletion_certificate import Certificate

Id = TypeVar("Id", bound=str)
Value = TypeVar("Value")


class InMemoryCustomers:
    """``Customers`` in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[EnterpriseId, CustomerId], Customer] = {}

    def create(self, customer: Customer) -> None:
        key = (customer.enterprise, customer.customer_id)
        if key in self.kept:
            raise ConflictError("customer_exists", "taken", field="customerId")
        self.kept[key] = customer

    def find(
        self, enterprise: EnterpriseId, customer_ids: Sequence[CustomerId]
    ) -> dict[CustomerId, Customer]:
        keys = [(enterprise, customer_id) for customer_id in customer_ids]
        return {key[1]: self.kept[key] for key in keys if key in self.kept}

    def list(
        self, enterprise: EnterpriseId, limit: int, after: CustomerId | None
    ) -> tuple[Sequence[Customer], CustomerId | None]:
        return _page(self.kept, enterprise, limit, after)

    def change(
        self,
        enterprise: EnterpriseId,
        customer_id: CustomerId,
        name: str | None,
        org: tuple[SourcedId | None] | None,
    ) -> Customer:
        old = self._there(enterprise, customer_id, free=org is not None)
        changes = ({"name": name} if name else {}) | ({"org_sourced_id": org[0]} if org else {})
        self.kept[enterprise, customer_id] = old.model_copy(update=changes)
        return self.kept[enterprise, customer_id]

    def delete(self, enterprise: EnterpriseId, customer_id: CustomerId) -> None:
        self._there(enterprise, customer_id, free=True)
        del self.kept[enterprise, customer_id]

    def _there(self, enterprise: EnterpriseId, customer_id: CustomerId, *, free: bool) -> Customer:
        customer = self.kept.get((enterprise, customer_id))
        if customer is None:
            raise customer_not_found()
        if free and customer.group_id is not None:
            raise customer_in_group()
        return customer


class InMemoryGroups:
    """``Groups`` in memory; the other mappings are those of its runs."""

    def __init__(
        self,
        customers: InMemoryCustomers,
        configs: MutableMapping[tuple[EnterpriseId, GroupId], GroupConfig] | None = None,
        deleting: Mapping[tuple[EnterpriseId, GroupId], datetime] | None = None,
        marked: MutableMapping[tuple[EnterpriseId, GroupId], datetime] | None = None,
        gone: MutableMapping[tuple[EnterpriseId, GroupId], Certificate] | None = None,
    ) -> None:
        self.kept: dict[tuple[EnterpriseId, GroupId], Group] = {}
        self._customers = customers
        self._configs = {} if configs is None else configs
        self._deleting = {} if deleting is None else deleting
        self._marked = {} if marked is None else marked
        self._gone = {} if gone is None else gone

    def create(self, group: Group) -> None:
        self._check(group, None)
        self._keep(group, None)

    def get(self, enterprise: EnterpriseId, group_id: GroupId, *, deleting: bool = False) -> Group:
        group = self.kept.get((enterprise, group_id))
        since = self._deleting.get((enterprise, group_id))
        if group is None or (since is not None and not deleting):
            raise group_not_found()
        marked = self._marked.get((enterprise, group_id))
        return group.model_copy(update={"deleting_since": since, "marked_at": marked})

    def check_known(self, enterprise: EnterpriseId, group_id: GroupId) -> None:
        if (enterprise, group_id) not in self._gone:
            self.get(enterprise, group_id, deleting=True)

    def enterprise_of(self, group_id: GroupId) -> EnterpriseId | None:
        owners = [enterprise for enterprise, kept in self.kept if kept == group_id]
        return owners[0] if owners else None

    def list(
        self, enterprise: EnterpriseId, limit: int, after: GroupId | None
    ) -> tuple[Sequence[Group], GroupId | None]:
        return _page(self.kept, enterprise, limit, after)

    def change(self, old: Group, new: Group) -> None:
        self._check_version(old)
        self._check(new, old)
        self._keep(new, old)

    def set_cover(
        self, enterprise: EnterpriseId, group_id: GroupId, old: Cover, new: Cover
    ) -> Cover:
        group = self.kept.get((enterprise, group_id))
        if group is None or (enterprise, group_id) in self._deleting or group.cover.seq != old.seq:
            raise TryLaterError("changed")
        cover = new.model_copy(update={"seq": old.seq + 1})
        changes = {"cover": cover, "untouched": False}
        self.kept[enterprise, group_id] = group.model_copy(update=changes)
        return cover

    def mark(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> None:
        self.get(enterprise, group_id)
        self._marked.setdefault((enterprise, group_id), now)

    def unmark(self, enterprise: EnterpriseId, group_id: GroupId) -> None:
        group = self.get(enterprise, group_id)
        check_unmark(group.active_run, group.hold)
        self._marked.pop((enterprise, group_id), None)

    def delete(self, group: Group, certificate: Certificate) -> None:
        if not group.untouched:
            raise ConflictError("version_conflict", "not untouched")
        self._check_version(group)
        key = (group.enterprise, group.group_id)
        self._hold(group, ())
        del self.kept[key]
        self._gone[key] = certificate
        self._configs.pop(key, None)

    def _check_version(self, group: Group) -> None:
        kept = self.kept.get((group.enterprise, group.group_id))
        if kept is None or kept.config.version != group.config.version:
            raise ConflictError("version_conflict", "changed")

    def _check(self, new: Group, old: Group | None) -> None:
        others = [
            group
            for group in self.kept.values()
            if group.enterprise == new.enterprise and group.group_id != new.group_id
        ]
        if any(_alike(other.config.name, new.config.name) for other in others):
            raise ConflictError("name_taken", "taken", field="name")
        if any(_alike(other.client_group_id, new.client_group_id) for other in others):
            raise ConflictError("client_group_id_taken", "taken", field="clientGroupId")
        held = {c.customer_id for c in old.config.customers} if old else set()
        for place, linked in enumerate(new.config.customers):
            customer = self._customers.kept.get((new.enterprise, linked.customer_id))
            holder = customer.group_id if customer else ""
            if linked.customer_id not in held and holder not in (None, new.group_id):
                raise ConflictError("customer_taken", "taken", field=f"customers.{place}")

    def _keep(self, new: Group, old: Group | None) -> None:
        if old is not None:
            self._hold(old, ())
        self._hold(new, [customer.customer_id for customer in new.config.customers])
        key = (new.enterprise, new.group_id)
        self.kept[key] = new
        self._configs[key] = new.config

    def _hold(self, group: Group, wanted: Sequence[CustomerId]) -> None:
        kept = self._customers.kept
        for key, customer in list(kept.items()):
            if key[0] != group.enterprise:
                continue
            if customer.customer_id in wanted:
                kept[key] = customer.model_copy(update={"group_id": group.group_id})
            elif customer.group_id == group.group_id:
                kept[key] = customer.model_copy(update={"group_id": None})


def _alike(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _page(
    kept: dict[tuple[EnterpriseId, Id], Value],
    enterprise: EnterpriseId,
    limit: int,
    after: Id | None,
) -> tuple[Sequence[Value], Id | None]:
    ids = sorted(key[1] for key in kept if key[0] == enterprise)
    start = bisect_right(ids, after) if after is not None else 0
    page = ids[start : start + limit]
    more = page[-1] if start + limit < len(ids) else None
    return [kept[enterprise, name] for name in page], more
