"""Each queue has a cap, so that a night of syncs leaves concurrency for the API.

The emulator enforces none of it. The sums are those of docs/capacity.md.
"""

import re
from typing import Any

import pytest

from tests.template.processed import ROOT, Template, processed
from tests.template.times import caps_of

HTTP_FUNCTIONS = {
    "CreateGroupFunction",
    "RequestSyncFunction",
    "ReadRosterFunction",
    "AssignContentFunction",
}
CLOCKS = 7
"""Invocations without a queue or a caller: six hourly rules, and close_runs every minute."""
SECONDS_PER_REQUEST = 0.5
"""How long nearly all requests take at most: with it, a rate of requests is a concurrency."""


def _documented() -> dict[str, tuple[int, int]]:
    """Read from the page, for each choice, the sum of the caps and the concurrency it needs."""
    text = (ROOT / "docs" / "capacity.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \| ([\d,]+) \|", text, re.MULTILINE)
    return {name: (_number(sum_), _number(account)) for name, sum_, account in rows}


def _number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize("choice", processed()["Parameters"]["Capacity"]["AllowedValues"])
def test_every_queue_has_a_cap_and_their_sum_fits_into_the_account(choice: str) -> None:
    template = Template(Capacity=choice)
    caps = {name: cap for name, cap in caps_of(template).items() if cap is not None}
    assert set(caps) == {q for q in template.of_type("SQS::Queue") if q.endswith("Queue")}
    # "Configuring scaling behavior for SQS event source mappings" (AWS Lambda).
    assert all(2 <= cap <= 1000 for cap in caps.values())
    queues, account = _documented()[choice]
    assert sum(caps.values()) == queues
    [stage] = template.of_type("ApiGateway::Stage").values()
    requests = int(stage["MethodSettings"][0]["ThrottlingRateLimit"]) * SECONDS_PER_REQUEST
    assert queues + CLOCKS + requests <= account
    # A new on-demand table takes 4,000 writes a second; one invocation makes about 400.
    if choice == "standard":
        assert caps["UpsertQueue"] * 400 <= 4000


def test_caps_are_numbers_in_the_template() -> None:
    # The emulator reads a number that comes as a parameter as text, and then polls no queue.
    for source in _mappings().values():
        cap = source["Properties"]["ScalingConfig"]["MaximumConcurrency"]
        assert list(cap) == ["Fn::FindInMap"]
    for choice in processed()["Mappings"]["Capacity"].values():
        assert all(isinstance(cap, int) for cap in choice.values())


def _mappings() -> dict[str, Any]:
    resources = processed()["Resources"]
    kind = "AWS::Lambda::EventSourceMapping"
    return {name: each for name, each in resources.items() if each["Type"] == kind}


def test_concurrency_is_reserved_on_request_and_for_http_functions_only() -> None:
    # An account with a low quota refuses any, since 100 must stay unreserved ("Configuring reserved
    # concurrency for a function", AWS Lambda). So the default reserves none.
    def reserved(template: Template) -> dict[str, object]:
        functions = template.of_type("Lambda::Function")
        name = "ReservedConcurrentExecutions"
        return {f: each[name] for f, each in functions.items() if name in each}

    assert reserved(Template()) == {}
    assert reserved(Template(ApiReservedConcurrency="20")) == dict.fromkeys(HTTP_FUNCTIONS, "20")


def test_the_limits_of_callers_are_parameters() -> None:
    template = Template(ApiRequestsPerSecond="7", ApiBurst="9")
    [stage] = template.of_type("ApiGateway::Stage").values()
    [settings] = stage["MethodSettings"]
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == ("7", "9")
