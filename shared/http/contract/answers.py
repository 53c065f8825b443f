"""What the API answers, as models: the OpenAPI document is made of them, and tests hold answers to
them. A field with a default may be left out.
"""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.domain.calendar_request import DateRangeInput, PauseInput
from shared.domain.group import (
    Authorization,
    AutoMode,
    EndedRun,
    MatchWith,
    OnboardingType,
    Period,
    Scope,
    SecretName,
    StoredField,
    SyncFrequency,
    SyncType,
    Tolerance,
)
from shared.domain.guard import GuardSettings
from shared.domain.hold import Decision
from shared.domain.run import Mode, RunState, Trigger


class Answer(BaseModel):
    """Nothing is answered that is not here."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid")


class WrongField(Answer):
    """One field that is wrong: what, and what to do."""

    field: str
    code: str
    message: str


class Problem(BaseModel):
    """Why a request was not honoured (RFC 9457); `docs/operations.md` lists the codes."""

    model_config = ConfigDict(alias_generator=to_camel, extra="allow")

    type: str
    title: str
    # The gateway cannot say it in what it refuses by itself.
    status: int = 0
    code: str
    detail: str
    errors: tuple[WrongField, ...] = ()
    run_id: str = ""


class Message(Answer):
    """Words for a person."""

    message: str


class Accepted(Answer):
    """A run has been accepted; ``note`` says what follows of it."""

    message: str
    run_id: str
    note: str = ""


class ConnectionAnswer(Answer):
    """How a group's source is reached; of its secrets only which are set."""

    url: str = ""
    path: str
    authorization: Authorization | None = None
    consumer_key: str = ""
    token_url: str | None = None
    scope: str | None = None
    page_size: int | None = None
    host: str = ""
    port: int = 22
    username: str = ""
    host_key_fingerprint: str | None = None
    secrets_set: list[SecretName]


class WebhookAnswer(Answer):
    """Where a group's events are sent to."""

    url: str


class GroupAnswer(Answer):
    """A group. ``emailConfirmed`` and ``sync`` stand only where one group is read, or made."""

    group_id: str
    name: str
    description: str
    email: str
    email_confirmed: bool = False
    client_group_id: str
    onboarding_type: OnboardingType
    sync_type: SyncType
    sync_frequency: SyncFrequency
    period: Period | None
    auto_mode: AutoMode
    time_zone: str
    sync_hour: int
    client_partner_id: str
    connection: ConnectionAnswer | None
    customers: list[str]
    match_with: MatchWith
    suffix: str
    scope: Scope
    stored_fields: list[StoredField]
    tolerance: Tolerance
    max_rejected_percent: int
    guard: GuardSettings
    grace_days: int
    pause: PauseInput | None
    blackouts: list[DateRangeInput]
    additions_only: list[DateRangeInput]
    webhook: WebhookAnswer | None
    cover_image: str
    version: int
    created_at: AwareDatetime
    updated_at: AwareDatetime
    next_run_at: AwareDatetime | None
    last_run: EndedRun | None
    active_run_id: str | None
    marked_at: AwareDatetime | None
    deleting_since: AwareDatetime | None
    held_records: int
    sync: Accepted | None = None


class CustomerAnswer(Answer):
    """A customer; ``groupId`` is null where it can be picked."""

    customer_id: str
    name: str
    org_sourced_id: str | None
    group_id: str | None


class UploadForm(Answer):
    """A form to upload one file with: its fields, and the file last."""

    url: str
    fields: dict[str, str]


class UploadAnswer(UploadForm):
    """Where a bundle goes; its run shows the same ``uploadId``."""

    upload_id: str
    expires_in: int
    max_bytes: int


class CountsAnswer(Answer):
    """What became of one entity's records."""

    created: int
    updated: int
    deleted: int
    restored: int
    ended: int
    rekeyed: int
    unchanged: int
    rejected: int
    held: int


class NoticeAnswer(Answer):
    """Something to know about a run that did not stop it."""

    code: str
    message: str


class ReasonAnswer(NoticeAnswer):
    """Why a run ended as it did; ``field`` is the group's field to change."""

    field: str | None


class DecisionAnswer(Answer):
    """What a person said of what waited."""

    decision: Decision
    digest: str
    reason: str


class RunAnswer(Answer):
    """A run of a group."""

    run_id: str
    mode: Mode
    trigger: Trigger
    upload_id: str | None
    state: RunState
    open: bool
    progress: dict[str, Any]
    counts: dict[str, CountsAnswer]
    notices: list[NoticeAnswer]
    reason: ReasonAnswer | None
    started_by: str
    source: SyncType
    seconds: int | None
    restores: str | None
    decision: DecisionAnswer | None
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None


class ErrorsByCode(Answer):
    """How often one thing was wrong, and what to do."""

    code: str
    severity: str
    count: int
    message: str | None
    fix: str | None


class ErrorsBySchool(Answer):
    """How much was wrong with one school's rows."""

    school: str
    errors: int
    warnings: int


class ErrorsByFile(Answer):
    """How much was wrong with one file."""

    file: str | None
    errors: int
    warnings: int


class ErrorsSummary(Answer):
    """A run's error report, summed up."""

    by_code: list[ErrorsByCode]
    by_school: list[ErrorsBySchool]
    by_file: list[ErrorsByFile]


class HeldByRule(Answer):
    """How many records of an entity wait by a rule of the guard."""

    entity: str
    rule: str
    records: int


class HeldAt(Answer):
    """How many records of an entity wait at a school, or in a class."""

    school: str | None
    class_: Annotated[str | None, Field(alias="class")] = None
    entity: str
    records: int


class HoldAnswer(Answer):
    """What waits for a person; a decision names its ``digest``."""

    digest: str | None
    records: int
    run_id: str | None
    by_rule: list[HeldByRule]
    by_school: list[HeldAt]
    by_class: list[HeldAt]


class ProbeAnswer(Answer):
    """One thing that was tried of a connection."""

    name: str
    ok: bool
    detail: str
    field: str | None
    facts: dict[str, Any]


class ConnectionTestAnswer(Answer):
    """A connection test: what was found, probe by probe."""

    test_id: str
    state: Literal["Running", "Done"]
    ok: bool
    probes: list[ProbeAnswer]
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


class GroupPage(Answer):
    """A page of groups; ``cursor`` is null on the last."""

    groups: list[GroupAnswer]
    cursor: str | None


class CustomerPage(Answer):
    """A page of customers."""

    customers: list[CustomerAnswer]
    cursor: str | None


class RunPage(Answer):
    """A page of a group's runs, newest first."""

    syncs: list[RunAnswer]
    cursor: str | None
