"""Over how many partitions of the roster table the records of one type are spread."""

from shared.domain.roster.change import MAX_SHARDS

ROWS_PER_SHARD = 100_000


def shards_for(rows: int) -> int:
    """Give the number of partitions for this many records. It is fixed at the first load."""
    return max(1, min(MAX_SHARDS, -(-rows // ROWS_PER_SHARD)))
