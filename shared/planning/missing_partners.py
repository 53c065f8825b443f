"""Lets the roles at a partner that is missing wait with it: staff of two schools keep both."""

from shared.domain.group.guard import HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.duckdb_connection import Connection
from shared.planning.proposals import hold_changes
from shared.planning.standing import LEFT, Answer, State


def hold_roles_at_missing_partners(connection: Connection) -> None:
    """Hold the users who would lose a role at a partner that is missing and not deleted yet.

    Whoever has a role at another partner instead has moved there.
    """
    missing = (
        f"SELECT id FROM result_orgs WHERE state = '{State.PENDING}' "
        f"AND hold IS DISTINCT FROM '{Answer.KEPT}'"
    )
    if not connection.count(f"SELECT count(*) FROM ({missing})"):
        return
    roles = f"SELECT sourced_id, unnest(org_ids) AS org FROM {{}} WHERE state NOT IN {LEFT}"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE losing_roles AS SELECT DISTINCT sourced_id FROM ("
        f"{roles.format('base_users')} EXCEPT {roles.format('result_users')}) "
        f"WHERE org IN ({missing}) AND sourced_id NOT IN (SELECT sourced_id FROM ("
        f"{roles.format('result_users')} EXCEPT {roles.format('base_users')}))"
    )
    hold_changes(
        connection,
        Collection.USERS,
        f"SELECT sourced_id, '{HoldRule.WITH_HELD}' AS rule FROM losing_roles",
    )
