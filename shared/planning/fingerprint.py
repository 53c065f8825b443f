"""By what a staged row is recognized the next time: unchanged rows are not read again."""

from shared.domain.roster.collection import Collection
from shared.domain.roster.staged_rows import LIST, ROLES, STAGED_COLUMNS


def fingerprint(collection: Collection, prefix: str) -> str:
    """SQL for the fingerprint of a staged row.

    It is md5 over the values as delivered, which never changes (DuckDB's ``hash()`` may), and only
    decides whether the row must be parsed again. It leaves out an enrollment's sourcedId, because
    sources renumber enrollments. ``chr(1)`` stands for null, so that moved values differ.
    """
    parts = []
    for name, kind in STAGED_COLUMNS[collection].items():
        if collection is Collection.ENROLLMENTS and name == "sourced_id":
            continue
        column = f'{prefix}."{name}"'
        if kind is LIST:
            column = f"array_to_string({column}, chr(30))"
        elif kind is ROLES:
            column = f"to_json({column})::VARCHAR"
        parts.append(f"coalesce({column}, chr(1))")
    return f"md5_number_lower(concat_ws(chr(31), {', '.join(parts)}))"
