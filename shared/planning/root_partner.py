"""The group's root partner: the org that is the group's own institution."""

from shared.domain.group.group import GroupConfig
from shared.domain.roster.collection import Collection
from shared.planning.columns import stripped
from shared.planning.duckdb_connection import Connection
from shared.planning.fingerprint import fingerprint
from shared.planning.standing import State
from shared.planning.statuses import says_gone


def ensure_root_partner(connection: Connection, config: GroupConfig, *, stage: bool) -> bool:
    """Make ``root``, and make sure that the staged orgs contain it; True if it had to be made.

    The root is the org whose sourcedId, or else whose identifier, is the client partner id. If the
    source has no such org, an earlier root stays as it is; otherwise one is made. The whole roster
    hangs on the root, so one missing org must not remove it.

    :param stage: whether to stage it; False for a run that fetched nothing.
    """
    connection.execute(
        f"""
        CREATE TABLE root AS
        SELECT sourced_id, origin FROM (
            SELECT {stripped("sourced_id")} AS sourced_id, {stripped("identifier")} AS identifier,
                   'staged' AS origin
            FROM staged_orgs WHERE NOT coalesce({says_gone(Collection.ORGS)}, false)
            UNION ALL SELECT sourced_id, identifier, 'base' FROM base_orgs
            WHERE state <> '{State.DELETED}'
        )
        WHERE sourced_id = $id OR identifier = $id
        ORDER BY origin = 'base', sourced_id <> $id, sourced_id LIMIT 1
        """,
        {"id": config.client_partner_id},
    )
    found = connection.execute("SELECT sourced_id, origin FROM root").fetchone()
    if not stage:
        return False
    if found is None:
        connection.execute("INSERT INTO root VALUES (?, 'made')", [config.client_partner_id])
        values = "?::VARCHAR AS sourced_id, ?::VARCHAR AS name"
        parameters = [config.client_partner_id, config.name]
        source = ""
    elif found[1] == "base":
        values, parameters, source = (
            "sourced_id, name, type, identifier, parent",
            [found[0]],
            ("FROM base_orgs WHERE sourced_id = ?"),
        )
    else:
        return False
    connection.execute(
        "INSERT INTO staged_orgs BY NAME "
        f"SELECT (SELECT coalesce(max(row), 0) + 1 FROM staged_orgs) AS row, {values} {source}",
        parameters,
    )
    connection.execute(
        f"UPDATE staged_orgs SET fingerprint = {fingerprint(Collection.ORGS, 'staged_orgs')} "
        "WHERE fingerprint IS NULL"
    )
    return found is None
