"""A run as a person requests it: a sync, and the upload of a bundle."""

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

from shared.domain.request_body import Input, wrong
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
