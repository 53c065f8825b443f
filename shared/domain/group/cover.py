"""A group's cover image: the one that is shown, and the one that is to be uploaded.

Only a file's first bytes decide whether it is an image, never its name or its declared type. It is
served as the type that was found, so that an HTML page which claims to be an image is not run.
"""

from datetime import timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

FORM_TIME = timedelta(minutes=15)
"""How long a form to upload an image can be used."""
MAX_BYTES = 5 * 1024 * 1024
HEAD_BYTES = 12
"""How many of a file's first bytes tell what it is."""

DEFAULT = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180" role="img" aria-label="Class">'
    '<rect width="320" height="180" fill="#dfe8ee"/>'
    '<rect x="70" y="34" width="180" height="92" rx="4" fill="#2f5d50" stroke="#b98a5a"'
    ' stroke-width="8"/>'
    '<path d="M96 100l34-44 26 30 18-20 50 34" fill="none" stroke="#f4f1e8" stroke-width="5"'
    ' stroke-linecap="round" stroke-linejoin="round"/>'
    '<path d="M60 146h200" stroke="#b98a5a" stroke-width="8" stroke-linecap="round"/></svg>'
)
"""The image of a group without one of its own: our drawing of a blackboard."""
DEFAULT_TYPE = "image/svg+xml"


class ImageType(StrEnum):
    """The kinds of images that may be uploaded."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    WEBP = "image/webp"


def type_of(head: bytes) -> ImageType | None:
    """Tell the kind of image from a file's first ``HEAD_BYTES``; None if it is not one we accept.

    PNG by its signature (W3C PNG, 5.2), JPEG by its start-of-image marker (ITU T.81, B.1.1.3),
    WebP by its RIFF header (RFC 9649, 2.4).
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ImageType.PNG
    if head.startswith(b"\xff\xd8\xff"):
        return ImageType.JPEG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ImageType.WEBP
    return None


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True)


class CoverFile(_Stored):
    """An image that was checked: exactly this version of this object is shown."""

    key: str
    version: str | None
    type: ImageType


class AskedUpload(_Stored):
    """An upload that a form was given out for; it can come, and come again, ``until`` then."""

    key: str
    until: AwareDatetime


class Cover(_Stored):
    """What a group has for a cover.

    seq: counts the changes.
    shown: the image; None for the default.
    asked: an upload that may still come.
    refused: whether the last uploaded file was not an image.
    """

    seq: int = 0

    shown: CoverFile | None = None
    asked: AskedUpload | None = None
    refused: bool = False

    @property
    def keys(self) -> set[str]:
        """The objects that belong to the cover."""
        return {each.key for each in (self.shown, self.asked) if each is not None}
