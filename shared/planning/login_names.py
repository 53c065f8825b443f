"""Decides who of a group's users gets which login name, once it is known who stays.

A login name belongs to one user of the enterprise. Within the group that is decided here, for all
users at once: who swaps names, or inherits that of a user who leaves, has it after this run. What
other groups have is looked up. Whoever cannot have the delivered name keeps the earlier one if
nobody else gets it, and is named in the error report.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from shared.domain.group.group import GroupConfig
from shared.domain.ids import GroupId
from shared.domain.roster.change import MAX_BEQUEATHERS
from shared.domain.roster.collection import Collection
from shared.domain.roster.findings import LoginNameClash
from shared.domain.roster.login_name import LoginHolder, folded
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import LEFT, State

LookUp = Callable[[Sequence[str]], Mapping[str, LoginHolder]]
"""Tells who has some login names, folded; those that nobody has are left out."""
NAMES_AT_A_TIME = 1000
"""How many names are looked up, or folded, at once."""


def give_login_names(
    connection: Connection, config: GroupConfig, group_id: GroupId, look_up: LookUp
) -> Mapping[tuple[LoginNameClash, str], int]:
    """Set ``login_name`` in ``result_users``, and make ``heir``: from whom a user takes its name.

    A name goes to the user who has it already; among new ones to one who is enabled, then to the
    first by sourcedId, so that it is nobody by chance. To be called when it is decided who leaves.

    Returns how many users cannot have their name, by cause and the group that has it (its name and
    id; empty for this group and for one that is not known).
    """
    _list_wishes(connection, config.suffix)
    _list_holders(connection)
    _fold(connection)
    _ask(connection, look_up)
    _choose(connection, group_id)
    _set(connection, config.suffix)
    _name_heirs(connection)
    return _report(connection)


def _list_wishes(connection: Connection, suffix: str) -> None:
    """Make ``wish``: each user who is there, with the login name that was delivered."""
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE wish AS
        SELECT id, min_by(username || $suffix, sourced_id) AS name, min(sourced_id) AS sourced_id,
               bool_or(enabled) AS enabled, bool_and(state = '{State.PENDING}') AS leaves,
               bool_or(state <> '{State.CURRENT}' OR sourced_id IN (
                   SELECT sourced_id FROM proposed_users)) AS waits,
               bool_or(sourced_id IN (
                   SELECT key FROM active_users WHERE key IS NOT NULL)) AS delivered
        FROM result_users WHERE state NOT IN {LEFT} AND username IS NOT NULL GROUP BY id
        """,
        {"suffix": suffix},
    )


def _list_holders(connection: Connection) -> None:
    """Make ``holder``: which login names the group's users have now, or may have.

    ``sure``: whether the user has it for certain.
    """
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE holder AS
        SELECT id, name, bool_or(sure) AS sure FROM (
            SELECT id, login_name AS name, NOT fresh AND id NOT IN (
                SELECT id FROM dirty WHERE collection = '{Collection.USERS}') AS sure
            FROM base_users WHERE login_name IS NOT NULL AND state <> '{State.DELETED}'
            UNION ALL
            SELECT id, login.take, false FROM dirty
            WHERE collection = '{Collection.USERS}' AND login.take IS NOT NULL
            UNION ALL
            SELECT id, unnest(login.release), false FROM dirty
            WHERE collection = '{Collection.USERS}'
        ) GROUP BY id, name
        """
    )


def _fold(connection: Connection) -> None:
    """Add to ``wish`` and ``holder`` what is equal of equal names.

    SQL folds ASCII as we do; other letters are few.
    """
    connection.execute("CREATE OR REPLACE TABLE folding (name VARCHAR, key VARCHAR)")
    others = (
        "SELECT DISTINCT name FROM (SELECT name FROM wish UNION ALL SELECT name FROM holder) "
        r"WHERE NOT regexp_full_match(name, '[\x00-\x7F]*')"
    )
    for names in _in_parts(connection, others):
        connection.execute(
            "INSERT INTO folding SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[])",
            [names, [folded(name) for name in names]],
        )
    for each in ("wish", "holder"):
        connection.execute(
            f"CREATE OR REPLACE TABLE {each} AS SELECT n.*, coalesce(f.key, lower(n.name)) "
            f"AS key FROM {each} n LEFT JOIN folding f ON f.name = n.name"
        )


def _ask(connection: Connection, look_up: LookUp) -> None:
    """Make ``found``: who has the names that are wanted by users who do not surely have them."""
    connection.execute(
        "CREATE OR REPLACE TABLE found "
        "(key VARCHAR, user_id VARCHAR, group_id VARCHAR, group_name VARCHAR)"
    )
    unsure = (
        "SELECT DISTINCT key FROM wish w WHERE NOT EXISTS "
        "(SELECT 1 FROM holder h WHERE h.id = w.id AND h.key = w.key AND h.sure)"
    )
    for keys in _in_parts(connection, unsure):
        if found := look_up(keys):
            columns = zip(
                *((k, h.user_id, h.group_id, h.group_name) for k, h in found.items()), strict=True
            )
            connection.execute(
                "INSERT INTO found SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[]), "
                "unnest($3::VARCHAR[]), unnest($4::VARCHAR[])",
                [list(column) for column in columns],
            )


def _in_parts(connection: Connection, query: str) -> Iterator[list[str]]:
    rows = connection.cursor().execute(query)
    for part in iter(partial(rows.fetchmany, NAMES_AT_A_TIME), []):
        yield [value for (value,) in part]


def _choose(connection: Connection, group_id: GroupId) -> None:
    """Make ``choice``: of each name that is wanted, who gets it, and who does not, and why not."""
    connection.execute(
        """
        CREATE OR REPLACE TABLE elsewhere AS
        SELECT key, coalesce(group_name, group_id) AS "group" FROM found
        WHERE group_id IS DISTINCT FROM $group_id
          AND user_id NOT IN (SELECT id FROM base_users UNION ALL SELECT id FROM result_users)
        """,
        {"group_id": group_id},
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE choice AS
        SELECT w.*, e.key IS NULL AND row_number() OVER best = 1 AS gets,
               CASE WHEN e.key IS NOT NULL THEN '{LoginNameClash.ELSEWHERE}'
                    WHEN first_value(w.waits) OVER best THEN '{LoginNameClash.WAITS}'
                    WHEN NOT first_value(w.delivered) OVER best THEN '{LoginNameClash.HELD}'
                    ELSE '{LoginNameClash.SHARED}' END AS cause,
               CASE WHEN e.key IS NULL THEN first_value(w.sourced_id) OVER best
                    ELSE e."group" END AS who
        FROM wish w
        LEFT JOIN (SELECT id, key, bool_or(sure) AS sure FROM holder GROUP BY id, key) h
            ON h.id = w.id AND h.key = w.key
        LEFT JOIN found f ON f.key = w.key
        LEFT JOIN elsewhere e ON e.key = w.key
        WINDOW best AS (PARTITION BY w.key ORDER BY
            coalesce(h.sure, false) DESC, f.user_id IS NOT DISTINCT FROM w.id DESC,
            h.id IS NOT NULL DESC, w.leaves, w.enabled DESC, w.sourced_id)
        """
    )


def _set(connection: Connection, suffix: str) -> None:
    """Give each user the name, the earlier name, or none."""
    connection.execute(
        """
        CREATE OR REPLACE TABLE spared AS
        SELECT c.id, min(h.name) AS name FROM choice c
        JOIN holder h ON h.id = c.id AND h.sure AND h.key <> c.key
        WHERE NOT c.gets AND h.key NOT IN (SELECT key FROM choice WHERE gets)
        GROUP BY c.id
        """
    )
    connection.execute(
        f"""
        UPDATE result_users SET login_name = d.name FROM (
            SELECT r.id, r.sourced_id,
                   CASE WHEN r.username IS NULL THEN NULL
                        WHEN c.gets THEN r.username || $suffix ELSE s.name END AS name
            FROM result_users r LEFT JOIN choice c ON c.id = r.id LEFT JOIN spared s ON s.id = r.id
            WHERE r.state NOT IN {LEFT}
        ) d
        WHERE result_users.id = d.id AND result_users.sourced_id = d.sourced_id
          AND result_users.login_name IS DISTINCT FROM d.name
        """,
        {"suffix": suffix},
    )


def _name_heirs(connection: Connection) -> None:
    """Make ``heir``: of each name that is given, which other users of the group may have it now."""
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE heir AS
        SELECT c.id, list_slice(list(DISTINCT h.id ORDER BY h.id), 1, {MAX_BEQUEATHERS}) AS inherits
        FROM choice c JOIN (
            SELECT id, key FROM holder UNION ALL SELECT user_id, key FROM found
        ) h ON h.key = c.key AND h.id <> c.id
        WHERE c.gets GROUP BY c.id
        """
    )


def _report(connection: Connection) -> Mapping[tuple[LoginNameClash, str], int]:
    """Add a finding for each user who stays and cannot have the delivered name; count them."""
    connection.execute(
        f"""
        INSERT INTO findings BY NAME
        SELECT '{Collection.USERS}' AS collection, 'warning' AS severity, c.cause AS code, a.row,
               c.sourced_id, 'username' AS field, c.who AS found,
               CASE WHEN s.id IS NULL THEN 'loaded without the value'
                    ELSE 'kept as before' END AS consequence
        FROM choice c LEFT JOIN spared s ON s.id = c.id
        LEFT JOIN active_users a ON a.key = c.sourced_id
        WHERE NOT c.gets AND NOT c.leaves
        """
    )
    rows = connection.execute(
        f"SELECT cause, CASE WHEN cause = '{LoginNameClash.ELSEWHERE}' THEN coalesce(who, '') "
        "ELSE '' END, count(*) FROM choice WHERE NOT gets AND NOT leaves GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return Counter({(LoginNameClash(cause), group): count for cause, group, count in rows})


def make_claims(connection: Connection) -> None:
    """Make ``login``: what each changed user claims and releases.

    Released are the names that the user has, or may have, and does not get.
    """
    connection.execute(
        f"""
        CREATE TABLE login AS
        WITH wanted AS (
            SELECT id, min_by(login_name, sourced_id) FILTER (
                login_name IS NOT NULL AND state <> '{State.DELETED}') AS take
            FROM result_users WHERE id IN (SELECT id FROM change_users) GROUP BY id
        ),
        held AS (SELECT id, list(name ORDER BY name) AS held, bool_or(sure) AS sure
                 FROM holder GROUP BY id)
        SELECT id, {{'take': take, 'release': list_filter(
            coalesce(held, []), lambda name: name IS DISTINCT FROM take),
            'inherits': CASE WHEN take IS NULL THEN [] ELSE coalesce(inherits, []) END}} AS login
        FROM wanted LEFT JOIN held USING (id) LEFT JOIN heir USING (id)
        WHERE NOT (coalesce(sure, false) AND held = [take])
          AND (take IS NOT NULL OR held IS NOT NULL)
        """
    )
