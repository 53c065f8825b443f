"""What the API answers about groups and customers."""

from pydantic import AwareDatetime, Field

from shared.domain.group.calendar import DateRangeFields, PauseFields
from shared.domain.group.choices import EmailStatus
from shared.domain.group.connection import ApiFields, SftpFields
from shared.domain.group.guard import GuardFields
from shared.domain.group.scope import ScopeFields
from shared.domain.group.secrets import SecretName
from shared.domain.group.settings import GroupSettings, RunSettings
from shared.domain.group.webhook import WebhookFields
from shared.domain.run.run import Mode, RunState
from shared.http.contract.answers import Accepted, Answer, Moment


class ConnectionAnswer(SftpFields, ApiFields, Answer):
    """How a group's source is reached; which fields there are depends on the sync type."""

    url: str = ""
    path: str
    consumer_key: str = ""
    host: str = ""
    port: int = 22
    username: str = ""
    secrets_set: list[SecretName] = Field(
        description="Which secrets are stored. The secrets themselves are never shown."
    )


class ScopeAnswer(ScopeFields, Answer, complete=True):
    """The part of the source that a group takes in."""


class GuardAnswer(GuardFields, Answer, complete=True):
    """The thresholds of the guard."""


class PauseAnswer(PauseFields, Answer):
    """A pause of the Auto runs; without `until` it has no end."""


class DateRangeAnswer(DateRangeFields, Answer, complete=True):
    """Days from one to another, including both."""


class WebhookAnswer(WebhookFields, Answer, complete=True):
    """Where a group's events are sent; the secret is never shown."""


class LastRun(Answer):
    """The last run to end of those that may change the roster; previews are not among them."""

    run_id: str = Field(description="The id of the run.")
    mode: Mode = Field(description="What the run was to do.")
    state: RunState = Field(description="How the run ended.")
    reason: str | None = Field(
        description="The code of why it ended so; null if it just succeeded. New codes may be "
        "added."
    )
    # With a Z, unlike the other moments: it was always written so.
    finished_at: AwareDatetime = Field(description="When the run ended.")


class GroupAnswer(GroupSettings, RunSettings, Answer, complete=True):
    """A group as it is kept."""

    group_id: str = Field(description="The group's id, given by Homeroom.")
    connection: ConnectionAnswer | None = Field(
        description="How the source is reached; null for a ZIP group."
    )
    customers: list[str] = Field(description="The ids of the group's customers.")
    scope: ScopeAnswer = Field(description="Which part of the source the group takes in.")
    guard: GuardAnswer = Field(
        description="Above which numbers deletions and changes wait for a person."
    )
    pause: PauseAnswer | None = Field(
        description="While it lasts no Auto run starts, and what was deleted does not age; null if "
        "the group is not paused."
    )
    blackouts: list[DateRangeAnswer] = Field(
        description="Days on which no Auto run starts, and what was deleted does not age."
    )
    additions_only: list[DateRangeAnswer] = Field(
        description="Days on which Auto runs do not delete."
    )
    webhook: WebhookAnswer | None = Field(
        description="Where the group's events are sent; null if nowhere."
    )
    email_confirmed: bool = Field(
        False,
        description="Whether the group's address takes mails. Present only where one group is "
        "read.",
    )
    email_status: EmailStatus | None = Field(
        None,
        description="Whether the group's address takes mails. Present only where one group is "
        "read, and absent if the mail service does not say.",
    )
    cover_image: str = Field(
        description="Where the cover image, or the default one, can be fetched: a signed URL, good "
        "for a limited time."
    )
    own_cover_image: bool = Field(
        description="Whether the group has an image of its own; false for the default."
    )
    cover_image_refused: bool = Field(
        description="Whether the last upload was refused, because it is not an image."
    )
    version: int = Field(
        description="How often the group was changed, counted from 1. Send it with a change to be "
        "sure that nobody else's is lost."
    )
    created_at: Moment = Field(description="When the group was created.")
    updated_at: Moment = Field(description="When a person last changed the group.")
    next_run_at: Moment | None = Field(
        description="When the next Auto run is due; null if none is."
    )
    last_run: LastRun | None = Field(
        description="The last run to end of those that may change the roster; null if there is "
        "none."
    )
    active_run_id: str | None = Field(
        description="The id of the run that is under way; null if none is."
    )
    marked_at: Moment | None = Field(
        description="Since when the roster is marked for deletion; null if it is not."
    )
    deleting_since: Moment | None = Field(
        description="Since when the group is being deleted; null if it is not."
    )
    held_records: int = Field(description="How many records wait for a person to decide.")
    sync: Accepted | None = Field(
        None,
        description="The first run, which starts with an Auto group. Present only where the group "
        "is created.",
    )


class GroupPage(Answer):
    """A page of groups."""

    groups: list[GroupAnswer] = Field(description="The groups of the page.")
    cursor: str | None = Field(description="Where the next page begins; null on the last page.")


class CustomerAnswer(Answer):
    """A customer: an institution that was entered by hand."""

    customer_id: str = Field(description="The customer's id.")
    name: str = Field(description="The customer's name.")
    org_sourced_id: str | None = Field(
        description="The sourcedId of the customer's org at the source; null if it is not known."
    )
    group_id: str | None = Field(
        description="The id of the group that the customer is in; null if it can be picked."
    )


class CustomerPage(Answer):
    """A page of customers."""

    customers: list[CustomerAnswer] = Field(description="The customers of the page.")
    cursor: str | None = Field(description="Where the next page begins; null on the last page.")


class UploadForm(Answer):
    """A form for one upload, by a POST of `multipart/form-data`."""

    url: str = Field(description="Where to post the form.")
    fields: dict[str, str] = Field(
        description="The fields of the form, to be sent as they are. The file follows them, as "
        "`file`."
    )
