"""Shows exceptions for records, as the API answers them."""

from collections.abc import Sequence
from datetime import datetime

from shared.domain.roster.record_exception import NamedBy, RecordException
from shared.http.answers import show_cursor
from shared.http.contract.record_exceptions import ExceptionAnswer, ExceptionPage


def show_exception(exception: RecordException, now: datetime) -> ExceptionAnswer:
    """Show an exception as it stands ``now``."""
    by_id = exception.named_by is NamedBy.ID
    return ExceptionAnswer.made_from(
        exception, id=exception.digest if by_id else None, holds=exception.holds(now)
    )


def show_exceptions(
    exceptions: Sequence[RecordException], more: str | None, now: datetime
) -> ExceptionPage:
    """Show a page of exceptions; ``more`` is what the next one begins after."""
    shown = [show_exception(each, now) for each in exceptions]
    return ExceptionPage(exceptions=shown, cursor=show_cursor(more))
