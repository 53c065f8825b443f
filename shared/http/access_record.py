"""Writes down who read about people, or decided on them: every route that does so calls this."""

from datetime import datetime

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from shared.domain.access_record import Access
from shared.domain.ids import GroupId
from shared.http.requests import caller
from shared.ports.groups import Accesses


def record_access(
    app: APIGatewayRestResolver,
    accesses: Accesses,
    group_id: GroupId,
    records: int | None,
    now: datetime,
) -> None:
    """Record the request that is being answered.

    Call this before the answer is given, or the decision is carried out: if it fails, the request
    fails, and nothing is shown or done without its record.

    :param records: how many records are shown or decided on; None where that is not known.
    """
    event = app.current_event
    # The gateway's resource is the path as the API's document writes it: it names no record.
    what = f"{event.http_method} {event.resource}"
    accesses.record(group_id, Access(caller(app).person, what, now, records))
