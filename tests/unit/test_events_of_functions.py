"""Each function has an event, and an occasion that knows what its placeholders stand for."""

import json
import re
from pathlib import Path

import pytest

from local.emulator import StackError
from local.invoke import EVENTS, filled
from local.occasions import OCCASIONS

ROOT = Path(__file__).parents[2]
FUNCTIONS = {path.parent.name for path in ROOT.glob("functions/*/handler.py")}


def test_each_function_has_an_event_an_occasion_and_a_line() -> None:
    assert {file.stem for file in EVENTS.glob("*.json")} == FUNCTIONS
    assert OCCASIONS.keys() == FUNCTIONS
    told = (ROOT / "docs" / "invoke.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE)) == FUNCTIONS


def test_no_event_names_what_is_not_there() -> None:
    """A group or a run of its own would be of no stack."""
    for file in EVENTS.glob("*.json"):
        assert "0" * 32 not in file.read_text(), file.name


def test_an_event_is_filled_with_text_that_has_quotes(tmp_path: Path) -> None:
    message = json.dumps({"groupId": 'a"b'})
    values = {"message": message, "md5": "0", "queueArn": "arn:aws:sqs:eu-central-1:0:PlanQueue"}
    event = json.loads(filled(EVENTS / "plan_sync.json", values))
    [record] = event["Records"]
    assert record["body"] == message
    assert record["eventSourceARN"].endswith("PlanQueue")


def test_an_unknown_placeholder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text('{"groupId": "${groupId}", "runId": "${runId}"}')
    with pytest.raises(StackError, match="'runId'"):
        filled(file, {"groupId": "g"})


def test_an_event_of_ones_own_is_sent_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text('{"price": "$5 ${groupId}"}')
    assert json.loads(filled(file, {})) == {"price": "$5 ${groupId}"}
    file.write_text("{")
    with pytest.raises(StackError, match="not a JSON"):
        filled(file, {})
