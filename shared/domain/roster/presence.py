"""What a source's answer says of a record that seemed to be gone.

A record is known by its sourcedId, an enrollment by its membership: class, user, role and begin
date. Sources renumber enrollments, so an answer under a sourcedId may be about another membership.
"""

from typing import Any

from pydantic import ValidationError

from shared.domain.roster.collection import Collection
from shared.domain.roster.findings import Repairs
from shared.domain.roster.oneroster_json import staged_row
from shared.domain.roster.records import RECORD_MODELS
from shared.domain.roster.staged_rows import PRESENT_COLUMNS
from shared.domain.roster.vocabulary import gone_statuses

Row = dict[str, Any]


def present_row(collection: Collection, entity: dict[str, Any]) -> Row | None:
    """What ``entity`` (JSON of a source) proves to be there: a row with ``PRESENT_COLUMNS``.

    None if it names nothing, or says that it is gone. An enrollment that cannot be read names only
    its sourcedId: rejected is not gone.
    """
    staged = staged_row(collection, entity, ())
    gone = gone_statuses(users=collection is Collection.USERS)
    if (staged["status"] or "").strip().casefold() in gone:
        return None
    sourced_id = (staged["sourced_id"] or "").strip()
    if collection is not Collection.ENROLLMENTS:
        return {"sourced_id": sourced_id} if sourced_id else None
    try:
        read = RECORD_MODELS[collection].model_validate(
            staged | {"row": 0}, context=Repairs(collection)
        )
    except ValidationError:
        return {"sourced_id": sourced_id} if sourced_id else None
    values = read.model_dump(by_alias=True)
    return {"sourced_id": sourced_id or None} | {
        name: values[name] for name in PRESENT_COLUMNS if name != "sourced_id"
    }
