"""What all request bodies share, and the kinds of text in them."""

import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    SecretStr,
    StringConstraints,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from shared.domain.ids import SourcedId

MAX_SECRET_BYTES = 4096
"""The most that KMS encrypts in one call (AWS)."""

_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]*")


def wrong(text: str) -> PydanticCustomError:
    """Say what is wrong with a field, to the person who sent it."""
    return PydanticCustomError("value", "{text}", {"text": text})


def _printable(text: str) -> str:
    if not _PRINTABLE.fullmatch(text):
        raise wrong("Leave control characters out.")
    return text


def _small(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text.strip():
        raise wrong("This must not be empty.")
    if len(text.encode()) > MAX_SECRET_BYTES:
        raise wrong(f"This is larger than {MAX_SECRET_BYTES} bytes.")
    return secret


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_printable),
]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2000), AfterValidator(_printable)
]
Path = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500), AfterValidator(_printable)
]
Suffix = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=50), AfterValidator(_printable)
]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
_ID = (
    StringConstraints(strip_whitespace=True, min_length=1, max_length=255),
    AfterValidator(_printable),
)
Id = Annotated[str, *_ID]
SourcedIdText = Annotated[SourcedId, *_ID]
Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Secret = Annotated[SecretStr, AfterValidator(_small)]


class Input(BaseModel):
    """A request body: camelCase names, no unknown fields, and no values in error messages."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        hide_input_in_errors=True,
        frozen=True,
        defer_build=False,
    )
