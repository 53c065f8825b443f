"""decide_claims: puts the enterprise into an ID token (Cognito: pre token generation, V1_0).

Amazon Cognito developer guide, "Pre token generation Lambda trigger": the first version of the
event is there in every feature plan, and Cognito gives no token where the function fails.
"""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import wiring
from shared.domain.sign_in import (
    ENTERPRISE_ATTRIBUTE,
    ENTERPRISE_CLAIM,
    FindProvider,
    person_of,
)
from shared.observability import log_failure, make_logger
from shared.settings import ControlTable

logger = make_logger()


class Settings(ControlTable):
    """What this function reads from its environment."""


@cache
def build() -> FindProvider:
    """Build the port, once a container, when a user of an identity provider first signs in."""
    return wiring.find_provider(Settings.read())


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the claims and groups of the token; what the caller sent is ignored."""
    request = event["request"]
    groups = (request.get("groupConfiguration") or {}).get("groupsToOverride") or []
    try:
        person = person_of(
            event["userName"], request["userAttributes"], groups, lambda name: build()(name)
        )
    except Exception as error:
        log_failure(logger, "no token given", error)
        raise
    if person.enterprise is None:
        # Constant words: a user's name can be an e-mail address.
        logger.warning("signs in without an enterprise", source=event.get("triggerSource"))
    claims = {} if person.enterprise is None else {ENTERPRISE_CLAIM: person.enterprise}
    event["response"] = {
        "claimsOverrideDetails": {
            "claimsToAddOrOverride": claims,
            # The decision's own input must not look like a claim.
            "claimsToSuppress": [ENTERPRISE_ATTRIBUTE],
            # Without this the groups of the pool would stand.
            "groupOverrideDetails": {"groupsToOverride": list(person.groups)},
        }
    }
    return event
