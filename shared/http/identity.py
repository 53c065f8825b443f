"""Who calls: the enterprise and the person, from the claims of a Cognito ID token.

API Gateway has checked signature and expiry. An access token passes its authorizer as well, but
says nothing of the enterprise, so the kind of token is checked here. The enterprise's claim is one
that only the token function sets (decision 16).
"""

from dataclasses import dataclass
from typing import Any

from shared.domain.errors import ForbiddenError
from shared.domain.ids import EnterpriseId
from shared.domain.sign_in import ADMINS, ENTERPRISE_CLAIM


@dataclass(frozen=True)
class Caller:
    """An Enterprise Admin; ``person`` is Cognito's id of the user, no name."""

    enterprise: EnterpriseId
    person: str


def caller_of(event: dict[str, Any]) -> Caller:
    """Read the caller of a REST API event.

    :raises ForbiddenError: no ID token, no enterprise, or not an Enterprise Admin.
    """
    claims = (event.get("requestContext", {}).get("authorizer") or {}).get("claims") or {}
    if claims.get("token_use") != "id":
        raise ForbiddenError("wrong_token", "Send the ID token, not the access token.")
    enterprise = claims.get(ENTERPRISE_CLAIM)
    groups = claims.get("cognito:groups") or ""
    names = groups if isinstance(groups, list) else groups.strip("[]").replace(",", " ").split()
    if not enterprise or ADMINS not in names:
        raise ForbiddenError("not_an_admin", "Only Enterprise Admins may do this.")
    return Caller(EnterpriseId(enterprise), str(claims.get("sub", "")))
