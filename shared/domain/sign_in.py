"""Who somebody is that signs in: the enterprise, and whether as one of its admins.

It is decided by facts that the person cannot write (decision 16). A user of the pool has an
immutable attribute, set by the administrator who made the user. Whoever comes from an identity
provider belongs to the enterprise to which the operator has given that provider, and to no other,
whatever the e-mail address says.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.ids import EnterpriseId

ADMINS = "enterprise-admin"
"""The user pool's group of Enterprise Admins."""
ENTERPRISE_CLAIM = "homeroom_enterprise"
"""The claim of the ID token that names the enterprise.

No attribute of a user can have this name in a token: those of the pool's own begin with
``custom:``, and the standard ones are OpenID Connect's. Only the token function can set it.
"""
ENTERPRISE_ATTRIBUTE = "custom:enterprise"


class AdminsBy(StrEnum):
    """How it is told who of an identity provider's users is an Enterprise Admin.

    ``members``: whoever the operator has put into the pool's group. ``everyone``: whoever the
    provider lets in, since it lets in only those to whom this application is assigned. What a
    provider sends of a person's roles is not among them: it would have to be kept in an attribute
    that the person may be able to write.
    """

    MEMBERS = "members"
    EVERYONE = "everyone"


class TrustedProvider(BaseModel):
    """An identity provider of the user pool, and the enterprise whose people it vouches for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(min_length=1, max_length=32, pattern=r"^[^\s_][^\s]*$")
    enterprise: EnterpriseId = Field(min_length=1, max_length=200)
    admins_by: AdminsBy = AdminsBy.MEMBERS


@dataclass(frozen=True)
class Person:
    """Who signs in: the enterprise, if there is one, and the groups that the token shall name."""

    enterprise: EnterpriseId | None
    groups: tuple[str, ...]


FindProvider = Callable[[str], TrustedProvider | None]


def person_of(
    username: str, attributes: Mapping[str, str], groups: Sequence[str], find: FindProvider
) -> Person:
    """Decide who a user of the pool is.

    ``attributes`` and ``groups`` are what the pool holds of the user; ``find`` gives the provider
    that the operator trusts by this name. Where anything is unclear the person is nobody's admin.
    """
    if "identities" not in attributes:
        if attributes.get("cognito:user_status") == "EXTERNAL_PROVIDER":
            return _nobody(groups)
        enterprise = attributes.get(ENTERPRISE_ATTRIBUTE)
        if not enterprise:
            return _nobody(groups)
        return Person(EnterpriseId(enterprise), tuple(groups))
    name = _provider_of(username, attributes)
    provider = None if name is None else find(name)
    if provider is None:
        return _nobody(groups)
    others = _nobody(groups).groups
    admin = provider.admins_by is AdminsBy.EVERYONE or ADMINS in groups
    return Person(provider.enterprise, (*others, ADMINS) if admin else others)


def _nobody(groups: Sequence[str]) -> Person:
    return Person(None, tuple(group for group in groups if group != ADMINS))


def _provider_of(username: str, attributes: Mapping[str, str]) -> str | None:
    """The one identity provider that vouches for a user; None where that is not certain.

    A profile that was linked to others, or that is a user of the pool as well, could be entered by
    a door that the enterprise does not keep. Cognito names a provider's own user after it.
    """
    try:
        identities = json.loads(attributes["identities"])
        [identity] = identities
        name, primary = str(identity["providerName"]), str(identity["primary"]).lower()
    except (ValueError, TypeError, KeyError):
        return None
    own = username.casefold().startswith(f"{name}_".casefold())
    if primary != "true" or not own or attributes.get(ENTERPRISE_ATTRIBUTE):
        return None
    return name
