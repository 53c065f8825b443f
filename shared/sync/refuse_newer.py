"""Leaves alone what a newer version of Homeroom has written and this one does not understand."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from shared.domain.errors import GiveUpError
from shared.domain.run.newer_version import newer_version
from shared.domain.run.run import Run, Snapshot
from shared.planning.columns import SHAPE_VERSION

_Cursor = TypeVar("_Cursor", bound=BaseModel)


def read_cursor(run: Run, kind: type[_Cursor]) -> _Cursor:
    """Read where the work on a run continues.

    :raises GiveUpError: ``newer_version``, if this version does not understand the run or its
        cursor.
    """
    if run.newer:
        raise GiveUpError(newer_version("This run"))
    try:
        return kind.model_validate(run.cursor or {})
    except ValidationError as error:
        raise GiveUpError(newer_version("Where this run stands")) from error


def refuse_newer_shape(snapshot: Snapshot | None, what: str) -> None:
    """Check that this version can read a snapshot; it can read older shapes.

    :param what: names the snapshot in the reason.
    :raises GiveUpError: ``newer_version``.
    """
    if snapshot is not None and snapshot.shape_version > SHAPE_VERSION:
        raise GiveUpError(newer_version(what))
