"""Whether a source is another one than before: the run then ends before it changes anything.

It happens when somebody enters the address of another district, or when a district changes its
student information system. Nothing tells these apart but a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.counted import agreeing, counted
from shared.domain.group.choices import MatchWith
from shared.domain.group.guard import GuardSettings
from shared.domain.run.run import Reason

FEWEST, NEARLY_NOTHING_PERCENT, STRANGERS_PERCENT, ALL_PERCENT = 3, 20, 25, 100
"""From how many users on a source is judged; below what share of known ones it is another one;
above what share of strangers it is, though their sourcedIds are known; and the setting of
``rekeyedPercent`` by which a group wants nothing to wait that looks renumbered."""


@dataclass(frozen=True)
class Recognised:
    """How much of what a source delivers the group's roster knows.

    ``users``: how many users were delivered.
    ``known``: how many the roster has.
    ``same``: how many delivered users are known, by sourcedId and name, or by ``matchWith``.
    ``others``: how many have the sourcedId of a user with other names, and the name of nobody here.
    ``orgs``: how many orgs were delivered, the root aside.
    ``orgs_known``: how many of these the roster has.
    ``matches``: how many users would be recognised by each value, their names agreeing.
    """

    users: int
    known: int
    same: int
    others: int
    orgs: int
    orgs_known: int
    matches: Mapping[MatchWith, int]


def reason_to_stop(found: Recognised, guard: GuardSettings) -> Reason | None:
    """Give the reason to end the run; None to go on.

    Users who are new while their orgs are known were renumbered: they wait (``rekeyed``).
    """
    fewer = min(found.users, found.known)
    if fewer < FEWEST or guard.rekeyed_percent >= ALL_PERCENT:
        return None
    if found.same * 100 >= NEARLY_NOTHING_PERCENT * fewer:
        return None
    foreign = found.orgs_known * 100 < NEARLY_NOTHING_PERCENT * found.orgs
    if not foreign and found.others * 100 <= STRANGERS_PERCENT * fewer:
        return None
    best = max(found.matches, key=lambda by: found.matches[by])
    shares = ", ".join(f"{number:,} by {by}" for by, number in found.matches.items())
    way = (
        f" If it has changed its system, set matchWith to {best} and sync again: whoever is "
        "recognised keeps the record, its content and its login name."
        if found.matches[best]
        else ""
    )
    return Reason(
        code="another_source",
        message=f"This seems to be another source: of the {counted(found.users, 'user')} that it "
        f"delivers, {found.same:,} {agreeing(found.same, 'is', 'are')} among the {found.known:,} "
        f"of this group, and of its {counted(found.orgs, 'org')} {found.orgs_known:,}. With the "
        f"names agreeing, {shares} would be recognised. Nothing was changed. If the address is "
        f"another district's, correct it and sync again.{way} To load it as a new roster, delete "
        "the group's data first.",
    )
