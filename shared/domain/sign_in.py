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
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.domain.ids import EnterpriseId

ADMINS = "enterprise-admin"
"""The user pool's group of Enterprise Admins."""
ENTERPRISE_CLAIM = "homeroom_enterprise"
"""The claim of the ID token that names the enterprise.

No attribute of a user can have this name in a token: those of the pool's own begin with
``custom:``, and the standard ones are OpenID Connect's. Only the token function can set it.
"""
ENTERPRISE_ATTRIBUTE = "custom:enterprise"
ROLES_ATTRIBUTE = "custom:idp_roles"


class AdminsBy(StrEnum):
    """How it is told who of an identity provider's users is an Enterprise Admin.

    ``members``: whoever the operator has put into the pool's group. ``everyone``: whoever the
    provider lets in, since it lets in only those to whom this application is assigned. ``roles``:
    whoever the provider sends one of the given values for, mapped to ``custom:idp_roles``.
    """

    MEMBERS = "members"
    EVERYONE = "everyone"
    ROLES = "roles"


class TrustedProvider(BaseModel):
    """An identity provider of the user pool, and the enterprise whose people it vouches for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(min_length=1, max_length=32, pattern=r"^[^\s_][^\s]*$")
    enterprise: EnterpriseId = Field(min_length=1, max_length=200)
    admins_by: AdminsBy = AdminsBy.MEMBERS
    roles: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _roles_can_be_told_apart(self) -> Self:
        if (self.admins_by is AdminsBy.ROLES) != bool(self.roles):
            message = "roles are given exactly where admins are told by roles"
            raise ValueError(message)
        # Cognito makes one text of several values: ``[a, b]``. One with these in it could be two.
        if any(
            not role.strip() or set(role) & set('[],"') or role != role.strip()
            for role in self.roles
        ):
            message = "a role has no comma, quote or bracket in it, and no space at its ends"
            raise ValueError(message)
        return self


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
    admin = _is_admin(provider, attributes, groups)
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


def _is_admin(
    provider: TrustedProvider, attributes: Mapping[str, str], groups: Sequence[str]
) -> bool:
    match provider.admins_by:
        case AdminsBy.EVERYONE:
            return True
        case AdminsBy.MEMBERS:
            return ADMINS in groups
        case AdminsBy.ROLES:
            return bool(set(provider.roles) & _roles(attributes.get(ROLES_ATTRIBUTE, "")))


def _roles(text: str) -> set[str]:
    """The values of a claim, as Cognito writes them into one attribute.

    One value stands as it is, several from SAML as ``[a, b]``, from OIDC as JSON.
    """
    if not (text.startswith("[") and text.endswith("]")):
        return {text}
    try:
        values = json.loads(text)
    except ValueError:
        return {value.strip() for value in text[1:-1].split(",")}
    return {value for value in values if isinstance(value, str)}
