"""The names of the attributes in the ``control`` table, by kind of item (see docs/data-model.md).

They are data: a name that has been stored stays as it is.
"""

from enum import StrEnum

EXPIRES_AT = "expiresAt"
"""When the table lets go of an item of any kind (its TTL), in seconds since the epoch."""


class GroupItem(StrEnum):
    """A group."""

    GROUP_ID = "groupId"
    CONFIG = "config"
    """Its settings as a map, by the names of the model's fields."""
    VERSION = "version"
    TIME_ZONE = "timeZone"
    """A setting. All of ``GroupSettings`` are stored, by the names that they have in the API."""
    ANCHOR = "anchor"
    WEBHOOK = "webhook"
    CREATED_AT = "createdAt"
    UPDATED_AT = "updatedAt"

    DUE_PERIOD = "duePeriod"
    """The partition of the index of due groups."""
    NEXT_RUN_AT = "nextRunAt"

    RUN_SEQ = "runSeq"
    """The number of the last run."""
    ACTIVE_RUN = "activeRun"
    """The number of the run that is under way: the lock."""
    WAITING = "waiting"
    """The numbers of the runs that wait for the lock, oldest first."""
    LAST_ENDED = "lastEnded"
    LEARNED = "learned"
    """What runs have found out about the source."""

    BASE = "base"
    """The snapshot that the last commit has left."""
    BASE_AT = "baseAt"
    DIRTY = "dirty"
    """The change files that may be applied in part."""
    SHARDS = "shards"
    STAMP = "stamp"
    HOLD = "hold"
    COVER = "cover"
    COVER_SEQ = "coverSeq"

    MARKED_AT = "markedAt"
    """Since when the roster is marked for deletion: what a person has said of the roster alone."""
    DELETING_SINCE = "deletingSince"
    """Since when the group is being deleted; it stands until the item itself goes."""
    DELETION_RUN = "deletionRun"
    """The last run that deletes the group: where another begins, it was given up."""


class OwnerItem(StrEnum):
    """Whose group it is."""

    ENTERPRISE = "enterprise"


class ClaimItem(StrEnum):
    """Whose a name or a client group id is."""

    GROUP_ID = "groupId"


class RetentionItem(StrEnum):
    """A group's new retention, in the index of due groups until it is kept."""

    DUE_PERIOD = GroupItem.DUE_PERIOD.value
    NEXT_RUN_AT = GroupItem.NEXT_RUN_AT.value
    VERSION = "version"


class CustomerItem(StrEnum):
    """A customer, by the names of the API."""

    CUSTOMER_ID = "customerId"
    NAME = "name"
    ORG_SOURCED_ID = "orgSourcedId"
    GROUP_ID = "groupId"
    CREATED_AT = "createdAt"


class CertificateItem(StrEnum):
    """The certificate of a group's deletion."""

    CERTIFICATE = "certificate"


class RunItem(StrEnum):
    """A run."""

    ENTERPRISE = "enterprise"
    GROUP_ID = "groupId"
    SEQ = "seq"
    MODE = "mode"
    TRIGGER = "trigger"
    REQUESTED_BY = "requestedBy"
    STATE = "state"
    CONFIG = "config"
    CREATED_AT = "createdAt"
    STARTED_AT = "startedAt"
    FINISHED_AT = "finishedAt"

    LEG = "leg"
    OWNER = "owner"
    LEASE_UNTIL = "leaseUntil"
    RESENDS = "resends"
    SENT_AT = "sentAt"
    CURSOR = "cursor"
    BUNDLE = "bundle"
    PROGRESS = "progress"

    DECISION = "decision"
    MARKED = "marked"
    RESTORES = "restores"
    PLAN = "plan"
    PENDING_SHARDS = "pendingShards"
    """The items of open batches that are not empty yet."""
    COUNTS = "counts"
    NOTICES = "notices"
    REASON = "reason"
    SNAPSHOT = "snapshot"
    HOLD = "hold"
    SUPERSEDES = "supersedes"

    OPEN_SHARD = "openShard"
    """The partition of the index of open runs; it goes when the end has been announced."""
    OPEN_UNTIL = "openUntil"
    """When somebody is to look after the run."""
    RECORDED = "recorded"
    PUBLISHED = "published"


class DropItem(StrEnum):
    """A dropped bundle that has become a run."""

    SEQ = "seq"


class BatchesItem(StrEnum):
    """What belongs to a run's batches."""

    PENDING = "pending"
    """The numbers of those that are open."""
    CHANGES = "changes"
    """The changes that could not be applied."""


class AccessItem(StrEnum):
    """The record of an access."""

    PERSON = "person"
    WHAT = "what"
    AT = "at"
    RECORDS = "records"


class ExceptionItem(StrEnum):
    """An exception for a record."""

    EFFECT = "effect"
    ENTITY = "entity"
    NAMED_BY = "namedBy"
    DIGEST = "digest"
    """The record's id, or the hash of its sourcedId."""
    SOURCED_ID = "sourcedId"
    """Only of a record that is kept."""
    UNTIL = "until"
    ENDS_AT = "endsAt"
    WHY = "why"
    BY = "by"
    AT = "at"


class ConnectionTestItem(StrEnum):
    """A connection test."""

    TEST = "test"


class ExportRequestItem(StrEnum):
    """That the export of a run was asked for."""

    ASKED_AT = "askedAt"
