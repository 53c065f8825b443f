"""Says why a run ends with users who cannot have their login names, or ends because of them."""

from collections import Counter
from collections.abc import Mapping

from shared.domain.counted import agreeing, counted, sentence
from shared.domain.roster.findings import LoginNameClash
from shared.domain.run.run import Reason

GROUPS_NAMED = 3
"""How many other groups a reason names."""
LOGIN_NAME_TAKEN = "login_name_taken"
FEWEST_TWICE = 3
"""From how many users on a first load is compared with other groups."""


def clash_reason(clashes: Mapping[tuple[LoginNameClash, str], int]) -> Reason | None:
    """Say how many users cannot have their login names, and who has them; None if all have theirs.

    :param clashes: how many there are, by cause and the group that has the names (empty for this
        group and for one that is not known).
    """
    if not clashes:
        return None
    by_cause: Counter[LoginNameClash] = Counter()
    for (cause, _), users in clashes.items():
        by_cause[cause] += users
    users = by_cause.total()
    groups = [group for cause, group in clashes if cause is LoginNameClash.ELSEWHERE and group]
    others = _named(groups) if groups else "another group"
    whose = {
        LoginNameClash.ELSEWHERE: f"a user of {others} has it",
        LoginNameClash.SHARED: "another user of this delivery has the same username",
        LoginNameClash.HELD: "another user of this group has it",
        LoginNameClash.WAITS: "a user of this group has it who is to leave or change and waits",
    }
    causes = [f"{whose[cause]} ({by_cause[cause]:,})" for cause in whose if by_cause[cause]]
    elsewhere = LoginNameClash.ELSEWHERE in by_cause
    suffix = ", or give the group a suffix" if elsewhere else ""
    return Reason(
        code=LOGIN_NAME_TAKEN,
        message=f"{sentence(counted(users, 'user'))} cannot have "
        f"{agreeing(users, 'its', 'their')} login {agreeing(users, 'name', 'names')}: "
        f"{'; '.join(causes)}. The error report names each by row, and who has the name. Change "
        f"the username at the source{suffix}; the next sync tries again.",
        field="suffix" if elsewhere else None,
    )


def reason_to_choose(
    clashes: Mapping[tuple[LoginNameClash, str], int], users: int
) -> Reason | None:
    """Give the reason to end a first load, before every child exists twice; None to go on.

    It is given if most of the users have the login names of users of another group.

    :param clashes: as in ``clash_reason``.
    :param users: how many users would be loaded.
    """
    elsewhere = {
        group: number for (cause, group), number in clashes.items()
        if cause is LoginNameClash.ELSEWHERE
    }  # fmt: skip
    number = sum(elsewhere.values())
    if number < FEWEST_TWICE or number * 2 <= users:
        return None
    groups = [group for group in elsewhere if group]
    others = _named(groups) if groups else "another group"
    return Reason(
        code="in_other_group",
        field="suffix",
        message=f"Of {counted(users, 'user')}, {number:,} have the login names of users of "
        f"{others}: this seems to be the same source. Nothing was loaded. Delete one of them; or "
        "narrow the scope of each to schools of its own; or, if these people are to exist twice, "
        "give this group a suffix and sync again.",
    )


def _named(groups: list[str]) -> str:
    some = ", ".join(groups[:GROUPS_NAMED])
    more = " and others" if len(groups) > GROUPS_NAMED else ""
    return f"{'the group' if len(groups) == 1 else 'the groups'} {some}{more}"
