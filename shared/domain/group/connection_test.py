"""A connection test: what was found at a group's source, probe by probe."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.domain.ids import EnterpriseId, GroupId


class Probe(BaseModel):
    """One thing that was tried: ``detail`` is for the admin, ``field`` what to change of the group.

    ``facts`` hold what was found: orgs to choose from, counts, a fingerprint.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    ok: bool
    detail: str
    field: str | None = None
    facts: dict[str, Any] = {}


class ConnectionTest(BaseModel):
    """One test of a group's connection; it is under way until it has finished."""

    model_config = ConfigDict(frozen=True)

    enterprise: EnterpriseId
    group_id: GroupId
    test_id: str
    created_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    probes: tuple[Probe, ...] = ()
