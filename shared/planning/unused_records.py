"""Deletes partners, sessions and courses that are gone, once no remaining record uses them."""

from shared.domain.group.guard import HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.deletions import DeletionRules, hold_by_reason, write_decisions
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import HELD, STAYS, Answer, State

_MAX_PASSES = 10
_HERE = f"state <> '{State.DELETED}'"
_USES: dict[Collection, tuple[str, ...]] = {
    Collection.COURSES: (f"SELECT course_id FROM result_classes WHERE {_HERE}",),
    Collection.ACADEMIC_SESSIONS: (
        f"SELECT unnest(term_ids) FROM result_classes WHERE {_HERE}",
        f"SELECT school_year_id FROM result_courses WHERE {_HERE}",
    ),
    Collection.ORGS: (
        f"SELECT school_id FROM result_classes WHERE {_HERE}",
        f"SELECT unnest(org_ids) FROM result_users WHERE {_HERE}",
        f"SELECT primary_org_id FROM result_users WHERE {_HERE}",
        f"SELECT org_id FROM result_courses WHERE {_HERE}",
    ),
}


def delete_unused(connection: Connection, rules: DeletionRules) -> int:
    """Let partners, sessions and courses leave; returns how many partners stay as still in use.

    Unused sessions and courses are deleted without asking; a partner never is.
    """
    in_use = 0
    for collection in (Collection.COURSES, Collection.ACADEMIC_SESSIONS, Collection.ORGS):
        result, going = table("result", collection), table("going", collection)
        if not connection.count(
            f"CREATE TABLE {going} AS SELECT id, why, NULL::VARCHAR AS rule FROM {result} "
            f"WHERE state = '{State.PENDING}' AND hold IS DISTINCT FROM '{Answer.KEPT}' "
            f"AND NOT {STAYS} AND ({HELD} OR NOT $approved)",
            {"approved": rules.approved},
        ):
            continue
        if not rules.approved:
            hold_by_reason(connection, collection)
            if collection is Collection.ORGS:
                connection.execute(
                    f"UPDATE {going} SET rule = '{HoldRule.PARTNER_GONE}' WHERE rule IS NULL"
                )
        in_use += _keep_used(connection, collection)
        write_decisions(connection, collection, rules.since)
    return in_use


def _keep_used(connection: Connection, collection: Collection) -> int:
    """Remove records that are still referred to from ``going_…``; returns how many partners."""
    result, going = table("result", collection), table("going", collection)
    kept = 0
    for _ in range(_MAX_PASSES):
        used = " UNION ALL ".join(_USES[collection])
        stays = f"id NOT IN (SELECT id FROM {going} WHERE rule IS NULL)"
        if collection is not Collection.COURSES:
            used += (
                f" UNION ALL SELECT parent_id FROM {result} "
                f"WHERE state <> '{State.DELETED}' AND {stays} AND parent_id IS NOT NULL"
            )
        taken = connection.execute(
            f"DELETE FROM {going} WHERE rule IS NULL AND id IN ({used}) RETURNING id"
        ).fetchall()
        kept += len(taken)
        if not taken:
            break
    return kept if collection is Collection.ORGS else 0
