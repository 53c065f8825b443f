"""A group as it is kept: what an Enterprise Admin described once, and what runs work from."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.domain.group.calendar import Calendar
from shared.domain.group.cover import Cover
from shared.domain.group.guard import GuardSettings
from shared.domain.group.hold import Hold
from shared.domain.group.retention import Retention
from shared.domain.ids import CustomerId, EnterpriseId, GroupId, SourcedId


class OnboardingType(StrEnum):
    """The version of OneRoster that the group's source speaks."""

    ONEROSTER_1_1 = "OneRoster1.1"
    ONEROSTER_1_2 = "OneRoster1.2"


class EmailStatus(StrEnum):
    """Whether the group's address takes mails.

    ``notAsked`` is also an address that the mail service does not take, or that let its question
    lapse: only another, or the same set once more, is asked anew.
    """

    CONFIRMED = "confirmed"
    ASKED = "asked"
    NOT_ASKED = "notAsked"


class SyncType(StrEnum):
    """The way the roster comes in."""

    API = "API"
    SFTP = "SFTP"
    ZIP = "ZIP"


class SyncFrequency(StrEnum):
    """By hand or by the clock."""

    MANUAL = "Manual"
    AUTO = "Auto"


class Period(StrEnum):
    """How often an Auto group syncs."""

    EVERY_6_HOURS = "Every6Hours"
    EVERY_12_HOURS = "Every12Hours"
    DAILY = "Daily"
    WEEKLY = "Weekly"
    BIWEEKLY = "Biweekly"
    MONTHLY = "Monthly"


class Authorization(StrEnum):
    """How the REST source knows us."""

    OAUTH_1 = "OAuth1.0"
    OAUTH_2 = "OAuth2.0"


AUTHORIZATIONS = {
    OnboardingType.ONEROSTER_1_1: (Authorization.OAUTH_1, Authorization.OAUTH_2),
    OnboardingType.ONEROSTER_1_2: (Authorization.OAUTH_2,),
}
"""Which ways of authorization a version of OneRoster has."""


class MatchWith(StrEnum):
    """By what a user is known again who comes with a new sourcedId."""

    SOURCED_ID = "sourcedId"
    IDENTIFIER = "identifier"
    USERNAME = "username"
    EMAIL = "email"


class StoredField(StrEnum):
    """Personal fields that are kept only when the group asks for them."""

    PHONES = "phones"
    AGENTS = "agents"
    METADATA = "metadata"


class RoleScope(StrEnum):
    """The kinds of users that a group takes in."""

    STUDENT = "student"
    STAFF = "staff"
    GUARDIAN = "guardian"


class StatusScope(StrEnum):
    """The statuses of users that a group takes in."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class Tolerance(StrEnum):
    """What is done about rows and files that depart from the standard.

    ``lenient`` repairs what can be repaired without doubt, with a warning; with ``strict`` a run
    that meets anything to repair ends before any change.
    """

    LENIENT = "lenient"
    STRICT = "strict"


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)


class Scope(_Stored):
    """Which part of the source the group takes in; ``None`` for schools and classes means all."""

    schools: tuple[SourcedId, ...] | None = None
    classes: tuple[SourcedId, ...] | None = None
    statuses: tuple[StatusScope, ...] = (StatusScope.ACTIVE, StatusScope.INACTIVE)
    roles: tuple[RoleScope, ...] = (RoleScope.STUDENT, RoleScope.STAFF)


class ApiConnection(_Stored):
    """Where and how a REST source is asked. The secret key is kept apart, encrypted."""

    kind: Literal["API"] = "API"
    url: str
    path: str
    authorization: Authorization
    consumer_key: str
    token_url: str | None = None
    scope: str | None = None
    page_size: int | None = None


class SftpConnection(_Stored):
    """Where a bundle lies on an SFTP server. Password and private key are kept apart, encrypted."""

    kind: Literal["SFTP"] = "SFTP"
    host: str
    port: int = 22
    path: str
    username: str
    host_key_fingerprint: str | None = None


Connection = Annotated[ApiConnection | SftpConnection, Field(discriminator="kind")]


class SecretName(StrEnum):
    """The secrets a group can have; those of its connection in the API's spelling."""

    SECRET_KEY = "secretKey"
    PASSWORD = "password"
    PRIVATE_KEY = "privateKey"
    PASSPHRASE = "passphrase"
    WEBHOOK = "webhookSecret"


CONNECTION_SECRETS = (
    SecretName.SECRET_KEY, SecretName.PASSWORD, SecretName.PRIVATE_KEY, SecretName.PASSPHRASE,
)  # fmt: skip
"""Those by which a source is asked."""


class LinkedCustomer(_Stored):
    """A customer of the group; its partner is the one made from org ``org_sourced_id``."""

    customer_id: CustomerId
    org_sourced_id: SourcedId | None = None


class GroupConfig(_Stored):
    """Everything a run needs to know of its group, fixed at the moment the run is accepted.

    ``secrets`` holds base64 KMS ciphertexts, bound to the group by encryption context.
    Above ``max_rejected_percent`` of a collection's rows rejected for their own fault a run stops.
    A deleted record is kept for ``grace_days`` of those on which ``calendar`` lets the clock run.
    ``learned`` is what earlier runs found out about
    the source; ``version`` counts the group's changes.
    """

    name: str
    onboarding_type: OnboardingType
    sync_type: SyncType
    client_partner_id: SourcedId
    connection: Connection | None = None
    secrets: dict[SecretName, str] = {}
    customers: tuple[LinkedCustomer, ...] = ()
    match_with: MatchWith = MatchWith.SOURCED_ID
    suffix: str = ""
    scope: Scope = Scope()
    stored_fields: tuple[StoredField, ...] = ()
    tolerance: Tolerance = Tolerance.LENIENT
    max_rejected_percent: int = 20
    guard: GuardSettings = GuardSettings()
    grace_days: int = 120
    calendar: Calendar = Calendar()
    learned: dict[str, str] = {}
    version: int = 1

    @property
    def retention(self) -> Retention:
        """How long what leaves the roster is kept."""
        calendar = self.calendar.model_copy(update={"additions_only": ()})
        return Retention(grace_days=self.grace_days, calendar=calendar)


class AutoMode(StrEnum):
    """What the runs of an Auto group may do."""

    UPDATE = "update"
    SYNC = "sync"


class Webhook(_Stored):
    """Where the group's events go; ``secret``, by which they are signed, is a ciphertext."""

    url: str
    secret: str


class EndedRun(_Stored):
    """The last run that has ended of those that may change the roster, as a group shows it."""

    run_id: str
    mode: str
    state: str
    reason: str | None = None
    finished_at: AwareDatetime


class Group(_Stored):
    """A group as it is kept: its configuration, and what runs need not know.

    ``anchor`` is the day from which an Auto group's days are counted; a group from before it was
    written down adopts one at its next run. ``empty`` is one that has no roster, no run under way
    and no bundle that waits. Of one that is ``untouched`` nothing can lie anywhere else: no run has
    ever been, and no image was brought.
    """

    enterprise: EnterpriseId
    group_id: GroupId
    config: GroupConfig
    description: str = ""
    email: str
    client_group_id: str
    sync_frequency: SyncFrequency = SyncFrequency.MANUAL
    period: Period | None = None
    auto_mode: AutoMode = AutoMode.UPDATE
    time_zone: str = "UTC"
    sync_hour: int = 2
    cover: Cover = Cover()
    webhook: Webhook | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    anchor: date | None = None
    next_run_at: AwareDatetime | None = None
    active_run: int | None = None
    last_ended: EndedRun | None = None
    empty: bool = True
    untouched: bool = True
    hold: Hold | None = None
    marked_at: AwareDatetime | None = None
    deleting_since: AwareDatetime | None = None


class Customer(_Stored):
    """An institution that the enterprise knows by hand; ``group_id`` is the group it is in."""

    enterprise: EnterpriseId
    customer_id: CustomerId
    name: str
    org_sourced_id: SourcedId | None = None
    group_id: GroupId | None = None
    created_at: AwareDatetime
