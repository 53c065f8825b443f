"""The reason of a run that holds something says what, why, and what either answer does."""

import pytest

from shared.domain.group.guard import HoldRule
from shared.domain.group.hold import Hold
from shared.domain.group.rule_words import rule_in_words
from shared.sync.close.commit_run import hold_reason


def test_a_hold_is_told_in_words() -> None:
    rules = (
        {"entity": "users", "rule": "identities_changed", "records": 12},
        {"entity": "enrollments", "rule": "with_held", "records": 30},
    )
    reason = hold_reason(Hold(digest="d", records=42, by_rule=rules))
    assert reason is not None
    assert "42 deletions or changes wait" in reason.message
    assert "12 users, because they seem to have become other people" in reason.message
    assert "30 enrollments, because what they belong to waits" in reason.message
    assert "Approving" in reason.message
    assert "rejecting" in reason.message


@pytest.mark.parametrize("rule", HoldRule)
def test_each_rule_has_words_of_its_own(rule: HoldRule) -> None:
    assert rule_in_words(rule) != rule.replace("_", " ")


def test_a_rule_of_a_newer_version_is_told_by_its_name() -> None:
    assert rule_in_words("moon_is_full") == "moon is full"
