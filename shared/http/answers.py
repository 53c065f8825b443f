"""Makes answers: a model as JSON, a redirect, and the cursor of a page."""

import base64

from aws_lambda_powertools.event_handler import Response

from shared.http.contract.answers import Answer, Message


def answer(status: int, shown: Answer | None) -> Response[str]:
    """Make a JSON answer from a model, or an answer without a body."""
    if shown is None:
        return Response(status_code=status, body="")
    return answer_text(status, shown.json_text())


def answer_text(status: int, text: str) -> Response[str]:
    """Make an answer from a text that is already JSON."""
    return Response(status_code=status, content_type="application/json", body=text)


def answer_later(message: str, seconds: int) -> Response[str]:
    """Answer that something is still being made, and in how many seconds to ask again."""
    later = answer(202, Message(message=message))
    later.headers["Retry-After"] = str(seconds)
    return later


def see_other(address: str) -> Response[str]:
    """Redirect to another address (RFC 9110, 303)."""
    return Response(status_code=303, headers={"Location": address}, body="")


def show_cursor(after: str | None) -> str | None:
    """The cursor of the next page, which begins after ``after``; None on the last page."""
    return base64.urlsafe_b64encode(after.encode()).decode() if after else None
