"""How a source is to know us: OneRoster 1.1 has two ways, and one must be said; 1.2 has one."""

from typing import Any

import pytest

from shared.domain.group.choices import Authorization, OnboardingType
from shared.domain.group.connection import AUTHORIZATIONS
from tests.unit.http_stack import HttpStack, connection, group_body

ONE, TWO = OnboardingType


def _answered(stack: HttpStack, version: OnboardingType, given: str | None) -> Any:
    body = group_body(onboardingType=version, connection=connection(authorization=given))
    return stack.groups("POST /groups", body)


@pytest.mark.parametrize(
    ("version", "given", "kept"),
    [
        (ONE, "OAuth1.0", "OAuth1.0"),
        (ONE, "OAuth2.0", "OAuth2.0"),
        (TWO, "OAuth2.0", "OAuth2.0"),
        (TWO, None, "OAuth2.0"),
    ],
)
def test_what_there_is_no_choice_of_need_not_be_said(
    stack: HttpStack, version: OnboardingType, given: str | None, kept: str
) -> None:
    answer = _answered(stack, version, given)
    assert answer.status == 201, answer.text
    assert answer.json["connection"]["authorization"] == kept


@pytest.mark.parametrize(
    ("version", "given", "words"),
    [
        (ONE, None, "OneRoster 1.1 knows OAuth1.0 and OAuth2.0: say which of them"),
        (TWO, "OAuth1.0", "OneRoster 1.2 needs OAuth2.0."),
    ],
)
def test_what_must_be_said_or_cannot_be_is_told(
    stack: HttpStack, version: OnboardingType, given: str | None, words: str
) -> None:
    answer = _answered(stack, version, given)
    assert (answer.status, answer.fields) == (422, ["connection.authorization"])
    assert words in answer.json["errors"][0]["message"]


def test_a_change_of_the_version_takes_the_way_that_it_has(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    place = f"PATCH /groups/{group_id}"
    changed = stack.groups(place, {"onboardingType": TWO})
    assert changed.json["connection"]["authorization"] == "OAuth2.0"
    assert changed.json["connection"]["secretsSet"] == ["secretKey"]
    # Back again nothing has to be guessed: OneRoster 1.1 has OAuth 2.0 too.
    changed = stack.groups(place, {"onboardingType": ONE})
    assert changed.json["connection"]["authorization"] == "OAuth2.0"
    gone = stack.groups(place, {"connection": {"authorization": None}})
    assert (gone.status, gone.fields) == (422, ["connection.authorization"])
    assert stack.groups(place, {"onboardingType": "OneRoster2.0"}).fields == ["onboardingType"]
    assert stack.groups(place, {"onboardingType": ["x"]}).fields == ["onboardingType"]


def test_every_version_and_every_way_has_been_thought_of() -> None:
    assert AUTHORIZATIONS.keys() == set(OnboardingType)
    assert {way for ways in AUTHORIZATIONS.values() for way in ways} == set(Authorization)
