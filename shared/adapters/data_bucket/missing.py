"""Tells a missing object from other refusals of S3."""

from botocore.exceptions import ClientError

_MISSING = {"NoSuchKey", "404", "NoSuchVersion"}
"""A HEAD request has no body to name the error: its status stands for it."""


def is_missing(error: ClientError) -> bool:
    """Whether S3 said that there is no such object, or no such version of it."""
    return error.response["Error"]["Code"] in _MISSING
