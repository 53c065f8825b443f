"""The request for a group as a whole: its fields, and the rules between them.

A change is merged into what is kept and judged as a whole by the same model, so that no order of
changes leads to a group that could not have been created.
"""

from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails, ValidationError

from shared.domain.group.calendar_request import PauseInput, Ranges, make_calendar
from shared.domain.group.choices import SyncFrequency, SyncType
from shared.domain.group.connection_request import (
    ConnectionInput,
    Problem,
    connection_problems,
    make_connection,
)
from shared.domain.group.group import GroupConfig
from shared.domain.group.guard import GuardInput
from shared.domain.group.scope import ScopeInput
from shared.domain.group.secrets import SecretName
from shared.domain.group.settings import GroupSettings, RunSettings
from shared.domain.group.webhook import WebhookInput
from shared.domain.request_body import Input, Word, wrong

MAX_CUSTOMERS = 40
"""A group's customers change in one transaction, which takes 100 actions (AWS)."""


def _each_once(customers: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(customers)) != len(customers):
        raise wrong("Name each customer once.")
    return customers


class GroupInput(GroupSettings, RunSettings, Input):
    """A whole group as it is requested.

    An Auto group needs a `period`. A ZIP group has no `connection`; any other needs one.
    """

    connection: ConnectionInput | None = Field(
        None, description="How the source is reached; null for a ZIP group."
    )
    customers: Annotated[tuple[Word, ...], AfterValidator(_each_once)] = Field(
        (),
        max_length=MAX_CUSTOMERS,
        description="The ids of the group's customers. Each must exist and be in no other group.",
    )
    scope: ScopeInput = Field(
        ScopeInput(), description="Which part of the source the group takes in."
    )
    guard: GuardInput = Field(
        GuardInput(), description="Above which numbers deletions and changes wait for a person."
    )
    pause: PauseInput | None = Field(
        None, description="While it lasts no Auto run starts, and what was deleted does not age."
    )
    blackouts: Ranges = Field(
        (), description="Days on which no Auto run starts, and what was deleted does not age."
    )
    additions_only: Ranges = Field((), description="Days on which Auto runs do not delete.")
    webhook: WebhookInput | None = Field(None, description="Where the group's events are sent.")

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Self:
        kept: frozenset[SecretName] = (info.context or {}).get("kept_secrets", frozenset())
        problems = dict(_frequency_problems(self)) | dict(
            connection_problems(self.sync_type, self.onboarding_type, self.connection, kept)
        )
        if self.webhook and self.webhook.secret is None and SecretName.WEBHOOK not in kept:
            problems["webhook.secret"] = "Give a secret: the receiver knows us by it."
        if problems:
            raise ValidationError.from_exception_data(
                "group",
                [
                    InitErrorDetails(type=wrong(text), loc=tuple(place.split(".")), input=None)
                    for place, text in problems.items()
                ],
                hide_input=True,
            )
        return self


def _frequency_problems(group: GroupInput) -> list[Problem]:
    auto = group.sync_frequency is SyncFrequency.AUTO
    problems = []
    if auto and group.sync_type is SyncType.ZIP:
        problems.append(("syncFrequency", "A zip group is synced by uploading: choose Manual."))
    if auto and group.period is None:
        problems.append(("period", "Auto needs a period."))
    if not auto and group.period is not None:
        problems.append(("period", "Only Auto has a period."))
    return problems


def make_config(given: GroupInput, version: int, paused_since: date) -> GroupConfig:
    """Make what runs need to know of the group that a request describes.

    Secrets and customers are left to the use case. ``paused_since`` is when the pause began.
    """
    return GroupConfig.model_validate(
        given.model_dump(include={*RunSettings.model_fields, "scope", "guard"})
        | {
            "connection": make_connection(given.sync_type, given.onboarding_type, given.connection),
            "calendar": make_calendar(
                given.pause, given.blackouts, given.additions_only, paused_since
            ),
            "version": version,
        }
    )
