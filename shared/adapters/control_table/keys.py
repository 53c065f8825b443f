"""Keys and indexes of the ``control`` table (see docs/data-model.md)."""

from typing import TYPE_CHECKING

from boto3.dynamodb import conditions
from boto3.dynamodb.conditions import Attr

from shared.adapters.dynamodb.reads import Query
from shared.adapters.dynamodb.values import Item, unmarshal
from shared.domain.ids import CustomerId, EnterpriseId, GroupId, RunKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PK, SK = "pk", "sk"
OPEN_RUNS = "openRuns"
"""The index of the runs that are open, or whose end is not announced yet."""
DUE_GROUPS = "dueGroups"
"""The index of the groups by the time of their next sync."""

IS_THERE = Attr(PK).exists()
IS_NEW = Attr(PK).not_exists()

GROUPS = "GROUP#"
"""What the sort keys of an enterprise's groups begin with; also the partition of a group."""
CUSTOMERS = "CUST#"
CERTIFICATES = "GONE#"
RUNS = "RUN#"
"""What the sort keys of a group's runs begin with; also the partition of a run's batches."""
ACCESSES = "ACCESS#"
EXCEPTIONS = "EXCEPTION#"
UNAPPLIED = "UNAPPLIED#"
_ENTERPRISES = "ENT#"

Key = dict[str, str]


# In the partition of an enterprise


def group_key(enterprise: EnterpriseId, group_id: GroupId) -> Key:
    """The key of a group's item."""
    return _of_enterprise(enterprise, f"{GROUPS}{group_id}")


def group_of_key(item: Item) -> tuple[EnterpriseId, GroupId]:
    """The group whose item, or note of a new retention, has this key."""
    group_id = item[SK].partition("#")[2]
    return EnterpriseId(item[PK].removeprefix(_ENTERPRISES)), GroupId(group_id)


def retention_key(enterprise: EnterpriseId, group_id: GroupId) -> Key:
    """The key of what is noted of a group's new retention."""
    return _of_enterprise(enterprise, f"RETENTION#{group_id}")


def name_key(enterprise: EnterpriseId, folded: str) -> Key:
    """The key that says whose a group's name is."""
    return _of_enterprise(enterprise, f"NAME#{folded}")


def client_group_id_key(enterprise: EnterpriseId, folded: str) -> Key:
    """The key that says whose a client group id is."""
    return _of_enterprise(enterprise, f"CGID#{folded}")


def customer_key(enterprise: EnterpriseId, customer_id: CustomerId) -> Key:
    """The key of a customer."""
    return _of_enterprise(enterprise, f"{CUSTOMERS}{customer_id}")


def certificate_key(enterprise: EnterpriseId, group_id: GroupId) -> Key:
    """The key of the certificate of a group's deletion."""
    return _of_enterprise(enterprise, f"{CERTIFICATES}{group_id}")


def given_answers_partition(enterprise: EnterpriseId) -> str:
    """The partition of the answers that an enterprise's requests were given."""
    return f"ONCE#{enterprise}"


def _of_enterprise(enterprise: EnterpriseId, sort_key: str) -> Key:
    return {PK: f"{_ENTERPRISES}{enterprise}", SK: sort_key}


# In the partition of a group


def group_partition(group_id: GroupId) -> str:
    """The partition of what a group has beside its item: runs, accesses and others."""
    return f"{GROUPS}{group_id}"


def owner_key(group_id: GroupId) -> Key:
    """The key of what says whose group it is."""
    return _of_group(group_id, "OWNER")


def run_key(key: RunKey) -> Key:
    """The key of a run's item; the number is padded so that runs sort by it."""
    return _of_group(key.group_id, run_sort_key(key.seq))


def run_sort_key(seq: int) -> str:
    """The place of a run among those of its group."""
    return f"{RUNS}{seq:010d}"


def run_of_key(item: Item) -> tuple[GroupId, int]:
    """The group and number of the run whose item has this key."""
    return GroupId(item[PK].removeprefix(GROUPS)), int(item[SK].removeprefix(RUNS))


def drop_key(group_id: GroupId, name: str) -> Key:
    """The key by which a drop is known again."""
    return _of_group(group_id, f"DROP#{name}")


def access_key(group_id: GroupId, place: str) -> Key:
    """The key of the record of an access; its place begins with its time."""
    return _of_group(group_id, f"{ACCESSES}{place}")


def exception_key(group_id: GroupId, exception_id: str) -> Key:
    """The key of an exception for a record."""
    return _of_group(group_id, f"{EXCEPTIONS}{exception_id}")


def connection_test_key(group_id: GroupId, test_id: str) -> Key:
    """The key of a connection test."""
    return _of_group(group_id, f"TEST#{test_id}")


def export_request_key(group_id: GroupId, seq: int) -> Key:
    """The key of what notes that the export of a run was asked for."""
    return _of_group(group_id, f"EXPORT#{seq:010d}")


def _of_group(group_id: GroupId, sort_key: str) -> Key:
    return {PK: group_partition(group_id), SK: sort_key}


# In the partition of a run's batches


def batches_partition(key: RunKey) -> str:
    """The partition of what belongs to a run's batches."""
    return f"{RUNS}{key.group_id}#{key.seq}"


def pending_key(key: RunKey, attempt: str, shard: int) -> Key:
    """The key of one set of open batches of a plan."""
    return {PK: batches_partition(key), SK: f"{pending_prefix(attempt)}{shard:04d}"}


def pending_prefix(attempt: str) -> str:
    """What the sort keys of a plan's open batches begin with."""
    return f"PEND#{attempt}#"


def unapplied_key(key: RunKey, batch: int) -> Key:
    """The key of the changes of a batch that could not be applied."""
    return {PK: batches_partition(key), SK: f"{UNAPPLIED}{batch:06d}"}


# Of nobody


def provider_key(name: str) -> Key:
    """The key of an identity provider that the operator trusts."""
    return {PK: f"IDP#{name}", SK: f"IDP#{name}"}


QUEUES_KEY: Key = {PK: "QUEUES", SK: "EMPTIED"}
"""The key of the item that says when the queues were last empty."""


def enterprise_page(
    client: "DynamoDBClient",
    table: str,
    enterprise: EnterpriseId,
    prefix: str,
    limit: int,
    after: str | None,
) -> tuple[list[Item], str | None]:
    """One page of an enterprise's items of a kind, and the id after which the next begins."""
    start = _of_enterprise(enterprise, f"{prefix}{after or ''}")
    of_kind = conditions.Key(PK).eq(start[PK]) & conditions.Key(SK).begins_with(prefix)
    answer = client.query(
        **Query(table, of_kind, limit=limit, after=start if after else None).parameters()
    )
    last = answer.get("LastEvaluatedKey")
    more = unmarshal(last)[SK].removeprefix(prefix) if last else None
    return [unmarshal(item) for item in answer["Items"]], more
