"""Each event of events/ does something on a stack: what it is to change, is another afterwards."""

import json
from typing import Any

import pytest

from local import invoke
from local.occasions import OCCASIONS, occasion_of
from local.stack import Stack

Json = dict[str, Any]


@pytest.mark.parametrize("function", sorted(OCCASIONS))
def test_its_event_does_something(stack: Stack, function: str) -> None:
    with occasion_of(function, stack) as occasion:
        event = invoke.filled(invoke.event_of(function), occasion.values)
        before = occasion.look()
        failed, answer = invoke.invoke(stack, function, event)
        assert not failed, answer
        after = occasion.look()
        then = occasion.then()
    assert answer.get("batchItemFailures", []) == []
    assert answer.get("statusCode", 200) < 300, answer
    if function == "decide_claims":
        assert before is after is None
        assert '"homeroom_enterprise": "sample"' in json.dumps(answer)
    else:
        assert before != after
    if function == "read_roster":
        assert json.loads(answer["body"])["users"]
    if then and "state" in then:
        assert then["state"] == "Succeeded"
