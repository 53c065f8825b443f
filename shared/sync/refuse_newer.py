"""Leaves alone what a newer version has written and this one does not understand."""

from pydantic import BaseModel, ValidationError

from shared.domain.errors import GiveUpError
from shared.domain.run.newer_version import newer_version
from shared.domain.run.run import Run, Snapshot
from shared.planning.columns import SHAPE_VERSION


def refuse_newer(run: Run, cursor: type[BaseModel]) -> None:
    """See that a run can be worked on, from where its ``cursor`` says that it stands.

    :raises GiveUpError: ``newer_version``.
    """
    if run.newer:
        raise GiveUpError(newer_version("This run"))
    try:
        cursor.model_validate(run.cursor or {})
    except ValidationError as error:
        raise GiveUpError(newer_version("Where this run stands")) from error


def refuse_newer_shape(snapshot: Snapshot | None, what: str) -> None:
    """See that a snapshot can be read; one of an older shape can.

    :raises GiveUpError: ``newer_version``.
    """
    if snapshot is not None and snapshot.shape_version > SHAPE_VERSION:
        raise GiveUpError(newer_version(what))
