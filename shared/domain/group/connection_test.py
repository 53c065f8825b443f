"""A connection test: what was found at a group's source, probe by probe."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.domain.ids import EnterpriseId, GroupId


class Probe(BaseModel):
    """One thing that was tried.

    name: what was tried.
    ok: whether it is as it should be.
    detail: what was found and what to change, for the admin.
    field: the group's field to change, in the API's spelling.
    facts: what was found, for programs: orgs to choose from, counts, a fingerprint.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    ok: bool
    detail: str
    field: str | None = None
    facts: dict[str, Any] = {}


class ConnectionTest(BaseModel):
    """One test of a group's connection.

    created_at, finished_at: when it was requested and when it ended; None while it is running.
    probes: what was tried, in order.
    """

    model_config = ConfigDict(frozen=True)

    enterprise: EnterpriseId
    group_id: GroupId
    test_id: str
    created_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    probes: tuple[Probe, ...] = ()
