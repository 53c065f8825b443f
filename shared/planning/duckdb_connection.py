"""A connection to the planner's database that parses each statement once in a process."""

from typing import Self

import duckdb

MOST_STATEMENTS = 1000
"""How many parsed statements are kept. A plan has fewer, and all plans share them."""

_parsed: dict[str, duckdb.Statement] = {}


class Connection:
    """Executes SQL. Parsing it would be a sixth of the cost of a small group's plan."""

    def __init__(self, inner: duckdb.DuckDBPyConnection) -> None:
        self._inner = inner

    def execute(self, text: str, parameters: object = None) -> duckdb.DuckDBPyConnection:
        """Execute one statement; read its rows from the returned object."""
        statement = _parsed.get(text)
        if statement is None:
            if len(_parsed) >= MOST_STATEMENTS:
                _parsed.clear()
            [statement] = self._inner.extract_statements(text)
            _parsed[text] = statement
        return self._inner.execute(statement, parameters)

    def count(self, text: str, parameters: object = None) -> int:
        """Execute a statement that counts: a count itself, or rows that it writes."""
        [(rows,)] = self.execute(text, parameters).fetchall()
        return int(rows)

    def cursor(self) -> "Connection":
        """Open another connection to the same database."""
        return Connection(self._inner.cursor())

    def close(self) -> None:
        """Close the connection; closing the last one closes the database."""
        self._inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
