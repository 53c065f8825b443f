"""Where a group's events are sent."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)


class Webhook(_Stored):
    """Where the group's events go; ``secret``, by which they are signed, is a ciphertext."""

    url: str
    secret: str
