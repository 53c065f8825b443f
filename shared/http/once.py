"""Carries out a request only once, if it is repeated with the same ``Idempotency-Key``."""

import hashlib
import json
from collections.abc import Callable
from http import HTTPStatus

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.idempotency import (
    BasePersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.domain.ids import EnterpriseId
from shared.http.answers import answer, answer_text
from shared.http.contract.answers import Answer
from shared.http.contract.problem_codes import CODES
from shared.http.identity import Caller
from shared.http.problems import problem
from shared.http.requests import header

KEPT_SECONDS = 86_400

Outcome = tuple[int, Answer]
"""The outcome of a request: a status, and the answer's model."""
GivenAnswers = Callable[[EnterpriseId], BasePersistenceLayer]
"""Finds the answers that an enterprise's requests were given."""


def once(
    app: APIGatewayRestResolver,
    caller: Caller,
    given: GivenAnswers,
    act: Callable[[], Outcome],
) -> Response[str]:
    """Answer with the outcome of ``act``, or with the earlier answer to the same key.

    The answer (which contains no secret) and a hash of the body are kept for a day.
    """
    key = header(app, "Idempotency-Key")
    if not key:
        return answer(*act())
    config = IdempotencyConfig(
        event_key_jmespath="key",
        payload_validation_jmespath="body",
        expires_after_seconds=KEPT_SECONDS,
        raise_on_no_idempotency_key=True,
    )
    context = app.lambda_context
    assert isinstance(context, LambdaContext) or hasattr(context, "get_remaining_time_in_millis")
    config.register_lambda_context(context)
    layer = given(caller.enterprise)

    @idempotent_function(data_keyword_argument="request", persistence_store=layer, config=config)
    def carry_out(*, request: dict[str, str]) -> str:
        status, shown = act()
        return f"[{status}, {shown.json_text()}]"

    route = f"{app.current_event.http_method} {app.current_event.path}"
    body = hashlib.sha256((app.current_event.body or "").encode()).hexdigest()
    try:
        status, shown = json.loads(carry_out(request={"key": f"{route} {key}", "body": body}))
    except IdempotencyAlreadyInProgressError:
        code = "request_in_progress"
        return problem(HTTPStatus.CONFLICT, code, CODES[code])
    except IdempotencyValidationError:
        code = "idempotency_key_reused"
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, code, CODES[code])
    return answer_text(status, json.dumps(shown))
