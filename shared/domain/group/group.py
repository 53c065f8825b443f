"""A group as it is kept: what an Enterprise Admin described once, and what runs work from."""

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.domain.group.calendar import Calendar
from shared.domain.group.choices import (
    AutoMode,
    MatchWith,
    OnboardingType,
    Period,
    StoredField,
    SyncFrequency,
    SyncType,
    Tolerance,
)
from shared.domain.group.connection import Connection
from shared.domain.group.cover import Cover
from shared.domain.group.customer import LinkedCustomer
from shared.domain.group.guard import GuardSettings
from shared.domain.group.hold import Hold
from shared.domain.group.retention import Retention
from shared.domain.group.scope import Scope
from shared.domain.group.secrets import SecretName
from shared.domain.group.webhook import Webhook
from shared.domain.ids import EnterpriseId, GroupId, SourcedId


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)


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
