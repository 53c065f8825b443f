"""Counts how much of what a source delivers the roster knows."""

from shared.domain.group.choices import MatchWith
from shared.domain.run.another_source import Recognised
from shared.planning.duckdb_connection import Connection
from shared.planning.same_person import full_name, plain
from shared.planning.standing import LEFT, Origin

_HERE = f"state NOT IN {LEFT}"
_DELIVERED = f"r.origin IN ('{Origin.PARSED}', '{Origin.SAME}')"
# The root is there whatever the source delivers.
_ORGS = "SELECT count(DISTINCT key) FROM active_orgs WHERE key NOT IN (SELECT sourced_id FROM root)"
# Numbers, and what is made of them, coincide between districts; whole names hardly do.
_AGREES = f"{full_name('r')} = {full_name('b')}"
# Names that slipped by a row are those of others of this group.
_OTHERS = " AND ".join(
    [f"{plain(name, 'r')} <> {plain(name, 'b')}" for name in ("given_name", "family_name")]
    + [f"{full_name('r')} NOT IN (SELECT {full_name()} FROM base_users WHERE {_HERE})"]
)


def count_recognised(connection: Connection) -> Recognised:
    """Count the delivered users and orgs, and those that the roster knows.

    To be called when ``result_users`` is built and nothing of it is held yet.
    """
    delivered = f"SELECT DISTINCT r.id FROM result_users r WHERE {_DELIVERED}"
    by_sourced_id = (
        f"SELECT count(DISTINCT r.id) FROM result_users r JOIN base_users b "
        f"ON b.sourced_id = r.sourced_id WHERE {_DELIVERED} AND b.{_HERE} AND "
    )
    matched = "SELECT count(DISTINCT id) FROM rekeyed WHERE sourced_id NOT IN (FROM unclear)"
    return Recognised(
        users=connection.count(f"SELECT count(*) FROM ({delivered})"),
        known=connection.count(f"SELECT count(DISTINCT id) FROM base_users WHERE {_HERE}"),
        same=connection.count(by_sourced_id + _AGREES) + connection.count(matched),
        others=connection.count(by_sourced_id + _OTHERS),
        orgs=connection.count(_ORGS),
        orgs_known=connection.count(
            f"{_ORGS} AND key IN (SELECT sourced_id FROM base_orgs WHERE {_HERE})"
        ),
        matches={
            by: _matches(connection, by)
            for by in (MatchWith.IDENTIFIER, MatchWith.USERNAME, MatchWith.EMAIL)
        },
    )


def _matches(connection: Connection, by: MatchWith) -> int:
    """How many delivered users have the name and this value of one who is here."""
    who = f"lower({by}) || '/' || {full_name()}"
    return connection.count(
        f"SELECT count(DISTINCT {who}) FROM result_users r WHERE {_DELIVERED} "
        f"AND {who} IN (SELECT {who} FROM base_users WHERE {_HERE})"
    )
