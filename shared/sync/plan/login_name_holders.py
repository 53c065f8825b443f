"""Looks up who has login names in an enterprise, with the names of the groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.domain.errors import NotFoundError
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.roster.login_name import LoginHolder
from shared.ports.groups import Groups
from shared.ports.roster import RosterHoldings


@dataclass(frozen=True)
class LoginNameHolders:
    """``planning.login_names.LookUp``; each group is read once."""

    enterprise: EnterpriseId
    holdings: RosterHoldings
    groups: Groups
    _names: dict[GroupId, str] = field(default_factory=dict)

    def __call__(self, names: Sequence[str]) -> Mapping[str, LoginHolder]:
        """Tell who has these names (folded)."""
        found = self.holdings.login_holders(self.enterprise, names)
        return {
            name: replace(holder, group_name=self._name(holder.group_id))
            for name, holder in found.items()
        }

    def _name(self, group_id: GroupId | None) -> str | None:
        """What the admin calls a group: its name and id; the id alone if it is being deleted."""
        if group_id is None:
            return None
        if group_id not in self._names:
            try:
                group = self.groups.get(self.enterprise, group_id)
            except NotFoundError:
                self._names[group_id] = group_id
            else:
                self._names[group_id] = f"{group.config.name} ({group_id})"
        return self._names[group_id]
