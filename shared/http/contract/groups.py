"""What the API answers of groups and customers."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.domain.group.choices import (
    Authorization,
    AutoMode,
    EmailStatus,
    MatchWith,
    OnboardingType,
    Period,
    RoleScope,
    StatusScope,
    StoredField,
    SyncFrequency,
    SyncType,
    Tolerance,
)
from shared.domain.group.secrets import SecretName
from shared.domain.run.run import Mode, RunState
from shared.http.contract.answers import Accepted, Answer, Moment


class ConnectionAnswer(Answer):
    """How a group's source is reached; of its secrets only which are set.

    Which fields there are depends on the sync type.
    """

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


class ScopeAnswer(Answer):
    """Which part of the source the group takes in; null for schools and classes means all."""

    schools: list[str] | None
    classes: list[str] | None
    statuses: list[StatusScope]
    roles: list[RoleScope]


class GuardAnswer(Answer):
    """Above which numbers deletions and changes wait for a person, as in ``GuardInput``."""

    deleted_percent: int
    deleted_minimum: int
    deleted_most: int
    school_percent: int
    enrollment_percent: int
    enrollment_minimum: int
    class_percent: int
    class_size: int
    changed_percent: int
    changed_minimum: int
    rekeyed_percent: int
    rekeyed_minimum: int


class PauseAnswer(Answer):
    """A pause of the Auto runs; ``until`` is its last day. Without it the pause has no end."""

    until: date | None = None


class DateRangeAnswer(Answer):
    """Days from one to another, both among them."""

    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]


class WebhookAnswer(Answer):
    """Where a group's events are sent to."""

    url: str


class LastRun(Answer):
    """The last run that has ended of those that may change the roster: no preview hides it.

    ``reason`` is the code of why it ended so.
    """

    run_id: str
    mode: Mode
    state: RunState
    reason: str | None
    # With a Z, unlike the other moments: it was always written so.
    finished_at: AwareDatetime


class GroupAnswer(Answer):
    """A group as it is kept.

    ``email_status`` and ``email_confirmed`` stand only where one group is read, ``sync`` only where
    an Auto group is made. ``version`` counts the changes, ``held_records`` what waits for a
    decision. ``marked_at`` says since when the roster is to go, ``deleting_since`` since when the
    group is going.
    """

    group_id: str
    name: str
    description: str
    email: str
    email_confirmed: bool = False
    email_status: EmailStatus | None = None
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
    scope: ScopeAnswer
    stored_fields: list[StoredField]
    tolerance: Tolerance
    max_rejected_percent: int
    guard: GuardAnswer
    grace_days: int
    pause: PauseAnswer | None
    blackouts: list[DateRangeAnswer]
    additions_only: list[DateRangeAnswer]
    webhook: WebhookAnswer | None
    cover_image: str
    own_cover_image: bool
    cover_image_refused: bool
    version: int
    created_at: Moment
    updated_at: Moment
    next_run_at: Moment | None
    last_run: LastRun | None
    active_run_id: str | None
    marked_at: Moment | None
    deleting_since: Moment | None
    held_records: int
    sync: Accepted | None = None


class GroupPage(Answer):
    """A page of groups; ``cursor`` is null on the last."""

    groups: list[GroupAnswer]
    cursor: str | None


class CustomerAnswer(Answer):
    """A customer; ``group_id`` is null where it can be picked."""

    customer_id: str
    name: str
    org_sourced_id: str | None
    group_id: str | None


class CustomerPage(Answer):
    """A page of customers; ``cursor`` is null on the last."""

    customers: list[CustomerAnswer]
    cursor: str | None


class UploadForm(Answer):
    """A form to upload one file with, by POST to ``url``: its fields, and the file last."""

    url: str
    fields: dict[str, str]
