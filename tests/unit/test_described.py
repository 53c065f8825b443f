"""A field that stands once: limited where it comes in, open where it is kept or shown."""

from typing import Any

import pytest
from pydantic import Field, ValidationError

from shared.domain.described import Described, Kept
from shared.domain.group.group import Group, GroupConfig
from shared.domain.group.guard import GuardInput, GuardSettings
from shared.domain.group.request import GroupInput
from shared.domain.group.scope import Scope, ScopeInput
from shared.domain.group.settings import GroupSettings, RunSettings
from shared.domain.request_body import Input, Word
from shared.http.contract.answers import Answer


class Fields(Described):
    """What a request and an item have in common."""

    seats: int = Field(20, ge=1, le=40, strict=True, description="How many seats.")
    rooms: tuple[Word, ...] | None = Field(None, min_length=1, description="Which rooms.")
    teacher: Word = Field(description="Who teaches.")


class Asked(Fields, Input):
    """The request."""


class Stored(Fields, Kept):
    """The item, which always says how many seats there are."""

    seats: int
    owner: str = ""


class NewerStored(Stored):
    """The item as a newer version has it."""

    pupils: int = 0


class Shown(Fields, Answer, complete=True):
    """The answer, which has a field of its own that can be absent."""

    note: str = ""


class Partial(Fields, Answer):
    """An answer that can leave fields out, and says so for the teacher too."""

    teacher: str = ""


GOOD: dict[str, Any] = {"teacher": "ann", "seats": 1, "rooms": ["r1"]}


@pytest.mark.parametrize(
    "wrong", [{"seats": 41}, {"seats": "9"}, {"rooms": []}, {"rooms": ["r 1"]}, {"teacher": ""}]
)
def test_limits_hold_what_comes_in_and_not_what_is_kept(wrong: dict[str, Any]) -> None:
    Asked.model_validate(GOOD)
    with pytest.raises(ValidationError):
        Asked.model_validate(GOOD | wrong)
    for kept in (Stored, NewerStored):
        assert kept.model_validate(GOOD | wrong).model_fields_set == GOOD.keys()


def test_a_complete_answer_always_has_the_fields_that_it_shares() -> None:
    schema = Shown.model_json_schema()
    assert schema["required"] == ["seats", "rooms", "teacher"]
    assert schema["properties"]["seats"] == {
        "description": "How many seats.", "title": "Seats", "type": "integer",
    }  # fmt: skip
    Shown.model_validate(GOOD | {"seats": 99})
    assert "required" not in Partial.model_json_schema()
    assert Partial.model_json_schema()["properties"]["teacher"]["description"] == "Who teaches."
    with pytest.raises(ValidationError):
        Shown.model_validate(GOOD | {"colour": "red"})


def test_an_unknown_field_is_refused_where_it_comes_in_alone() -> None:
    with pytest.raises(ValidationError):
        Asked.model_validate(GOOD | {"colour": "red"})
    assert Stored.model_validate(GOOD | {"colour": "red"}).teacher == "ann"


def test_descriptions_and_defaults_come_along() -> None:
    for model in (Asked, Stored, NewerStored):
        for name, field in Fields.model_fields.items():
            assert model.model_fields[name].description == field.description
    assert Asked.model_validate({"teacher": "ann"}).seats == 20
    with pytest.raises(ValidationError):
        Stored.model_validate({"teacher": "ann"})
    assert Stored.model_validate({"teacher": "ann", "seats": 2}).rooms is None


def test_a_groups_settings_are_the_same_in_the_request_and_where_they_are_kept() -> None:
    for fields, kept in ((GroupSettings, Group), (RunSettings, GroupConfig)):
        assert fields.model_fields.keys() <= kept.model_fields.keys()
        assert fields.model_fields.keys() <= GroupInput.model_fields.keys()
    assert ScopeInput().model_dump() == Scope().model_dump()
    assert GuardInput().model_dump() == GuardSettings().model_dump()
    # A threshold from before a limit was tightened can still be read.
    assert GuardSettings.model_validate({"deletedPercent": 101}).deleted_percent == 101
    with pytest.raises(ValidationError):
        GuardInput.model_validate({"deletedPercent": 101})
