"""Says in words why records wait for a person."""

from collections.abc import Mapping

from shared.domain.group.guard import HoldRule

_WORDS: Mapping[str, str] = {
    HoldRule.PARTNER_GONE: "the source no longer has these partners",
    HoldRule.TOO_MANY_DELETED: "more of the group would be deleted at once than its guard allows",
    HoldRule.TOO_MANY_IN_SCHOOL: "more of one school would be deleted at once than its guard "
    "allows",
    HoldRule.TOO_MANY_ENROLLMENTS: "more of the group's enrollments would be deleted at once than "
    "its guard allows",
    HoldRule.TOO_MANY_OF_CLASS: "more of one class would leave at once than the guard allows",
    HoldRule.OUT_OF_SCOPE: "they are outside the group's scope",
    HoldRule.MARKED: "the whole roster is marked for deletion",
    HoldRule.REKEYED: "the source seems to have given them new sourcedIds",
    HoldRule.WITH_HELD: "what they belong to waits",
    HoldRule.IDENTITIES_CHANGED: "they seem to have become other people",
    HoldRule.ACCESS_LOST: "more people would lose access at once than the guard allows: they "
    "would be disabled, or without username, school or class, or change between pupil and staff",
    HoldRule.TOO_MANY_NEW: "more would come at once than the guard allows",
    HoldRule.ROSTER_MOVED: "more memberships would move to other classes at once than the guard "
    "allows",
}


def rule_in_words(rule: str) -> str:
    """Say why records wait; a rule of a newer version is said by its name."""
    return _WORDS.get(rule, rule.replace("_", " "))
