"""Who calls: the enterprise and the person, from the claims of a Cognito ID token.

API Gateway has checked signature and expiry. An access token passes its authorizer, too, but does
not name the enterprise, so the kind of token is checked here. Only the token function sets the
enterprise's claim (decision 16).
"""

from dataclasses import dataclass
from typing import Any

from shared.domain.errors import ForbiddenError
from shared.domain.ids import EnterpriseId
from shared.domain.sign_in import ADMINS, ENTERPRISE_CLAIM


@dataclass(frozen=True)
class Caller:
    """An Enterprise Admin.

    ``enterprise``: the admin's enterprise.
    ``person``: Cognito's id of the user, not a name.
    """

    enterprise: EnterpriseId
    person: str


def caller_of(event: dict[str, Any]) -> Caller:
    """Read the caller of a REST API event.

    :raises ForbiddenError: there is no ID token or enterprise, or the caller is not an Enterprise
        Admin.
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
