"""Request bodies other than groups: customers, syncs, uploads, decisions."""

from collections.abc import Callable
from typing import Annotated, Self

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, ValidationError

from shared.domain.group.cover import ImageType
from shared.domain.group.hold import DecisionFields
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


_OLDER = (
    "Whether to accept a bundle that is older than the last one; otherwise its run fails with "
    "`bundle_older`."
)


class CustomerInput(Input):
    """A customer as it is requested."""

    name: Line = Field(description="The customer's name.")
    org_sourced_id: Id | None = Field(
        None, description="The sourcedId of the customer's org at the source, if it is known."
    )
    customer_id: Word | None = Field(
        None,
        description="An id of your choice: letters, digits, - and _. Without it one is made.",
    )


class CustomerChangeInput(Input):
    """A change of a customer: what is left out stays."""

    name: Line | None = Field(None, description="The customer's new name; it cannot be null.")
    org_sourced_id: Id | None = Field(
        None,
        description="The sourcedId of the customer's org at the source; null takes it away. It "
        "cannot change while the customer is in a group.",
    )

    @field_validator("name")
    @classmethod
    def _has_a_name(cls, name: str | None) -> str | None:
        if name is None:
            raise wrong("A customer has a name.")
        return name


class CoverImageInput(Input):
    """Which kind of image will be uploaded."""

    content_type: ImageType = Field(description="The kind of image.")


class UploadInput(Input):
    """How a form to upload a bundle with is requested."""

    mode: FetchingMode = Field(
        Mode.SYNC,
        description="What the bundle's run may do: `sync` creates and changes, `update` also "
        "deletes, `preview` shows what an update would do.",
    )
    accept_older: bool = Field(False, description=_OLDER)


class SyncInput(Input):
    """How a sync is requested."""

    mode: AskedMode = Field(
        Mode.SYNC,
        description="What the run may do: `sync` creates and changes, `update` also deletes, "
        "`preview` shows what an update would do, `restore` makes the roster what an earlier run "
        "left it as.",
    )
    accept_older: bool = Field(False, description=_OLDER)
    run_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}$")] | None = Field(
        None, description="The run whose roster to restore; only for `restore`, which needs it."
    )
    keep_auto: bool = Field(
        False,
        description="For `restore`: leave an Auto group on Auto. Otherwise it becomes Manual, so "
        "that its next run does not undo the restore.",
    )

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


class DecisionInput(DecisionFields, Input):
    """What a person decides about what waits."""
