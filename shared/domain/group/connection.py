"""How a group's source is reached."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.domain.group.choices import Authorization, OnboardingType

AUTHORIZATIONS = {
    OnboardingType.ONEROSTER_1_1: (Authorization.OAUTH_1, Authorization.OAUTH_2),
    OnboardingType.ONEROSTER_1_2: (Authorization.OAUTH_2,),
}
"""Which ways of authorization a version of OneRoster has."""
DEFAULT_PATHS = {
    OnboardingType.ONEROSTER_1_1: "/ims/oneroster/v1p1",
    OnboardingType.ONEROSTER_1_2: "/ims/oneroster/rostering/v1p2",
}


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)


class ApiConnection(_Stored):
    """Where and how a REST source is asked. The secret key is kept apart, encrypted."""

    kind: Literal["API"] = "API"
    url: str
    path: str
    authorization: Authorization
    consumer_key: str
    token_url: str | None = None
    scope: str | None = None
    page_size: int | None = None


class SftpConnection(_Stored):
    """Where a bundle lies on an SFTP server. Password and private key are kept apart, encrypted."""

    kind: Literal["SFTP"] = "SFTP"
    host: str
    port: int = 22
    path: str
    username: str
    host_key_fingerprint: str | None = None


Connection = Annotated[ApiConnection | SftpConnection, Field(discriminator="kind")]
