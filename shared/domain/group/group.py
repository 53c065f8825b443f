"""A group as it is kept: what an Enterprise Admin described once, and what runs work from."""

from datetime import date

from pydantic import AwareDatetime, Field

from shared.domain.described import Kept
from shared.domain.group.calendar import Calendar
from shared.domain.group.connection import Connection
from shared.domain.group.cover import Cover
from shared.domain.group.customer import LinkedCustomer
from shared.domain.group.guard import GuardSettings
from shared.domain.group.hold import Hold
from shared.domain.group.retention import Retention
from shared.domain.group.scope import Scope
from shared.domain.group.secrets import SecretName
from shared.domain.group.settings import GroupSettings, RunSettings
from shared.domain.group.webhook import Webhook
from shared.domain.ids import EnterpriseId, GroupId


class GroupConfig(RunSettings, Kept):
    """Everything a run needs to know of its group, fixed at the moment the run is accepted.

    connection: how the source is reached; None for a ZIP group.
    secrets: base64 KMS ciphertexts, bound to the group by encryption context.
    customers: the customers of the group, each with the org that it is at the source.
    scope: which part of the source is taken in.
    guard: above which numbers deletions and changes wait for a person.
    calendar: the days on which the group's clock stands still, or nothing is deleted.
    learned: what earlier runs found out about the source.
    version: counts the group's changes.
    """

    connection: Connection | None = None
    secrets: dict[SecretName, str] = Field(default_factory=dict)
    customers: tuple[LinkedCustomer, ...] = ()
    scope: Scope = Scope()
    guard: GuardSettings = GuardSettings()
    calendar: Calendar = Calendar()
    learned: dict[str, str] = Field(default_factory=dict)
    version: int = 1

    @property
    def retention(self) -> Retention:
        """How long what leaves the roster is kept."""
        calendar = self.calendar.model_copy(update={"additions_only": ()})
        return Retention(grace_days=self.grace_days, calendar=calendar)


class EndedRun(Kept):
    """The last run to end of those that may change the roster, as a group shows it.

    run_id: the run.
    mode, state: as the run has them.
    reason: the code of why it ended so, if there is one.
    finished_at: when it ended.
    """

    run_id: str
    mode: str
    state: str
    reason: str | None = None
    finished_at: AwareDatetime


class Group(GroupSettings, Kept):
    """A group as it is kept: its configuration, and what runs need not know.

    enterprise: the tenant that the group belongs to.
    config: what its runs work by.
    cover: its cover image.
    webhook: where its events are sent; None if nowhere.
    created_at, updated_at: when it was created and last changed by a person.
    anchor: the day from which an Auto group's days are counted; None in groups from before it was
        written down, which adopt one at their next run.
    next_run_at: when its next Auto run is due; None if none is.
    active_run: the number of the run that is under way.
    last_ended: the last run to end of those that may change the roster.
    empty: there is no roster, no run under way and no bundle that waits.
    untouched: no run has ever been, and no image was uploaded, so that nothing of the group can be
        stored anywhere else.
    hold: what waits for a person.
    kept: what a person has rejected.
    marked_at: since when its roster is marked for deletion.
    deleting_since: since when the group is being deleted.
    """

    enterprise: EnterpriseId
    group_id: GroupId
    config: GroupConfig
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
    kept: Hold | None = None
    marked_at: AwareDatetime | None = None
    deleting_since: AwareDatetime | None = None
