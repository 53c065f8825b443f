"""The names of the attributes in the ``roster`` table, by kind of item (see docs/data-model.md).

They are data: a name that has been stored stays as it is.
"""

from enum import StrEnum


class RecordItem(StrEnum):
    """A record of a group's roster."""

    ID = "id"
    DOC = "doc"
    """The record itself, as a map in OneRoster's terms."""
    SEQ = "seq"
    """The number of the plan that has written it last."""
    CREATED_AT = "createdAt"
    UPDATED_AT = "updatedAt"
    DELETED_AT = "deletedAt"
    ENDED_AT = "endedAt"
    EXPIRES_AT = "expiresAt"
    """When the table lets go of it (its TTL), in seconds since the epoch."""
    USER_KEY = "userKey"
    """An enrollment's place in the index by user."""


class LoginItem(StrEnum):
    """Whose a login name is."""

    USER_ID = "userId"
    GROUP_ID = "groupId"
    """The user's group; an older version did not note it."""
    SEQ = "seq"


class StampItem(StrEnum):
    """By which plan the group's records were last written."""

    STAMP = "stamp"
    UPDATED_AT = "updatedAt"


class ContentItem(StrEnum):
    """Content that is assigned to a class or a user."""

    CONTENT_ID = "contentId"
    ASSIGNED_AT = "assignedAt"
    ASSIGNED_BY = "assignedBy"


class Doc(StrEnum):
    """What the table itself is asked about a record's document, by its path."""

    LOGIN_NAME = "doc.loginName"
    SOURCED_ID = "doc.sourcedId"
    SOURCED_IDS = "doc.sourcedIds"
