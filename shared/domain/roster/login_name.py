"""Login names: when two are the same, and who has one."""

from dataclasses import dataclass

from shared.domain.ids import GroupId, RecordId


@dataclass(frozen=True)
class LoginHolder:
    """Who has a login name in the enterprise.

    ``user_id``: the user.
    ``group_id``: the user's group; None if an older version has not noted it.
    ``group_name``: what the admin calls that group; None while nobody has looked.
    """

    user_id: RecordId
    group_id: GroupId | None = None
    group_name: str | None = None


def folded(name: str) -> str:
    """What is equal of two names that are the same to a person: case does not count."""
    return name.casefold()
