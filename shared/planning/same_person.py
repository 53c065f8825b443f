"""SQL that compares people: by name, whatever its case, accents and spaces are, and by the rest."""

from shared.domain.roster.vocabulary import STUDENT_ROLE


def full_name(row: str = "") -> str:
    """SQL for the given and family name of a row, so that two spellings of one name are equal."""
    return f"concat_ws(' ', {plain('given_name', row)}, {plain('family_name', row)})"


def plain(column: str, row: str = "") -> str:
    """SQL for a name without case, accents and spaces; null if there is none."""
    name = f"{row}.{column}" if row else column
    return f"nullif(regexp_replace(lower(strip_accents({name})), '[^a-z0-9\\p{{L}}]', '', 'g'), '')"


IDENTIFYING = ("identifier", "username", "email")
"""The columns that tell one person from another, beside the name."""


def plainly_other(before: str, after: str) -> str:
    """SQL for whether two rows are plainly two people.

    Neither of their names agrees, and none of the identifying values that both have does.
    """
    names = " AND ".join(
        f"{plain(name, before)} <> {plain(name, after)}" for name in ("given_name", "family_name")
    )
    both = [f"(lower({before}.{name}) <> lower({after}.{name}))" for name in IDENTIFYING]
    others = f"list_filter([{', '.join(both)}], lambda differs: differs IS NOT NULL)"
    return f"coalesce({names} AND len({others}) > 0 AND list_bool_and({others}), false)"


def has_student_role(row: str) -> str:
    """SQL for whether a row of a user has the role of a pupil."""
    return f"(len(list_filter({row}.roles, lambda each: each.role = '{STUDENT_ROLE}')) > 0)"
