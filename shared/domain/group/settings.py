"""The settings of a group that are plain values: each stands here, once.

``GroupInput`` takes them in, ``GroupConfig`` and ``Group`` keep them, ``GroupAnswer`` shows them.
A new setting of this kind is one field here. Settings that are objects have files of their own:
``scope``, ``guard``, ``calendar``, ``connection``, ``webhook``.
"""

import re
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from shared.domain.described import Described
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
from shared.domain.request_body import Line, SourcedIdText, Suffix, Text, Word, wrong

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise wrong("This is not an e-mail address.")
    return text


def _time_zone(text: str) -> str:
    if text not in available_timezones():
        raise wrong("Give a time zone of the IANA database, such as Europe/Berlin.")
    return text


class GroupSettings(Described):
    """What describes a group and says when it syncs; its runs need to know none of it."""

    description: Text = Field("", description="What people should know about the group.")
    email: Annotated[Line, AfterValidator(_email)] = Field(
        description="Where messages about the group's runs are sent. The address is asked first "
        "whether it wants them."
    )
    client_group_id: Word = Field(
        description="Your own id for the group, unique in the enterprise: letters, digits, - and _."
    )
    sync_frequency: SyncFrequency = Field(
        SyncFrequency.MANUAL,
        description="`Auto` syncs by the clock, `Manual` when somebody asks for it. A ZIP group is "
        "`Manual`.",
    )
    period: Period | None = Field(
        None, description="How often an Auto group syncs; null for a Manual one."
    )
    auto_mode: AutoMode = Field(
        AutoMode.UPDATE,
        description="What the Auto runs do: `update` also deletes what the source no longer has, "
        "`sync` only creates and changes.",
    )
    time_zone: Annotated[Line, AfterValidator(_time_zone)] = Field(
        "UTC",
        description="The group's time zone, by its name in the IANA database: `Europe/Berlin`. Its "
        "days and hours are counted there.",
    )
    sync_hour: int = Field(
        2,
        ge=0,
        le=23,
        strict=True,
        description="The hour of the day, in the group's time zone, at which Auto runs start. With "
        "a period of hours, the first of them.",
    )


class RunSettings(Described):
    """What runs work by: each run carries a copy of it."""

    name: Line = Field(description="The group's name, unique in the enterprise.")
    onboarding_type: OnboardingType = Field(
        description="The version of OneRoster that the source speaks."
    )
    sync_type: SyncType = Field(
        SyncType.API,
        description="How the roster comes in: `API` asks a REST server, `SFTP` fetches a bundle "
        "from a server, `ZIP` waits for an uploaded bundle.",
    )
    client_partner_id: SourcedIdText = Field(
        description="The institution that the group is for: the sourcedId or identifier of its org "
        "at the source."
    )
    match_with: MatchWith = Field(
        MatchWith.SOURCED_ID,
        description="How a user who comes with a new sourcedId is recognized. With `sourcedId` "
        "such a user is always a new one.",
    )
    suffix: Suffix = Field(
        "", description="What is appended to every username, to keep login names unique."
    )
    stored_fields: tuple[StoredField, ...] = Field(
        (), description="Which personal fields are kept in addition to the usual ones."
    )
    tolerance: Tolerance = Field(
        Tolerance.LENIENT,
        description="What happens to rows and files that depart from the standard: `lenient` "
        "repairs what can be repaired without doubt, `strict` ends the run before any change.",
    )
    max_rejected_percent: int = Field(
        20,
        ge=0,
        le=100,
        strict=True,
        description="A run stops when more than this percentage of a collection's rows are "
        "rejected for faults of their own.",
    )
    grace_days: int = Field(
        120,
        ge=15,
        le=365,
        strict=True,
        description="For how many days a deleted record is kept, in case it returns. Days on which "
        "the group is paused or blacked out do not count.",
    )
