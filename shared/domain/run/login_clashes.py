"""Says why a run ends with users who cannot have their login names."""

from collections import Counter
from collections.abc import Mapping

from shared.domain.counted import agreeing, counted, sentence
from shared.domain.roster.findings import LoginNameClash
from shared.domain.run.run import Reason

GROUPS_NAMED = 3
"""How many other groups a reason names."""
LOGIN_NAME_TAKEN = "login_name_taken"


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


def _named(groups: list[str]) -> str:
    some = ", ".join(groups[:GROUPS_NAMED])
    more = " and others" if len(groups) > GROUPS_NAMED else ""
    return f"{'the group' if len(groups) == 1 else 'the groups'} {some}{more}"
