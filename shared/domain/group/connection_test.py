"""A connection test: what was found at a group's source, probe by probe."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.domain.described import Described, Kept
from shared.domain.ids import EnterpriseId, GroupId


class ProbeFields(Described):
    """One thing that was tried."""

    name: str = Field(
        description="What was tried: `authorization`, the name of a collection and "
        "`clientPartnerId` of a REST source; `server`, `login` and `bundle` of an SFTP server; "
        "`test` for the test as a whole. New ones may be added."
    )
    ok: bool = Field(description="Whether it is as it should be.")
    detail: str = Field(description="What was found, and what to change, for people.")
    field: str | None = Field(
        None,
        description="The group's field to change, such as `connection.url`; null if there is none.",
    )
    facts: dict[str, Any] = Field(
        {},
        description="What was found, for programs: `count`, `orgs`, `files`, "
        "`hostKeyFingerprint`, or the `code` of what failed.",
    )


class Probe(ProbeFields, Kept):
    """A probe as it is kept."""


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
