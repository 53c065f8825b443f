"""What comes in besides groups: customers, syncs, uploads, decisions."""

from collections.abc import Callable
from typing import Annotated, Self

from pydantic import (
    BeforeValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, ValidationError

from shared.domain.group.cover import ImageType
from shared.domain.group.hold import Decision
from shared.domain.request_body import Id, Input, Line, Word, wrong
from shared.domain.run.run import FETCHING_MODES, Mode

ASKED_MODES = FETCHING_MODES | {Mode.RESTORE}
"""The modes that a person can ask for."""


def _one_of(modes: frozenset[Mode]) -> Callable[[object], object]:
    names = sorted(modes)

    def check(mode: object) -> object:
        if mode not in names:
            raise wrong(f"Give one of {', '.join(names)}.")
        return mode

    return check


def _described(modes: frozenset[Mode]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": sorted(modes)})


FetchingMode = Annotated[Mode, BeforeValidator(_one_of(FETCHING_MODES)), _described(FETCHING_MODES)]
AskedMode = Annotated[Mode, BeforeValidator(_one_of(ASKED_MODES)), _described(ASKED_MODES)]


class CustomerInput(Input):
    """A customer as it is asked for."""

    name: Line
    org_sourced_id: Id | None = None
    customer_id: Word | None = None


class CustomerChangeInput(Input):
    """A change of a customer: what is left out stays, null takes ``org_sourced_id`` away."""

    name: Line | None = None
    org_sourced_id: Id | None = None

    @field_validator("name")
    @classmethod
    def _has_a_name(cls, name: str | None) -> str | None:
        if name is None:
            raise wrong("A customer has a name.")
        return name


class CoverImageInput(Input):
    """Which kind of image is to be uploaded."""

    content_type: ImageType


class UploadInput(Input):
    """How an address for a bundle is asked for."""

    mode: FetchingMode = Mode.SYNC
    accept_older: bool = False


class SyncInput(Input):
    """How a sync is asked for; ``run_id`` is the run to restore."""

    mode: AskedMode = Mode.SYNC
    accept_older: bool = False
    run_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}$")] | None = None
    keep_auto: bool = False

    @field_validator("run_id")
    @classmethod
    def _restores(cls, run_id: str | None, info: ValidationInfo) -> str | None:
        if run_id is not None and info.data.get("mode") is not Mode.RESTORE:
            raise wrong("Only mode restore goes back to a run.")
        return run_id

    @model_validator(mode="after")
    def _names_a_run(self) -> Self:
        if self.mode is Mode.RESTORE and self.run_id is None:
            raise ValidationError.from_exception_data(
                "sync",
                [
                    InitErrorDetails(
                        type=wrong("Say which run's roster to restore."),
                        loc=("runId",),
                        input=None,
                    )
                ],
                hide_input=True,
            )
        return self


class DecisionInput(Input):
    """What a person says of a hold, and why."""

    decision: Decision
    digest: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    reason: Line
