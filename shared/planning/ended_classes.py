"""Ends classes whose terms are over: they are closed, and not deleted."""

from datetime import datetime, timedelta

from shared.planning.duckdb_connection import Connection
from shared.planning.standing import LEFT, STAYS, Answer, State, Why

ENDS_WITHIN = timedelta(days=14)
"""A class has ended if its last term ends within this time: sources close terms some days early."""

PARTNERS_GONE = (
    f"SELECT id FROM result_orgs WHERE state = '{State.PENDING}' AND NOT {STAYS} "
    f"AND hold IS DISTINCT FROM '{Answer.KEPT}' AND why IS DISTINCT FROM '{Why.RESTORED}'"
)
"""SQL for the partners that the source does not have any more; each waits for a person."""


def over_classes() -> str:
    """SQL for the ids of the classes whose terms were over by ``$soon``, as of the night before.

    A class that names no term is over when every session of the group is.
    """
    return (
        "SELECT c.id FROM (SELECT id, unnest(term_ids) AS term FROM result_classes) c "
        "JOIN base_academic_sessions s ON s.id = c.term "
        "GROUP BY c.id HAVING max(s.end_date) <= $soon "
        "UNION ALL SELECT id FROM result_classes WHERE coalesce(len(term_ids), 0) = 0 AND ("
        f"SELECT max(end_date) FROM base_academic_sessions WHERE state NOT IN {LEFT}) <= $soon"
    )


def end_classes(connection: Connection, now: datetime) -> None:
    """End the missing classes whose terms are over. That is not a deletion, so no guard judges it.

    What counts is when the terms ended as of the night before: dates that change in the same night
    as the classes vanish are not believed. Nor is the end of a class whose school is gone.
    """
    connection.execute(
        f"""
        UPDATE result_classes SET state = '{State.ENDED}', since = $since, hold = NULL
        WHERE id IN (
              SELECT id FROM going_classes WHERE why IN ('{Why.GONE}', '{Why.TO_BE_DELETED}'))
          AND id IN ({over_classes()})
          AND coalesce(school_id NOT IN ({PARTNERS_GONE}), true)
        """,
        {"since": now.isoformat(), "soon": (now.date() + ENDS_WITHIN).isoformat()},
    )
    connection.execute(
        f"DELETE FROM going_classes WHERE id IN "
        f"(SELECT id FROM result_classes WHERE state = '{State.ENDED}')"
    )
