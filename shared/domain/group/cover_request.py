"""A cover image as it is requested, before it is uploaded."""

from pydantic import Field

from shared.domain.group.cover import ImageType
from shared.domain.request_body import Input


class CoverImageInput(Input):
    """Which kind of image will be uploaded."""

    content_type: ImageType = Field(description="The kind of image.")
