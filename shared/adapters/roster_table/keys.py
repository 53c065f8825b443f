"""Keys of the ``roster`` table (see docs/data-model.md)."""

import zlib
from collections.abc import Iterator

from boto3.dynamodb.conditions import Attr

from shared.adapters.roster_table.attributes import RecordItem
from shared.domain.ids import EnterpriseId, GroupId, RecordId
from shared.domain.roster.change import MAX_SHARDS, RosterWrite
from shared.domain.roster.collection import Collection
from shared.domain.roster.content import Bearer, ContentId
from shared.domain.roster.login_name import folded

PK, SK = "pk", "sk"
BY_USER = "byUser"
"""The index of enrollments by their user."""
STAMPS = "STAMP#"
"""What the partitions of stamps begin with."""

IS_THERE = Attr(PK).exists()
IS_NEW = Attr(PK).not_exists()

Key = dict[str, str]

LETTERS = {
    Collection.ORGS: "P",
    Collection.ACADEMIC_SESSIONS: "S",
    Collection.COURSES: "K",
    Collection.CLASSES: "C",
    Collection.USERS: "U",
    Collection.ENROLLMENTS: "E",
}
CONTENT = "CT"
"""The letter of content; it lies in as many partitions as the records of a type."""


def group_prefix(group_id: GroupId) -> str:
    """What the partitions of a group's records and content begin with."""
    return f"{group_id}#"


def letter_of_partition(partition: str) -> str:
    """What lies in a partition of a group: the letter of a type of records, or of content."""
    return partition.split("#")[1]


def partition(group_id: GroupId, collection: Collection, shards: int, record_id: str) -> str:
    """The partition of a record; an enrollment lies in that of its class."""
    return shard_key(group_id, collection, _shard(shards, record_id))


def _shard(shards: int, record_id: str) -> int:
    return zlib.crc32(record_id.encode()) % shards


def kinds_by_partition(group_id: GroupId) -> Iterator[tuple[str, str]]:
    """Every partition that a group can have something in, each with what lies there."""
    kinds = {letter: collection.entity for collection, letter in LETTERS.items()}
    for letter, kind in (kinds | {CONTENT: "contents"}).items():
        for shard in range(MAX_SHARDS):
            yield f"{group_id}#{letter}#{shard}", kind
    yield stamp_key(group_id)[PK], "stamps"


def record_key(group_id: GroupId, shards: int, write: RosterWrite) -> Key:
    """The key of a record."""
    if write.class_id is not None:
        return {
            PK: partition(group_id, write.collection, shards, write.class_id),
            SK: f"{write.class_id}#{write.id}",
        }
    return {PK: partition(group_id, write.collection, shards, write.id), SK: write.id}


def user_key(group_id: GroupId, write: RosterWrite) -> Key:
    """An enrollment's place in the index by user; empty for all other records."""
    return (
        {}
        if write.user_id is None
        else {RecordItem.USER_KEY: user_index_key(group_id, write.user_id)}
    )


def login_key(enterprise: EnterpriseId, login_name: str) -> Key:
    """The item that says whose a login name is. Names differ in more than case."""
    return {PK: f"LOGIN#{enterprise}#{folded(login_name)}", SK: "LOGIN"}


def stamp_key(group_id: GroupId) -> Key:
    """The item that says by which plan the group's records were last written."""
    return {PK: f"{STAMPS}{group_id}", SK: "STAMP"}


def class_prefix(class_id: RecordId) -> str:
    """What the sort keys of a class's enrollments begin with."""
    return f"{class_id}#"


def one_key(group_id: GroupId, collection: Collection, shards: int, id_: RecordId) -> Key:
    """The key of a record that is known by its id alone: any but an enrollment."""
    return {PK: partition(group_id, collection, shards, id_), SK: id_}


def shard_key(group_id: GroupId, collection: Collection, shard: int) -> str:
    """The partition of a type by its number."""
    return f"{group_id}#{LETTERS[collection]}#{shard}"


def user_index_key(group_id: GroupId, user_id: RecordId) -> str:
    """Where the enrollments of a user lie in the index by user."""
    return f"{group_id}#U#{user_id}"


def content_partition(group_id: GroupId, shards: int, bearer: Bearer) -> str:
    """The partition of what is assigned to a class or user: by that one's id."""
    return f"{group_id}#{CONTENT}#{_shard(shards, bearer.id)}"


def content_prefix(bearer: Bearer) -> str:
    """What the sort keys of a bearer's content begin with."""
    return f"{LETTERS[bearer.collection]}#{bearer.id}#"


def content_key(group_id: GroupId, shards: int, bearer: Bearer, content_id: ContentId) -> Key:
    """The key of an assignment."""
    return {
        PK: content_partition(group_id, shards, bearer),
        SK: f"{content_prefix(bearer)}{content_id}",
    }
