"""What the status of a staged row says: which rows delete their record, and which say nothing."""

from shared.domain.roster.collection import Collection
from shared.domain.roster.vocabulary import STATUSES, gone_statuses
from shared.planning.columns import stripped, table
from shared.planning.duckdb_connection import Connection


def says_gone(collection: Collection, status: str = "status") -> str:
    """SQL for whether a row says that its record is gone; null or false if it does not.

    :param status: SQL for the status.
    """
    gone = gone_statuses(users=collection is Collection.USERS)
    return f"lower({stripped(status)}) IN ({_quoted(gone)})"


def says_nothing(status: str = "status") -> str:
    """SQL for whether a status is not in the vocabulary; blank is, and means active."""
    return f"lower({stripped(status)}) NOT IN ('', {_quoted(STATUSES)})"


def mark_unknown_statuses(connection: Connection, collection: Collection) -> None:
    """Mark the rows as broken whose status is unknown: it may mean there, disabled or gone."""
    connection.execute(
        f"""
        UPDATE {table("staged", collection)}
        SET broken = 'unknown_status|status|' || left({stripped("status")}, 40)
        WHERE broken IS NULL AND {says_nothing()}
        """
    )


def _quoted(terms: tuple[str, ...]) -> str:
    return ", ".join(f"'{term}'" for term in terms)
