"""Decides the enterprise of a person who signs in, and whether they are one of its admins.

Only facts that the person cannot write count (decision 16). A user of the pool has an immutable
attribute, set by the administrator who created the user. A user of an identity provider belongs to
the enterprise that the operator assigned to that provider, whatever the e-mail address says.
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

No attribute of a user can have this name in a token: the pool's own begin with ``custom:``, and the
standard ones are OpenID Connect's. Only the token function can set it.
"""
ENTERPRISE_ATTRIBUTE = "custom:enterprise"


class AdminsBy(StrEnum):
    """Which of an identity provider's users are Enterprise Admins.

    ``members``: users whom the operator has added to the pool's group.
    ``everyone``: everybody the provider lets in, because the application is assigned to admins
        only.

    Roles that a provider sends are not an option: they would be kept in an attribute that the
    person may be able to write.
    """

    MEMBERS = "members"
    EVERYONE = "everyone"


class TrustedProvider(BaseModel):
    """An identity provider that the operator trusts.

    ``name``: its name in the user pool.
    ``enterprise``: the enterprise for whose people it vouches.
    ``admins_by``: which of its users are Enterprise Admins.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(min_length=1, max_length=32, pattern=r"^[^\s_][^\s]*$")
    enterprise: EnterpriseId = Field(min_length=1, max_length=200)
    admins_by: AdminsBy = AdminsBy.MEMBERS


@dataclass(frozen=True)
class Person:
    """A person who signs in.

    ``enterprise``: the person's enterprise; None if there is none.
    ``groups``: the groups that the token names.
    """

    enterprise: EnterpriseId | None
    groups: tuple[str, ...]


FindProvider = Callable[[str], TrustedProvider | None]


def person_of(
    username: str, attributes: Mapping[str, str], groups: Sequence[str], find: FindProvider
) -> Person:
    """Decide who a user of the pool is. If anything is unclear, the person is nobody's admin.

    :param username: the user's name in the pool.
    :param attributes: the user's attributes in the pool.
    :param groups: the user's groups in the pool.
    :param find: returns the trusted provider with a name, or None.
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
    """The one identity provider that vouches for a user; None if that is not certain.

    A profile that is linked to others, or that is also a user of the pool, could be entered by a
    door that the enterprise does not guard. Cognito names a provider's own user after the provider.
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
