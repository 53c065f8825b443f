"""Which part of its source a group takes in."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.domain.group.choices import RoleScope, StatusScope
from shared.domain.ids import SourcedId


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)


class Scope(_Stored):
    """Which part of the source the group takes in; ``None`` for schools and classes means all."""

    schools: tuple[SourcedId, ...] | None = None
    classes: tuple[SourcedId, ...] | None = None
    statuses: tuple[StatusScope, ...] = (StatusScope.ACTIVE, StatusScope.INACTIVE)
    roles: tuple[RoleScope, ...] = (RoleScope.STUDENT, RoleScope.STAFF)
