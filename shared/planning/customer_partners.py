"""Which org is the partner of which customer: the one whose sourcedId an admin gave for it."""

from shared.domain.group.group import GroupConfig
from shared.planning.duckdb_connection import Connection

CUSTOMER = "customer.customer_id"
"""SQL for the customer of an org."""
JOIN_CUSTOMER = "LEFT JOIN customer ON customer.org = c.sourced_id"
"""SQL that joins customers to orgs ``c``."""


def load_customers(connection: Connection, config: GroupConfig) -> None:
    """Make ``customer``: the customer that is an org's partner; the first, if there are several."""
    connection.execute("CREATE OR REPLACE TEMP TABLE customer (org VARCHAR, customer_id VARCHAR)")
    linked: dict[str, str] = {}
    for customer in config.customers:
        if customer.org_sourced_id is not None:
            linked.setdefault(customer.org_sourced_id, customer.customer_id)
    for link in linked.items():
        connection.execute("INSERT INTO customer VALUES (?, ?)", link)
